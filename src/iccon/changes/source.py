"""All sources of changes as one for the feed: side by side, each able to fail alone, each change once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from iccon.changes.model import REACH, Change, Changes, ChangeSource, Found, newest
from iccon.clock import Clock
from iccon.faults import SourceFault, SourceTrouble
from iccon.net.together import together
from iccon.text import clean

SKEW: Final = timedelta(minutes=5)  # how far ahead of our clock another's may be


class _Known(Struct, frozen=True):
    """One source: its last good answer, its trouble, and until when (the clock's monotonic) it wants no question."""

    found: Found = Found(())
    trouble: SourceTrouble | None = None
    fault: SourceFault | None = None
    not_before: float = 0.0


class ChangesSource:
    """Polls every source that is due. Used by one thread at a time, as the feed does."""

    def __init__(self, sources: Sequence[ChangeSource], clock: Clock) -> None:
        self._sources = {source.name: source for source in sources}
        self._clock = clock
        self._known = {name: _Known() for name in self._sources}

    def poll(self) -> Changes:
        """Return the changes of the last 24 hours, the newest first.

        A source that fails keeps its last changes and is named in `trouble`; one that asked for patience is not
        asked before that. Raises SourceFault where every source fails.
        """
        now, moment = self._clock.now(), self._clock.monotonic()
        asked = {name: each for name, each in self._sources.items() if self._known[name].not_before <= moment}
        calls = {name: lambda each=each: each.changes(now - REACH, now) for name, each in asked.items()}
        answers = together(calls, max((each.deadline for each in asked.values()), default=0.0))
        self._known |= {name: self._after(name, answer, moment) for name, answer in answers.items()}
        faults = {name: known.fault for name, known in self._known.items() if known.fault is not None}
        made = self._made()
        if faults and len(faults) == len(self._known):
            waits = [fault.retry_after for fault in faults.values() if fault.retry_after is not None]
            words = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
            raise SourceFault(next(iter(faults.values())).kind, words, min(waits, default=None), made)
        return made

    def _after(self, name: str, answer: Found | SourceFault, moment: float) -> _Known:
        if isinstance(answer, Found):
            return _Known(answer)
        known = self._known[name]
        since = known.trouble.since if known.trouble else self._clock.now()
        trouble = SourceTrouble(name, answer.kind, answer.reason, since)
        return replace(known, trouble=trouble, fault=answer, not_before=moment + (answer.retry_after or 0.0))

    def _made(self) -> Changes:
        now = self._clock.now()
        given = (change for known in self._known.values() for change in known.found.items)
        notices = [clean(f"{name}: {said}") for name, known in self._known.items() for said in known.found.notices]
        items = newest(change for change in given if self._counts(change))
        trouble = tuple(known.trouble for known in self._known.values() if known.trouble is not None)
        return Changes(items, now, trouble, tuple(notices))

    def _counts(self, change: Change) -> bool:
        now = self._clock.now()
        return now - REACH <= change.at <= now + SKEW
