"""A process that appends notes and evidence and saves a draft until it is killed; prints each id once it is kept.

Arguments: the journal, a name for the notes, how many (0: for ever). Line `D n` says that draft n is saved.
"""

import sys
from itertools import count
from pathlib import Path

from journalkit import evidence

from iccon.clock import SystemClock
from iccon.incident.entries import Draft, Note
from iccon.journal.store import Journal


def main(path: str, name: str, limit: str) -> None:
    clock = SystemClock()
    journal = Journal.open(Path(path), clock)
    for number in range(int(limit)) if limit != "0" else count():
        drafts = [Draft("i", Note(text=f"{name} {number} {k}"), clock.now(), name) for k in range(number % 3 + 1)]
        kept, blob = evidence(clock.now().microsecond)
        for entry in journal.append([*drafts, kept], blobs_=[blob]):
            print("E", entry.id, flush=True)
        journal.save_draft(name, f"typing {number}", number)
        print("D", number, flush=True)
    journal.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
