"""A request to the simulated PagerDuty, and how the real REST v2 words a refusal. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from iccon.drill.pagerduty_state import Account, Incident, Json

PAGE_LIMIT: Final = 100
REACH: Final = 10_000  # offset + limit: the real API refuses to look further


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


Route = Callable[..., Json]


def bad(*errors: str) -> ApiError:
    """Return the refusal of a request that cannot be meant so."""
    return ApiError(400, 2001, "Invalid Input Provided", *errors)


def missing() -> ApiError:
    """Return the refusal of a request about nothing there is."""
    return ApiError(404, 2100, "Not Found")


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, [str(default)])[0]
    if not text.isdecimal():
        raise bad(f"{name} must be a number")
    return int(text)


def page(request: Request, name: str, rows: list[Json] | Iterator[Json], total: int) -> Json:
    """Cut one page out of `rows`: 25 rows unless asked otherwise, at most 100, none beyond the 10,000th."""
    limit = min(_number(request, "limit", 25), PAGE_LIMIT)
    offset = _number(request, "offset", 0)
    if offset + limit > REACH:
        raise bad("Offset must be less than or equal to 10000 minus limit")
    asked = request.query.get("total", ["false"])[0] == "true"
    return {
        name: list(islice(rows, offset, offset + limit)),
        "limit": limit,
        "offset": offset,
        "total": total if asked else None,
        "more": offset + limit < total,
    }


def incident_of(account: Account, key: str) -> Incident:
    """Return the incident. Raises ApiError."""
    if key not in account.incidents:
        raise missing()
    return account.incidents[key]


def check_sender(request: Request) -> None:
    """Raise ApiError where nobody is named in whose name is written."""
    if "@" not in request.sender:
        raise ApiError(400, 1008, "Requester User Not Found", "the From header must be a user's e-mail address")


def part(request: Request, name: str) -> Json:
    """Return the object `name` of the body. Raises ApiError."""
    found = request.body.get(name) if isinstance(request.body, dict) else None
    if not isinstance(found, dict):
        raise bad(f"{name} cannot be empty")
    return found
