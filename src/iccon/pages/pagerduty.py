"""PagerDuty's REST API v2, through the vendor's own client, tamed: one try, one deadline, every fault in plain words.

The client's defaults re-send a write whose answer is late and sleep through rate limits; here neither
happens. See https://developer.pagerduty.com/api-reference for the calls.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import WRITES, Limits, fault_of, guarded_session, http_date, httpx_transport
from iccon.net.wire import decode, first, record, records, text
from iccon.pages.model import Done, Listing, Page, PageStatus
from iccon.pages.pagerduty_decode import INCLUDE, acknowledged, page_of, receipt
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession
    from iccon.pages.people import Person, Roster

PAGE: Final = 100  # rows a request: the API gives no more
REACH: Final = 10_000  # offset + limit: the API refuses to look further
LIST_PATIENCE: Final = 3  # a list of several requests may take this many timeouts
_STAND_IN: Final = "https://pagerduty.invalid"  # the client accepts https only; this name stands for a loopback server
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_STATUS: Final = {"acknowledge": PageStatus.ACKNOWLEDGED, "resolve": PageStatus.RESOLVED}
_READERS: Final = ("read_only_user", "read_only_limited_user", "observer")
_ID: Final = re.compile(r"\w{1,64}", re.ASCII)
_Rows = tuple[list[dict[str, Any]], bool]  # incidents as JSON, and whether there are more
_SKEW: Final = 5.0  # seconds of clock difference that are worth a word

# Without a handler Python prints the client's warnings on the terminal, over the screen.
logging.getLogger("pagerduty").addHandler(logging.NullHandler())


class PagerDutyBackend:
    """A PagerDuty account. Blocking and safe to call from several threads; loads the client at its first call.

    `token` is the resolved credential, `email` the user in whose name is written (the From header).
    """

    verbs: tuple[str, ...] = tuple(_STATUS)

    def __init__(
        self,
        config: schema.PagerDuty,
        token: str,
        email: str = "",
        name: str = "pagerduty",
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.deadline = config.timeout * LIST_PATIENCE + 1.0
        self._config = config
        self._token = token
        self._email = email
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._opened: tuple[Any, GuardedSession] | None = None

    def list(self) -> tuple[Page, ...]:
        """Return all open pages, complete, each once. Raises SourceFault."""
        return self.listing().pages

    def listing(self) -> Listing:
        """Return all open pages (GET /incidents, 100 at a time), and what to say about them. Raises SourceFault."""
        query = self._filters() | {"statuses[]": ["triggered", "acknowledged"], "sort_by": "created_at:asc"}
        until = time.monotonic() + self._config.timeout * LIST_PATIENCE
        rows, missing = complete(lambda offset: self._incidents(query, offset, until))
        pages = {page.id: page for row in rows if (page := page_of(self.name, row))}
        dropped = len(rows) - len(pages)
        nameless = CleanText(f"{dropped} incidents without an id are not shown") if dropped else CleanText("")
        notices = tuple(notice for notice in (missing, nameless) if notice)
        return Listing(tuple(pages.values()), notices, complete=not missing)

    def closed(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        """Return those of `pages` that are among the last 100 resolved ones (one request). Raises SourceFault."""
        query = self._filters() | {"statuses[]": ["resolved"], "sort_by": "resolved_at:desc"}
        rows, _ = _rows(self._get("/incidents", query | {"limit": PAGE, "offset": 0}))
        wanted = {page.id for page in pages}
        found = (page_of(self.name, row) for row in rows)
        return tuple(page for page in found if page is not None and page.id in wanted)

    def act(self, verb: str, page_id: str) -> Done:
        """Acknowledge or resolve the page, sending the write once (PUT /incidents/{id}).

        The page is looked at first: a status set on a resolved incident would reopen it. Raises SourceFault;
        LOST where the write was sent and its outcome is unknown.
        """
        wanted, path = self._write_of(verb, page_id)
        before = self._incident(path)
        if before.status is wanted:
            return Done(_already(before))
        if before.status is PageStatus.RESOLVED:
            raise SourceFault(FaultKind.REJECTED, f"the page is resolved already{_by(before)}: nothing was sent")
        body = {"incident": {"type": "incident_reference", "status": wanted.value}}
        after = self._confirmed(lambda: self._send("PUT", path, json=body))
        if after.status is not wanted:
            raise SourceFault(FaultKind.REJECTED, f"PagerDuty answered, but the page is still {after.status.value}")
        return Done(receipt(after.status.value, after.changed_by, after.changed_at))

    def read_back(self, verb: str, page_id: str) -> Done | None:
        """Say whether the verb took effect: by the page's status, or by its log where others acted since.

        An acknowledgement that ran out, so that the page is triggered again, is None. Raises SourceFault.
        """
        wanted, path = self._write_of(verb, page_id)
        now = self._incident(path)
        if now.status is wanted:
            return Done(receipt(now.status.value, now.changed_by, now.changed_at))
        if wanted is not PageStatus.ACKNOWLEDGED or now.status is not PageStatus.RESOLVED:
            return None
        log = record(self._get(f"{path}/log_entries", {"limit": PAGE, "time_zone": "UTC"})).get("log_entries")
        proof = acknowledged(records(log))
        return None if proof is None else Done(proof)

    def roster(self, now: datetime, known: "dict[str, Person]") -> "Roster":
        """Return who is on call from `now`; see RosterBackend. Raises SourceFault."""
        from iccon.pages.pagerduty_people import roster  # not for every command that lists pages

        return roster(self._get, now, self._config.timeout * LIST_PATIENCE, known)

    def probe(self) -> str:
        """Return one line: whose token this is, what it may do, how far the clocks differ. Raises SourceFault."""
        self._check_ids()
        self._get("/abilities")
        who = self._who()
        self._get("/incidents", self._filters() | {"limit": 1})
        return "; ".join(part for part in (who, "may read incidents", self._writing(), self._skew()) if part)

    def _check_ids(self) -> None:
        for key in (*self._config.services, *self._config.teams):
            if not re.fullmatch("[A-Z0-9]+", key):
                raise SourceFault(
                    FaultKind.REJECTED,
                    f"{clean(key, 60)!r} is a name; PagerDuty wants the id at the end of its web address",
                )

    def _who(self) -> str:
        try:
            user = record(record(self._get("/users/me")).get("user"))
        except SourceFault as fault:
            if fault.kind is FaultKind.REJECTED and "account-level" in fault.reason:
                return "token of the account"
            raise
        role = str(user.get("role"))
        cannot = ", which may NOT acknowledge" if role in _READERS else ""
        return f"token of {first(user.get('name'), user.get('email'))} (role {text(role)}{cannot})"

    def _writing(self) -> str:
        return f"acts as {clean(self._email)}" if self._email else "cannot acknowledge: [me] email is not set"

    def _skew(self) -> str:
        _, session = self._client()
        theirs = http_date(session.last_date)
        if theirs is None:
            return ""
        skew = (self._clock.now() - theirs).total_seconds()
        return f"clocks differ by {skew:+.0f} s" if abs(skew) > _SKEW else "clocks agree"

    def _filters(self) -> dict[str, Any]:
        """What every list asks for. Without `date_range` the API leaves out what is older than a month."""
        filters: dict[str, Any] = {"date_range": "all", "time_zone": "UTC", "include[]": list(INCLUDE)}
        if self._config.services:
            filters["service_ids[]"] = list(self._config.services)
        if self._config.teams:
            filters["team_ids[]"] = list(self._config.teams)
        return filters

    def _incidents(self, query: dict[str, Any], offset: int, until: float) -> _Rows:
        if time.monotonic() > until:
            raise SourceFault(FaultKind.TIMEOUT, f"the list of pages was not complete at row {offset} in time")
        return _rows(self._get("/incidents", query | {"limit": PAGE, "offset": offset}))

    def _incident(self, path: str) -> Page:
        try:
            return self._page(self._get(path, {"include[]": list(INCLUDE)}))
        except SourceFault as fault:
            if fault.kind is FaultKind.NOT_FOUND:
                raise SourceFault(fault.kind, "PagerDuty has no such incident, or the token may not see it") from fault
            raise

    def _page(self, body: Any) -> Page:
        page = page_of(self.name, record(record(body).get("incident")))
        if page is None:
            raise SourceFault(FaultKind.BAD_ANSWER, "an answer without an incident: is this PagerDuty's address?")
        return page

    def _confirmed(self, send: Callable[[], Any]) -> Page:
        """Read the answer to a write: one that cannot be read leaves the outcome unknown."""
        try:
            return self._page(decode(send()))
        except SourceFault as fault:
            if fault.kind is FaultKind.BAD_ANSWER:
                raise SourceFault(
                    FaultKind.LOST, f"the write was sent, its answer is unreadable: {fault.reason}"
                ) from fault
            raise

    def _write_of(self, verb: str, page_id: str) -> tuple[PageStatus, str]:
        if verb not in _STATUS:
            raise SourceFault(FaultKind.REJECTED, f"PagerDuty has no verb {verb!r}: use {' or '.join(_STATUS)}")
        if not self._email:
            raise SourceFault(
                FaultKind.REJECTED,
                "PagerDuty wants to know who acts: set [me] email to your PagerDuty address",
            )
        if not _ID.fullmatch(page_id):
            raise SourceFault(FaultKind.REJECTED, f"{clean(page_id, 60)!r} is not the id of a PagerDuty incident")
        return _STATUS[verb], f"/incidents/{page_id}"

    def _get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        return decode(self._send("GET", path, params=query or {}))

    def _send(self, method: str, path: str, **content: Any) -> Any:
        client, _ = self._client()
        return client.request(method, path, **content)

    def _client(self) -> "tuple[Any, GuardedSession]":
        with self._lock:
            if self._opened is None:
                self._opened = _open(self._config, self._token, self._email)
            return self._opened


def complete(fetch: Callable[[int], _Rows]) -> tuple[list[dict[str, Any]], CleanText]:
    """Collect every row that `fetch(offset) -> (rows, more)` can give, each id once, and say why any are missing.

    Pages overlap by one row: where the last row of a page is not on the next one, rows before it went away
    meanwhile and others slid past unseen, so the list is read again from the start, at most twice. Stops
    at the API's limit of 10,000 and where `more` is said but nothing new comes.
    """
    seen: dict[str, dict[str, Any]] = {}
    offset, restarts, last = 0, 0, ""
    while offset + PAGE <= REACH:
        rows, more = fetch(offset)
        found = {str(row.get("id") or f"no id {offset + i}"): row for i, row in enumerate(rows)}
        stuck = not rows or (offset > 0 and not restarts and found.keys() <= seen.keys())
        seen |= found
        if last and last not in found and restarts < 2:
            offset, restarts, last = 0, restarts + 1, ""
        elif not more:
            return [*seen.values()], CleanText("")
        elif stuck:
            return [*seen.values()], CleanText("PagerDuty says that there are more pages, but gives none")
        else:
            last = [*found][-1]
            offset += max(len(rows) - 1, 1)
    return [*seen.values()], CleanText(f"only the first {REACH:,} pages are shown: PagerDuty gives no more")


def _rows(body: Any) -> _Rows:
    found = record(body)
    if not isinstance(found.get("incidents"), list):
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without incidents: is this PagerDuty's address?")
    return records(found["incidents"]), found.get("more") is True


def _by(page: Page) -> str:
    return f" by {page.changed_by}" if page.changed_by else ""


def _already(page: Page) -> CleanText:
    return clean(f"{page.status.value} already{_by(page)}")


def _open(config: schema.PagerDuty, token: str, email: str) -> "tuple[Any, GuardedSession]":
    """Build the client over the guarded session: one try, no sleeping, faults as SourceFault."""
    import pagerduty  # 48 ms, and an HTTP stack: only where an account is configured

    base = config.url.rstrip("/")
    secure = base.startswith("https://")
    if not secure and urlsplit(base).hostname not in _LOOPBACK:
        raise SourceFault(FaultKind.REJECTED, "the PagerDuty url must be https: the token would be readable on the way")
    session = guarded_session(base, Limits(seconds=config.timeout))
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
        raise fault
