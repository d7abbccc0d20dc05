"""A durable append to a journal of 10,000 entries, against writing as many bytes to a file and syncing it.

python benchmarks/append.py [APPENDS]
"""

import os
import time
from collections.abc import Callable

from common import INCIDENT, compared, fill, home, interleaved, runs

from iccon.clock import SystemClock
from iccon.desk import Desk
from iccon.incident.commands import AddNote
from iccon.journal.store import Journal

TEXT = "rolled back deploy 4711 on checkout, watching the 99th percentile"


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Return what gives the seconds that `work` takes."""

    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run


def main() -> None:
    """Measure and print."""
    with home() as folder:
        path = folder / "data" / "journal.db"
        fill(path, 10_000)
        desk = Desk(Journal.open(path, SystemClock()), SystemClock(), "kim")
        desk.ledger(INCIDENT)
        record = f"2026-11-24T12:00:00Z {TEXT}".ljust(500).encode()
        plain = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def write_and_sync() -> None:
            os.write(plain, record)
            os.fdatasync(plain)

        subjects = {
            "write 500 bytes and fdatasync": timed(write_and_sync),
            "Desk.do(AddNote): decided, durable, folded": timed(
                lambda: desk.do(AddNote(text=TEXT, again=True), INCIDENT)
            ),
        }
        compared("Durable append", interleaved(runs(500), subjects))
        desk.journal.close()


if __name__ == "__main__":
    main()
