"""What the benchmarks share: a program in a terminal under measurement, journals of any size, runs taken in turn.

Times are seconds of the monotonic clock. A terminal's bytes get their time as they are read, and its screen is
worked out only when the program is quiet, so that the emulator never competes with what is measured.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import ptyhelp
from iccon.clock import SystemClock
from iccon.incident import entries as e
from iccon.incident.severity import Severity
from iccon.journal.store import Journal

HELLO = [sys.executable, str(Path(__file__).with_name("hello.py"))]
CONSOLE = [sys.executable, "-m", "iccon"]
SIZE = (120, 36)
QUIET = 0.15  # seconds without a byte after which an answer is over
INCIDENT = "01930000-0000-7000-8000-0000000000aa"
LAST = "the newest note of all"

# Byte code is kept, as it is for everybody who runs the program twice.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


class Meter(ptyhelp.Terminal):
    """A program in a terminal; `chunks` are the pieces of output with the moment each was read."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = SIZE) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self._replayed = 0
        base = {name: value for name, value in os.environ.items() if name not in ptyhelp.DROPPED}
        self.began = time.perf_counter()
        super().__init__(argv, size, {**base, **ptyhelp.CLEAN_ENV, **env}, None)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def _show(self, data: bytes) -> None:
        self.chunks.append((time.perf_counter(), data))

    def replay(self, wanted: Callable[[str], bool] | None = None) -> float | None:
        """Feed the screen what came; return when `wanted` became true of its text, None when it did not."""
        while self._replayed < len(self.chunks):
            at, data = self.chunks[self._replayed]
            self._replayed += 1
            super()._show(data)
            if wanted is not None and wanted(self.text()):
                return at
        return None

    def until(self, wanted: str | Callable[[str], bool], timeout: float = 30) -> float:
        """Read until the screen holds `wanted`; return the moment of the byte that made it so."""
        holds = wanted if callable(wanted) else lambda text: wanted in text
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            while self.read(QUIET):
                pass
            if (at := self.replay(holds)) is not None:
                return at
        self.replay()
        raise SystemExit(f"{wanted!r} did not come; the screen:\n{self.text()}")

    def painted(self, wanted: str | Callable[[str], bool]) -> float:
        """Return the seconds from the start of the process until the screen held `wanted`."""
        return self.until(wanted) - self.began

    def quiet(self, seconds: float = 0.6) -> None:
        """Read until nothing came for a while, at most 5 s (a clock on the screen never stops)."""
        end = time.perf_counter() + 5
        while self.read(seconds) and time.perf_counter() < end:
            pass
        self.replay()

    def strike(self, keys: str, gap: float = 0.04, longest: float = 1.0) -> float:
        """Send keys as they are; return the seconds until the last byte of the answer, NaN without one in `longest`.

        The answer is over when nothing came for `gap` seconds: where more than keys makes it paint, a short one.
        """
        while self.read(0):
            pass
        at, count = time.perf_counter(), len(self.chunks)
        os.write(self.master, keys.encode())
        self.read(longest)
        while self.read(gap):
            pass
        return self.chunks[-1][0] - at if len(self.chunks) > count else float("nan")

    def watch(self, seconds: float) -> tuple[float, float, float]:
        """Leave it alone for a while; return CPU per cent, bytes a second and writes a second."""
        before, size, count, began = cpu(self.process.pid), len(self.raw), len(self.chunks), time.perf_counter()
        while (left := began + seconds - time.perf_counter()) > 0:
            self.read(left)
        spent = time.perf_counter() - began
        used = cpu(self.process.pid) - before
        return 100 * used / spent, (len(self.raw) - size) / spent, (len(self.chunks) - count) / spent


def cpu(pid: int) -> float:
    """Return the CPU seconds that a process has used, threads that have ended included: a poll is one of its own."""
    return time.clock_gettime(~pid << 3 | 2)  # Linux's name for the CPU clock of another process


def memory(pid: int, field: str = "VmRSS") -> float:
    """Return the resident memory of a process in MiB; its greatest so far is VmHWM."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


@contextmanager
def home(config: str = "") -> Iterator[Path]:
    """Give a folder for ICCON_HOME, with a configuration."""
    folder = Path(tempfile.mkdtemp(prefix="iccon-bench-"))
    try:
        (folder / "config.toml").write_text(f'me.name = "kim"\nconsole.zone = "UTC"\n{config}')
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def env_of(folder: Path) -> dict[str, str]:
    """Return what a process needs to live in `folder`."""
    return {"ICCON_HOME": str(folder)}


def fill(path: Path, count: int) -> None:
    """Write a journal of one incident with `count` entries: two of three a person's, the others a machine's."""
    journal = Journal.open(path, SystemClock())
    start = SystemClock().now() - timedelta(hours=2)
    first: e.Body = e.Declared(title="Checkout fails", severity=Severity.SEV2)
    drafts = [e.Draft(INCIDENT, first, start, "kim")]
    for n in range(1, count - 1):
        body: e.Body = e.Note(text=f"note {n}: pool of payments exhausted, support has {n % 50} tickets")
        if n % 3 == 0:
            body = e.VerdictChanged(service="checkout", signal="latency", was="ok", now="bad", value="2.41 s")
        drafts.append(e.Draft(INCIDENT, body, start + timedelta(seconds=n * 7000 / count), "kim"))
    drafts.append(e.Draft(INCIDENT, e.Note(text=LAST), SystemClock().now(), "kim"))
    journal.append(drafts)
    journal.close()


def interleaved(runs: int, subjects: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run each subject once unmeasured, then all in turn, `runs` times: what disturbs one disturbs all."""
    for run in subjects.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(runs):
        for name, run in subjects.items():
            taken[name].append(run())
    return taken


def p95(values: Sequence[float], share: float = 0.95) -> float:
    """Return the value that 95 of 100 do not exceed, or another `share` of them."""
    return sorted(values)[max(round(len(values) * share) - 1, 0)]


def compared(title: str, taken: Mapping[str, Sequence[float]], unit: str = "ms", scale: float = 1000) -> None:
    """Print medians, 95th percentiles, and ratios of the medians to that of the first subject."""
    base = statistics.median(next(iter(taken.values())))
    rows = [
        (name, _number(statistics.median(v) * scale), _number(p95(v) * scale), f"{statistics.median(v) / base:.2f}")
        for name, v in taken.items()
    ]
    table(title, ("", f"median {unit}", "p95", "ratio"), rows)


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    print(f"\n{title}")
    for row in (heads, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  " + "  ".join(cells).rstrip())


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def runs(default: int) -> int:
    """Return how many runs the command line asks for."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else default
