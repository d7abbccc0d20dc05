"""A PagerDuty account that exists only in memory: incidents, and who did what to them.

Verbs, filters and words are those of PagerDuty's published OpenAPI description of REST v2. Not thread-safe by itself:
the server in `pagerduty_api` holds a lock around every call.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zlib import crc32

from msgspec import Struct, field

Json = dict[str, Any]
OPEN: Final = ("triggered", "acknowledged")
STATUSES: Final = (*OPEN, "resolved")
DEFAULT_RANGE: Final = timedelta(days=30)
_LOG_TYPES: Final = {
    "triggered": "trigger_log_entry",
    "acknowledged": "acknowledge_log_entry",
    "resolved": "resolve_log_entry",
}


class Person(Struct, frozen=True):
    """A user of the account. `id` is derived from the e-mail address."""

    email: str
    name: str

    @property
    def id(self) -> str:
        """The user's id: the same for the same address, in every run."""
        return code("U", crc32(self.email.encode("utf-8", "replace")))


class Event(Struct, frozen=True):
    """One log entry: a status, a note, by whom, when (aware UTC)."""

    number: int
    type: str
    at: datetime
    by: Person | None
    text: str = ""


class Incident(Struct):
    """One incident with its history. `who` acknowledged it last; None while nobody holds it.

    `details` is what the monitoring system sent along; `title` and `service` may be None, as in real accounts.
    """

    id: str
    number: int
    title: str | None
    service: str | None
    urgency: str
    status: str
    created_at: datetime
    changed_at: datetime
    assignee: Person
    who: Person | None = None
    alert: str = ""
    details: Json = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


class Account:
    """Incidents by id, and the verbs that change them. All times come in as arguments."""

    def __init__(self, url: str, on_call: Person) -> None:
        self.url = url
        self.on_call = on_call
        self.incidents: dict[str, Incident] = {}
        self.services: list[str] = []
        self.people: dict[str, Person] = {on_call.email: on_call}
        self._numbers = iter(range(1, 1_000_000_000))

    def person(self, email: str) -> Person:
        """Return the user with that address; an unknown address becomes a new user."""
        name = email.split("@", maxsplit=1)[0].replace(".", " ").title()
        return self.people.setdefault(email, Person(email, name))

    def trigger(
        self,
        at: datetime,
        title: str | None,
        service: str | None,
        *,
        urgency: str = "high",
        alert: str = "",
        runbook_url: str = "",
    ) -> Incident:
        """Open an incident and return it."""
        number = next(self._numbers)
        incident = Incident(
            id=code("P", number),
            number=number,
            title=title,
            service=service,
            urgency=urgency,
            status="triggered",
            created_at=at,
            changed_at=at,
            assignee=self.on_call,
            alert=alert,
            details=_alertmanager_details(title, service, alert, runbook_url),
        )
        self.incidents[incident.id] = incident
        if service is not None and service not in self.services:
            self.services.append(service)
        self._log(incident, "triggered", at, None)
        return incident

    def set_status(self, incident: Incident, status: str, at: datetime, by: Person | None) -> bool:
        """Set the status; return whether anything changed. A resolved incident is reopened, as the real API does.

        A second acknowledgement, by somebody else, is recorded and moves the incident to them.
        """
        if incident.status == status and (status != "acknowledged" or incident.who == by):
            return False
        incident.status = status
        incident.changed_at = at
        incident.who = by if status == "acknowledged" else None
        self._log(incident, status, at, by)
        return True

    def note(self, incident: Incident, text: str, at: datetime, by: Person) -> Event:
        """Add a note to the incident."""
        return self._log(incident, "annotate_log_entry", at, by, text)

    def _log(self, incident: Incident, what: str, at: datetime, by: Person | None, text: str = "") -> Event:
        event = Event(next(self._numbers), _LOG_TYPES.get(what, what), at, by, text)
        incident.events.append(event)
        return event

    def matching(self, query: dict[str, list[str]], now: datetime) -> list[Incident]:
        """Return the incidents that `GET /incidents` with this query asks for, in its order.

        Without `since` or `date_range=all` only the last month is looked at, as the real API does.
        Raises ValueError or KeyError where the query cannot be read.
        """
        chosen = [incident for incident in self.incidents.values() if _wanted(incident, query, now)]
        for key in reversed(query.get("sort_by", ["created_at:asc"])[0].split(",")):
            name, _, direction = key.partition(":")
            chosen.sort(key=_SORTS[name], reverse=direction == "desc")
        return chosen


def _wanted(incident: Incident, query: dict[str, list[str]], now: datetime) -> bool:
    return (
        incident.status in query.get("statuses[]", STATUSES)
        and incident.urgency in query.get("urgencies[]", ("high", "low"))
        and ("service_ids[]" not in query or service_id(incident.service) in query["service_ids[]"])
        and (query.get("date_range") == ["all"] or _within(incident.created_at, query, now))
    )


def _within(at: datetime, query: dict[str, list[str]], now: datetime) -> bool:
    since = _instant(query, "since") or now - DEFAULT_RANGE
    until = _instant(query, "until")
    return at >= since and (until is None or at < until)


def service_id(name: str | None) -> str:
    """Return the id of the service with that name: the same in every run."""
    return code("S", crc32((name or "").encode("utf-8", "replace")))


def code(letter: str, number: int) -> str:
    """Return an id that looks like PagerDuty's."""
    return f"{letter}{number % 10_000_000:07d}"


def _alertmanager_details(title: str | None, service: str | None, alert: str, runbook_url: str) -> Json:
    """Return what Alertmanager's default PagerDuty receiver sends: one text that lists labels and annotations."""
    labels = {"alertname": alert or "Manual", "service": service or ""}
    annotations = {"summary": title or ""} | ({"runbook_url": runbook_url} if runbook_url else {})
    lines = ["Labels:", *(f" - {k} = {v}" for k, v in labels.items())]
    lines += ["Annotations:", *(f" - {k} = {v}" for k, v in annotations.items()), "Source: "]
    return {"firing": "\n".join(lines) + "\n", "num_firing": "1", "num_resolved": "0", "resolved": ""}


def _instant(query: dict[str, list[str]], name: str) -> datetime | None:
    if name not in query:
        return None
    at = datetime.fromisoformat(query[name][0])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_SORTS: Final[dict[str, Any]] = {
    "created_at": lambda incident: incident.created_at,
    "incident_number": lambda incident: incident.number,
    "resolved_at": lambda incident: incident.changed_at,
    "urgency": lambda incident: incident.urgency,
}
