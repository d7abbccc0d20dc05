"""Alertmanager's API v2: what fires, over one peer or several of a cluster. It knows silences, no acknowledgement."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault, nothing_sent
from iccon.incident import page_verbs
from iccon.incident.runs import LABELS
from iccon.net import Limits, checked, guarded_session, host_of, http_date
from iccon.net.together import together
from iccon.net.wire import NO_TITLE, decode, decode_list, first, instant, link, record, records, text
from iccon.pages import silences
from iccon.pages.model import UNKNOWN_TIME, Act, Detail, Done, Listing, Page, PageStatus, Story, Trace, place
from iccon.precedence import turn
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

SIZE_LIMIT: Final = 32 * 1024 * 1024  # bytes: some 50,000 alerts
_TITLES: Final = ("summary", "description", "message", "title")
_RUNBOOKS: Final = ("runbook_url", "runbook")
_SKEW: Final = 5.0  # seconds of clock difference that are worth a word
_Answers = tuple[list[Any], tuple[CleanText, ...]]  # of the peers that answered, and which did not


class AlertmanagerBackend:
    """The alerts of one Alertmanager cluster. Blocking and safe to call from several threads.

    `who` is named as the author of silences.
    """

    verbs: tuple[str, ...] = ("silence", "unsilence")

    def __init__(self, name: str, config: schema.Alertmanager, clock: Clock | None = None, who: str = "iccon") -> None:
        self.name = name
        self._who = who
        self.deadline = config.timeout + 1.0
        self._config = config
        self._clock = clock or SystemClock()
        self._sessions: dict[str, GuardedSession] = {}

    def list(self) -> tuple[Page, ...]:
        """Return all alerts that fire or are silenced, each once. Raises SourceFault."""
        return self.listing().pages

    def listing(self) -> Listing:
        """Ask every peer at once (GET /api/v2/alerts) and unite their answers by fingerprint.

        Peers that do not answer are named in the notices. Raises SourceFault where none answers.
        """
        answers, notices = self._ask("/api/v2/alerts")
        pages: dict[str, Page] = {}
        dropped = 0
        with turn() as give_way:
            for alert in (row for rows in answers for row in records(rows)):
                give_way()
                page = page_of(self.name, alert, self._config.service_label)
                if page is None:
                    dropped += 1
                else:
                    pages[page.id] = _louder(pages.get(page.id), page)
        if dropped:
            notices += (CleanText(f"{dropped} alerts without a fingerprint are not shown"),)
        if any(page.status is PageStatus.SILENCED for page in pages.values()):
            notices += self._say_ends(pages, answers)
        return Listing(tuple(pages.values()), notices)

    def _say_ends(self, pages: dict[str, Page], answers: Sequence[Any]) -> tuple[CleanText, ...]:
        """Say of each silenced page until when; return why that cannot be said."""
        try:
            found = {str(silence.get("id")): silence for silence in self._silences()}
        except SourceFault as fault:
            return (clean(f"until when alerts are silenced: {fault}"),)
        for alert in (row for rows in answers for row in records(rows)):
            page = pages.get(text(alert.get("fingerprint")))
            if page is not None and page.status is PageStatus.SILENCED:
                pages[page.id] = replace(page, quiet_until=silences.end_over(alert, found))
        return ()

    def closed(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        """Return them all as resolved: an alert that is no longer given has ended; when, nobody says."""
        return tuple(
            replace(page, status=PageStatus.RESOLVED, changed_at=None, changed_by=CleanText("")) for page in pages
        )

    def find(self, page_id: str) -> Page | None:
        """Return one alert that fires or is silenced; None where there is none. Raises SourceFault."""
        return next((page for page in self.list() if page.id == page_id), None)

    def detail(self, page_id: str) -> Detail:
        """Return one alert with its silences, labels and annotations. Raises SourceFault, also where it has ended."""
        alert, page, notices = self._alert(page_id)
        pairs = {**record(alert.get("labels")), **record(alert.get("annotations"))}
        lines = (f"{name}: {text(value)}" for name, value in pairs.items())
        quiet = silences.over(alert, self._silences()) if page.status is PageStatus.SILENCED else []
        return Detail(
            page, tuple(Trace(clean(line)) for line in lines), tuple(map(silences.trace, quiet)), notices=notices
        )

    def story(self, page: Page) -> Story:
        """Return nothing: no log is kept."""
        return Story()

    def act(self, act: Act) -> Done:
        """Silence the alert and its like, or end the silences over it, once. Raises SourceFault; LOST in doubt."""
        self._check(act)
        with nothing_sent():
            alert, page, _ = self._alert(act.page)
            over = silences.over(alert, self._silences()) if act.verb == "unsilence" else []
        if act.verb == "silence":
            return self._silence(act, alert)
        if not over:
            raise SourceFault(FaultKind.REJECTED, f"no silence is over it: it is {page.status.value}")
        for silence in over:
            self._write("DELETE", f"/api/v2/silence/{quote(str(silence['id']), safe='')}")
        return Done(CleanText(f"{len(over)} silences ended"))

    def read_back(self, act: Act) -> Done | None:
        """Say whether it took effect: by the silences in force. Raises SourceFault, also where the alert has ended."""
        self._check(act)
        alert, _, _ = self._alert(act.page)
        if act.verb == "unsilence":
            left = silences.over(alert, self._silences())
            return None if left else Done(CleanText("no silence is over it"))
        known = silences.found(self._silences(), act, silences.matchers_of(alert, self._config.service_label))
        return None if known is None else Done(silences.receipt(known, str(known.get("id"))))

    def _check(self, act: Act) -> None:
        if act.verb not in self.verbs:
            raise SourceFault(FaultKind.REJECTED, f"Alertmanager cannot {clean(act.verb, 30)} an alert")
        if wrong := page_verbs.problem(act.verb, act.arguments):
            raise SourceFault(FaultKind.REJECTED, f"{wrong[1]}: {wrong[2]}")

    def _silence(self, act: Act, alert: dict[str, Any]) -> Done:
        matchers = silences.matchers_of(alert, self._config.service_label)
        wanted = silences.silence_of(act, matchers, self._who, self._clock.now())
        answer = self._write("POST", "/api/v2/silences", json=wanted)
        try:
            key = first(record(decode(answer)).get("silenceID"))
        except SourceFault as fault:
            raise SourceFault(FaultKind.LOST, f"sent, but its answer is unreadable: {fault.reason}") from fault
        return Done(silences.receipt(wanted, key))

    def _write(self, method: str, path: str, **body: Any) -> Any:
        """Send once, to the first peer that takes a connection: peers tell one another. Raises SourceFault."""
        for url in self._config.urls[:-1]:
            try:
                self._get(url, "/api/v2/status")
            except SourceFault:
                continue
            return checked(self._session(url).request(method, url.rstrip("/") + path, **body), write=True)
        url = self._config.urls[-1]
        return checked(self._session(url).request(method, url.rstrip("/") + path, **body), write=True)

    def _silences(self) -> tuple[dict[str, Any], ...]:
        answers, _ = self._ask("/api/v2/silences")
        return tuple({str(row.get("id")): row for rows in answers for row in records(rows)}.values())

    def _alert(self, key: str) -> tuple[dict[str, Any], Page, tuple[CleanText, ...]]:
        answers, notices = self._ask("/api/v2/alerts")
        for alert in (row for rows in answers for row in records(rows)):
            page = page_of(self.name, alert, self._config.service_label)
            if page is not None and page.id == key:
                return alert, page, notices
        raise SourceFault(FaultKind.NOT_FOUND, "the alert has ended: Alertmanager gives it no more")

    def probe(self) -> str:
        """Return one line: each peer's version and cluster state, and how far the clocks differ. Raises SourceFault."""
        answers, notices = self._ask("/api/v2/status")
        if notices:
            raise SourceFault(FaultKind.REFUSED, "; ".join(notices))
        return "; ".join((*map(_peer_words, answers), self._skew()))

    def _ask(self, path: str) -> _Answers:
        calls = {url: lambda url=url: self._get(url, path) for url in self._config.urls}
        outcomes = together(calls, self.deadline)
        faults = {url: found for url, found in outcomes.items() if isinstance(found, SourceFault)}
        answers = [found for found in outcomes.values() if not isinstance(found, SourceFault)]
        if not answers:
            raise next(iter(faults.values()), SourceFault(FaultKind.REJECTED, "no address is configured"))
        return answers, tuple(clean(f"peer {host_of(url)}: {fault.reason}") for url, fault in faults.items())

    def _get(self, url: str, path: str) -> Any:
        came = checked(self._session(url).get(url.rstrip("/") + path))
        with turn() as give_way:
            answer = decode_list(came, give_way)
        if path.endswith("alerts") and not isinstance(answer, list):
            raise SourceFault(FaultKind.BAD_ANSWER, "an answer without alerts: is this Alertmanager's address?")
        return answer

    def _session(self, url: str) -> "GuardedSession":
        session = self._sessions.get(url)
        if session is None:
            limits = Limits(seconds=self._config.timeout, size=SIZE_LIMIT)
            session = self._sessions.setdefault(url, guarded_session(url, limits))
        return session

    def _skew(self) -> str:
        dates = [http_date(session.last_date) for session in self._sessions.values()]
        skews = [(self._clock.now() - at).total_seconds() for at in dates if at is not None]
        worst = max(skews, key=abs, default=0.0)
        return f"clocks differ by {worst:+.0f} s" if abs(worst) > _SKEW else "clocks agree"


