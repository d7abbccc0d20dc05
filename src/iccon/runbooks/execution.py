"""Running a command of a runbook: the outbox's port for it, what it prints while it runs, and what stays of it.

The command runs under `supervisor.py`, in a folder of its own that begins empty, with an environment that has nothing
of the console's but what the configuration names. Its text is one argument of its interpreter, as it stands in the
runbook; what is known of the incident is in environment variables. A run is never begun twice: its folder has the name
of its effect.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from iccon.clock import SystemClock
from iccon.config.execution import RiskPattern, Run
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.incident.entries import RunPrinted
from iccon.redact import redact
from iccon.runbooks import supervisor
from iccon.runbooks.risk import risks
from iccon.runbooks.variables import NAMES, is_plain
from iccon.text import CleanText, clean

HEAD, TAIL = 16_000_000, 4_000_000  # bytes of a log: its beginning, and its end
LINES = 2_000  # of output that a screen can show
LINE = 500  # characters
EXCERPT_LINES, EXCERPT = 12, 1_500  # of output in the record
SEARCHED = 65_536  # bytes at the end of a log from which the excerpt is taken
SETTLES = 6.0  # seconds that a supervisor needs to end a command whose console is gone

INTERPRETERS = {
    "bash": ("bash", "--noprofile", "--norc", "-c", "--"),
    "sh": ("sh", "-c", "--"),
    "python": ("python3", "-I", "-c"),
}
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TERMINAL = re.compile(
    r"\x1b\[[0-?]{0,60}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]{0,2000}\x1b\\"
    r"|\x1b[ -/]{0,2}[0-~]|.\x08"
)
_NAME = re.compile("|".join(sorted(NAMES)) + "|(?:[A-Z0-9]+_)?DRY_?RUN")
_clock = SystemClock()


class Job(Struct, frozen=True):
    """What the outbox keeps of a run that was asked for; see incident/commands.py's RunStep."""

    language: str
    code: str
    variables: dict[str, str]
    target: str
    typed: str
    said: tuple[str, ...]
    patience: int


class Result(Struct, frozen=True):
    """How a command ended, as the supervisor tells it: its exit code, or minus the signal that ended it."""

    code: int
    reason: str
    seconds: float
    sha256: str
    size: int
    left_out: int
    trouble: str = ""

    @property
    def words(self) -> CleanText:
        """The end in words."""
        code = f"exit {self.code}" if self.code >= 0 else f"signal {-self.code}"
        why = {"timeout": "time was up", "cancelled": "cancelled", "abandoned": "console gone"}
        words = f"{why[self.reason]}, {code}" if self.reason in why else code
        log = f"; the log is not whole: {self.trouble}" if self.trouble else ""
        return clean(
            f"{words} after {self.seconds:.1f} s{log}" if self.reason else f"{words} in {self.seconds:.1f} s{log}"
        )


class _Told(Struct, frozen=True):
    new: str = ""
    skipped: int = 0
    result: Result | None = None


class Live:
    """A command while it runs, as a screen sees it: its newest lines, and the way to cancel it.

    Written by the thread that runs it, read by any; `version` grows with what there is to see.
    """

    def __init__(self, on_line: Callable[[str], None] | None = None) -> None:
        self.lines: deque[CleanText] = deque(maxlen=LINES)
        self.version = 0
        self.skipped = 0  # bytes that came too fast to be shown; they are in the log
        self.cancelled = False
        self._on_line = on_line
        self._rest = ""
        self._input: int | None = None

    def take(self, new: str, skipped: int) -> None:
        """Take in what was printed."""
        if not new:
            return
        if skipped:
            self.skipped += skipped
            self._show(self._rest)
            self._show(f"… {skipped:,} bytes too fast to show; the log has them")
            self._rest = ""
        *lines, self._rest = (self._rest + new).split("\n")
        for line in lines:
            self._show(line)
        if len(self._rest) > 8 * LINE:
            self.flush()
        self.version += 1

    def flush(self) -> None:
        """Show what stands behind the last line break."""
        if self._rest:
            self._show(self._rest)
        self._rest = ""
        self.version += 1

    def cancel(self) -> None:
        """Have the command and all it started ended."""
        self.cancelled = True
        if self._input is not None:
            with suppress(OSError):
                os.write(self._input, b"c")

    def _show(self, line: str) -> None:
        shown = shown_line(line)
        self.lines.append(shown)
        if self._on_line:
            self._on_line(shown)

    def attach(self, descriptor: int | None) -> None:
        """Know where to write a cancellation."""
        self._input = descriptor
        if descriptor is not None and self.cancelled:
            self.cancel()


