"""Who is on call and how to reach them, as plain data. Pure. Times are aware UTC."""

from datetime import datetime, timedelta

from msgspec import Struct

from iccon.text import CleanText

AHEAD = timedelta(days=2)  # how far ahead a roster looks: an old one still says who is on call now
CONTACTS_HOLD = timedelta(days=1)  # phone numbers are asked for again after this


class Person(Struct, frozen=True):
    """Somebody who can be called. `at` is when the telephone numbers were read, None where they never were."""

    id: str
    name: CleanText
    email: CleanText = CleanText("")
    phones: tuple[CleanText, ...] = ()
    at: datetime | None = None


class Duty(Struct, frozen=True):
    """One turn on call, of the person with that id. `level` is the escalation level; no `start`, no `end`: always."""

    person: str
    policy: CleanText
    level: int
    schedule: CleanText = CleanText("")
    start: datetime | None = None
    end: datetime | None = None


class Roster(Struct, frozen=True):
    """Who is on call from `at` until AHEAD, as the pager said at `at`; `notices` is what it could not say."""

    at: datetime
    duties: tuple[Duty, ...] = ()
    people: dict[str, Person] = {}
    notices: tuple[CleanText, ...] = ()


class Contact(Struct, frozen=True):
    """One line for a person who must reach another: who, how, why they, and until when."""

    person: Person
    duty: Duty
    on_now: bool


def contacts(roster: Roster, now: datetime) -> tuple[Contact, ...]:
    """Return who is on call at `now` by policy and level, then who comes next by time; past turns are gone."""
    found = [
        Contact(roster.people[duty.person], duty, duty.start is None or duty.start <= now)
        for duty in roster.duties
        if duty.person in roster.people and (duty.end is None or duty.end > now)
    ]
    return tuple(sorted(found, key=_rank))


def _rank(contact: Contact) -> tuple[float, str, int, str]:
    duty = contact.duty
    begins = 0.0 if contact.on_now or duty.start is None else duty.start.timestamp()
    return begins, duty.policy.casefold(), duty.level, contact.person.name
