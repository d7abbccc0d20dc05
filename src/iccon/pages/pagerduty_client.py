"""PagerDuty's own client, tamed: one try, one deadline, one budget, every fault in plain words.

The client's defaults re-send a write whose answer is late and sleep through rate limits; here neither happens.
"""

import logging
import re
import threading
from typing import TYPE_CHECKING, Any, Final

from iccon.clock import Clock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import WRITES, Limits, demand_https, fault_of, guarded_session, http_date, httpx_transport
from iccon.net.wire import decode
from iccon.pages.budget import Budget, budget_of
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

_STAND_IN: Final = "https://pagerduty.invalid"  # the client accepts https only; this name stands for a loopback server
_NAMED: Final = re.compile(r"/(incidents|notes|incident_workflows|users|escalation_policies)/(\w+)(?=/|$)")
_KINDS: Final = {"escalation_policies": "escalation policy", "incident_workflows": "incident workflow"}
LACKS: Final = "the account's plan lacks"  # begins what is said of a 402
_ABILITIES: Final = {"responder_requests": "coordinated_responding", "incident_workflows": "incident workflows"}

# Without a handler Python prints the client's warnings on the terminal, over the screen.
logging.getLogger("pagerduty").addHandler(logging.NullHandler())


class PagerDutyClient:
    """One account's REST API. Blocking, safe on several threads; loads the vendor's client when first used."""

    def __init__(self, config: schema.PagerDuty, token: str, email: str, clock: Clock) -> None:
        self.email = email
        self.budget = budget_of(config.url, token)
        self._config = config
        self._token = token
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: tuple[Any, GuardedSession] | None = None

    def get(self, path: str, query: dict[str, Any] | None = None, *, poll: bool = False) -> Any:
        """Return the JSON at `path`; a `poll` is refused before the budget's last requests. Raises SourceFault."""
        self.budget.admit(poll=poll)
        return decode(self._send("GET", path, params=query or {}))

    def write(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        """Send once and return the JSON of the answer, None where it has none. Raises SourceFault.

        An answer that cannot be read leaves the outcome unknown: LOST.
        """
        self.budget.admit(poll=False)
        response = self._send(method, path, json=body) if body is not None else self._send(method, path)
        if response.status_code == 204:
            return None
        try:
            return decode(response)
        except SourceFault as fault:
            raise unreadable(fault) from fault

    def skew(self) -> float | None:
        """Return by how many seconds our clock is ahead of PagerDuty's latest answer; None before the first."""
        _, session = self._client()
        theirs = http_date(session.last_date)
        return None if theirs is None else (self._clock.now() - theirs).total_seconds()

    def _send(self, method: str, path: str, **content: Any) -> Any:
        client, _ = self._client()
        return client.request(method, path, **content)

    def _client(self) -> "tuple[Any, GuardedSession]":
        with self._lock:
            if self._opened is None:
                self._opened = _open(self._config, self._token, self.email, self.budget)
            return self._opened


def unreadable(fault: SourceFault) -> SourceFault:
    """Return the fault of a write whose answer cannot be read."""
    return SourceFault(FaultKind.LOST, f"the write was sent, its answer is unreadable: {fault.reason}")


def _open(config: schema.PagerDuty, token: str, email: str, budget: Budget) -> "tuple[Any, GuardedSession]":
    """Build the client over the guarded session: one try, no sleeping, faults as SourceFault."""
    import pagerduty  # 48 ms, and an HTTP stack: only where an account is configured

    base = config.url.rstrip("/")
    secure = base.startswith("https://")
    demand_https(base, "PagerDuty")
    session = guarded_session(base, Limits(seconds=config.timeout))
    session.hooks["response"].append(lambda answer, *_, **__: budget.note(answer.status_code, answer.headers))
    client = pagerduty.RestApiV2Client(
        token,
        default_from=email or None,
        base_url=base if secure else _STAND_IN,
        transport=httpx_transport(session, {} if secure else {_STAND_IN: base}),
        event_hooks={"response": [_raise_fault]},
        trust_env=False,
    )
    client.headers["Content-Type"] = "application/json"
    client.max_network_attempts = 0
    client.retry = {}
    return client, session


def _raise_fault(response: Any) -> None:
    """Turn every answer but 2xx into its fault, before the client sleeps on it or words it differently."""
    response.read()
    fault = fault_of(response, write=response.request.method in WRITES)
    if fault is not None:
        words = _words(response.status_code, str(response.request.url.path))
        raise SourceFault(fault.kind, f"{words}: {fault.reason}" if words else fault.reason, fault.retry_after)


def _words(status: int, path: str) -> str:
    """Say which credential, ability or id an answer is about; "" where the answer itself says enough."""
    if status == 401:
        return "PagerDuty does not accept [pagerduty] token"
    if status == 402:
        ability = next((words for part, words in _ABILITIES.items() if part in path), "")
        return f"{LACKS} {ability or 'what this needs'}"
    if status == 403:
        return "[pagerduty] token may not do this: a read-only key, or a user without the right"
    if status == 404:
        found = _NAMED.findall(path)
        kind, key = found[-1] if found else ("", "")
        name = _KINDS.get(kind, kind[:-1])
        return f"PagerDuty has no such {name} as {clean(key, 60)}, or the token may not see it" if key else ""
    return "more than PagerDuty takes in one request" if status == 413 else ""
