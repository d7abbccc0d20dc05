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


class Event(Struct):
    """One log entry: a status, a note, by whom, when (aware UTC). The text of a note can be edited."""

    number: int
    type: str
    at: datetime
    by: Person | None
    text: str = ""


class Asked(Struct):
    """Somebody was asked to join an incident: by whom, when (aware UTC), with which words; `state` is PagerDuty's."""

    who: Person
    by: Person
    at: datetime
    message: str
    state: str = "pending"


class Incident(Struct):
    """One incident with its history. `who` acknowledged it last; None while nobody holds it.

    `runs` are the workflows that were started on it, `priority` is an id or "". `details` is what the monitoring
    system sent along; `title` and `service` may be None, as in real accounts.
    """

    id: str
    number: int
    title: str | None
    service: str | None
    urgency: str
    status: str
    created_at: datetime
    changed_at: datetime
    assignees: list[Person]
    who: Person | None = None
    alert: str = ""
    details: Json = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    priority: str = ""
    snoozed_until: datetime | None = None
    merged_into: str = ""
    asked: list[Asked] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)


class ChangeEvent(Struct, frozen=True):
    """Something that was changed, as a pipeline told it. `at` is aware UTC."""

    number: int
    at: datetime
    summary: str
    service: str
    who: str = ""


class Account:
    """Incidents by id, and the verbs that change them. All times come in as arguments."""

    def __init__(self, url: str, on_call: Person) -> None:
        self.url = url
        self.on_call = on_call
        self.incidents: dict[str, Incident] = {}
        self.services: list[str] = []
        self.changes: list[ChangeEvent] = []
        self.people: dict[str, Person] = {on_call.email: on_call}
        domain = on_call.email.partition("@")[2]
        # of the only escalation policy
        self.levels = (on_call, self.person(f"jo.park@{domain}"), self.person(f"lee.ray@{domain}"))
        self.abilities = {"urgencies", "teams", "event_rules", "advanced_permissions", "coordinated_responding"}
        self.workflows = {"WMAJOR01": "Major incident"}
        self._numbers = iter(range(1, 1_000_000_000))

    def person(self, email: str) -> Person:
        """Return the user with that address; an unknown address becomes a new user."""
        name = email.split("@", maxsplit=1)[0].replace(".", " ").title()
        return self.people.setdefault(email, Person(email, name))

    def tell_change(self, at: datetime, summary: str, service: str, who: str = "") -> None:
        """Take in a change event."""
        self.changes.append(ChangeEvent(next(self._numbers), at, summary, service, who))

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
            assignees=[self.on_call],
            alert=alert,
            details=_alertmanager_details(title, service, alert, runbook_url),
        )
        self.incidents[incident.id] = incident
        if service is not None and service not in self.services:
            self.services.append(service)
        self._log(incident, "triggered", at, None)
        return incident

    def set_status(self, incident: Incident, status: str, at: datetime, by: Person | None, words: str = "") -> bool:
        """Set the status; return whether anything changed. A resolved incident is reopened, as the real API does.

        A second acknowledgement, by somebody else, is recorded and moves the incident to them.
        """
        if incident.status == status and (status != "acknowledged" or incident.who == by):
            return False
        incident.status = status
        incident.changed_at = at
        incident.who = by if status == "acknowledged" else None
        incident.snoozed_until, incident.merged_into = None, ""
        self._log(incident, status, at, by, words)
        return True

    def change(self, incident: Incident, kind: str, at: datetime, by: Person, text: str = "", **fields: str) -> Event:
        """Write a log entry of `kind`, and set fields of the incident."""
        for name, value in fields.items():
            setattr(incident, name, value)
        return self._log(incident, kind, at, by, text)

    def assign(self, incident: Incident, to: list[Person], kind: str, at: datetime, by: Person) -> None:
        """Give an open incident to others, who have not acknowledged it yet."""
        incident.assignees, incident.who, incident.changed_at = to, None, at
        if incident.status == "acknowledged":
            incident.status = "triggered"
        self._log(incident, kind, at, by)

    def snooze(self, incident: Incident, until: datetime, at: datetime, by: Person) -> None:
        """Acknowledge an open incident until an instant."""
        incident.status, incident.who, incident.changed_at = "acknowledged", by, at
        incident.snoozed_until = until
        self._log(incident, "snooze_log_entry", at, by)

    def wake(self, now: datetime) -> None:
        """Trigger again what was snoozed until now."""
        for incident in self.incidents.values():
            if incident.snoozed_until is not None and incident.snoozed_until <= now:
                incident.status, incident.who, incident.changed_at = "triggered", None, incident.snoozed_until
                self._log(incident, "unacknowledge_log_entry", incident.snoozed_until, None)
                incident.snoozed_until = None

    def ask(self, incident: Incident, asked: list[Asked]) -> None:
        """Ask people to join."""
        incident.asked.extend(asked)
        for one in asked:
            self._log(incident, "responder_request_log_entry", one.at, one.by, one.message)

    def cancel(self, incident: Incident, person: Person) -> bool:
        """Ask a person no longer; say whether anybody was being asked."""
        pending = [one for one in incident.asked if one.who == person and one.state == "pending"]
        for one in pending:
            one.state = "user_cancelled"
        return bool(pending)

    def run(self, incident: Incident, workflow: str) -> str:
        """Start a workflow on an incident and return the id of the run."""
        incident.runs.append(workflow)
        return code("R", next(self._numbers))

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
