"""What each path of the simulated PagerDuty does: checks and errors as the real REST v2 words them.

Pure but for the account it changes: a request is data, so is the answer.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from iccon.drill import pagerduty_json as shown
from iccon.drill.pagerduty_duty import contact_methods, oncalls
from iccon.drill.pagerduty_state import STATUSES, Account, Incident, Json

PAGE_LIMIT: Final = 100
REACH: Final = 10_000  # offset + limit: the real API refuses to look further
UPDATE_LIMIT: Final = 250


class Request(Struct, frozen=True):
    """One request. `sender` is the From header, "" when absent; `at` the server's time (aware UTC)."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    sender: str
    at: datetime
    account_token: bool = False


class ApiError(Exception):
    """An answer that is not 2xx, with PagerDuty's own error number."""

    def __init__(self, status: int, code: int, message: str, *errors: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"error": {"message": message, "code": code} | ({"errors": errors} if errors else {})}


def answer(account: Account, request: Request) -> Json:
    """Do what the request asks and return the body of a 2xx answer. Raises ApiError."""
    for method, pattern, route in _ROUTES:
        if method == request.method and (found := pattern.fullmatch(request.path)):
            return route(account, request, **found.groupdict())
    raise ApiError(404, 2100, "Not Found")


def _bad(*errors: str) -> ApiError:
    return ApiError(400, 2001, "Invalid Input Provided", *errors)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, [str(default)])[0]
    if not text.isdecimal():
        raise _bad(f"{name} must be a number")
    return int(text)


def _page(request: Request, name: str, rows: list[Json] | Iterator[Json], total: int) -> Json:
    """Cut one page out of `rows`: 25 rows unless asked otherwise, at most 100, none beyond the 10,000th."""
    limit = min(_number(request, "limit", 25), PAGE_LIMIT)
    offset = _number(request, "offset", 0)
    if offset + limit > REACH:
        raise _bad("Offset must be less than or equal to 10000 minus limit")
    asked = request.query.get("total", ["false"])[0] == "true"
    return {
        name: list(islice(rows, offset, offset + limit)),
        "limit": limit,
        "offset": offset,
        "total": total if asked else None,
        "more": offset + limit < total,
    }


def _include(request: Request) -> tuple[str, ...]:
    return tuple(request.query.get("include[]", ()))


def _incident(account: Account, key: str) -> Incident:
    if key not in account.incidents:
        raise ApiError(404, 2100, "Not Found")
    return account.incidents[key]


def _list_incidents(account: Account, request: Request) -> Json:
    try:
        rows = account.matching(request.query, request.at)
    except (ValueError, KeyError) as error:
        raise _bad(f"unreadable parameter: {error}") from error
    include = _include(request)
    bodies = (shown.incident_json(account, row, include) for row in rows)
    return _page(request, "incidents", bodies, len(rows))


def _show_incident(account: Account, request: Request, key: str) -> Json:
    return {"incident": shown.incident_json(account, _incident(account, key), _include(request))}


def _update_incident(account: Account, request: Request, key: str) -> Json:
    incident = _incident(account, key)
    _check_sender(request)
    wish = request.body.get("incident") if isinstance(request.body, dict) else None
    _apply(account, request, incident, _checked(wish))
    return {"incident": shown.incident_json(account, incident, ("acknowledgers", "assignees"))}


def _update_incidents(account: Account, request: Request) -> Json:
    _check_sender(request)
    wishes = request.body.get("incidents") if isinstance(request.body, dict) else None
    if not isinstance(wishes, list) or not wishes:
        raise _bad("Incidents cannot be empty")
    if len(wishes) > UPDATE_LIMIT:
        raise ApiError(413, 2001, "Request Entity Too Large", f"at most {UPDATE_LIMIT} incidents")
    checked = [_checked(wish) for wish in wishes]
    unknown = [wish.get("id") for wish in checked if wish.get("id") not in account.incidents]
    if unknown:
        raise _bad(f"Incident not found: {unknown[0]}")
    rows = [account.incidents[wish["id"]] for wish in checked]
    for row, wish in zip(rows, checked, strict=True):
        _apply(account, request, row, wish)
    return {"incidents": [shown.incident_json(account, row) for row in rows]}


