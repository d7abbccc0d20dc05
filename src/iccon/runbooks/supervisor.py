"""Watches over one command of a runbook, in a process of its own. Standard library only: it is started as a script.

The first line of its standard input is the plan, as JSON. The input stays open: a byte on it cancels the command, its
end means that the console is gone. Then, and when the time is up, the command and all in its process group are asked to
end, and are ended three seconds later. What the command prints goes into the log as it comes, so that it is there
whatever becomes of the console; on the standard output go lines of JSON with the newest of it, at most ten a second,
and at last how it ended, which also is in `result.json` beside the log.
"""

import ctypes
import hashlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

CHUNK = 65_536
FRAME = 8_192  # bytes of output told at once; of more, the newest
EVERY = 0.1  # seconds between two tellings
GRACE = 3.0  # seconds between asking to end and ending
LINGER = 0.5  # seconds that a pipe is read which a child of the ended command still holds
FILE_SIZE = 1 << 30  # bytes of the largest file that a command may write
LIMITS = "--limits"
PR_SET_PDEATHSIG = 1  # of linux/prctl.h


class Log:
    """The log file: the beginning as it comes, at the end the newest part; what lies between is counted."""

    def __init__(self, path: str, head: int, tail: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._room = head
        self._most = tail
        self._tail: deque[bytes] = deque()
        self._held = 0
        self._hash = hashlib.sha256()
        self.seen = self.left_out = 0
        self.trouble = ""

    def take(self, chunk: bytes) -> None:
        """Keep what was printed."""
        self.seen += len(chunk)
        first, rest = chunk[: self._room], chunk[self._room :]
        self._room -= len(first)
        self._write(first)
        if rest:
            self._tail.append(rest)
            self._held += len(rest)
        while self._held > self._most:
            gone = len(self._tail.popleft())
            self._held -= gone
            self.left_out += gone

    def close(self) -> str:
        """Write what is held back, and return the SHA-256 of the file."""
        if self.left_out:
            self._write(f"\n[iccon: {self.left_out} bytes left out]\n".encode())
        for piece in self._tail:
            self._write(piece)
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)
        return self._hash.hexdigest()

    def _write(self, data: bytes) -> None:
        while data and not self.trouble:
            try:
                written = os.write(self._file, data)
            except OSError as error:  # a full disk: the command goes on, its output is counted
                self.trouble = error.strerror or "the log cannot be written"
                self.left_out += len(data)
                return
            self._hash.update(data[:written])
            data = data[written:]


class Teller:
    """Tells the console the newest output without ever waiting for it."""

    def __init__(self) -> None:
        self._new = b""
        self._skipped = 0
        self._next = 0.0
        self.pending = b""

    def take(self, chunk: bytes) -> None:
        """Have something to tell; of too much, the newest."""
        held = self._new + chunk
        self._new = held[-FRAME:]
        self._skipped += len(held) - len(self._new)

    def frame(self, now: float) -> None:
        """Make the next line, where the last one is out and it is time."""
        if self._new and not self.pending and now >= self._next:
            told = {"new": self._new.decode("utf-8", "replace"), "skipped": self._skipped}
            self.pending = json.dumps(told).encode() + b"\n"
            self._new, self._skipped, self._next = b"", 0, now + EVERY

    def write(self) -> None:
        """Write as much as the pipe takes; a console that is gone needs nothing."""
        try:
            self.pending = self.pending[os.write(1, self.pending) :]
        except BlockingIOError:
            return
        except OSError:
            self.pending = b""

    def finish(self, result: dict[str, Any]) -> None:
        """Tell the rest and the result, waiting for the console this time."""
        with suppress(OSError):
            os.set_blocking(1, True)
        self._next = 0.0
        for last in (False, True):
            self.frame(time.monotonic())
            self.pending += json.dumps({"result": result}).encode() + b"\n" if last else b""
            while self.pending:
                self.write()


