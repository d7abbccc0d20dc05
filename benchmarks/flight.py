"""What the flight recorder writes, for 10 and 1,000 services: bytes, writes, and how long the desk's thread is held.

    python benchmarks/flight.py [SERVICES ...]

Four signals of noise, a sample every 15 seconds; an hour of board before the incident, half an hour of it. Each write
is one transaction, hence one sync. "desk" is the longest that one of them kept a note waiting; packing runs elsewhere.
"""

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from common import table

from iccon.clock import SystemClock
from iccon.desk import Desk
from iccon.incident import commands as c
from iccon.incident.severity import Severity
from iccon.journal.flight import BOUND
from iccon.journal.store import Journal
from iccon.recorder import FlightRecorder
from iccon.signals.model import GOLDEN, Samples, SignalSpec, Unit, Window, Windows, packed
from iccon.text import clean

STEP, BEFORE, DURING, REFRESH, SETTLED = 15.0, 3600.0, 1800.0, 5.0, 90.0  # seconds


def windows(values: dict[str, list[float]], now: float) -> Windows:
    """Return the board's windows at `now`: the last hour of every service."""
    first, last = max(int((now - BEFORE) // STEP), 0), int(now // STEP)
    times = tuple(i * STEP for i in range(first, last + 1))
    series = {clean(name): Samples(times, packed(found[first : last + 1])) for name, found in values.items()}
    specs = (SignalSpec(name, "q", "main", Unit.SECONDS) for name in GOLDEN)
    return Windows(tuple(Window(spec, series, now) for spec in specs), BEFORE, STEP)


async def measured(services: int, folder: Path) -> tuple[str, ...]:
    """Return one row of the table."""
    desk = Desk(Journal.open(folder / "journal.db", SystemClock()), SystemClock(), "bench")
    receipt = desk.do(c.Declare(title="bench", severity=Severity.SEV2))
    incident = receipt.incident
    count = int((BEFORE + DURING) // STEP) + 1
    values = {f"service-{n:04}": [random.random() for _ in range(count)] for n in range(services)}
    held: list[float] = []

    async def call(work):  # type: ignore[no-untyped-def]
        begin = time.perf_counter()
        try:
            return work(desk)
        finally:
            held.append(time.perf_counter() - begin)

    recorder = FlightRecorder(call)
    sizes: list[int] = []
    before, now = 0, BEFORE
    while now <= BEFORE + DURING:
        board = windows(values, now)
        if recorder.due(board):
            await recorder.take(board, print)
            sizes.append(sum(map(len, desk.journal.flight(incident))))
            before = sizes[-1] if now < BEFORE + SETTLED else before
        now += REFRESH
    minute = (sizes[-1] - sizes[-6]) / 5
    hours = (BOUND - before) / minute / 60
    desk.journal.close()
    return (
        f"{services:,}",
        f"{before / 1e6:.2f}",
        f"{minute / 1e3:.1f}",
        f"{hours:,.0f}",
        str(len(sizes)),
        f"{max(held) * 1e3:.1f}",
    )


def main() -> None:
    """Measure and print."""
    rows = []
    for services in map(int, sys.argv[1:] or ("10", "1000")):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(asyncio.run(measured(services, Path(folder))))
    heads = ("services", "MB: the hour before", "KB a minute", "hours until full", "writes in 30 min", "desk, ms")
    table(f"Samples of four signals every {STEP:g} s, at most {BOUND / 1e6:.0f} MB an incident", heads, rows)


if __name__ == "__main__":
    main()
