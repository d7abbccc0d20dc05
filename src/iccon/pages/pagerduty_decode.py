"""PagerDuty's incidents as pages. Pure; fields that are null, absent or of another type survive."""

import re
from datetime import datetime
from typing import Any, Final

from iccon.incident.runs import LABELS
from iccon.net.wire import NO_TITLE, first, instant, link, record, records, text
from iccon.pages.model import UNKNOWN_TIME, Page, PageStatus, place
from iccon.text import CleanText

INCLUDE: Final = ("acknowledgers", "assignees", "first_trigger_log_entries")
_SEARCHED: Final = 20_000  # characters of an alert's text that are looked through for labels
_ALERT_KEYS: Final = ("alertname", "alert_name", "alert")
_RUNBOOK_KEYS: Final = ("runbook_url", "runbook", "runbookUrl", "playbook_url")
_LABELS: Final = LABELS[:8]  # each is looked for in the text of every page
_STATUSES: Final = {status.value: status for status in PageStatus}


def page_of(source: str, incident: dict[str, Any]) -> Page | None:
    """Return the incident as a page; None where it has no id, so that nothing could be done with it."""
    key = text(incident.get("id"))
    if not key:
        return None
    status = _STATUSES.get(str(incident.get("status")), PageStatus.TRIGGERED)
    created = instant(incident.get("created_at"))
    details = _details(incident)
    told = {name: _labelled(details, (name,)) for name in _LABELS}
    return Page(
        source=source,
        id=key,
        title=first(incident.get("title"), incident.get("summary"), incident.get("description")) or NO_TITLE,
        service=name_of(incident.get("service")),
        status=status,
        urgency=text(incident.get("urgency")),
        created_at=created or UNKNOWN_TIME,
        number=text(incident.get("incident_number")),
        alert=text(_labelled(details, _ALERT_KEYS)),
        place=place(told.get),
        labels={name: text(value) for name, value in told.items() if value},
        assignees=_names(incident.get("assignments"), "assignee"),
        acknowledged_by=CleanText(", ".join(_names(incident.get("acknowledgements"), "acknowledger"))),
        url=link(incident.get("html_url")),
        runbook_url=link(_labelled(details, _RUNBOOK_KEYS)) or _runbook_link(incident),
        changed_at=_changed_at(incident, status) or created,
        changed_by=_changed_by(incident, status),
    )


def receipt(status: str, who: CleanText, at: datetime | None) -> CleanText:
    """Return the words that prove a write: what, by whom, when (UTC)."""
    parts = (status, f"by {who}" if who else "", f"at {at:%Y-%m-%d %H:%M:%S} UTC" if at else "")
    return CleanText(" ".join(part for part in parts if part))


def name_of(reference: Any) -> CleanText:
    """Return what a reference, or a whole object, is called; its id where it has no name."""
    known = record(reference)
    return first(known.get("name"), known.get("summary"), known.get("id"))


def _names(rows: Any, key: str) -> tuple[CleanText, ...]:
    names = (name_of(row.get(key)) for row in records(rows))
    return tuple(dict.fromkeys(name for name in names if name))


def _changed_at(incident: dict[str, Any], status: PageStatus) -> datetime | None:
    if status is PageStatus.ACKNOWLEDGED:
        times = [instant(row.get("at")) for row in records(incident.get("acknowledgements"))]
        if known := [at for at in times if at is not None]:
            return min(known)
    if status is PageStatus.RESOLVED and (at := instant(incident.get("resolved_at"))):
        return at
    if status is PageStatus.TRIGGERED:  # `last_status_change_at` moves with every update then
        return instant(incident.get("created_at"))
    return instant(incident.get("last_status_change_at"))


def _changed_by(incident: dict[str, Any], status: PageStatus) -> CleanText:
    if status is PageStatus.ACKNOWLEDGED and (names := _names(incident.get("acknowledgements"), "acknowledger")):
        return names[0]
    agent = record(incident.get("last_status_change_by"))
    return name_of(agent) if str(agent.get("type")).startswith("user") else CleanText("")


def _details(incident: dict[str, Any]) -> dict[str, Any]:
    """Return what the monitoring system sent along; a bare text becomes its only value."""
    channel = record(record(incident.get("first_trigger_log_entry")).get("channel"))
    details = channel.get("details") or record(channel.get("cef_details")).get("details") or channel.get("body")
    return details if isinstance(details, dict) else {"text": details}


def _labelled(details: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """Find a label or annotation by name: a key of its own, or a line ` - name = value` as Alertmanager writes."""
    for key in keys:
        if isinstance(details.get(key), str):
            return details[key]
    names = "|".join(keys)
    for value in details.values():
        if isinstance(value, str):
            found = re.search(rf"^[ \t-]*(?:{names})[ \t]*[=:][ \t]*(\S.*)$", value[:_SEARCHED], re.MULTILINE)
            if found:
                return found.group(1)
    return None


def _runbook_link(incident: dict[str, Any]) -> CleanText:
    """Return the first link of the event that calls itself a runbook."""
    entry = record(incident.get("first_trigger_log_entry"))
    contexts = records(record(entry.get("channel")).get("contexts")) + records(entry.get("contexts"))
    named = (c for c in contexts if "runbook" in f"{c.get('text')} {c.get('href')}".lower())
    return next((found for found in (link(c.get("href")) for c in named) if found), CleanText(""))
