"""The JSON in which PagerDuty's REST v2 speaks of an account: shapes from its published OpenAPI description."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from iccon.drill.pagerduty_state import Account, Asked, ChangeEvent, Event, Incident, Json, Person, code, service_id

_MESSAGES: Final = ("status_update_log_entry", "responder_request_log_entry")
_STATUS_ENTRIES: Final = (
    "trigger_log_entry",
    "acknowledge_log_entry",
    "unacknowledge_log_entry",
    "resolve_log_entry",
    "snooze_log_entry",
)


def when(at: datetime) -> str:
    """Write an instant as PagerDuty does: seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def incident_json(account: Account, incident: Incident, include: tuple[str, ...] = ()) -> Json:
    """Return the incident as the API gives it; `include` names references to be given whole."""
    return {
        **reference(account, "incident", incident.id, f"[#{incident.number}] {incident.title}"),
        "type": "incident",
        "incident_number": incident.number,
        "title": incident.title,
        "created_at": when(incident.created_at),
        "updated_at": when(incident.changed_at),
        "status": incident.status,
        "incident_key": f"key-{incident.number}",
        "service": _service_reference(account, incident.service),
        "assignments": _assignments(account, incident, whole="assignees" in include),
        "acknowledgements": _acknowledgements(account, incident, whole="acknowledgers" in include),
        "assigned_via": "escalation_policy",
        "last_status_change_at": when(incident.changed_at),
        "resolved_at": when(incident.changed_at) if incident.status == "resolved" else None,
        "last_status_change_by": _agent(account, incident, _last_hand(incident)),
        "first_trigger_log_entry": _first_entry(account, incident, "first_trigger_log_entries" in include),
        "alert_counts": {"all": 1, "triggered": int(incident.status != "resolved"),
                         "resolved": int(incident.status == "resolved")},
        "is_mergeable": True,
        "incident_type": {"name": "incident_default"},
        "escalation_policy": policy_json(account),
        "teams": [],
        "pending_actions": _pending(incident),
        "priority": next((row for row in priorities(account) if row["id"] == incident.priority), None),
        "resolve_reason": _resolve_reason(account, incident),
        "incidents_responders": [_responder(account, incident, one) for one in incident.asked],
        "responder_requests": [responder_request(account, incident, [one]) for one in incident.asked],
        "urgency": incident.urgency,
    }  # fmt: skip


def log_entries(account: Account, incident: Incident, since: datetime) -> Iterator[Json]:
    """Yield the incident's log entries since an instant (aware), newest first, as the API orders them."""
    for event in reversed(incident.events):
        if event.at >= since:
            yield _entry_json(account, incident, event)


def notes(account: Account, incident: Incident) -> Iterator[Json]:
    """Yield the incident's notes, oldest first."""
    for event in incident.events:
        if event.type == "annotate_log_entry":
            yield note_json(account, event)


def note_json(account: Account, event: Event) -> Json:
    """Return one note."""
    person = event.by or account.on_call
    return {
        "id": note_id(event),
        "user": user_reference(account, person),
        "content": event.text,
        "created_at": when(event.at),
        "channel": {"summary": "The PagerDuty website or APIs"},
    }


def note_id(event: Event) -> str:
    """Return the id of a note."""
    return code("N", event.number)


def status_update(account: Account, event: Event) -> Json:
    """Return one status update."""
    sender = user_reference(account, event.by or account.on_call)
    return {"id": code("D", event.number), "message": event.text, "sender": sender, "created_at": when(event.at)}


def responder_request(account: Account, incident: Incident, asked: list[Asked]) -> Json:
    """Return one request for people to join."""
    targets = [
        {
            "responder_request_target": {
                "type": "user",
                "id": one.who.id,
                "summary": one.who.name,
                "incidents_responders": [_responder(account, incident, one)],
            }
        }
        for one in asked
    ]
    return {
        "incident": reference(account, "incident", incident.id, incident.title),
        "requester": user_reference(account, asked[0].by),
        "requested_at": when(asked[0].at),
        "message": asked[0].message,
        "responder_request_targets": targets,
    }


def workflow_json(account: Account, key: str) -> Json:
    """Return an incident workflow."""
    name = account.workflows[key]
    return {**reference(account, "incident_workflow", key, name), "type": "incident_workflow", "name": name}


def alert_json(account: Account, incident: Incident) -> Json:
    """Return the one alert behind the incident."""
    alert_id = code("A", incident.number)
    return {
        **reference(account, "alert", alert_id, incident.alert or incident.title),
        "type": "alert",
        "created_at": when(incident.created_at),
        "status": "resolved" if incident.status == "resolved" else "triggered",
        "alert_key": f"key-{incident.number}",
        "service": _service_reference(account, incident.service),
        "body": {"type": "alert_body", "contexts": [], "details": incident.details},
        "incident": {"id": incident.id, "type": "incident_reference"},
        "suppressed": False,
        "severity": "critical" if incident.urgency == "high" else "warning",
    }


def user_json(account: Account, person: Person) -> Json:
    """Return a user, whole."""
    return {
        **reference(account, "user", person.id, person.name),
        "type": "user",
        "name": person.name,
        "email": person.email,
        "time_zone": "Etc/UTC",
        "role": "user",
        "job_title": None,
        "description": None,
        "contact_methods": [],
        "notification_rules": [],
        "teams": [],
    }