class Runner:
    """Runs commands: the effect port "runbooks". Blocking; each run on the thread that asks for it.

    `folder` keeps a folder a run. `on_line` gets each line as it comes.
    """

    def __init__(
        self,
        folder: Path,
        config: Run,
        patterns: tuple[RiskPattern, ...],
        environ: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.folder = folder
        self._config = config
        self._patterns = patterns
        self._environ = environ
        self._on_line = on_line
        self._lives: dict[str, Live] = {}
        self._lock = threading.Lock()

    def live(self, effect: str) -> Live:
        """Return what a run of this console shows; an empty one where it has not begun."""
        with self._lock:
            return self._lives.setdefault(effect, Live(self._on_line))

    def perform(self, effect: Effect) -> str:
        """Run the command of `effect` to its end; return how it ended well.

        Raises SourceFault: ENDED where it ended badly, LOST where nobody knows, others where it was not begun.
        """
        job = self._checked(effect)
        folder = self._made(effect.id)
        plan = self._plan(job, folder)
        live = self.live(effect.id)
        process = _supervisor(self._path)
        try:
            result = _watched(process, plan, live)
        finally:
            live.attach(None)
            live.flush()
        if result is None:
            raise SourceFault(FaultKind.LOST, f"what watches over it ended; what it printed is in {plan['log']}")
        if result.code or result.reason:
            raise SourceFault(FaultKind.ENDED, result.words)
        return result.words

    def read_back(self, effect: Effect) -> str | None:
        """Raise what is known of a run whose console is gone: it is never safe to say that nothing happened."""
        folder = self.folder / effect.id
        result = _result(folder) or _awaited(folder)
        known = f"{result.words}; " if result else ""
        raise SourceFault(FaultKind.LOST, f"{known}what it printed is in {folder / 'log'}; look, and mark the step")

    def printed(self, effect: str) -> RunPrinted | None:
        """Return what a run printed, as far as it is on disk; None where nothing is."""
        log = self.folder / effect / "log"
        try:
            size, digest, end = _file(log)
        except OSError:
            return None
        result = _result(log.parent)
        lines = excerpt(end.decode("utf-8", "replace"), whole=size <= SEARCHED)
        seen, left_out = (result.size, result.left_out) if result else (size, 0)
        ended, seconds = (result.words, result.seconds) if result else ("", None)
        return RunPrinted(
            effect=effect,
            ended=ended,
            seconds=seconds,
            excerpt=lines,
            size=seen,
            left_out=left_out,
            sha256=digest,
            log=str(log),
        )

    def _checked(self, effect: Effect) -> Job:
        """Return the job, looked at once more: whatever asked for it, this is the last gate."""
        try:
            job = msgspec.convert(effect.payload, Job)
        except msgspec.ValidationError as error:
            raise SourceFault(FaultKind.REJECTED, f"not a run: {error}; nothing was run") from None
        if job.language not in self._config.allow:
            raise SourceFault(FaultKind.REJECTED, f"{job.language} is not in runbooks.run.allow; nothing was run")
        found = risks(job.code, self._patterns, job.said)
        if found and (job.typed != job.target or not job.target):
            raise SourceFault(FaultKind.REJECTED, f"risky ({found[0]}), and not confirmed; nothing was run")
        if any(not is_plain(value) or not _NAME.fullmatch(name) for name, value in job.variables.items()):
            raise SourceFault(FaultKind.REJECTED, "a variable that is no plain word; nothing was run")
        if INTERPRETERS[job.language][0] in self.missing():
            raise SourceFault(FaultKind.REFUSED, f"{INTERPRETERS[job.language][0]} is not installed; nothing was run")
        return job

    def missing(self) -> tuple[str, ...]:
        """Return the interpreters of allowed languages that this machine does not have."""
        names = (INTERPRETERS[language][0] for language in self._config.allow)
        return tuple(name for name in names if shutil.which(name, path=self._path) is None)

    def _made(self, effect: str) -> Path:
        folder = self.folder / effect
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            (folder / "work").mkdir(mode=0o700)
        except OSError as error:
            raise SourceFault(FaultKind.REFUSED, f"{folder}: {error.strerror}; nothing was run") from None
        return folder

    def _plan(self, job: Job, folder: Path) -> dict[str, Any]:
        config = self._config
        limits = {"cpu": config.timeout, "memory": config.memory, "processes": config.processes}
        return {
            "argv": [*INTERPRETERS[job.language], job.code],
            "env": self.environment(folder / "work") | job.variables,
            "work": str(folder / "work"),
            "log": str(folder / "log"),
            "timeout": job.patience,
            "limits": limits,
            "head": HEAD,
            "tail": TAIL,
        }

    def environment(self, work: Path) -> dict[str, str]:
        """Return the environment of a command that runs in `work`, without the variables of the incident."""
        kept = {name: self._environ[name] for name in self._config.keep_env if name in self._environ}
        language = self._environ.get("LANG", "C.UTF-8")
        own = {"PATH": self._path, "LANG": language, "TERM": "dumb", "HOME": str(work), "TMPDIR": str(work)}
        return own | kept

    @property
    def _path(self) -> str:
        """Where programs are looked for: as in the console, without what depends on the folder one is in."""
        folders = self._environ.get("PATH", USUAL_PATH).split(":")
        return ":".join(folder for folder in folders if folder.startswith("/")) or USUAL_PATH


def _supervisor(path: str) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-I", "-S", supervisor.__file__]
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": path},
            start_new_session=True,
        )
    except OSError as error:
        raise SourceFault(FaultKind.REFUSED, f"no process can be started: {error.strerror}; nothing was run") from None


