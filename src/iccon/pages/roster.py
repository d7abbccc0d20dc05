"""The roster as a source for the feed, and its copy on disk: the numbers must be there when everything else is not."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from iccon.clock import Clock
from iccon.faults import SourceFault
from iccon.files import write_owner_only
from iccon.pages.people import Person, Roster

MOST_BYTES = 4_000_000


class RosterBackend(Protocol):
    """A pager that knows who is on call. Blocking."""

    def roster(self, now: datetime, known: dict[str, Person]) -> Roster:
        """Return who is on call from `now`; numbers of `known` people need not be asked again. Raises SourceFault."""
        ...


class RosterFile:
    """The last roster, in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Roster | None:
        """Return the last roster; None where there is none, or none that can be read."""
        try:
            with self.path.open("rb") as file:
                return msgspec.json.decode(file.read(MOST_BYTES), type=Roster)
        except (OSError, msgspec.MsgspecError, RecursionError):
            return None

    def save(self, roster: Roster) -> None:
        """Replace the file whole. Raises OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_owner_only(self.path, msgspec.json.encode(roster))


class RosterSource:
    """Asks who is on call, and keeps the answer. `keep` is False where nothing may be written.

    A copy on disk that could not be written is no reason to hide the answer: it is tried again at the next one.
    """

    def __init__(self, backend: RosterBackend, file: RosterFile, clock: Clock, *, keep: bool = True) -> None:
        self._backend = backend
        self._file = file
        self._clock = clock
        self._keep = keep
        self._last = file.load()

    def poll(self) -> Roster:
        """Return who is on call. Raises SourceFault, with the last known roster as its `partial`."""
        known = self._last.people if self._last else {}
        try:
            self._last = self._backend.roster(self._clock.now(), known)
        except SourceFault as fault:
            raise SourceFault(fault.kind, fault.reason, fault.retry_after, self._last) from fault
        if self._keep:
            with suppress(OSError):
                self._file.save(self._last)
        return self._last
