"""The timeline of an incident of 1,000 and of 100,000 entries: opening, keys, finding, appending, memory.

python benchmarks/timeline.py [PRESSES]
"""

import os
import statistics
import time
from pathlib import Path

from common import CONSOLE, INCIDENT, LAST, Meter, env_of, fill, home, memory, p95, runs, table
from keys import DOWN, TAB, UP, pressed

from iccon.clock import SystemClock
from iccon.desk import Desk
from iccon.incident.commands import AddNote
from iccon.journal.store import Journal

WORDS = "payments machine:no"  # every second entry has both


def figures(folder: Path, presses: int) -> dict[str, list[float]]:
    """Return what one console takes: milliseconds, and MiB."""
    with Meter(CONSOLE, env_of(folder)) as term:
        taken = {"open, to the first frame, ms": [1000 * term.painted(lambda text: LAST in text and "Help" in text)]}
        term.watch(8)  # the whole record is read behind the first frame
        taken["memory, MiB"] = [memory(term.process.pid)]
        for _ in range(2):  # signals, pages, timeline
            term.strike(TAB)
        taken["cursor, ms"] = [1000 * t for t in pressed(term, [UP, UP, DOWN], presses)[0]]
        taken["page, ms"] = [1000 * t for t in pressed(term, ["\x1b[5~", "\x1b[6~"], presses)[0]]
        taken["fold machine entries, other order, ms"] = [1000 * t for t in pressed(term, ["m", "b"], presses // 4)[0]]
        term.strike("\x1b[F")
        term.strike("/")
        typed = [*WORDS, *(["\x7f"] * len(WORDS))]
        # What was found is painted when all was looked at: a short gap takes the letter alone.
        taken["find: a letter, ms"] = [1000 * term.strike(key, gap=0.008) for key in typed]
        term.quiet(2)
        began = time.perf_counter()
        os.write(term.master, WORDS.encode())
        taken["find: until it is found, ms"] = [1000 * (term.until(f"with {WORDS}") - began)]
        taken["memory after finding, MiB"] = [memory(term.process.pid)]
    return taken


def appended(folder: Path) -> list[float]:
    """Return the milliseconds of each of 200 appends."""
    desk = Desk(Journal.open(folder / "data" / "journal.db", SystemClock()), SystemClock(), "kim")
    desk.ledger(INCIDENT)
    taken = []
    for n in range(200):
        began = time.perf_counter()
        desk.do(AddNote(text=f"rolled back {n}"), INCIDENT)
        taken.append(1000 * (time.perf_counter() - began))
    desk.journal.close()
    return taken


def main() -> None:
    """Measure and print."""
    presses, found = runs(200), {}
    for count in (1_000, 100_000):
        with home() as folder:
            fill(folder / "data" / "journal.db", count)
            found[count] = {**figures(folder, presses), "append, ms": appended(folder)}
    few, many = found.values()
    rows = [
        (
            name,
            *(f"{text(values):.1f}" for values in (few[name], many[name]) for text in (statistics.median, p95, p99)),
            f"{statistics.median(many[name]) / statistics.median(few[name]):.2f}",
        )
        for name in few
    ]
    heads = ("", "1,000", "p95", "p99", "100,000", "p95", "p99", "ratio")
    table("The timeline", heads, rows)


def p99(values: list[float]) -> float:
    """Return the value that 99 of 100 do not exceed."""
    return p95(values, 0.99)


if __name__ == "__main__":
    main()
