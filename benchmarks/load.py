"""Reading a journal: decode and fold, for 1,000 to 100,000 entries, against decoding as much JSON.

python benchmarks/load.py [RUNS]
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from common import INCIDENT, compared, fill, home, interleaved, runs

from iccon.clock import SystemClock
from iccon.desk import Desk
from iccon.incident.timeline import Timeline
from iccon.journal.store import Journal

TEN = 10_000


def reading(path: Path, whole: bool) -> Callable[[], float]:
    """Return what opens the journal at `path` and folds it, or takes the first look that a start needs."""

    def run() -> float:
        began = time.perf_counter()
        desk = Desk(Journal.open(path, SystemClock()), SystemClock(), "kim")
        if whole:
            Timeline(desk.ledger(INCIDENT))
        else:
            desk.glimpse(INCIDENT)
        taken = time.perf_counter() - began
        desk.journal.close()
        return taken

    return run


def plain_json(count: int) -> float:
    """Decode `count` small documents with the standard library."""
    line = json.dumps({"id": INCIDENT, "text": "note: pool of payments exhausted", "at": "2026-11-24T12:00:00Z"})
    began = time.perf_counter()
    for _ in range(count):
        json.loads(line)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    with home() as folder:
        sizes = (1_000, TEN, 100_000)
        paths = {size: folder / f"{size}.db" for size in sizes}
        for size, path in paths.items():
            fill(path, size)
        subjects: dict[str, Callable[[], float]] = {"json.loads of 10,000 small documents": lambda: plain_json(TEN)}
        for size, path in paths.items():
            subjects[f"first look at {size:,} entries"] = reading(path, whole=False)
            subjects[f"all of {size:,} entries, folded and in order"] = reading(path, whole=True)
        compared("Reading the journal", interleaved(runs(7), subjects))


if __name__ == "__main__":
    main()
