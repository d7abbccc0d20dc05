"""Jira Service Management Operations: its open alerts as pages, and what can be done to them.

Writes are asynchronous there: an answer 202 names a request, which is asked after until it is done; one that is not
done in time is LOST, and read back. See https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v2/.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault, nothing_sent
from iccon.incident import page_verbs
from iccon.net import Limits, checked, clock_text, demand_https, guarded_session, http_date
from iccon.net.wire import NO_TITLE, decode, first, instant, link, record, records, text
from iccon.pages.model import UNKNOWN_TIME, Act, Detail, Done, Listing, Page, PageStatus, Story, Trace, place
from iccon.pages.paging import PAGE, Rows, complete
from iccon.text import CleanText, clean
from iccon.when import iso

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

REACH: Final = 20_000  # offset + size: the API refuses to look further
LIST_PATIENCE: Final = 3  # a list of several requests may take this many timeouts
WAITS: Final = (0.2, 0.5, 1.0, 2.0)  # seconds between two looks at an unfinished write; the last one again and again
_ID: Final = re.compile(r"[\w-]{1,100}", re.ASCII)
_LATE: Final = timedelta(minutes=1)  # how much their clock may differ before a trace counts as older than the wish
_SERVICES: Final = ("service", "service_name", "entity")
_RUNBOOKS: Final = ("runbook_url", "runbook")


class _Write(Struct, frozen=True):
    """How a verb is written: the last part of its path, its body, and how an alert shows that it was done."""

    path: str
    body: Callable[[Act, datetime], dict[str, Any]]
    shown: Callable[[dict[str, Any], Act], bool]


def _closed(alert: dict[str, Any], _: Act) -> bool:
    return alert.get("status") == "closed"


def _taken(alert: dict[str, Any], _: Act) -> bool:
    return alert.get("acknowledged") is True or alert.get("status") == "acked"


def _quiet(alert: dict[str, Any], act: Act) -> bool:
    until = instant(alert.get("snoozedUntil"))
    return alert.get("snoozed") is True and (until is None or act.at is None or until >= _end(act, act.at) - _LATE)


def _end(act: Act, now: datetime) -> datetime:
    return (act.at or now) + timedelta(seconds=int(act.arguments["seconds"]))


_WRITES: Final[Mapping[str, _Write]] = {
    "acknowledge": _Write("acknowledge", lambda act, now: {}, _taken),
    "resolve": _Write("close", lambda act, now: _noted(act.arguments.get("resolution", "")), _closed),
    "snooze": _Write("snooze", lambda act, now: {"endTime": iso(_end(act, now))}, _quiet),
    "note": _Write("notes", lambda act, now: {"note": act.arguments["text"]}, lambda alert, act: False),
}


def _noted(words: str) -> dict[str, Any]:
    return {"note": words} if words else {}


class JsmBackend:
    """One site. Blocking and safe to call from several threads. `token` is the resolved credential."""

    verbs: tuple[str, ...] = tuple(_WRITES)

    def __init__(self, config: schema.Jsm, token: str, name: str = "jsm", clock: Clock | None = None) -> None:
        self.name = name
        self.deadline = config.timeout * LIST_PATIENCE + 1.0
        self._config = config
        self._token = token
        self._clock = clock or SystemClock()
        self._opened: GuardedSession | None = None

    def list(self) -> tuple[Page, ...]:
        """Return all open alerts, complete, each once. Raises SourceFault."""
        return self.listing().pages

    def listing(self) -> Listing:
        """Return all open alerts (GET /v1/alerts, 100 at a time), and what to say about them. Raises SourceFault."""
        until = time.monotonic() + self._config.timeout * LIST_PATIENCE
        rows, missing = complete(lambda offset: self._open_alerts(offset, until), "JSM", REACH)
        pages = {page.id: page for row in rows if (page := page_of(self.name, row))}
        dropped = len(rows) - len(pages)
        nameless = CleanText(f"{dropped} alerts without an id are not shown") if dropped else CleanText("")
        notices = tuple(notice for notice in (missing, nameless) if notice)
        return Listing(tuple(pages.values()), notices, complete=not missing)

    def closed(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        """Return those of `pages` that are among the last 100 closed ones (one request). Raises SourceFault."""
        rows, _ = self._alerts("status:closed", 0, sort="updatedAt", order="desc")
        wanted = {page.id for page in pages}
        found = (page_of(self.name, row) for row in rows)
        return tuple(page for page in found if page is not None and page.id in wanted)

    def find(self, page_id: str) -> Page | None:
        """Return one alert as it is now (GET /v1/alerts/{id}); None where there is none. Raises SourceFault."""
        alert = self._alert(page_id) if _ID.fullmatch(page_id) else None
        return None if alert is None else page_of(self.name, alert)

    def detail(self, page_id: str) -> Detail:
        """Return one alert with its properties and newest notes (two requests). Raises SourceFault."""
        if not _ID.fullmatch(page_id):
            raise SourceFault(FaultKind.REJECTED, f"{clean(page_id, 60)!r} is not the id of an alert")
        alert = self._known(page_id)
        page = page_of(self.name, alert)
        if page is None:
            raise SourceFault(FaultKind.BAD_ANSWER, "an alert without an id: is this JSM's address?")
        shown = {"description": alert.get("description"), **record(alert.get("extraProperties"))}
        lines = (Trace(clean(f"{name}: {text(value)}")) for name, value in shown.items() if text(value))
        notes = (
            Trace(text(note.get("note")), CleanText(""), instant(note.get("createdAt")), text(note.get("id")))
            for note in self._notes(page_id)
        )
        return Detail(page, tuple(lines), tuple(notes))

    def story(self, page: Page) -> Story:
        """Return nothing: no log is asked for."""
        return Story()

    def act(self, act: Act) -> Done:
        """Do it, sending the write once, and wait until it is done. Raises SourceFault; LOST where nobody can tell.

        The alert is looked at first: what is so already is not written again.
        """
        write = self._write_of(act)
        with nothing_sent():
            alert = self._known(act.page)
        if write.shown(alert, act):
            return Done(clean(f"{act.verb}: so already"))
        if _closed(alert, act) and act.verb != "note":
            raise SourceFault(FaultKind.REJECTED, "the alert is closed already: nothing was sent")
        body = write.body(act, self._clock.now())
        answer = self._session().post(self._url(f"/v1/alerts/{act.page}/{write.path}"), json=body)
        return self._done(self._request_of(checked(answer, write=True)))

    def read_back(self, act: Act) -> Done | None:
        """Say whether it took effect, by the alert or its notes. Raises SourceFault."""
        write, alert = self._write_of(act), self._known(act.page)
        if act.verb == "note":
            return self._noted(act)
        if write.shown(alert, act):
            return Done(clean(f"{act.verb}: the alert shows it"))
        return None

    def probe(self) -> str:
        """Return one line: that alerts can be read, and how far the clocks differ. Raises SourceFault."""
        self._alerts("status:open", 0, size=1)
        theirs = http_date(self._session().last_date)
        ahead = (theirs - self._clock.now()).total_seconds() if theirs else None
        clocks = "" if ahead is None else "clocks agree" if abs(ahead) <= 5.0 else clock_text(ahead)
        parts = ("may read alerts", f"acts as {clean(self._config.email, 100)}", clocks)
        return "; ".join(part for part in parts if part)

    # Asking

    def _open_alerts(self, offset: int, until: float) -> Rows:
        if time.monotonic() > until:
            raise SourceFault(FaultKind.TIMEOUT, f"the list of alerts was not complete at row {offset} in time")
        own = f" AND ({self._config.query})" if self._config.query else ""
        return self._alerts(f"status:open{own}", offset)

    def _alerts(self, query: str, offset: int, size: int = PAGE, sort: str = "createdAt", order: str = "asc") -> Rows:
        asked = {"query": query, "offset": offset, "size": size, "sort": sort, "order": order}
        body = record(self._get("/v1/alerts", asked))
        if not isinstance(body.get("values"), list):
            raise SourceFault(FaultKind.BAD_ANSWER, "an answer without alerts: is this JSM's address?")
        return records(body["values"]), bool(record(body.get("links")).get("next"))

    def _alert(self, key: str) -> dict[str, Any] | None:
        try:
            return record(self._get(f"/v1/alerts/{key}"))
        except SourceFault as fault:
            if fault.kind is FaultKind.NOT_FOUND:
                return None
            raise

    def _known(self, key: str) -> dict[str, Any]:
        alert = self._alert(key)
        if not alert:
            raise SourceFault(FaultKind.NOT_FOUND, "JSM has no such alert, or the token may not see it")
        return alert

    def _write_of(self, act: Act) -> _Write:
        write = _WRITES.get(act.verb)
        if write is None:
            raise SourceFault(FaultKind.REJECTED, f"JSM cannot {clean(act.verb, 30)}: use {', '.join(_WRITES)}")
        if wrong := page_verbs.problem(act.verb, act.arguments):
            raise SourceFault(FaultKind.REJECTED, f"{wrong[1]}: {wrong[2]}")
        if not _ID.fullmatch(act.page):
            raise SourceFault(FaultKind.REJECTED, f"{clean(act.page, 60)!r} is not the id of an alert")
        return write

    def _noted(self, act: Act) -> Done | None:
        wanted, since = act.arguments["text"].strip(), (act.at or UNKNOWN_TIME) - _LATE
        for note in self._notes(act.page):
            if str(note.get("note")).strip() == wanted and (instant(note.get("createdAt")) or since) >= since:
                return Done(clean(f"note {text(note.get('id'))}"))
        return None

    def _notes(self, key: str) -> tuple[dict[str, Any], ...]:
        body = record(self._get(f"/v1/alerts/{key}/notes", {"size": PAGE, "order": "desc"}))
        return tuple(records(body.get("values")))

    # Waiting for a write

    def _request_of(self, response: Any) -> str:
        try:
            key = text(record(decode(response)).get("requestId"))
        except SourceFault as fault:
            raise _lost(f"its answer is unreadable: {fault.reason}") from fault
        if not _ID.fullmatch(key):
            raise _lost("its answer names no request to ask after")
        return key

    def _done(self, request: str) -> Done:
        """Ask after a write until it is done, or the timeout is over."""
        until, waits = time.monotonic() + self._config.timeout, chain(WAITS, repeat(WAITS[-1]))
        for wait in waits:
            if time.monotonic() + wait > until:
                break
            time.sleep(wait)
            said = self._progress(request)
            if said.get("isSuccess") is True:
                return Done(clean(f"{text(said.get('status')) or 'done'} (request {request})"))
            if said.get("isSuccess") is False:
                raise SourceFault(FaultKind.REJECTED, text(said.get("status")) or "JSM did not do it, and says no more")
        raise _lost(f"JSM had not done it after {self._config.timeout:g} s")

    def _progress(self, request: str) -> dict[str, Any]:
        """Return what is known of a write (GET /v1/alerts/requests/{id}); nothing while it is queued, a 404."""
        try:
            return record(self._get(f"/v1/alerts/requests/{request}"))
        except SourceFault as fault:
            if fault.kind is FaultKind.NOT_FOUND:
                return {}
            raise _lost(f"asking after it failed: {fault}") from fault

    def _get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        return decode(checked(self._session().get(self._url(path), params=query or {})))

    def _url(self, path: str) -> str:
        return f"{self._config.url.rstrip('/')}/jsm/ops/api/{self._config.cloud_id}{path}"

    def _session(self) -> "GuardedSession":
        if self._opened is None:
            demand_https(self._config.url, "JSM")
            auth = (self._config.email, self._token)
            self._opened = guarded_session(self._config.url, Limits(seconds=self._config.timeout), auth=auth)
        return self._opened


def _lost(why: str) -> SourceFault:
    return SourceFault(FaultKind.LOST, f"the write was sent; {why}")


def page_of(source: str, alert: dict[str, Any]) -> Page | None:
    """Return the alert as a page; None where it has no id. Pure; fields of any shape survive."""
    key = text(alert.get("id"))
    if not key:
        return None
    extra, status = record(alert.get("extraProperties")), _status(alert)
    changed = instant(alert.get("updatedAt")) if status is not PageStatus.TRIGGERED else None
    created = instant(alert.get("createdAt"))
    owner = text(alert.get("owner"))
    return Page(
        source=source,
        id=key,
        title=first(alert.get("message"), alert.get("alias")) or NO_TITLE,
        service=first(*(extra.get(name) for name in _SERVICES), alert.get("entity")),
        status=status,
        urgency=_urgency(alert),
        created_at=created or UNKNOWN_TIME,
        number=text(alert.get("tinyId")),
        alert=first(extra.get("alertname"), alert.get("alias")),
        place=place(extra.get),
        assignees=(owner,) if owner else (),
        acknowledged_by=owner if status is PageStatus.ACKNOWLEDGED else CleanText(""),
        runbook_url=next((url for url in (link(extra.get(name)) for name in _RUNBOOKS) if url), CleanText("")),
        changed_at=changed or created,
        changed_by=owner if status is PageStatus.ACKNOWLEDGED else CleanText(""),
    )


def _status(alert: dict[str, Any]) -> PageStatus:
    if alert.get("status") == "closed":
        return PageStatus.RESOLVED
    if alert.get("snoozed") is True:
        return PageStatus.SILENCED
    return PageStatus.ACKNOWLEDGED if _taken(alert, Act("", "")) else PageStatus.TRIGGERED


def _urgency(alert: dict[str, Any]) -> CleanText:
    """Return "high" for P1 and P2, "low" for P3 to P5, as PagerDuty's two words; nothing for any other."""
    priority = text(alert.get("priority")).upper()
    return CleanText("high" if priority in ("P1", "P2") else "low" if priority in ("P3", "P4", "P5") else "")
