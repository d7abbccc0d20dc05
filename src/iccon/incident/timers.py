"""What the clock says about an incident: elapsed, impact, next update. Pure; instants are aware UTC."""

from datetime import datetime, timedelta

from msgspec import Struct

from iccon.incident.milestones import Milestone
from iccon.incident.severity import Audience, Policy
from iccon.incident.state import State
from iccon.incident.tasks import open_tasks


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


class Timer(Struct, frozen=True):
    """Something that runs out: when, what it is, whose, and the id of the task ("" for the customer update)."""

    due: datetime
    label: str
    owner: str = ""
    task: str = ""


def running(state: State, policy: Policy) -> list[Timer]:
    """Return every timer of an incident, the first to run out first; tasks keep running after it is resolved."""
    told = next_update(state, policy)
    timers = [Timer(told, "customer update")] if told else []
    due = ((task.due, task) for task in open_tasks(state.tasks) if task.due is not None)
    timers += [Timer(at, f"{task.what}: {task.text}", task.owner, task.id) for at, task in due]
    return sorted(timers, key=lambda timer: (timer.due, timer.task))
