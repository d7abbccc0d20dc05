"""What the board costs with 10 to 5,000 services: CPU, bytes to the terminal, keys, memory, queries and bytes asked.

    python benchmarks/signals_scale.py [SECONDS [SERVICES ...]]

The console shows an incident of 1,000 entries at 200x50, four signals with a spark in every cell in view, a window of
an hour at 15 s and a refresh of 5 s, against metrics_server.py, which is not counted. Textual's hello world is measured
in the same run. To hold with 1,000 services: 8 % of a core, 60 KB/s, keys 16 ms p99, 120 MB.
"""

import json
import math
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from common import CONSOLE, HELLO, Meter, env_of, fill, home, memory, p95, runs, table

SERVER = [sys.executable, str(Path(__file__).with_name("metrics_server.py"))]
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
KEYS = {  # pressed in turn; each paints something
    "down": "\x1b[B",
    "right": "\x1b[C",
    "page down": "\x1b[6~",
    "left": "\x1b[D",
    "up": "\x1b[A",
    "page up": "\x1b[5~",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
}
PRESSES = 400
ROW = tuple[str, ...]


@contextmanager
def metrics(services: int) -> Iterator[str]:
    """Run the metrics server; give its URL."""
    with subprocess.Popen([*SERVER, str(services)], stdout=subprocess.PIPE, text=True) as program:
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


def wait_for(holds: Callable[[], bool], term: Meter) -> None:
    """Read what the program writes until `holds`."""
    end = time.monotonic() + 60
    while not holds():
        term.read(0.2)
        if time.monotonic() > end:
            raise SystemExit(f"it did not come; the screen:\n{term.text()}")


def watched(term: Meter, seconds: float) -> tuple[float, float]:
    """Return CPU per cent and KB a second, each the median of looks of two refreshes: the machine may be shared."""
    looks = [term.watch(2 * REFRESH)[:2] for _ in range(max(round(seconds / REFRESH / 2), 1))]
    return statistics.median(used for used, _ in looks), statistics.median(size for _, size in looks) / 1000


def struck(term: Meter) -> list[float]:
    """Press keys at odd moments, so that some meet a poll; return the seconds of each answer."""
    taken = []
    for n in range(PRESSES):
        term.read(random.uniform(0.01, 0.06))
        taken.append(term.strike(list(KEYS.values())[n % len(KEYS)], gap=0.01, longest=0.5))
    silent = sum(map(math.isnan, taken))
    if silent:
        print(f"  {silent} of {PRESSES} keys painted nothing within half a second")
    return [each for each in taken if not math.isnan(each)]


def board(services: int, seconds: float) -> ROW:
    """Return a row of the table for `services`."""
    with metrics(services) as url, home(CONFIG.format(url=url)) as folder:
        fill(folder / "data" / "journal.db", 1000)
        with Meter(CONSOLE, env_of(folder), SIZE) as term:
            term.until("service-", 90)
            wait_for(lambda: counts(url)["queries"] >= 12, term)  # the whole window, and two refreshes
            before = counts(url)
            used, sent = watched(term, seconds)
            after = counts(url)
            keys = struck(term)
            held, most = memory(term.process.pid), memory(term.process.pid, "VmHWM")
    queries = after["queries"] - before["queries"]
    return (
        f"{services:,} services",
        f"{used:.1f}",
        f"{sent:.1f}",
        f"{statistics.median(keys) * 1000:.1f}",
        f"{p95(keys, 0.99) * 1000:.1f}",
        f"{held:.0f}",
        f"{most:.0f}",
        f"{4 * (after['bytes'] - before['bytes']) / max(queries, 1) / 1000:.0f}",
        f"{after['largest'] / 1e6:.1f}",
    )


def hello(seconds: float) -> ROW:
    """Return the row of Textual's hello world, where no key does anything."""
    with Meter(HELLO, {}, SIZE) as term:
        term.painted("Hello, World!")
        used, sent = watched(term, seconds)
        held, most = memory(term.process.pid), memory(term.process.pid, "VmHWM")
    return "Textual hello world", f"{used:.1f}", f"{sent:.1f}", "", "", f"{held:.0f}", f"{most:.0f}", "", ""


def main() -> None:
    """Measure and print."""
    seconds = float(runs(60))
    rows = [hello(seconds), *(board(services, seconds) for services in map(int, sys.argv[2:] or (10, 100, 1000, 5000)))]
    heads = ("", "CPU %", "KB/s", "key p50 ms", "p99", "MiB", "peak", "KB a refresh", "MB largest answer")
    table("The board every 5 s, 4 signals, an hour at 15 s", heads, rows)
    print(f"\n  memory against hello world: {', '.join(f'{float(r[5]) / float(rows[0][5]):.2f}' for r in rows[1:])}")


if __name__ == "__main__":
    main()
