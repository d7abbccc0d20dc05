"""What a storm costs: 1,000 pages and 10,000 alerts in one list; first rows, keys, CPU and PagerDuty's requests.

    python benchmarks/pages_storm.py [SECONDS [PAGES ALERTS]]

pages_server.py answers, enforces PagerDuty's limit and is not counted; one row in a hundred is another at each look.
The console shows an incident at 200x50 with a refresh of 15 s. Textual's hello world is measured in the same run, and
each key in turn with a program that only echoes: what that one waits is the machine's.
To hold: first rows a second after the first frame, keys 16 ms p99, no request refused.
"""

import json
import math
import random
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import CONSOLE, HELLO, Meter, env_of, fill, home, memory, p95, runs, table
from signals_scale import ECHO, SIZE

from iccon.drill.pagerduty_api import DEFAULT_CREDENTIAL

SERVER = [sys.executable, str(Path(__file__).with_name("pages_server.py"))]
CONFIG = """
me.email = "kim@example.com"
alertmanager.main = {{ urls = ["{alerts}"] }}
[pagerduty]
token = {{ env = "ICCON_STORM_TOKEN" }}
url = "{pages}"
"""
# Home, unfold, down, page down, page up, up, mark, unmark.
KEYS = ("\x1b[H", "\r", "\x1b[B", "\x1b[6~", "\x1b[5~", "\x1b[A", " ", "\x7f")
PRESSES = 400
HEADS = ("", "first row s", "CPU %", "MiB", "key p50 ms", "p99", "echo p50", "p99")


@contextmanager
def storm(pages: str, alerts: str) -> Iterator[tuple[str, str]]:
    """Run the servers; give their URLs."""
    with subprocess.Popen([*SERVER, pages, alerts], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            first, second = program.stdout.readline().split()
            yield first, second
        finally:
            program.terminate()


def struck(term: Meter) -> tuple[list[float], list[float]]:
    """Press keys about as fast as one that is held down, at odd moments; return the seconds of ours and the echo's."""
    taken, echoed = [], []
    with Meter(ECHO, {}) as echo:
        for n in range(PRESSES):
            term.read(random.uniform(0.03, 0.12))
            taken.append(term.strike(KEYS[n % len(KEYS)], gap=0.01, longest=0.5))
            echoed.append(echo.strike("k", gap=0.001))
    return [each for each in taken if not math.isnan(each)], echoed


def measured(seconds: float, pages: str, alerts: str) -> tuple[str, ...]:
    """Return the row of the table, and print what was asked of PagerDuty."""
    with storm(pages, alerts) as (account, manager), home(CONFIG.format(pages=account, alerts=manager)) as folder:
        fill(folder / "data" / "journal.db", 1000)
        with Meter(CONSOLE, env_of(folder) | {"ICCON_STORM_TOKEN": DEFAULT_CREDENTIAL}, SIZE) as term:
            framed = term.painted("Pages")
            rows = term.until(lambda text: "pages by" in text, 60) - term.began - framed
            used = term.watch(seconds)[0]
            for _ in range(12):  # to the region of the pages
                term.strike("\t")
                term.strike("\x1b[H")
                term.replay()
                if "▌▸" in term.text() or "▌▾" in term.text():
                    break
            else:
                raise SystemExit(f"no group is reached; the screen:\n{term.text()}")
            taken, echoed = struck(term)
            held = memory(term.process.pid)
        with urllib.request.urlopen(f"{manager}/counts", timeout=10) as answer:
            counts = json.load(answer)
    print(f"\n  PagerDuty answered {counts['requests']} requests, refused {counts['refused']}")
    figures = [f(each) for each in (taken, echoed) for f in (statistics.median, lambda v: p95(v, 0.99))]
    return f"{rows:.2f}", f"{used:.1f}", f"{held:.0f}", *(f"{figure * 1000:.1f}" for figure in figures)


def main() -> None:
    """Measure and print."""
    seconds = float(runs(45))
    pages, alerts = sys.argv[2:4] if len(sys.argv) > 3 else ("1000", "10000")
    with Meter(HELLO, {}, SIZE) as term:
        hello = (
            f"{term.painted('Hello, World!'):.2f}",
            f"{term.watch(seconds / 3)[0]:.1f}",
            f"{memory(term.process.pid):.0f}",
        )
    found = measured(seconds, pages, alerts)
    rows = [("Textual hello world", *hello, *[""] * 4), (f"{pages} pages, {alerts} alerts", *found)]
    table("A storm, refreshed every 15 s", HEADS, rows)
    ratios = ", ".join(
        f"{name} {float(found[n]) / float(hello[n]):.1f}" for n, name in enumerate(("first row", "CPU", "memory"))
    )
    print(f"\n  against hello world: {ratios}; key p50 against the echo: {float(found[3]) / float(found[5]):.1f}")


if __name__ == "__main__":
    main()
