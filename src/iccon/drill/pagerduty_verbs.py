"""What can be done to an incident of the simulated PagerDuty beyond its status. Pure but for the account it changes."""

from datetime import timedelta
from typing import Any, Final

from iccon.drill import pagerduty_json as shown
from iccon.drill.pagerduty_requests import ApiError, Request, bad, check_sender, incident_of, missing, part
from iccon.drill.pagerduty_state import Account, Asked, Event, Incident, Json, Person

LONGEST_SNOOZE: Final = 604_800  # seconds
NOTE_LIMIT: Final = 65_536  # bytes: a longer one is refused whole
RESPONDING: Final = "coordinated_responding"


def update(account: Account, request: Request, incident: Incident, wish: Json) -> None:
    """Change what `wish` names of an incident. Raises ApiError."""
    person, at = account.person(request.sender), request.at
    if "title" in wish:
        incident.title = str(wish["title"])
    if "urgency" in wish:
        if wish["urgency"] not in ("high", "low"):
            raise bad("Urgency must be high or low")
        account.change(incident, "urgency_change_log_entry", at, person, urgency=wish["urgency"])
    if "priority" in wish:
        account.change(incident, "field_value_change_log_entry", at, person, priority=_priority(account, wish))
    if "status" in wish:
        account.set_status(incident, wish["status"], at, person, str(wish.get("resolution") or ""))
    if "assignments" in wish:
        users = [_user(account, row.get("assignee")) for row in wish["assignments"]]
        account.assign(incident, users, "assign_log_entry", at, person)
    if "escalation_policy" in wish:
        _level(account, request, incident, 1, "assign_log_entry")
    if "escalation_level" in wish:
        _level(account, request, incident, wish["escalation_level"], "escalate_log_entry")


def _priority(account: Account, wish: Json) -> str:
    given = wish["priority"]
    wanted = given.get("id") if isinstance(given, dict) else given
    for row in shown.priorities(account):
        if wanted in (row["id"], row["name"]):
            return str(row["id"])
    raise bad("Priority not found")


def _level(account: Account, request: Request, incident: Incident, level: Any, kind: str) -> None:
    if not isinstance(level, int) or not 0 < level <= len(account.levels):
        raise bad(f"Escalation level must be 1 to {len(account.levels)}")
    account.assign(incident, [account.levels[level - 1]], kind, request.at, account.person(request.sender))


def _user(account: Account, reference: Any) -> Person:
    key = reference.get("id") if isinstance(reference, dict) else None
    found = next((person for person in account.people.values() if person.id == key), None)
    if found is None:
        raise bad(f"User not found: {key}")
    return found


def snooze(account: Account, request: Request, key: str) -> Json:
    """Quiet an incident for a while."""
    incident = incident_of(account, key)
    check_sender(request)
    seconds = request.body.get("duration") if isinstance(request.body, dict) else None
    if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_SNOOZE:
        raise bad("Duration must be between 1 and 604800 seconds")
    if incident.status == "resolved":
        raise bad("Incident Already Resolved")
    account.snooze(incident, request.at + timedelta(seconds=seconds), request.at, account.person(request.sender))
    return {"incident": shown.incident_json(account, incident)}


def merge(account: Account, request: Request, key: str) -> Json:
    """Merge other incidents into this one: they are resolved."""
    target = incident_of(account, key)
    check_sender(request)
    rows = request.body.get("source_incidents") if isinstance(request.body, dict) else None
    if not isinstance(rows, list) or not rows:
        raise bad("Source incidents cannot be empty")
    sources = [incident_of(account, str(row.get("id"))) for row in rows]
    if target.status == "resolved" or target in sources:
        raise bad("The target incident must be open and none of the sources")
    for source in sources:
        account.set_status(source, "resolved", request.at, account.person(request.sender))
        source.merged_into = key
    return {"incident": shown.reference(account, "incident", key, target.title)}


def add_note(account: Account, request: Request, key: str) -> Json:
    """Add a note."""
    incident = incident_of(account, key)
    check_sender(request)
    event = account.note(incident, _content(request), request.at, account.person(request.sender))
    return {"note": shown.note_json(account, event)}


def edit_note(account: Account, request: Request, key: str, note: str) -> Json:
    """Change the text of a note."""
    check_sender(request)
    event = _note(account, key, note)
    event.text = _content(request)
    return {"note": shown.note_json(account, event)}


def delete_note(account: Account, request: Request, key: str, note: str) -> Json:
    """Take a note away."""
    incident_of(account, key).events.remove(_note(account, key, note))
    return {}


def _content(request: Request) -> str:
    content = str(part(request, "note").get("content") or "")
    if not content.strip():
        raise bad("Content cannot be empty")
    if len(content.encode()) > NOTE_LIMIT:
        raise ApiError(413, 2001, "Request Entity Too Large")
    return content


def _note(account: Account, key: str, note: str) -> Event:
    events = incident_of(account, key).events
    found = next((e for e in events if e.type == "annotate_log_entry" and shown.note_id(e) == note), None)
    if found is None:
        raise missing()
    return found


def request_responders(account: Account, request: Request, key: str) -> Json:
    """Ask people, or a policy's first level, to join."""
    incident = incident_of(account, key)
    requester, targets = _asking(account, request)
    message = str(request.body.get("message") or "")
    people = [_target(account, row.get("responder_request_target") or row) for row in targets]
    account.ask(incident, [Asked(person, requester, request.at, message) for person in people])
    return {"responder_request": shown.responder_request(account, incident, incident.asked[-len(people) :])}


def cancel_responders(account: Account, request: Request, key: str) -> Json:
    """Ask them no longer."""
    incident = incident_of(account, key)
    _, targets = _asking(account, request)
    people = [(row, _target(account, row)) for row in targets]
    results = [
        {
            "type": row["type"],
            "id": row["id"],
            "result": "cancelled" if account.cancel(incident, person) else "not_found",
        }
        for row, person in people
    ]
    return {"responder_request_targets": results}


def _asking(account: Account, request: Request) -> tuple[Person, list[Json]]:
    if RESPONDING not in account.abilities:
        raise ApiError(402, 2014, "Account does not have the abilities required to perform the action", RESPONDING)
    body = request.body if isinstance(request.body, dict) else {}
    targets = body.get("responder_request_targets")
    if not isinstance(targets, list) or not targets:
        raise bad("Responder request targets cannot be empty")
    return _user(account, {"id": body.get("requester_id")}), targets


def _target(account: Account, row: Json) -> Person:
    return account.levels[0] if str(row.get("type")).startswith("escalation_policy") else _user(account, row)


def start_workflow(account: Account, request: Request, workflow: str) -> Json:
    """Start an incident workflow on an incident."""
    if workflow not in account.workflows:
        raise missing()
    instance = part(request, "incident_workflow_instance")
    incident = incident_of(account, str((instance.get("incident") or {}).get("id")))
    number = account.run(incident, workflow)
    reference = shown.reference(account, "incident", incident.id, incident.title)
    return {"incident_workflow_instance": {"id": number, "type": "incident_workflow_instance", "incident": reference}}


def post_status(account: Account, request: Request, key: str) -> Json:
    """Send a status update to the incident's subscribers."""
    incident = incident_of(account, key)
    check_sender(request)
    message = str(request.body.get("message") or "") if isinstance(request.body, dict) else ""
    if not message.strip():
        raise bad("Message cannot be empty")
    person = account.person(request.sender)
    event = account.change(incident, "status_update_log_entry", request.at, person, message)
    return {"status_update": shown.status_update(account, event)}
