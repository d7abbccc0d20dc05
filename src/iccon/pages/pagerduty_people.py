"""Who is on call by PagerDuty: GET /oncalls, and GET /users/{id} for the telephone numbers of those not yet known.

See https://developer.pagerduty.com/api-reference (On-Calls, Users).
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import first, instant, record, records, text
from iccon.pages.people import AHEAD, CONTACTS_HOLD, Duty, Person, Roster
from iccon.text import CleanText, clean
from iccon.when import iso

Get = Callable[[str, dict[str, Any]], Any]

LIMIT: Final = 100  # rows a request
MOST_DUTIES: Final = 1_000
MOST_ASKED: Final = 60  # people whose numbers are asked for in one go: a small part of 960 requests a minute
_PHONES: Final = ("phone_contact_method", "sms_contact_method")


def roster(get: Get, now: datetime, seconds: float, known: Mapping[str, Person]) -> Roster:
    """Ask who is on call from `now` (aware UTC) for two days, and for the numbers of people not in `known`.

    Within `seconds`; numbers that could not be had are named in the notices, and earlier ones stay. Raises
    SourceFault where the list itself cannot be had.
    """
    until = time.monotonic() + seconds
    rows, more = _rows(get, now, until)
    pairs = [pair for row in rows if (pair := _duty(row))]
    people = {person.id: person for _, person in pairs}
    kept = {key: _kept(person, known.get(key)) for key, person in people.items()}
    reached, missing = _with_numbers(get, kept, now, until)
    duties = tuple(dict.fromkeys(duty for duty, _ in pairs))
    notices = [f"only the first {MOST_DUTIES:,} turns on call are listed"] if more else []
    return Roster(now, duties, kept | reached, tuple(clean(words) for words in (*notices, *missing)))


def _rows(get: Get, now: datetime, until: float) -> tuple[list[dict[str, Any]], bool]:
    span = {"since": iso(now), "until": iso(now + AHEAD)}
    query = span | {"time_zone": "UTC", "include[]": ["users"], "limit": LIMIT}
    rows: list[dict[str, Any]] = []
    while len(rows) < MOST_DUTIES:
        if time.monotonic() > until:
            raise SourceFault(FaultKind.TIMEOUT, "the list of people on call was not complete in time")
        body = record(get("/oncalls", query | {"offset": len(rows)}))
        if not isinstance(body.get("oncalls"), list):
            raise SourceFault(FaultKind.BAD_ANSWER, "an answer without on-calls: is this PagerDuty's address?")
        rows += records(body["oncalls"])
        if body.get("more") is not True or not body["oncalls"]:
            return rows, False
    return rows[:MOST_DUTIES], True


def _duty(row: dict[str, Any]) -> tuple[Duty, Person] | None:
    """Return one turn and whose it is; None where nobody is named."""
    user, level = record(row.get("user")), row.get("escalation_level")
    key = text(user.get("id"))
    if not key:
        return None
    duty = Duty(
        person=key,
        policy=first(record(row.get("escalation_policy")).get("summary"), "(no policy)"),
        level=level if isinstance(level, int) else 0,
        schedule=text(record(row.get("schedule")).get("summary")),
        start=instant(row.get("start")),
        end=instant(row.get("end")),
    )
    return duty, Person(key, first(user.get("name"), user.get("summary"), key), text(user.get("email")))


def _kept(person: Person, before: Person | None) -> Person:
    return person if before is None else replace(person, phones=before.phones, at=before.at)


def _with_numbers(
    get: Get, people: Mapping[str, Person], now: datetime, until: float
) -> tuple[dict[str, Person], list[str]]:
    """Return those of `people` whose numbers were read anew, and why others' were not: at the first fault it ends."""
    wanted = [person for person in people.values() if person.at is None or now - person.at > CONTACTS_HOLD]
    found: dict[str, Person] = {}
    for person in wanted[:MOST_ASKED]:
        if time.monotonic() > until:
            break
        try:
            found[person.id] = replace(person, phones=_numbers(get, person.id), at=now)
        except SourceFault as fault:
            return found, [f"telephone numbers could not be read: {fault}"]
    left = len(wanted) - len(found)
    return found, [f"the telephone numbers of {left} more people are read later"] if left else []


def _numbers(get: Get, key: str) -> tuple[CleanText, ...]:
    user = record(record(get(f"/users/{key}", {"include[]": ["contact_methods"]})).get("user"))
    methods = records(user.get("contact_methods"))
    wanted = (method for kind in _PHONES for method in methods if method.get("type") == kind)
    return tuple(dict.fromkeys(number for method in wanted if (number := _number(method))))


def _number(method: dict[str, Any]) -> CleanText:
    """Return a number as it is dialled from anywhere; PagerDuty keeps the country apart from the rest."""
    country, rest = text(method.get("country_code")), text(method.get("address"))
    return clean(f"+{country} {rest}") if country and rest and not rest.startswith("+") else rest
