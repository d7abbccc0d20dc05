"""Severity levels and the policy table: what a level demands (cadences in minutes)."""

from enum import StrEnum

from msgspec import Struct

from iccon.incident.roles import Role


class Severity(StrEnum):
    """SEV1 is the worst."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"
    SEV5 = "SEV5"


class Phase(StrEnum):
    """Where the response stands."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Audience(StrEnum):
    """Who a status update is for."""

    RESPONDERS = "responders"
    INTERNAL = "internal"
    EXECUTIVE = "executive"
    CUSTOMER = "customer"


class Level(Struct, frozen=True):
    """What one severity means and demands. Cadences are minutes between updates; None demands none.

    `in_range` is for how many minutes signals must be in range before the incident is resolved; 0: now is enough.
    `callout` is the minutes between call-outs, None for none. `review`: somebody else reads what goes to customers
    before it leaves. `exit` is what must hold before the incident is resolved: a single word is a criterion that is
    worked out, a sentence one that a person ticks (exit_criteria.py).
    """

    meaning: str
    public_cadence: int | None
    internal_cadence: int | None
    roles: tuple[Role, ...] = (Role.COMMANDER,)
    review: bool = False
    exit: tuple[str, ...] = ("impact", "tasks")
    callout: int | None = None
    executive_cadence: int | None = None
    in_range: int = 10

    def cadence(self, audience: Audience) -> int | None:
        """Return the minutes between updates to `audience`; responders have call-outs instead."""
        return {
            Audience.CUSTOMER: self.public_cadence,
            Audience.INTERNAL: self.internal_cadence,
            Audience.EXECUTIVE: self.executive_cadence,
        }.get(audience)


class Policy(Struct, frozen=True):
    """The severity table, and the minutes allowed until the first public post.

    `second_person`: somebody else approves a risky command of a runbook before it runs.
    """

    levels: dict[Severity, Level]
    first_post: int = 5
    second_person: bool = False


_HURTING = ("signals", "pages", "impact", "tasks", "update")
DEFAULT_POLICY = Policy(
    levels={
        Severity.SEV1: Level(
            "Most customers cannot use the product, or data is at risk",
            20,
            30,
            (Role.COMMANDER, Role.SCRIBE, Role.COMMS),
            exit=_HURTING,
            callout=10,
            executive_cadence=60,
        ),
        Severity.SEV2: Level(
            "Many customers are hurt, or a key function is down",
            20,
            30,
            (Role.COMMANDER, Role.COMMS),
            exit=_HURTING,
            callout=10,
            executive_cadence=60,
        ),
        Severity.SEV3: Level("Some customers are hurt; a work-around exists", 60, 60, exit=_HURTING, callout=10),
        Severity.SEV4: Level("Little impact; handled in working hours", None, None),
        Severity.SEV5: Level("No impact; tracked only", None, None),
    }
)


def is_downgrade(old: Severity, new: Severity) -> bool:
    """Say whether `new` is milder than `old`."""
    return new.value > old.value


_BY_URGENCY = {"low": Severity.SEV3}


def proposed(urgency: str) -> Severity:
    """Return the severity to begin with for a page of that urgency ("high", "low", "" unknown): when unsure, SEV2."""
    return _BY_URGENCY.get(urgency.lower(), Severity.SEV2)
