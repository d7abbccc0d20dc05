"""What can be seen of a running drill through the ordinary adapters, and how two sights differ. Pure.

The drill may not import the rooms whose values it reads, so it names here the few attributes it needs.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from iccon.incident.commands import Captured
from iccon.incident.entries import PageRef, PageSeen, VerdictChanged

BAD = "bad"
CALM = ("ok", "no data")
TRIGGERED = "triggered"
RESOLVED = "resolved"


class SlotLike(Protocol):
    """A slot of the feed: the latest value of a source, or what troubles it."""

    @property
    def value(self) -> Any:
        """A board (it has `cells`), a listing (it has `pages`), or None before the first answer."""

    @property
    def trouble(self) -> Any:
        """None, or something with a `kind` and a `reason`."""


class SnapshotLike(Protocol):
    """All slots of the feed, by the source's name."""

    @property
    def slots(self) -> Mapping[str, SlotLike]:
        """The slots."""


class Cell(Struct, frozen=True):
    """One cell of the board: `value` in the signal's own unit, `at` in seconds since 1970 UTC."""

    service: str
    signal: str
    verdict: str
    value: float | None
    at: float | None


class Seen(Struct, frozen=True):
    """One open page: since when (aware UTC) it stands as it does, and who made it so ("" for a machine)."""

    source: str
    id: str
    title: str
    service: str
    status: str
    who: str
    created_at: datetime
    since: datetime | None
    url: str

    @property
    def ref(self) -> PageRef:
        """How an entry names this page."""
        return PageRef(self.source, self.id, self.title, self.service)


class Sight(Struct, frozen=True):
    """Everything seen at one moment. `troubles` maps sources that do not answer to the reason."""

    cells: dict[tuple[str, str], Cell] = {}
    pages: dict[str, Seen] = {}
    troubles: dict[str, str] = {}

    def bad(self) -> tuple[str, ...]:
        """Return the services with a bad signal, sorted."""
        return tuple(sorted({cell.service for cell in self.cells.values() if cell.verdict == BAD}))

    def calm(self) -> bool:
        """Say whether the board was seen and nothing on it is in trouble."""
        return bool(self.cells) and all(cell.verdict in CALM for cell in self.cells.values())


def sight_of(snapshot: SnapshotLike) -> Sight:
    """Return what a snapshot of the feed shows: boards and pages are known by their shape."""
    cells: dict[tuple[str, str], Cell] = {}
    pages: dict[str, Seen] = {}
    for slot in snapshot.slots.values():
        if hasattr(slot.value, "cells"):
            cells |= {key: _cell(c) for key, c in slot.value.cells.items()}
        elif hasattr(slot.value, "pages"):
            pages |= {p.key: _seen(p) for p in slot.value.pages}
    troubles = {n: f"{s.trouble.kind}: {s.trouble.reason}" for n, s in snapshot.slots.items() if s.trouble}
    return Sight(cells, pages, troubles)


def _cell(found: Any) -> Cell:
    return Cell(str(found.service), str(found.signal), str(found.verdict), found.value, found.at)


def _seen(found: Any) -> Seen:
    return Seen(
        source=found.source,
        id=found.id,
        title=str(found.title),
        service=str(found.service),
        status=str(found.status),
        who=str(found.changed_by or found.acknowledged_by),
        created_at=found.created_at,
        since=found.created_at if found.status == TRIGGERED else found.changed_at,
        url=str(found.url),
    )


def events(before: Sight, now: Sight, at: datetime) -> Iterator[Captured]:
    """Yield what changed between two sights as events to capture, each with an id that is its own.

    `at` (aware UTC) is when the later one was seen; where a sample or a page says when, that time is used.
    """
    for key, cell in now.cells.items():
        old = before.cells.get(key)
        if old is not None and old.verdict != cell.verdict:
            yield _verdict(old, cell, at)
    for page_key, page in now.pages.items():
        known = before.pages.get(page_key)
        if known is None and page.status != TRIGGERED:
            yield _page(page_key, page, TRIGGERED, page.created_at)
        if known is None or known.status != page.status:
            yield _page(page_key, page, page.status, page.since or at)
    for page_key, page in before.pages.items():
        if page_key not in now.pages:
            yield _page(page_key, page, RESOLVED, at)


def _verdict(old: Cell, cell: Cell, at: datetime) -> Captured:
    when = at if cell.at is None else datetime.fromtimestamp(cell.at, at.tzinfo)
    value = "" if cell.value is None else f"{cell.value:.3g}"
    body = VerdictChanged(service=cell.service, signal=cell.signal, was=old.verdict, now=cell.verdict, value=value)
    return Captured(f"verdict:{cell.service}:{cell.signal}:{cell.verdict}:{when.timestamp():.3f}", when, body)


def _page(key: str, page: Seen, status: str, when: datetime) -> Captured:
    who = page.who if status == page.status else ""
    return Captured(f"page:{key}:{status}:{who}", when, PageSeen(page=page.ref, status=status, who=who, url=page.url))


def trouble_lines(before: Sight, now: Sight) -> Iterable[str]:
    """Yield a line for each source that stopped or began to answer."""
    for name, reason in now.troubles.items():
        if name not in before.troubles:
            yield f"{name} does not answer: {reason}"
    for name in before.troubles:
        if name not in now.troubles:
            yield f"{name} answers again"
