"""What PagerDuty tells of one incident: which questions to ask, and their answers as plain lines. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import first, instant, record, records, text
from iccon.pages.model import Detail, Trace
from iccon.pages.pagerduty_decode import name_of, page_of
from iccon.pages.people import AHEAD
from iccon.text import CleanText, clean
from iccon.when import iso

LIMIT: Final = 100  # rows of alerts and log
NEAR: Final = 10  # changes, and pages like it or beside it
_BY_PLAN: Final = ("past_incidents", "related_incidents", "change_events")  # which some accounts do not have
_NOT_TOLD: Final = (FaultKind.FORBIDDEN, FaultKind.NOT_FOUND)
_Json = dict[str, Any]


def questions(incident: _Json, now: datetime) -> dict[str, tuple[str, _Json]]:
    """Return path and query by the name of the list that the answer has; `now` is aware UTC."""
    path, policy = f"/incidents/{incident.get('id')}", text(record(incident.get("escalation_policy")).get("id"))
    span = {"since": iso(now), "until": iso(now + AHEAD), "time_zone": "UTC", "limit": LIMIT}
    found: dict[str, tuple[str, _Json]] = {
        "alerts": (f"{path}/alerts", {"limit": LIMIT}),
        "notes": (f"{path}/notes", {}),
        "log_entries": (f"{path}/log_entries", {"limit": LIMIT, "time_zone": "UTC"}),
        "oncalls": ("/oncalls", span | {"escalation_policy_ids[]": [policy], "include[]": ["users"]}),
        "change_events": (f"{path}/related_change_events", {"limit": NEAR}),
        "past_incidents": (f"{path}/past_incidents", {"limit": NEAR}),
        "related_incidents": (f"{path}/related_incidents", {}),
    }
    return found if policy else {name: asked for name, asked in found.items() if name != "oncalls"}


def detail_of(source: str, incident: _Json, answers: "Mapping[str, Any]", now: datetime) -> Detail:
    """Return the detail; `answers` are those to `questions`, or the faults they ended in.

    Raises SourceFault where the incident itself cannot be read.
    """
    page = page_of(source, incident)
    if page is None:
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without an incident: is this PagerDuty's address?")
    faults = {name: found for name, found in answers.items() if isinstance(found, SourceFault)}
    shut = {name: _shut(found) for name, found in faults.items() if name in _BY_PLAN and found.kind in _NOT_TOLD}
    missing = [f"{name.replace('_', ' ')}: {found}" for name, found in faults.items() if name not in shut]
    rows = {name: records(record(found).get(name)) for name, found in answers.items()}
    story = [name for name in rows if name in ("alerts", "notes", "log_entries")]
    cut = [f"only the newest {len(rows[name])} {name.replace('_', ' ')}" for name in story if _more(answers[name])]
    return Detail(
        page=page,
        alerts=tuple(_alert(row) for row in rows["alerts"]),
        notes=tuple(_note(row) for row in rows["notes"]),
        responders=tuple(_responder(row) for row in records(incident.get("incidents_responders"))),
        log=tuple(entry(row) for row in rows["log_entries"]),
        on_call=_on_call(rows.get("oncalls", []), now),
        changes=shut.get("change_events") or tuple(map(_change, rows["change_events"])),
        past=shut.get("past_incidents") or tuple(_like(record(row.get("incident"))) for row in rows["past_incidents"]),
        related=shut.get("related_incidents") or tuple(map(_beside, rows["related_incidents"])),
        notices=tuple(clean(words) for words in (*missing, *cut)),
    )


def _more(answer: Any) -> bool:
    return record(answer).get("more") is True


def _shut(fault: SourceFault) -> tuple[Trace, ...]:
    return (Trace(clean(f"not told to this account: {fault.reason}")),)


def _on_call(rows: Iterable[_Json], now: datetime) -> tuple[Trace, ...]:
    """Return who is on call now, by level, and who is next on each level."""
    turns = sorted(((instant(row.get("start")) or now, row) for row in rows), key=lambda turn: turn[0])
    here = sorted((_level(row), name_of(row.get("user"))) for at, row in turns if at <= now)
    ahead = {_level(row): (name_of(row.get("user")), at) for at, row in reversed(turns) if at > now}
    current = [Trace(clean(f"on call now, level {level}"), who) for level, who in here]
    return tuple(current + [Trace(clean(f"next, level {level}"), *turn) for level, turn in sorted(ahead.items())])


def _level(row: _Json) -> CleanText:
    return text(row.get("escalation_level")) or CleanText("?")


def _change(row: _Json) -> Trace:
    why = str(record(row.get("correlation_reason")).get("reason") or "").replace("_", " ")
    summary = first(row.get("summary"), row.get("id"))
    return Trace(
        clean(f"{summary} ({why})" if why else summary), first(row.get("source")), instant(row.get("timestamp"))
    )


def _like(row: _Json) -> Trace:
    return Trace(first(row.get("title"), row.get("summary"), row.get("id")), at=instant(row.get("created_at")))


def _beside(row: _Json) -> Trace:
    why = ", ".join(str(each.get("type")).replace("_", " ") for each in records(row.get("relationships")))
    other = _like(record(row.get("incident")))
    return Trace(clean(f"{other.what} ({why})" if why else other.what), at=other.at)


def _alert(row: _Json) -> Trace:
    words = clean(f"{first(row.get('severity'), row.get('status'))} {first(row.get('summary'), row.get('id'))}")
    return Trace(words, first(row.get("status")), instant(row.get("created_at")))


def _note(row: _Json) -> Trace:
    words = first(row.get("content")) or CleanText("(empty)")
    return Trace(words, name_of(row.get("user")), instant(row.get("created_at")), first(row.get("id")))


def _responder(row: _Json) -> Trace:
    return Trace(first(row.get("state")), name_of(row.get("user")), instant(row.get("updated_at")))


def entry(row: _Json) -> Trace:
    """Return one row of the log: its summary, and what was said with it."""
    channel = record(row.get("channel"))
    note = channel.get("summary") if channel.get("type") == "note" else None
    said = first(row.get("note"), row.get("message"), note)
    kind = first(row.get("type")).removesuffix("_log_entry").replace("_", " ")
    summary = first(row.get("summary")) or CleanText(kind)
    return Trace(
        clean(f"{summary}: {said}" if said else summary), name_of(row.get("agent")), instant(row.get("created_at"))
    )
