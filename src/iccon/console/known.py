"""What the console knows of changes: what the journal holds, joined with what the feed polled last."""

from collections.abc import Iterable
from datetime import datetime

from iccon.changes.model import MOST, REACH, Change, Changes, newest
from iccon.changes.told import told
from iccon.desk import Desk
from iccon.incident.entries import ChangeSeen, Entry


def held(desk: Desk) -> tuple[Change, ...]:
    """Return the newest changes that the journal holds. Raises JournalFault."""
    return told(desk.journal.newest(ChangeSeen.kind, MOST))


class KnownChanges:
    """Kept by a screen; `held` is what the journal held when it was made, `take` adds what comes."""

    def __init__(self, held: Iterable[Change]) -> None:
        self._held = newest(held)

    def take(self, entries: Iterable[Entry]) -> None:
        """Take in new entries of the journal; those that tell of no change are passed over."""
        if fresh := told(entries):
            self._held = newest([*fresh, *self._held])

    def listed(self, polled: Changes | None, now: datetime) -> tuple[Change, ...]:
        """Return all changes of the last hours before `now` (aware UTC), the newest first, each once."""
        given = [*(polled.items if polled else ()), *self._held]
        return newest(change for change in given if change.at >= now - REACH)
