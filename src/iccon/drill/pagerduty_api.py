"""A PagerDuty-compatible REST v2 server on loopback that keeps state, for the drill and the tests.

Standard library only. It can be told to misbehave in the ways a real network and a real service do.
"""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from iccon.clock import Clock, SystemClock
from iccon.drill.loopback import Handler, Http
from iccon.drill.pagerduty_json import incident_json
from iccon.drill.pagerduty_requests import ApiError, Request
from iccon.drill.pagerduty_routes import answer
from iccon.drill.pagerduty_state import Account, Incident, Json, Person

DEFAULT_CREDENTIAL: Final = "drill-token"
CALLS_KEPT: Final = 10_000  # the oldest go: a drill may run for hours
RATE_WINDOW: Final = 60.0  # seconds
JSON_TYPE: Final = "application/json; charset=utf-8"


class Fault(Struct, frozen=True):
    """How to misbehave, for the requests whose method and path (a part of it) fit.

    `kind`: "answer" (give `status`, `headers`, `body` instead of the real answer), "hang" (never answer),
    "hang after" (do it, never answer), "reset" (reset the connection, do nothing), "reset after" (do it, then
    reset), "drip" (the real answer, one byte a second), "slow" (do and answer after `seconds`).
    `times` None means until `recover()`.
    """

    kind: str
    method: str = ""
    path: str = ""
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"error":{"message":"Internal Server Error","code":2000}}'
    seconds: float = 0.0
    times: int | None = 1


class Call(Struct, frozen=True):
    """One request as it arrived, and the status it was answered with (0: not answered)."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    status: int


class _Budget:
    """Requests of the last minute."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque()

    def spend(self, limit: int, now: float) -> tuple[int, int]:
        """Count one request: how many are left (-1: this one is over), and seconds until one more is allowed."""
        while self._recent and self._recent[0] <= now - RATE_WINDOW:
            self._recent.popleft()
        over = len(self._recent) >= limit
        if not over:
            self._recent.append(now)
        reset = self._recent[0] + RATE_WINDOW - now if self._recent else RATE_WINDOW
        return -1 if over else limit - len(self._recent), round(reset)


class PagerDutyServer:
    """The account, its server, and the handles of the drill. Safe to call from any thread.

    `limit` requests a minute (of `clock`) are answered, further ones get 429. `read_only` is a second token
    that may read only; `account_token` makes `token` one that belongs to no user. `on_change` is called with
    (incident id, status, e-mail of who did it or "") after every change, on the thread that made it.
    """

    def __init__(
        self,
        port: int = 0,
        token: str = DEFAULT_CREDENTIAL,
        clock: Clock | None = None,
        *,
        limit: int = 960,
        read_only: str = "",
        account_token: bool = False,
        on_call: str = "robin.doe@example.com",
    ) -> None:
        self.token = token
        self.read_only = read_only
        self.account_token = account_token
        self.limit = limit
        self.say_reset = True
        self.on_change: Callable[[str, str, str], None] | None = None
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.clock: Clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._faults: list[Fault] = []
        self._budget = _Budget()
        self._stopping = threading.Event()
        self._http = _Http(port, self)
        self.account = Account(self.url, Person(on_call, on_call.split("@", maxsplit=1)[0].replace(".", " ").title()))

    @property
    def url(self) -> str:
        """The base URL: http, loopback, no trailing slash."""
        return self._http.url

    def start(self) -> Self:
        """Begin to answer."""
        self._http.start()
        return self

    def stop(self) -> None:
        """Stop answering, end every open connection, free the port; a second call does nothing."""
        self._stopping.set()
        self._http.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def trigger(
        self,
        title: str | None,
        service: str | None = None,
        urgency: str = "high",
        *,
        alert: str = "",
        runbook_url: str = "",
    ) -> str:
        """Open an incident, as a monitoring system would, and return its id."""
        with self._lock:
            incident = self.account.trigger(
                self.clock.now(), title, service, urgency=urgency, alert=alert, runbook_url=runbook_url
            )
        self._changed(incident.id, "triggered", "")
        return incident.id

    def tell_change(self, at: datetime, summary: str, service: str, who: str = "") -> None:
        """A pipeline tells what it changed, at `at` (aware UTC)."""
        with self._lock:
            self.account.tell_change(at, summary, service, who)

    def acknowledge(self, key: str, by: str) -> None:
        """Somebody (an e-mail address) acknowledges the incident elsewhere."""
        self._set(key, "acknowledged", by)

    def resolve(self, key: str, by: str = "") -> None:
        """Somebody, or with "" the monitoring system, resolves the incident elsewhere."""
        self._set(key, "resolved", by)

    def incident(self, key: str) -> Json:
        """Return the incident as the API shows it. Raises KeyError."""
        with self._lock:
            return incident_json(self.account, self.account.incidents[key], ("acknowledgers", "assignees"))

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents with their histories, oldest first. Do not change them."""
        with self._lock:
            return tuple(self.account.incidents.values())

    def fail(self, fault: Fault) -> None:
        """Misbehave from now on as `fault` says; faults are used in the order given."""
        with self._lock:
            self._faults.append(fault)

    def recover(self) -> None:
        """Behave again."""
        with self._lock:
            self._faults.clear()

    def wait(self, seconds: float | None) -> None:
        """Sleep, but not beyond stop()."""
        self._stopping.wait(seconds)

    def _set(self, key: str, status: str, by: str) -> None:
        with self._lock:
            person = self.account.person(by) if by else None
            changed = self.account.set_status(self.account.incidents[key], status, self.clock.now(), person)
        if changed:
            self._changed(key, status, by)

    def _changed(self, key: str, status: str, by: str) -> None:
        if self.on_change is not None:
            self.on_change(key, status, by)

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Take the fault that this request is to suffer, if any."""
        with self._lock:
            for i, fault in enumerate(self._faults):
                if fault.method in ("", method) and fault.path in path:
                    if fault.times is not None:
                        self._faults[i : i + 1] = _once_less(fault, fault.times)
                    return fault
        return None

    def handle(self, request: Request, token: str) -> tuple[int, Json, dict[str, str]]:
        """Answer a request: status, body, extra headers."""
        with self._lock:
            left, reset = self._budget.spend(self.limit, self.clock.monotonic())
            before = {key: (row.status, row.who) for key, row in self.account.incidents.items()}
            try:
                self._admit(request, token, left)
                self.account.wake(request.at)
                status, body = answer(self.account, request)
            except ApiError as error:
                status, body = error.status, error.body
            after = self.account.incidents.items()
            changed = [(key, row.status) for key, row in after if before.get(key) != (row.status, row.who)]
        for key, now in changed:
            self._changed(key, now, request.sender)
        headers = {"ratelimit-limit": str(self.limit), "ratelimit-remaining": str(max(left, 0))}
        headers |= {"ratelimit-reset": str(reset)} if self.say_reset else {}
        return status, body, headers

    def _admit(self, request: Request, token: str, left: int) -> None:
        if left < 0:
            raise ApiError(429, 2020, "Rate Limit Exceeded")
        if token not in {self.token, self.read_only} - {""}:
            raise ApiError(401, 2006, "Unauthorized")
        if token == self.read_only and request.method != "GET":
            raise ApiError(403, 2010, "Access Denied")


