"""What the clock says about an incident: elapsed, impact, next update. Pure; instants are aware UTC."""

from datetime import datetime, timedelta

from iccon.incident.milestones import Milestone
from iccon.incident.severity import Audience, Policy
from iccon.incident.state import State


def elapsed(state: State, now: datetime) -> timedelta:
    """Return how long the incident has lasted, or lasted; zero when not declared."""
    if state.declared_at is None:
        return timedelta()
    return max((state.resolved_at or now) - state.declared_at, timedelta())


def impact(state: State, now: datetime) -> timedelta:
    """Return the time customers were hurt: the union of the impact segments, so that overlaps count once."""
    spans = sorted((i.started, i.stopped or now) for i in state.impacts)
    total, reached = timedelta(), None
    for start, stop in spans:
        begin = start if reached is None else max(start, reached)
        if stop > begin:
            total += stop - begin
            reached = stop
    return total


def next_update(state: State, policy: Policy) -> datetime | None:
    """Return when the next customer update is due, or None when none is.

    The first is due `policy.first_post` minutes after the declaration; later ones at the promised
    time, else after the severity's public cadence.
    """
    level = policy.levels[state.severity]
    if not state.active or state.declared_at is None or level.public_cadence is None:
        return None
    told = [u for u in state.updates if u.audience is Audience.CUSTOMER]
    if not told:
        return state.declared_at + timedelta(minutes=policy.first_post)
    return told[-1].next_due or told[-1].at + timedelta(minutes=level.public_cadence)


def hurting_since(state: State) -> datetime | None:
    """Return from when errors are the incident's: its beginning as set, else its first impact or its declaration."""
    if (begun := state.milestones.get(Milestone.BEGAN)) is not None:
        return begun
    known = [impact.started for impact in state.impacts]
    return min([*known, *([state.declared_at] if state.declared_at else [])], default=None)
