"""What happened to the pages between two polls, for the timeline. Pure.

The source id of an event is made of what the pager says, never of when this console looked, so that two
consoles, or one that was started again, name the same event alike and the journal keeps it once.
"""

from datetime import datetime

from iccon.incident.commands import Captured
from iccon.incident.entries import PageRef, PageSeen
from iccon.pages.model import UNKNOWN_TIME, Page, Pages, PageStatus
from iccon.text import CleanText


def events(old: Pages | None, new: Pages) -> tuple[Captured, ...]:
    """Return what happened since `old`, oldest first. With None every open page is told as it stands, no ending.

    A page that is silenced when first seen says nothing; one that fires tells when it was triggered and, where
    it is so, acknowledged.
    """
    before = {page.key: page for page in old.pages} if old is not None else {}
    told = [event for page in new.pages for event in _changes(before.get(page.key), page, new.at)]
    if old is not None:
        told += [_resolved(page, new.at) for page in new.closed if page not in old.closed]
    return tuple(sorted(told, key=lambda event: event.happened_at))


def _changes(was: Page | None, page: Page, seen: datetime) -> list[Captured]:
    if was is None:
        return _first_sight(page, seen)
    if was.status is page.status:
        return []
    if page.status is PageStatus.TRIGGERED:  # the acknowledgement ran out, or the silence ended
        mark = f"after-{was.status.value}-{_stamp(was.changed_at or was.created_at)}"
        return [_event(page, "triggered", mark, seen, CleanText(""))]
    return [_present(page, seen)]


def _first_sight(page: Page, seen: datetime) -> list[Captured]:
    if page.status is PageStatus.SILENCED:
        return []
    at = seen if page.created_at == UNKNOWN_TIME else page.created_at
    triggered = _event(page, "triggered", _stamp(page.created_at), at, CleanText(""))
    return [triggered] if page.status is PageStatus.TRIGGERED else [triggered, _present(page, seen)]


def _present(page: Page, seen: datetime) -> Captured:
    at = page.changed_at
    mark = _stamp(at) if at else f"since-{_stamp(page.created_at)}"
    return _event(page, page.status.value, mark, at or seen, page.acknowledged_by or page.changed_by)


def _resolved(page: Page, seen: datetime) -> Captured:
    at = page.changed_at
    mark = _stamp(at) if at else f"since-{_stamp(page.created_at)}"
    return _event(page, "resolved", mark, at or seen, page.changed_by)


def _event(page: Page, status: str, mark: str, at: datetime, who: CleanText) -> Captured:
    ref = PageRef(source=page.source, id=page.id, title=page.title, service=page.service)
    body = PageSeen(page=ref, status=status, who=who, url=page.url)
    return Captured(source=f"{page.key}:{status}:{mark}", happened_at=at, body=body)


def changed(page: Page, status: str, at: datetime, who: CleanText) -> Captured:
    """Return that `page` came to `status` at an instant (aware UTC), named as a poll that sees it names it."""
    return _event(page, status, _stamp(at), at, who)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
