"""What the board costs with 10 to 5,000 services: CPU, bytes to the terminal, keys, memory, and what it asks for.

    python benchmarks/signals_scale.py [SECONDS [SERVICES ...]]

The console shows an incident of 1,000 entries at 200x50: four signals, a spark in each of some 56 cells in view, a
window of an hour at 15 s, a refresh of 5 s. metrics_server.py answers and is not counted. Textual's hello world is
measured in the same run, and each key in turn with a program that only echoes: what that one waits is the machine's.
To hold with 1,000 services: 8 % of a core, 60 KB/s, keys 16 ms p99, 120 MB.
"""

import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import CONSOLE, HELLO, Meter, cpu, env_of, fill, home, memory, p95, runs, table

SERVER = [sys.executable, str(Path(__file__).with_name("metrics_server.py"))]
ECHO = [sys.executable, "-c", "import os, tty\ntty.setraw(0)\nwhile key := os.read(0, 9): os.write(1, key)"]
SIZE = (200, 50)
CONFIG = """
prometheus.main = {{ url = "{url}", timeout = 30 }}
[signals]
refresh = 5
window = 3600
step = 15
latency = {{ query = "latency", unit = "seconds", warn = 0.6, bad = 0.69 }}
traffic = {{ query = "traffic", unit = "per_second" }}
errors = {{ query = "errors", unit = "ratio", warn = 0.6, bad = 0.69 }}
saturation = {{ query = "saturation", unit = "ratio", warn = 0.6, bad = 0.69 }}
"""
REFRESH = 5.0
# Down, right, page down, left, up, page up, tab, shift+tab: each paints something.
KEYS = ("\x1b[B", "\x1b[C", "\x1b[6~", "\x1b[D", "\x1b[A", "\x1b[5~", "\t", "\x1b[Z")
PRESSES = 400
HEADS = ("", "CPU %", "KB/s", "MiB", "peak", "key p50 ms", "p99", "echo p50", "p99", "CPU", "refresh KB", "largest MB")
Row = tuple[str, ...]


@contextmanager
def metrics(services: int) -> Iterator[str]:
    """Run the metrics server; give its URL."""
    apart = ["nice"]  # it stands for another machine, and must not take this one's cores at a key
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        apart = ["chrt", "-o", "0", "nice"]
    with subprocess.Popen([*apart, *SERVER, str(services)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip()
        finally:
            program.terminate()


def counts(url: str) -> dict[str, int]:
    """Return how many queries were answered, their bytes, and the bytes of the largest answer."""
    with urllib.request.urlopen(f"{url}/counts", timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def settled(term: Meter, url: str) -> None:
    """Read until the whole window and two refreshes have come."""
    term.until("service-", 90)
    known, end = -1, time.monotonic() + 90
    quiet = 0
    while quiet < 3:
        before, known = known, counts(url)["queries"]
        quiet += before >= 0 and known - before == 4
        term.watch(REFRESH)
        if time.monotonic() > end:
            raise SystemExit(f"it does not settle; the screen:\n{term.text()}")


def watched(term: Meter, seconds: float) -> tuple[float, float]:
    """Return CPU per cent and KB a second, each the median of looks of two refreshes: the machine may be shared."""
    looks = [term.watch(2 * REFRESH)[:2] for _ in range(max(round(seconds / REFRESH / 2), 1))]
    return statistics.median(used for used, _ in looks), statistics.median(size for _, size in looks) / 1000


def struck(term: Meter, echo: Meter) -> tuple[list[float], list[float], float]:
    """Press keys about as fast as one that is held down, at odd moments, so that some meet a poll.

    Returns the seconds until each answer, the console's and the echo's, and the CPU seconds of one.
    """
    taken, echoed, used = [], [], []
    for n in range(PRESSES):
        term.read(random.uniform(0.03, 0.12))
        before = cpu(term.process.pid)
        taken.append(term.strike(KEYS[n % len(KEYS)], gap=0.01, longest=0.5))
        used.append(cpu(term.process.pid) - before)
        echoed.append(echo.strike("k", gap=0.001))
    return taken, echoed, statistics.median(used)


def keys(term: Meter) -> Row:
    """Return the columns about keys."""
    with Meter(ECHO, {}) as echo:
        taken, echoed, used = struck(term, echo)
    silent = sum(map(math.isnan, taken))
    if silent:
        print(f"  {silent} of {PRESSES} keys painted nothing within half a second")
    figures = [f(each) for each in ([t for t in taken if not math.isnan(t)], echoed) for f in (statistics.median, p99)]
    return *(f"{figure * 1000:.1f}" for figure in figures), f"{used * 1000:.1f}"


def p99(values: list[float]) -> float:
    """Return the value that 99 of 100 do not exceed."""
    return p95(values, 0.99)


def board(services: int, seconds: float) -> Row:
    """Return a row of the table for `services`."""
    with metrics(services) as url, home(CONFIG.format(url=url)) as folder:
        fill(folder / "data" / "journal.db", 1000)
        with Meter(CONSOLE, env_of(folder), SIZE) as term:
            settled(term, url)
            before = counts(url)
            costs = cost(term, seconds)
            after = counts(url)
            pressed = keys(term)
    refreshes = max((after["queries"] - before["queries"]) / 4, 1)
    asked = f"{(after['bytes'] - before['bytes']) / refreshes / 1000:.0f}", f"{after['largest'] / 1e6:.1f}"
    return f"{services:,} services", *costs, *pressed, *asked


def cost(term: Meter, seconds: float) -> Row:
    """Return the columns about CPU, bytes and memory of a program that has settled."""
    used, sent = watched(term, seconds)
    held = memory(term.process.pid), memory(term.process.pid, "VmHWM")
    return f"{used:.1f}", f"{sent:.1f}", *(f"{size:.0f}" for size in held)


def main() -> None:
    """Measure and print."""
    seconds = float(runs(60))
    with Meter(HELLO, {}, SIZE) as term:
        term.painted("Hello, World!")
        rows: list[Row] = [("Textual hello world", *cost(term, seconds), *[""] * 7)]
    rows += [board(services, seconds) for services in map(int, sys.argv[2:] or (10, 100, 1000, 5000))]
    table("The board every 5 s, 4 signals, an hour at 15 s", HEADS, rows)
    print(f"\n  memory against hello world: {', '.join(f'{float(r[3]) / float(rows[0][3]):.2f}' for r in rows[1:])}")


if __name__ == "__main__":
    main()
