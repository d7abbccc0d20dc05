"""PagerDuty's story of one incident as plain lines: alerts, notes, responders, log. Pure."""

from collections.abc import Mapping
from typing import Any

from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import first, instant, record, records
from iccon.pages.model import Detail, Trace
from iccon.pages.pagerduty_decode import name_of, page_of
from iccon.text import CleanText, clean

_Json = dict[str, Any]


def detail_of(source: str, incident: _Json, answers: "Mapping[str, Any]") -> Detail:
    """Return the detail; `answers` are those to alerts, notes and log_entries, or the faults they ended in.

    Raises SourceFault where the incident itself cannot be read.
    """
    page = page_of(source, incident)
    if page is None:
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without an incident: is this PagerDuty's address?")
    missing = [
        f"{name.replace('_', ' ')}: {found}" for name, found in answers.items() if isinstance(found, SourceFault)
    ]
    rows = {name: records(record(found).get(name)) for name, found in answers.items()}
    cut = [f"only the newest {len(rows[name])} {name.replace('_', ' ')}" for name in rows if _more(answers[name])]
    return Detail(
        page=page,
        alerts=tuple(_alert(row) for row in rows["alerts"]),
        notes=tuple(_note(row) for row in rows["notes"]),
        responders=tuple(_responder(row) for row in records(incident.get("incidents_responders"))),
        log=tuple(entry(row) for row in rows["log_entries"]),
        notices=tuple(clean(words) for words in (*missing, *cut)),
    )


def _more(answer: Any) -> bool:
    return record(answer).get("more") is True


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
