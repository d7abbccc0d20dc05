"""Hand-overs of a role: who was asked, until when, how it ended, and what a successor reads back. Pure, aware UTC."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from iccon.incident.roles import TITLES, Role


class End(StrEnum):
    """How a hand-over ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed out"
    OVERTAKEN = "overtaken"  # somebody took the role directly


# What a successor reads back before a role changes hands.
READ_BACK = ("state", "severity", "impact", "theory", "actions", "next updates", "risks")


class Handover(Struct, frozen=True):
    """One proposal, named by the id of its entry. `holder` had the role then ("" nobody); it is void from `due` on.

    `end` is how it ended, None while it waits for an answer: also when it is overdue and nobody wrote that down yet.
    """

    id: str
    role: Role
    person: str
    proposer: str
    holder: str
    at: datetime
    due: datetime
    end: End | None = None
    ended: datetime | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """The role as people say it."""
        return TITLES[self.role]


def waiting(handovers: Iterable[Handover], now: datetime) -> list[Handover]:
    """Return those that can still be answered, the first to run out first."""
    return sorted((h for h in handovers if h.end is None and h.due > now), key=lambda h: (h.due, h.id))


def run_out(handovers: Iterable[Handover], now: datetime) -> list[Handover]:
    """Return those whose time is over without an entry that says so, in the order in which they ran out."""
    return sorted((h for h in handovers if h.end is None and h.due <= now), key=lambda h: (h.due, h.id))


def same_person(one: str, other: str) -> bool:
    """Say whether two names as typed mean one person: case and outer spaces do not matter, nor an @ in front."""
    return bool(_name(one)) and _name(one) == _name(other)


def _name(typed: str) -> str:
    return typed.strip().removeprefix("@").casefold()