def _check_sender(request: Request) -> None:
    if "@" not in request.sender:
        raise ApiError(400, 1008, "Requester User Not Found", "the From header must be a user's e-mail address")


def _checked(wish: Any) -> Json:
    if not isinstance(wish, dict) or wish.get("type") not in ("incident", "incident_reference"):
        raise _bad("Incident type must be incident or incident_reference")
    if wish.get("status", "triggered") not in STATUSES:
        raise _bad(f"Status must be one of {', '.join(STATUSES)}")
    return wish


def _apply(account: Account, request: Request, incident: Incident, wish: Json) -> None:
    person = account.person(request.sender)
    if "title" in wish:
        incident.title = str(wish["title"])
    if "status" in wish:
        account.set_status(incident, wish["status"], request.at, person)


def _log(account: Account, request: Request, key: str) -> Json:
    incident = _incident(account, key)
    return _page(request, "log_entries", shown.log_entries(account, incident), len(incident.events))


def _alerts(account: Account, request: Request, key: str) -> Json:
    return _page(request, "alerts", [shown.alert_json(account, _incident(account, key))], 1)


def _notes(account: Account, request: Request, key: str) -> Json:
    return {"notes": list(shown.notes(account, _incident(account, key)))}


def _add_note(account: Account, request: Request, key: str) -> Json:
    incident = _incident(account, key)
    _check_sender(request)
    note = request.body.get("note") if isinstance(request.body, dict) else None
    if not isinstance(note, dict) or not str(note.get("content") or "").strip():
        raise _bad("Content cannot be empty")
    event = account.note(incident, str(note["content"]), request.at, account.person(request.sender))
    return {"note": shown.note_json(account, event)}


def _me(account: Account, request: Request) -> Json:
    if request.account_token:
        raise ApiError(400, 2001, "Cannot use account-level access token for users/me")
    return {"user": shown.user_json(account, account.on_call)}


def _abilities(account: Account, request: Request) -> Json:
    return {"abilities": list(shown.ABILITIES)}


def _services(account: Account, request: Request) -> Json:
    rows = [shown.service_json(account, name) for name in account.services]
    return _page(request, "services", rows, len(rows))


def _oncalls(account: Account, request: Request) -> Json:
    since, until = _instant(request, "since"), _instant(request, "until")
    rows = oncalls(account, since, until, whole="users" in _include(request))
    return _page(request, "oncalls", rows, len(rows))


def _instant(request: Request, name: str) -> datetime:
    """Return a time of the query; now where it is not given."""
    words = request.query.get(name, [""])[0]
    try:
        return datetime.fromisoformat(words).astimezone(UTC) if words else request.at
    except ValueError:
        raise _bad(f"{name} is not a time") from None


def _user(account: Account, request: Request, key: str) -> Json:
    person = next((person for person in account.people.values() if person.id == key), None)
    if person is None:
        raise ApiError(404, 2100, "Not Found")
    whole = shown.user_json(account, person)
    if "contact_methods" in _include(request):
        whole["contact_methods"] = contact_methods(account, person)
    return {"user": whole}


def _priorities(account: Account, request: Request) -> Json:
    rows = list(shown.priorities(account))
    return _page(request, "priorities", rows, len(rows))


_Route = Callable[..., Json]
_ROUTES: Final[tuple[tuple[str, re.Pattern[str], _Route], ...]] = tuple(
    (method, re.compile(pattern), route)
    for method, pattern, route in (
        ("GET", r"/incidents", _list_incidents),
        ("PUT", r"/incidents", _update_incidents),
        ("GET", r"/incidents/(?P<key>\w+)", _show_incident),
        ("PUT", r"/incidents/(?P<key>\w+)", _update_incident),
        ("GET", r"/incidents/(?P<key>\w+)/log_entries", _log),
        ("GET", r"/incidents/(?P<key>\w+)/alerts", _alerts),
        ("GET", r"/incidents/(?P<key>\w+)/notes", _notes),
        ("POST", r"/incidents/(?P<key>\w+)/notes", _add_note),
        ("GET", r"/users/me", _me),
        ("GET", r"/users/(?P<key>\w+)", _user),
        ("GET", r"/abilities", _abilities),
        ("GET", r"/services", _services),
        ("GET", r"/oncalls", _oncalls),
        ("GET", r"/priorities", _priorities),
    )
)