def _once_less(fault: Fault, times: int) -> list[Fault]:
    return [replace(fault, times=times - 1)] if times > 1 else []


class _Http(Http):
    def __init__(self, port: int, world: PagerDutyServer) -> None:
        self.world = world
        super().__init__(_Handler, "drill-pagerduty", port)


class _Handler(Handler):
    server: _Http

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header: the drill's time, which may run faster."""
        return format_datetime(self.server.world.clock.now(), usegmt=True)

    def do_GET(self) -> None:
        """Serve a request."""
        self._serve()

    do_PUT = do_POST = do_DELETE = do_GET

    def _serve(self) -> None:
        world = self.server.world
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        fault = world.fault_for(self.command, split.path)
        kind = fault.kind if fault else ""
        status, body, headers = 0, b"", {}
        if fault is not None and kind == "answer":
            status, body, headers = fault.status, fault.body, fault.headers
        elif kind not in ("hang", "reset"):
            if fault is not None and kind == "slow":
                world.wait(fault.seconds)
            status, body, headers = self._real(split.path, split.query, raw)
        unanswered = kind in ("hang", "hang after", "reset", "reset after")
        query = parse_qs(split.query)
        world.calls.append(Call(self.command, split.path, query, dict(self.headers), raw, 0 if unanswered else status))
        if unanswered:
            self._go_silent(world, reset=kind.startswith("reset"))
        else:
            self._send(status, body, headers, drip=kind == "drip")

    def _real(self, path: str, query: str, raw: bytes) -> tuple[int, bytes, dict[str, str]]:
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return 400, b'{"error":{"message":"Invalid JSON","code":2001}}', {}
        request = Request(
            method=self.command,
            path=path.rstrip("/"),
            query=parse_qs(query),
            body=body,
            sender=self.headers.get("From", ""),
            at=self.server.world.clock.now(),
            account_token=self.server.world.account_token,
        )
        status, shown, headers = self.server.world.handle(request, _token(self.headers.get("Authorization", "")))
        text = json.dumps(shown, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return status, b"" if status == 204 else text, headers

    def _go_silent(self, world: PagerDutyServer, *, reset: bool) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            world.wait(None)
        self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str], *, drip: bool) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": JSON_TYPE, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if not drip:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes((byte,)))
            self.server.world.wait(1.0)


def _token(header: str) -> str:
    """Return the credential in `Token token=x` or `Bearer x`, "" for anything else."""
    for prefix in ("Token token=", "Bearer "):
        if header.startswith(prefix):
            return header.removeprefix(prefix).strip()
    return ""
