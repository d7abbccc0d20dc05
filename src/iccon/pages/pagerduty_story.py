"""PagerDuty's log of one incident as events for the timeline. Pure.

A change of status gets the source id that the poll gives it, so that the two are one entry; any other row has the id
of its log entry. Either is the same on every console.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from iccon.incident.commands import Captured
from iccon.incident.entries import PageLogged
from iccon.net.wire import instant, record, records, text
from iccon.pages.events import changed
from iccon.pages.model import Page, Story
from iccon.pages.pagerduty_decode import name_of
from iccon.pages.pagerduty_detail import entry
from iccon.text import CleanText, clean

STATUSES: Final = {
    "trigger_log_entry": "triggered",
    "acknowledge_log_entry": "acknowledged",
    "resolve_log_entry": "resolved",
}
SAME: Final = timedelta(seconds=5)  # by which the log's time of a change may differ from the incident's


def story_of(page: Page, answer: Any) -> Story:
    """Return what GET /incidents/{id}/log_entries tells of `page`, oldest first, and what it leaves out."""
    rows = records(record(answer).get("log_entries"))
    told = [event for row in reversed(rows) if (event := _event(page, row)) is not None]
    lost = len(rows) - len(told)
    notices = (
        f"only the newest {len(rows)} rows of its log" if record(answer).get("more") is True else "",
        f"{lost} rows of its log have no id or no time" if lost else "",
    )
    return Story(tuple(sorted(told, key=lambda event: event.happened_at)), clean("; ".join(filter(None, notices))))


def _event(page: Page, row: dict[str, Any]) -> Captured | None:
    at, key = instant(row.get("created_at")), text(row.get("id"))
    if at is None or not key:
        return None
    agent = record(row.get("agent"))
    who = name_of(agent) if str(agent.get("type")).startswith("user") else CleanText("")
    if status := STATUSES.get(str(row.get("type"))):
        return changed(page, status, _as_polled(page, status, at), who)
    body = PageLogged(page=page.ref, what=entry(row).what, who=who, url=page.url)
    return Captured(source=f"{page.key}:log:{key}", happened_at=at, body=body)


def _as_polled(page: Page, status: str, at: datetime) -> datetime:
    """Return the incident's own time of a change where the log's is next to it."""
    own = page.created_at if status == "triggered" else page.changed_at if status == page.status.value else None
    return own if own is not None and abs(own - at) <= SAME else at
