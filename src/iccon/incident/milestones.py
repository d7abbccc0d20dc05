"""The instants by which an incident is measured: what they are called, and which may not come before which. Pure."""

from datetime import datetime
from enum import StrEnum

from iccon.incident.severity import Audience
from iccon.incident.state import State


class Milestone(StrEnum):
    """In the order of a usual incident. Declared and resolved are entries of their own; the others can be set."""

    BEGAN = "began"
    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    DECLARED = "declared"
    FIRST_UPDATE = "first-update"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


OWN_ENTRIES = (Milestone.DECLARED, Milestone.RESOLVED)

# The first may not come after the second. Who declares before anybody acknowledged is not wrong, so there is no more.
ORDER = (
    *((Milestone.BEGAN, other) for other in Milestone if other is not Milestone.BEGAN),
    (Milestone.DETECTED, Milestone.ACKNOWLEDGED),
    (Milestone.DECLARED, Milestone.FIRST_UPDATE),
    (Milestone.DECLARED, Milestone.RESOLVED),
    (Milestone.MITIGATED, Milestone.RESOLVED),
)


def moments(state: State) -> dict[Milestone, datetime]:
    """Return what is known (aware UTC): what entries say of themselves, and above it what was set by hand."""
    told = next((update.at for update in state.updates if update.audience is Audience.CUSTOMER), None)
    recorded = {
        Milestone.DECLARED: state.declared_at,
        Milestone.FIRST_UPDATE: told,
        Milestone.RESOLVED: state.resolved_at,
    }
    set_ones = {milestone: state.milestones[milestone] for milestone in Milestone if milestone in state.milestones}
    return {milestone: at for milestone, at in recorded.items() if at is not None} | set_ones


def began(state: State) -> datetime | None:
    """Return when trouble began: as set, else the declaration."""
    known = moments(state)
    return known.get(Milestone.BEGAN) or known.get(Milestone.DECLARED)


def out_of_order(state: State, milestone: Milestone, at: datetime) -> Milestone | None:
    """Return a known milestone with which `milestone` at `at` would stand in the wrong order."""
    known = moments(state)
    for first, then in ORDER:
        if milestone is first and then in known and at > known[then]:
            return then
        if milestone is then and first in known and at < known[first]:
            return first
    return None