def _watched(process: "subprocess.Popen[bytes]", plan: dict[str, Any], live: Live) -> Result | None:
    """Follow a run to its end."""
    assert process.stdin is not None
    assert process.stdout is not None
    result = None
    with suppress(OSError):
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        process.stdin.flush()
    live.attach(process.stdin.fileno())
    for line in process.stdout:
        result = _told(line, live) or result
    live.attach(None)
    process.stdin.close()
    process.stdout.close()
    process.wait()
    return result


def _told(line: bytes, live: Live) -> Result | None:
    with suppress(msgspec.DecodeError):  # a line that a dying supervisor tore
        told = msgspec.json.decode(line, type=_Told)
        live.take(told.new, told.skipped)
        return told.result
    return None


def _result(folder: Path) -> Result | None:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder / "result.json").read_bytes(), type=Result)
    return None


def _awaited(folder: Path) -> Result | None:
    """Give the supervisor of a console that has just died the time to end the command."""
    ends = _clock.monotonic() + SETTLES
    pause = threading.Event()
    while _is_fresh(folder / "log") and _clock.monotonic() < ends:
        if found := _result(folder):
            return found
        pause.wait(0.1)
    return None


def _is_fresh(log: Path) -> bool:
    """Say whether a log was written to so lately that its supervisor may be at work."""
    try:
        return _clock.now().timestamp() - log.stat().st_mtime < 60
    except OSError:
        return False


def _file(log: Path) -> tuple[int, str, bytes]:
    """Return the size, the SHA-256 and the end of a log. Raises OSError."""
    digest, size, end = sha256(), 0, b""
    with log.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            end = (end + chunk)[-SEARCHED:]
    return size, digest.hexdigest(), end


def shown_line(raw: str) -> CleanText:
    """Return one line of output as it is shown: what a terminal would obey is gone, and what looks like a secret."""
    return clean(redact(_TERMINAL.sub("", raw).rstrip("\r").rpartition("\r")[2]), LINE)


def excerpt(end: str, whole: bool) -> tuple[str, ...]:
    """Return the last lines of output, for the record; `end` is what it ended with, `whole` all of it."""
    kept = end if whole else end.partition("\n")[2]
    text = redact("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in _TERMINAL.sub("", kept).split("\n")))
    lines = [clean(line, LINE) for line in text.split("\n")]
    found: list[str] = []
    room = EXCERPT
    for line in reversed([line for line in lines if line][-EXCERPT_LINES:]):
        room -= len(line)
        if room < 0:
            break
        found.append(line)
    return tuple(reversed(found))
