"""Who is on call in the simulated account: two levels, turns of twelve hours, numbers that are kept for fiction."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from iccon.drill import pagerduty_json as shown
from iccon.drill.pagerduty_state import Account, Json, Person, code

TURN: Final = timedelta(hours=12)
MOST_TURNS: Final = 14
_LEVELS: Final = (("Primary", ("", "sasha.kim")), ("Secondary", ("jo.park", "lee.ray")))  # "": whoever answers pages


def contact_methods(account: Account, person: Person) -> list[Json]:
    """Return how a user can be reached, whole: an e-mail address and a telephone (Ofcom's range for drama)."""
    number = f"1632960{int(person.id[-3:], 36) % 1000:03}"
    phone = shown.reference(account, "phone_contact_method", code("K", int(number)), "Mobile")
    mail = shown.reference(account, "email_contact_method", f"M{person.id[1:]}", "Default")
    return [
        {**mail, "type": "email_contact_method", "label": "Default", "address": person.email},
        {**phone, "type": "phone_contact_method", "label": "Mobile", "address": number, "country_code": 44},
    ]


def oncalls(account: Account, since: datetime, until: datetime, *, whole: bool) -> list[Json]:
    """Return every turn between two instants; users as references unless `whole`."""
    return [_turn(account, level, start, whole) for level in range(len(_LEVELS)) for start in _starts(since, until)]


def _starts(since: datetime, until: datetime) -> Iterator[datetime]:
    start = since.replace(hour=since.hour // 12 * 12, minute=0, second=0, microsecond=0)
    for _ in range(MOST_TURNS):
        if start > until:
            return
        yield start
        start += TURN


def _turn(account: Account, level: int, start: datetime, whole: bool) -> Json:
    schedule, names = _LEVELS[level]
    name = names[int(start.timestamp() // TURN.total_seconds()) % len(names)]
    domain = account.on_call.email.partition("@")[2]
    person = account.person(f"{name}@{domain}") if name else account.on_call
    return {
        "user": shown.user_json(account, person) if whole else shown.user_reference(account, person),
        "schedule": shown.reference(account, "schedule", f"S{level}", schedule),
        "escalation_policy": shown.policy_json(account),
        "escalation_level": level + 1,
        "start": shown.when(start),
        "end": shown.when(start + TURN),
    }