def user_reference(account: Account, person: Person) -> Json:
    """Return a reference to a user."""
    return reference(account, "user", person.id, person.name)


def service_json(account: Account, name: str) -> Json:
    """Return a service, whole."""
    return {
        **reference(account, "service", service_id(name), name),
        "type": "service",
        "name": name,
        "description": None,
        "status": "active",
        "escalation_policy": policy_json(account),
    }


def change_json(account: Account, event: ChangeEvent) -> Json:
    """Return one change event."""
    return {
        "id": code("C", event.number),
        "type": "change_event",
        "summary": event.summary,
        "timestamp": when(event.at),
        "source": "deploy pipeline",
        "integration": {"id": "IDEPLOY", "type": "inbound_integration_reference"},
        "services": [_service_reference(account, event.service)],
        "custom_details": {"author": event.who},
        "links": [{"href": f"{account.url}/changes/{event.number}", "text": "The deploy"}],
    }


def brief(account: Account, incident: Incident) -> Json:
    """Return what the lists of past and of related incidents give of one."""
    where = reference(account, "incident", incident.id, incident.title)
    return {"id": incident.id, "created_at": when(incident.created_at), "self": where["self"], "title": incident.title}


def policy_json(account: Account) -> Json:
    """Return a reference to the account's only escalation policy."""
    return reference(account, "escalation_policy", "EDEFAULT", "Default")


def priorities(account: Account) -> Iterator[Json]:
    """Yield the priorities P1 to P5."""
    for level in range(1, 6):
        yield {
            **reference(account, "priority", f"PRIO{level}", f"P{level}"),
            "type": "priority",
            "name": f"P{level}",
        }


def reference(account: Account, kind: str, key: str, summary: str | None) -> Json:
    """Return what every object of the account has: id, summary, type, addresses."""
    folder = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
    return {
        "id": key,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{account.url}/{folder}/{key}",
        "html_url": f"{account.url}/html/{folder}/{key}",
    }


def _service_reference(account: Account, name: str | None) -> Json | None:
    return None if name is None else reference(account, "service", service_id(name), name)


def _person(account: Account, person: Person, whole: bool) -> Json:
    return user_json(account, person) if whole else user_reference(account, person)


def _assignments(account: Account, incident: Incident, *, whole: bool) -> list[Json]:
    if incident.status == "resolved":
        return []
    holders = [incident.who] if incident.who else incident.assignees
    return [{"at": when(incident.created_at), "assignee": _person(account, each, whole)} for each in holders]


def _responder(account: Account, incident: Incident, asked: Asked) -> Json:
    return {
        "state": asked.state,
        "user": user_reference(account, asked.who),
        "incident": reference(account, "incident", incident.id, incident.title),
        "updated_at": when(asked.at),
        "message": asked.message,
        "requester": user_reference(account, asked.by),
        "requested_at": when(asked.at),
    }


def _resolve_reason(account: Account, incident: Incident) -> Json | None:
    into = incident.merged_into
    return {"type": "merge_resolve_reason", "incident": reference(account, "incident", into, into)} if into else None


def _pending(incident: Incident) -> list[Json]:
    until = incident.snoozed_until
    return [{"type": "unacknowledge", "at": when(until)}] if until else []


def _acknowledgements(account: Account, incident: Incident, *, whole: bool) -> list[Json]:
    if incident.status != "acknowledged" or incident.who is None:
        return []
    return [{"at": when(incident.changed_at), "acknowledger": _person(account, incident.who, whole)}]


def _agent(account: Account, incident: Incident, by: Person | None) -> Json | None:
    return user_reference(account, by) if by is not None else _service_reference(account, incident.service)


def _last_hand(incident: Incident) -> Person | None:
    """Who gave the incident its present status; None for the monitoring system."""
    return next((e.by for e in reversed(incident.events) if e.type in _STATUS_ENTRIES), None)


def _first_entry(account: Account, incident: Incident, whole: bool) -> Json:
    entry = _entry_json(account, incident, incident.events[0])
    if not whole:
        return {k: entry[k] for k in ("id", "summary", "self", "html_url")} | {"type": "trigger_log_entry_reference"}
    channel = {
        "type": "api",
        "summary": incident.title,
        "client": "Alertmanager",
        "details": incident.details,
    }
    return entry | {"channel": channel}


def _entry_json(account: Account, incident: Incident, event: Event) -> Json:
    who = event.by.name if event.by else "the API"
    return {
        **reference(account, "log_entry", code("L", event.number), f"{event.type.split('_')[0].title()} by {who}"),
        "type": event.type,
        "created_at": when(event.at),
        "agent": _agent(account, incident, event.by),
        "channel": {"type": "website" if event.by else "api"},
        "service": _service_reference(account, incident.service),
        "incident": reference(account, "incident", incident.id, incident.title),
        "teams": [],
        "contexts": [],
    } | _said(event)


def _said(event: Event) -> Json:
    if not event.text:
        return {}
    return {"message" if event.type in _MESSAGES else "note": event.text}
