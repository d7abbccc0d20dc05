"""What each path of the simulated PagerDuty does: checks and errors as the real REST v2 words them.

Pure but for the account it changes: a request is data, so is the answer.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from iccon.drill import pagerduty_json as shown
from iccon.drill import pagerduty_verbs as verbs
from iccon.drill.pagerduty_duty import contact_methods, oncalls
from iccon.drill.pagerduty_requests import ApiError, Request, Route, bad, check_sender, incident_of, missing, page
from iccon.drill.pagerduty_state import STATUSES, Account, Json

UPDATE_LIMIT: Final = 250


def answer(account: Account, request: Request) -> tuple[int, Json]:
    """Do what the request asks and return status and body of a 2xx answer. Raises ApiError."""
    for method, pattern, status, route in _ROUTES:
        if method == request.method and (found := pattern.fullmatch(request.path)):
            return status, route(account, request, **found.groupdict())
    raise missing()


def _include(request: Request) -> tuple[str, ...]:
    return tuple(request.query.get("include[]", ()))


def _list_incidents(account: Account, request: Request) -> Json:
    try:
        rows = account.matching(request.query, request.at)
    except (ValueError, KeyError) as error:
        raise bad(f"unreadable parameter: {error}") from error
    include = _include(request)
    bodies = (shown.incident_json(account, row, include) for row in rows)
    return page(request, "incidents", bodies, len(rows))


def _show_incident(account: Account, request: Request, key: str) -> Json:
    return {"incident": shown.incident_json(account, incident_of(account, key), _include(request))}


def _update_incident(account: Account, request: Request, key: str) -> Json:
    incident = incident_of(account, key)
    check_sender(request)
    wish = request.body.get("incident") if isinstance(request.body, dict) else None
    verbs.update(account, request, incident, _checked(wish))
    return {"incident": shown.incident_json(account, incident, ("acknowledgers", "assignees"))}


def _update_incidents(account: Account, request: Request) -> Json:
    check_sender(request)
    wishes = request.body.get("incidents") if isinstance(request.body, dict) else None
    if not isinstance(wishes, list) or not wishes:
        raise bad("Incidents cannot be empty")
    if len(wishes) > UPDATE_LIMIT:
        raise ApiError(413, 2001, "Request Entity Too Large", f"at most {UPDATE_LIMIT} incidents")
    checked = [_checked(wish) for wish in wishes]
    unknown = [wish.get("id") for wish in checked if wish.get("id") not in account.incidents]
    if unknown:
        raise bad(f"Incident not found: {unknown[0]}")
    rows = [account.incidents[wish["id"]] for wish in checked]
    for row, wish in zip(rows, checked, strict=True):
        verbs.update(account, request, row, wish)
    return {"incidents": [shown.incident_json(account, row) for row in rows]}


def _checked(wish: Any) -> Json:
    if not isinstance(wish, dict) or wish.get("type") not in ("incident", "incident_reference"):
        raise bad("Incident type must be incident or incident_reference")
    if wish.get("status", "triggered") not in STATUSES:
        raise bad(f"Status must be one of {', '.join(STATUSES)}")
    return wish


def _log(account: Account, request: Request, key: str) -> Json:
    since = request.query.get("since", ["1970-01-01T00:00:00+00:00"])[0]
    try:
        rows = list(shown.log_entries(account, incident_of(account, key), datetime.fromisoformat(since)))
    except (ValueError, TypeError) as error:  # no time, or one without a zone
        raise bad(f"unreadable parameter: {error}") from error
    return page(request, "log_entries", rows, len(rows))


def _alerts(account: Account, request: Request, key: str) -> Json:
    return page(request, "alerts", [shown.alert_json(account, incident_of(account, key))], 1)


def _notes(account: Account, request: Request, key: str) -> Json:
    return {"notes": list(shown.notes(account, incident_of(account, key)))}


def _me(account: Account, request: Request) -> Json:
    if request.account_token:
        raise ApiError(400, 2001, "Cannot use account-level access token for users/me")
    return {"user": shown.user_json(account, account.on_call)}


def _abilities(account: Account, request: Request) -> Json:
    return {"abilities": sorted(account.abilities)}


def _services(account: Account, request: Request) -> Json:
    rows = [shown.service_json(account, name) for name in account.services]
    return page(request, "services", rows, len(rows))


def _oncalls(account: Account, request: Request) -> Json:
    since, until = _instant(request, "since"), _instant(request, "until")
    rows = oncalls(account, since, until, whole="users" in _include(request))
    return page(request, "oncalls", rows, len(rows))


def _instant(request: Request, name: str, missing: datetime | None = None) -> datetime:
    """Return a time of the query; `missing`, or else now, where it is not given."""
    words = request.query.get(name, [""])[0]
    try:
        return datetime.fromisoformat(words).astimezone(UTC) if words else missing or request.at
    except ValueError:
        raise bad(f"{name} is not a time") from None


def _user(account: Account, request: Request, key: str) -> Json:
    person = next((person for person in account.people.values() if person.id == key), None)
    if person is None:
        raise missing()
    whole = shown.user_json(account, person)
    if "contact_methods" in _include(request):
        whole["contact_methods"] = contact_methods(account, person)
    return {"user": whole}


def _change_events(account: Account, request: Request) -> Json:
    since, until = _instant(request, "since", datetime.min.replace(tzinfo=UTC)), _instant(request, "until")
    found = [change for change in account.changes if since <= change.at <= until]
    rows = [shown.change_json(account, c) for c in sorted(found, key=lambda c: (c.at, c.number), reverse=True)]
    return page(request, "change_events", rows, len(rows))


def _related_changes(account: Account, request: Request, key: str) -> Json:
    service, limit = incident_of(account, key).service, int(request.query.get("limit", ["10"])[0])
    near = sorted((c for c in account.changes if c.service == service), key=lambda c: (c.at, c.number), reverse=True)
    rows = [shown.change_json(account, c) | {"correlation_reason": {"reason": "most_recent"}} for c in near[:limit]]
    return page(request, "change_events", rows, len(rows))


def _past(account: Account, request: Request, key: str) -> Json:
    of = incident_of(account, key)
    limit = int(request.query.get("limit", ["5"])[0])
    before = (row for row in account.incidents.values() if row.status == "resolved" and row.service == of.service)
    like = [row for row in before if row.id != key][-limit:]
    rows = [{"incident": shown.brief(account, row), "score": 46.8} for row in reversed(like)]
    return {"past_incidents": rows, "limit": limit}


def _beside(account: Account, request: Request, key: str) -> Json:
    service = incident_of(account, key).service
    rows = (row for row in account.incidents.values() if row.status != "resolved" and row.service != service)
    why = [{"type": "machine_learning_inferred", "metadata": {"grouping_classification": "similar_contents"}}]
    found = [{"incident": shown.brief(account, row), "relationships": why} for row in rows]
    return {"related_incidents": found[-20:]}


def _priorities(account: Account, request: Request) -> Json:
    rows = list(shown.priorities(account))
    return page(request, "priorities", rows, len(rows))


def _users(account: Account, request: Request) -> Json:
    words = request.query.get("query", [""])[0]
    found = [account.person(words)] if "@" in words else list(account.people.values())
    rows = [shown.user_json(account, p) for p in found if words.casefold() in f"{p.name} {p.email}".casefold()]
    return page(request, "users", rows, len(rows))


def _policies(account: Account, request: Request) -> Json:
    words = request.query.get("query", [""])[0].casefold()
    rows = [row for row in [shown.policy_json(account)] if words in str(row["summary"]).casefold()]
    return page(request, "escalation_policies", rows, len(rows))


def _workflows(account: Account, request: Request) -> Json:
    words = request.query.get("query", [""])[0].casefold()
    rows = [shown.workflow_json(account, key) for key, name in account.workflows.items() if words in name.casefold()]
    return page(request, "incident_workflows", rows, len(rows))


_ROUTES: Final[tuple[tuple[str, re.Pattern[str], int, Route], ...]] = tuple(
    (method, re.compile(pattern), status, route)
    for method, pattern, status, route in (
        ("GET", r"/incidents", 200, _list_incidents),
        ("PUT", r"/incidents", 200, _update_incidents),
        ("GET", r"/incidents/(?P<key>\w+)", 200, _show_incident),
        ("PUT", r"/incidents/(?P<key>\w+)", 200, _update_incident),
        ("GET", r"/incidents/(?P<key>\w+)/log_entries", 200, _log),
        ("GET", r"/incidents/(?P<key>\w+)/alerts", 200, _alerts),
        ("GET", r"/incidents/(?P<key>\w+)/notes", 200, _notes),
        ("GET", r"/incidents/(?P<key>\w+)/related_change_events", 200, _related_changes),
        ("GET", r"/incidents/(?P<key>\w+)/past_incidents", 200, _past),
        ("GET", r"/incidents/(?P<key>\w+)/related_incidents", 200, _beside),
        ("POST", r"/incidents/(?P<key>\w+)/notes", 200, verbs.add_note),
        ("PUT", r"/incidents/(?P<key>\w+)/notes/(?P<note>\w+)", 200, verbs.edit_note),
        ("DELETE", r"/incidents/(?P<key>\w+)/notes/(?P<note>\w+)", 204, verbs.delete_note),
        ("POST", r"/incidents/(?P<key>\w+)/snooze", 201, verbs.snooze),
        ("PUT", r"/incidents/(?P<key>\w+)/merge", 200, verbs.merge),
        ("POST", r"/incidents/(?P<key>\w+)/responder_requests", 200, verbs.request_responders),
        ("PUT", r"/incidents/(?P<key>\w+)/responder_requests/cancel", 200, verbs.cancel_responders),
        ("POST", r"/incidents/(?P<key>\w+)/status_updates", 200, verbs.post_status),
        ("POST", r"/incident_workflows/(?P<workflow>\w+)/instances", 201, verbs.start_workflow),
        ("GET", r"/incident_workflows", 200, _workflows),
        ("GET", r"/escalation_policies", 200, _policies),
        ("GET", r"/users", 200, _users),
        ("GET", r"/users/me", 200, _me),
        ("GET", r"/users/(?P<key>\w+)", 200, _user),
        ("GET", r"/abilities", 200, _abilities),
        ("GET", r"/services", 200, _services),
        ("GET", r"/oncalls", 200, _oncalls),
        ("GET", r"/change_events", 200, _change_events),
        ("GET", r"/priorities", 200, _priorities),
    )
)