def page_of(source: str, alert: dict[str, Any], service_label: str) -> Page | None:
    """Return the alert as a page; None where it has no fingerprint."""
    labels, annotations = record(alert.get("labels")), record(alert.get("annotations"))
    key = text(alert.get("fingerprint"))
    if not key:
        return None
    silenced = record(alert.get("status")).get("state") == "suppressed"
    started = instant(alert.get("startsAt"))
    return Page(
        source=source,
        id=key,
        title=first(*(annotations.get(name) for name in _TITLES), labels.get("alertname")) or NO_TITLE,
        service=text(labels.get(service_label)),
        status=PageStatus.SILENCED if silenced else PageStatus.TRIGGERED,
        urgency=text(labels.get("severity")),
        created_at=started or UNKNOWN_TIME,
        alert=text(labels.get("alertname")),
        place=place(labels.get),
        url=link(alert.get("generatorURL")),
        runbook_url=next((url for url in (link(annotations.get(name)) for name in _RUNBOOKS) if url), CleanText("")),
        changed_at=None if silenced else started,
        labels={name: text(labels[name]) for name in LABELS if name in labels},
    )


def _louder(known: Page | None, page: Page) -> Page:
    """Of two peers' views take the one that fires: a silence reaches all peers within seconds, a mistake stays."""
    return known if known is not None and known.status is PageStatus.TRIGGERED else page


def _peer_words(status: Any) -> str:
    version = first(record(record(status).get("versionInfo")).get("version")) or "of unknown version"
    cluster = first(record(record(status).get("cluster")).get("status")) or "unknown"
    return f"Alertmanager {version}, cluster {cluster}"
