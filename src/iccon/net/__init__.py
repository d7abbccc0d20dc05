"""What every adapter needs from the network, without a network library: limits, faults, JSON.

`guarded_session` and `httpx_transport` load the HTTP stack when they are called; importing this module
costs nothing. Deadlines here are real seconds, also in a drill whose clock runs faster: the wires do not.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from iccon.clock import SystemClock
from iccon.faults import FaultKind, SourceFault
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession
    from iccon.net.transport_httpx import SessionTransport

T = TypeVar("T")

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WORDS_LIMIT = 65_536  # a longer error body is not searched for the server's own words
_EPOCH = 1_000_000_000.0  # a rate-limit "reset" above this is an instant, not a number of seconds
_RATE_HEADERS = ("retry-after", "ratelimit-reset", "x-ratelimit-reset")
_KINDS = {
    401: FaultKind.UNAUTHORIZED,
    402: FaultKind.FORBIDDEN,
    403: FaultKind.FORBIDDEN,
    404: FaultKind.NOT_FOUND,
    407: FaultKind.UNAUTHORIZED,
    408: FaultKind.TIMEOUT,
    410: FaultKind.NOT_FOUND,
    413: FaultKind.REJECTED,
    420: FaultKind.RATE_LIMITED,
    429: FaultKind.RATE_LIMITED,
}
_NOT_DONE = frozenset({501, 503})  # a server that says so did not carry the write out
_PLAIN = {
    FaultKind.UNAUTHORIZED: "the credential is not accepted: check the token or password",
    FaultKind.FORBIDDEN: "the credential may not do this: check its rights",
    FaultKind.NOT_FOUND: "there is nothing at this address: check the URL",
    FaultKind.TIMEOUT: "the server gave up waiting",
    FaultKind.RATE_LIMITED: "too many requests",
    FaultKind.SERVER: "the server failed",
    FaultKind.REJECTED: "the request was not accepted",
    FaultKind.LOST: "the server failed after the request was sent: it may have taken effect",
}


class Limits(Struct, frozen=True):
    """What one request may cost: seconds from connect to the last byte, and bytes after decompression."""

    seconds: float = 10.0
    size: int = 16 * 1024 * 1024


class Answered(Protocol):
    """A response whose body has been read, of `requests` or of `httpx2`."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Any:
        """A mapping that ignores case."""
        ...

    @property
    def content(self) -> Any:
        """The whole body, bytes, decompressed."""
        ...


def guarded_session(
    base_url: str,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    ca_file: str = "",
    cert: tuple[str, str] | None = None,
    writes: frozenset[str] = WRITES,
    shared: bool = False,
) -> "GuardedSession":
    """Return a `requests.Session` for one server that gives a whole, bounded answer in time or a SourceFault.

    It never retries, follows no redirect, keeps no cookie, reads no .netrc, and speaks to the origin of
    `base_url` only, so that `headers`, `auth` and `cert` (the files of our certificate and of its key) cannot
    travel. `writes` are the methods after which a missing answer is LOST; an adapter that queries by POST passes an
    empty set. `shared` sessions of one server take turns, and all wait where it asks one to (`net/hosts.py`). Statuses
    from 400 up are returned: pass the response to `checked`. Raises SourceFault where `cert` cannot be used. Loads
    `requests`.
    """
    from iccon.net.transport import GuardedSession

    return GuardedSession(
        base_url, limits, headers=headers, auth=auth, ca_file=ca_file, cert=cert, writes=writes, shared=shared
    )


def httpx_transport(session: "GuardedSession", aliases: Mapping[str, str] | None = None) -> "SessionTransport":
    """Return an `httpx2` transport that sends through `session`, for clients built on httpx2 (`pagerduty`).

    `aliases` maps base URLs to base URLs ("https://api.pagerduty.com" to "http://127.0.0.1:8001"), for clients
    that accept https only. 420 and 429 raise a SourceFault, because that client sleeps on them;
    other statuses are returned. Loads `requests` and `httpx2`.
    """
    from iccon.net.transport_httpx import SessionTransport

    return SessionTransport(session, aliases or {})


