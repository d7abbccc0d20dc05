"""Whom and what a person means in PagerDuty: an id, a whole e-mail address, or a name becomes one reference."""

import re
from typing import Any, Final

from msgspec import Struct

from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import record, records, text
from iccon.pages.pagerduty_client import PagerDutyClient
from iccon.pages.pagerduty_decode import name_of
from iccon.text import CleanText, clean

POLICY: Final = "policy:"  # in front of what names an escalation policy where people are named too
_ID: Final = re.compile(r"[A-Z][A-Z0-9]{5,31}")
_FOLDERS: Final = {
    "user": "users",
    "escalation_policy": "escalation_policies",
    "incident_workflow": "incident_workflows",
}


class Reference(Struct, frozen=True):
    """One user, escalation policy or incident workflow; `name` is its id where only that was given."""

    id: str
    kind: str
    name: CleanText

    @property
    def body(self) -> dict[str, str]:
        """The reference as PagerDuty wants it."""
        return {"id": self.id, "type": f"{self.kind}_reference"}


def targets(client: PagerDutyClient, words: str) -> tuple[Reference, ...]:
    """Return who is named in `words`, parted by commas. Raises SourceFault where one is not known, or several are."""
    named = [word.strip() for word in words.split(",") if word.strip()]
    return tuple(
        look_up(client, "escalation_policy", word.removeprefix(POLICY).strip())
        if word.startswith(POLICY)
        else look_up(client, "user", word)
        for word in named
    )


def look_up(client: PagerDutyClient, kind: str, word: str) -> Reference:
    """Return the one thing of `kind` that `word` names: its id, its name or address, or the only one found by it."""
    if _ID.fullmatch(word):
        return Reference(word, kind, clean(word))
    rows = _search(client, kind, word)
    exact = [row for row in rows if word.casefold() in _names(row)]
    chosen = exact or rows
    if len(chosen) == 1:
        return Reference(str(chosen[0].get("id")), kind, name_of(chosen[0]))
    thing = kind.replace("_", " ")
    if not chosen:
        raise SourceFault(FaultKind.REJECTED, f"PagerDuty knows no {thing} {clean(word, 60)!r}; nothing was sent")
    several = ", ".join(f"{name_of(row)} ({text(row.get('id'))})" for row in chosen[:5])
    raise SourceFault(FaultKind.REJECTED, f"{clean(word, 60)!r} may be {several}: give the id; nothing was sent")


def own_ids(client: PagerDutyClient) -> tuple[str, ...]:
    """Return the ids in whose name writes appear: the user of [me] email, and the token's. Raises SourceFault."""
    by_mail = [row for row in _search(client, "user", client.email) if client.email.casefold() in _names(row)]
    found = [str(row["id"]) for row in by_mail if row.get("id")]
    if not found:
        raise SourceFault(FaultKind.REJECTED, f"PagerDuty knows no user {clean(client.email, 60)}: check [me] email")
    try:
        own = record(record(client.get("/users/me")).get("user")).get("id")
    except SourceFault as fault:
        if fault.kind is not FaultKind.REJECTED:  # a token of the account belongs to no user
            raise
        own = None
    return tuple(dict.fromkeys([*found, *([str(own)] if own else [])]))


def _search(client: PagerDutyClient, kind: str, word: str) -> list[dict[str, Any]]:
    folder = _FOLDERS[kind]
    return records(record(client.get(f"/{folder}", {"query": word, "limit": 100})).get(folder))


def _names(row: dict[str, Any]) -> set[str]:
    return {str(row.get(key)).casefold() for key in ("name", "email", "summary", "id") if row.get(key)}
