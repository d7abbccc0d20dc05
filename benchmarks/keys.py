"""From a key to the last byte of its answer, on an incident of 10,000 entries, against hello world's own redraw.

python benchmarks/keys.py [PRESSES]
"""

import math
import os
import statistics
import time

from common import CONSOLE, HELLO, LAST, Meter, env_of, fill, home, p95, runs, table

UP, DOWN, TAB, ENTER, ESCAPE = "\x1b[A", "\x1b[B", "\t", "\r", "\x1b"


def pressed(term: Meter, keys: list[str], count: int) -> tuple[list[float], float]:
    """Press `keys` in turn; return the seconds of each answer and the bytes of one."""
    size = len(term.raw)
    taken = [term.strike(keys[n % len(keys)], gap=0.01) for n in range(count)]  # a tick is shown 15 ms after an answer
    return [t for t in taken if not math.isnan(t)], (len(term.raw) - size) / count


def kept(term: Meter, text: str) -> float:
    """Type a note and press Enter; return the seconds until its row is on the screen, durable by then."""
    for key in ("n", *text):
        term.strike(key)
    term.replay()
    began = time.perf_counter()
    os.write(term.master, ENTER.encode())
    at = term.until(lambda screen: any(text in line and "kim" in line for line in screen.splitlines()))
    return at - began


def row(name: str, taken: list[float], size: float) -> tuple[str, ...]:
    """Return a row of the table."""
    return name, f"{statistics.median(taken) * 1000:.1f}", f"{p95(taken) * 1000:.1f}", f"{size / 1024:.2f}"


def main() -> None:
    """Measure and print."""
    count = runs(60)
    rows = []
    with Meter(HELLO, {}) as term:
        term.painted("Hello, World!")
        term.quiet()
        rows.append(row("hello world: open and close its palette", *pressed(term, ["\x10", "\x1b"], 10)))
    with home() as folder:
        fill(folder / "data" / "journal.db", 10_000)
        with Meter(CONSOLE, env_of(folder)) as term:
            term.painted(lambda text: LAST in text and "Help" in text)
            term.quiet()
            for _ in range(2):  # signals, pages, timeline
                term.strike(TAB)
            rows.append(row("timeline: cursor up, down", *pressed(term, [UP, UP, DOWN], count)))
            rows.append(row("timeline: page up, page down", *pressed(term, ["\x1b[5~", "\x1b[6~"], count)))
            term.strike("\x1b[F")  # to the end, where new rows come
            term.strike("n")
            rows.append(row("note: a letter", *pressed(term, list("watching "), count)))
            term.strike("\x15")  # empties the line
            term.strike(ESCAPE)
            size = len(term.raw)
            taken = [kept(term, f"number {n:02d}") for n in range(20)]
            rows.append(row("note: typed; Enter, until its row is there", taken, (len(term.raw) - size) / 20))
    table("Key to paint", ("", "median ms", "p95 ms", "KB a key"), rows)


if __name__ == "__main__":
    main()