def is_loopback(url: str) -> bool:
    """Say whether `url` is this machine itself."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal())


def demand_https(url: str, who: str) -> None:
    """Raise SourceFault REJECTED where a token for `who` would be readable on its way."""
    if not url.lower().startswith("https://") and not is_loopback(url):
        words = f"the {who} url must be https: the token would be readable on the way"
        raise SourceFault(FaultKind.REJECTED, words)


def host_of(url: str) -> CleanText:
    """Return host and port of `url` for a message: never its path, query or credentials."""
    try:
        parts = urlsplit(url)
        return clean(parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}", 100)
    except ValueError:
        return CleanText("(bad address)")


def checked(response: T, *, write: bool = False) -> T:
    """Return `response` where its status is 2xx. Raises the SourceFault it stands for otherwise."""
    fault = fault_of(response, write=write)
    if fault is not None:
        raise fault
    return response


def fault_of(response: Any, *, write: bool = False) -> SourceFault | None:
    """Return the fault an HTTP answer stands for, with the server's own words; None for 2xx.

    `write` says that the request changed something: a 5xx then is LOST, except where the server says
    that it did not try.
    """
    status = int(response.status_code)
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return _redirected(response)
    kind = _kind(status, write)
    wait = retry_after(response.headers) if status in (420, 429, 503) else None
    parts = [f"HTTP {status}", _PLAIN[kind], _wait_words(wait), _server_words(response)]
    return SourceFault(kind, ": ".join(part for part in parts if part), wait)


def _kind(status: int, write: bool) -> FaultKind:
    if status < 500:
        return _KINDS.get(status, FaultKind.REJECTED)
    return FaultKind.LOST if write and status not in _NOT_DONE else FaultKind.SERVER


def _wait_words(wait: float | None) -> str:
    return "" if wait is None else f"it asks to wait {wait:.0f} s"


def _redirected(response: Answered) -> SourceFault:
    target = host_of(str(response.headers.get("location", "")))
    return SourceFault(
        FaultKind.BAD_ANSWER,
        f"HTTP {response.status_code}: redirected to {target}; redirects are not followed, put the final address in",
    )


def _server_words(response: Answered) -> CleanText:
    """Find the server's own explanation: Prometheus `error`, PagerDuty `error.message`, Jira's of each field."""
    body = bytes(response.content or b"")
    if not body or len(body) > _WORDS_LIMIT or _looks_like_html(body):
        return CleanText("")
    try:
        return _explanation(msgspec.json.decode(body))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return clean(body[:400].decode("utf-8", "replace"), 200)


def _explanation(data: Any) -> CleanText:
    if isinstance(data, str):
        return clean(data, 200)
    if not isinstance(data, dict):
        return CleanText("")
    names = ("error", "message", "detail", "errorMessages", "errors")
    found = next((said for name in names if (said := data.get(name))), None)
    if isinstance(found, dict):
        errors = found.get("errors")
        details = "; ".join(str(each) for each in errors) if isinstance(errors, list) else ""
        said = ": ".join(str(part) for part in (found.get("message"), details) if part)
        found = said or "; ".join(f"{field}: {words}" for field, words in found.items())
    if isinstance(found, list):
        found = "; ".join(str(each) for each in found)
    return clean(found, 200)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks to wait, never negative; None where it names no usable time.

    Reads Retry-After (seconds or an HTTP date, taken against the answer's own Date) and the ratelimit-reset
    headers (seconds, or an instant in seconds since 1970).
    """
    now = _server_time(headers)
    for name in _RATE_HEADERS:
        wait = _wait(str(headers.get(name, "") or "").strip(), now)
        if wait is not None:
            return wait
    return None


def _wait(text: str, now: datetime) -> float | None:
    if not text or len(text) > 100:
        return None
    try:
        number = float(text)
    except ValueError:
        when = http_date(text)
        return None if when is None else max(0.0, (when - now).total_seconds())
    if not math.isfinite(number):
        return None
    return max(0.0, number - now.timestamp() if number > _EPOCH else number)


def _server_time(headers: Mapping[str, str]) -> datetime:
    return http_date(str(headers.get("date", "") or "")) or SystemClock().now()


def http_date(text: str) -> datetime | None:
    """Return the instant of an HTTP date, aware UTC, or None where it is none."""
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def clock_text(ahead: float) -> str:
    """Say how far a server's clock is ahead of ours, in seconds."""
    return f"its clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"


def _looks_like_html(body: bytes) -> bool:
    start = body[:256].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--", b"<?xml"))


def decode_json(response: Answered, kind: type[T] | Any = Any) -> Any:
    """Return the JSON of a response, as `kind` where one is given (a msgspec type).

    Raises SourceFault BAD_ANSWER: HTML (a login page, a proxy), a cut, over-deep or wrongly encoded text,
    or another shape than `kind`.
    """
    body = bytes(response.content or b"").removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise SourceFault(FaultKind.BAD_ANSWER, "an empty answer instead of JSON")
    if _looks_like_html(body):
        raise SourceFault(FaultKind.BAD_ANSWER, "a web page instead of JSON: a login page or a proxy? check the URL")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise SourceFault(FaultKind.BAD_ANSWER, f"JSON of another shape: {error}") from None
    except RecursionError:
        raise SourceFault(FaultKind.BAD_ANSWER, "JSON nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceFault(FaultKind.BAD_ANSWER, _bad_json(body, error)) from None


def _bad_json(body: bytes, error: Exception) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "JSON in another encoding than UTF-8"
    if "truncated" in str(error):
        return f"JSON cut off after {len(body)} bytes"
    return f"not JSON: {error}"
