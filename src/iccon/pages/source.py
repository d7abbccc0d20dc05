"""All pagers as one source for the feed: one that fails leaves the others, and what ended is noticed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from iccon.clock import Clock, SystemClock
from iccon.faults import SourceFault, SourceTrouble
from iccon.net.together import together
from iccon.pages.grouping import grouped
from iccon.pages.model import Listing, Page, PageBackend, Pages, PageStatus
from iccon.precedence import turn
from iccon.text import CleanText, clean

RECENT: Final = 200  # endings that are told again, for readers that do not see every poll
_ORDER: Final = {status: i for i, status in enumerate(PageStatus)}


class _Known(Struct, frozen=True):
    """One backend: its last good list, its fault and since when, and until when (monotonic) it wants no question."""

    listing: Listing = Listing(())
    not_before: float = 0.0
    fault: SourceFault | None = None
    since: datetime | None = None


class PagesSource:
    """Polls every backend at once. `deadline` (seconds) is when a poll has certainly ended."""

    def __init__(self, backends: Sequence[PageBackend], clock: Clock | None = None) -> None:
        self.backends = {backend.name: backend for backend in backends}
        self.deadline = max((backend.deadline for backend in backends), default=0.0) * 2 + 1.0
        self._clock = clock or SystemClock()
        self._grouping = grouped(())
        self._recent: tuple[Page, ...] = ()
        self._known: dict[str, _Known] = {name: _Known() for name in self.backends}

    def poll(self) -> Pages:
        """Return all open pages in order, and what ended lately.

        A backend that fails keeps its last pages and is named in `trouble`; one that asked for patience is
        not asked before that. Raises SourceFault where every backend fails.
        """
        before = self._known
        fresh = self._ask(before)
        now = {name: self._after(before[name], fresh.get(name)) for name in self.backends}
        ended = tuple(page for name in fresh for page in self._closed(name, before[name], fresh[name]))
        pages = self._in_order(now)
        open_now = self._grouping.pages.keys()
        closed = tuple(page for page in self._recent if page.key not in open_now) + ended
        self._known, self._recent = now, closed[-RECENT:]
        faults = {name: known.fault for name, known in now.items() if known.fault is not None}
        if faults and len(faults) == len(now):
            raise _of_all(faults)
        return Pages(
            pages=pages,
            closed=self._recent,
            trouble=tuple(self._trouble(name, now[name], fault) for name, fault in faults.items()),
            at=self._clock.now(),
            verbs={name: _can(backend.verbs, now[name].listing) for name, backend in self.backends.items()},
            lacks={name: known.listing.lacks for name, known in now.items() if known.listing.lacks},
            budgets={n: k.listing.budget for n, k in now.items() if k.listing.budget and k.fault is None},
            notices=tuple(_notice(name, text) for name, known in now.items() for text in known.listing.notices),
            grouping=self._grouping,
        )

    def _in_order(self, now: dict[str, _Known]) -> tuple[Page, ...]:
        """Return all pages in order, and group them: here, where no key waits for it."""
        with turn() as give_way:
            ranked = []
            for page in (page for known in now.values() for page in known.listing.pages):
                give_way()
                ranked.append((_rank(page), page))
            ranked.sort(key=itemgetter(0))
            pages = tuple(page for _, page in ranked)
            self._grouping = grouped(pages, self._grouping.rule, give_way)
        return pages

    def _trouble(self, name: str, known: _Known, fault: SourceFault) -> SourceTrouble:
        left = known.not_before - self._clock.monotonic()
        again = self._clock.now() + timedelta(seconds=left) if left > 0 else None
        return SourceTrouble(name, fault.kind, fault.reason, known.since, again)

    def _ask(self, before: dict[str, _Known]) -> dict[str, Listing | SourceFault]:
        now = self._clock.monotonic()
        calls = {name: backend.listing for name, backend in self.backends.items() if before[name].not_before <= now}
        return together(calls, max((backend.deadline for backend in self.backends.values()), default=0.0))

    def _after(self, known: _Known, answer: Listing | SourceFault | None) -> _Known:
        if answer is None:
            return known
        if isinstance(answer, Listing):
            return _Known(answer)
        patience = self._clock.monotonic() + (answer.retry_after or 0.0)
        return replace(known, fault=answer, since=known.since or self._clock.now(), not_before=patience)

    def _closed(self, name: str, known: _Known, answer: Listing | SourceFault) -> tuple[Page, ...]:
        """Return what `name` held before and holds no more, as its backend tells it where it can."""
        if not isinstance(answer, Listing):
            return ()
        open_now = {page.id for page in answer.pages}
        gone = tuple(page for page in known.listing.pages if page.id not in open_now)
        if not gone:
            return ()
        try:
            told = {page.id: page for page in self.backends[name].closed(gone)}
        except SourceFault:
            told = {}
        if not answer.complete:
            return tuple(told.values())
        return tuple(told.get(page.id) or _resolved(page) for page in gone)


def _of_all(faults: dict[str, SourceFault]) -> SourceFault:
    """Return the faults of all backends as one that names each; it is patient as long as the least patient asks."""
    first, *others = faults.values()
    if not others:
        return first
    same = all(fault.kind is first.kind for fault in others)
    words = "; ".join(f"{name}: {fault.reason if same else fault}" for name, fault in faults.items())
    patience = min(fault.retry_after or 0.0 for fault in faults.values())
    return SourceFault(first.kind, words, patience or None)


def _can(verbs: tuple[str, ...], listing: Listing) -> tuple[str, ...]:
    return tuple(verb for verb in verbs if verb not in listing.lacks)


def _resolved(page: Page) -> Page:
    return replace(page, status=PageStatus.RESOLVED, changed_at=None, changed_by=CleanText(""))


def _rank(page: Page) -> tuple[int, float, str]:
    return _ORDER[page.status], -page.created_at.timestamp(), page.key


def _notice(name: str, words: CleanText) -> CleanText:
    return clean(f"{name}: {words}")