class Watch:
    """One command while it runs: why it was asked to end, and when that is enforced."""

    def __init__(self, child: "subprocess.Popen[bytes]", timeout: float) -> None:
        self.child = child
        self.reason = ""
        self._ends = time.monotonic() + timeout
        self._kills: float | None = None

    def ask(self, reason: str) -> None:
        """Ask the whole group to end."""
        if not self.reason:
            self.reason = reason
            self._kills = time.monotonic() + GRACE
            self.signal(signal.SIGTERM)

    def look(self, now: float) -> None:
        """Do what is due."""
        if now >= self._ends:
            self.ask("timeout")
        if self._kills is not None and now >= self._kills:
            self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, number)


def main() -> None:
    """Run what the plan says."""
    if sys.argv[1:2] == [LIMITS]:
        _limited(json.loads(sys.argv[2]), sys.argv[3:])
    plan = json.loads(_line())
    started = time.monotonic()
    log = Log(plan["log"], plan["head"], plan["tail"])
    words = [sys.executable, "-I", "-S", __file__, LIMITS, json.dumps(plan["limits"]), *plan["argv"]]
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=plan["work"],
        env=plan["env"],
        start_new_session=True,
    )
    watch, teller = Watch(child, plan["timeout"]), Teller()
    _follow(watch, log, teller)
    watch.signal(signal.SIGKILL)  # what it left behind in its group
    code = child.wait()
    shutil.rmtree(plan["work"], ignore_errors=True)
    result = {
        "code": code,
        "reason": watch.reason,
        "seconds": round(time.monotonic() - started, 3),
        "sha256": log.close(),
        "size": log.seen,
        "left_out": log.left_out,
        "trouble": log.trouble,
    }
    _keep(Path(plan["log"]).with_name("result.json"), result)
    teller.finish(result)


def _line() -> bytes:
    """Return the first line of the standard input, and read no byte beyond it."""
    found = b""
    while not found.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit("no plan")
        found += byte
    return found


def _follow(watch: Watch, log: Log, teller: Teller) -> None:
    """Read, tell and obey until the command has ended."""
    assert watch.child.stdout is not None
    pipe = watch.child.stdout.fileno()
    os.set_blocking(pipe, False)
    os.set_blocking(1, False)
    reading, over = [pipe, 0], 0.0
    while True:
        now = time.monotonic()
        watch.look(now)
        if watch.child.poll() is not None:
            over = over or now + LINGER
            if pipe not in reading or now >= over:
                return
        teller.frame(now)
        ready, writable, _ = select.select(reading, [1] if teller.pending else [], [], EVERY / 2)
        if writable:
            teller.write()
        if 0 in ready:
            watch.ask("cancelled" if os.read(0, 64) else "abandoned")
            reading.remove(0)
        if pipe in ready and not _read(pipe, log, teller):
            reading.remove(pipe)


def _read(pipe: int, log: Log, teller: Teller) -> bool:
    """Take what the pipe holds; False at its end."""
    try:
        chunk = os.read(pipe, CHUNK)
    except BlockingIOError:
        return True
    log.take(chunk)
    teller.take(chunk)
    return chunk != b""


def _keep(path: Path, result: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    with suppress(OSError):
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(result, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def _limited(limits: dict[str, int], words: list[str]) -> None:
    """Become the command, with less than the machine would give it."""
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: FILE_SIZE, resource.RLIMIT_CPU: limits["cpu"]}
    if limits["memory"]:
        wanted[resource.RLIMIT_AS] = limits["memory"] << 20
    if limits["processes"]:
        wanted[resource.RLIMIT_NPROC] = limits["processes"]
    for name, most in wanted.items():
        hard = resource.getrlimit(name)[1]
        with suppress(ValueError, OSError):  # a system that limits otherwise
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(name, (least, least))
    with suppress(AttributeError, OSError):  # where the kernel can: end with the supervisor, whatever ends that
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execvp(words[0], words)


if __name__ == "__main__":
    main()
