"""What the clock says about an incident: elapsed, impact, next update. Pure; instants are aware UTC."""

from datetime import datetime, timedelta

from msgspec import Struct

from iccon.incident.callouts import next_callout
from iccon.incident.milestones import Milestone
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Policy
from iccon.incident.state import State
from iccon.incident.tasks import open_tasks

CALLOUT = "call-out: conditions, actions, needs"


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


def next_update(state: State, policy: Policy, audience: Audience = Audience.CUSTOMER) -> datetime | None:
    """Return when the next update to `audience` is due, or None when none is.

    The first to customers is due `policy.first_post` minutes after the declaration; others at the promised time, else
    after the severity's cadence.
    """
    cadence = policy.levels[state.severity].cadence(audience)
    if not state.active or state.declared_at is None or cadence is None:
        return None
    told = [u for u in state.updates if u.audience is audience]
    if told:
        return told[-1].next_due or told[-1].at + timedelta(minutes=cadence)
    return state.declared_at + timedelta(minutes=policy.first_post if audience is Audience.CUSTOMER else cadence)


def hurting_since(state: State) -> datetime | None:
    """Return from when errors are the incident's: its beginning as set, else its first impact or its declaration."""
    if (begun := state.milestones.get(Milestone.BEGAN)) is not None:
        return begun
    known = [impact.started for impact in state.impacts]
    return min([*known, *([state.declared_at] if state.declared_at else [])], default=None)


class Timer(Struct, frozen=True):
    """Something that runs out: when, what it is, whose; the id of the task, or who the update is for."""

    due: datetime
    label: str
    owner: str = ""
    task: str = ""
    audience: Audience | None = None


def running(state: State, policy: Policy) -> list[Timer]:
    """Return every timer of an incident, the first to run out first; tasks keep running after it is resolved."""
    timers = [
        Timer(at, f"{audience} update", audience=audience)
        for audience in (Audience.CUSTOMER, Audience.INTERNAL, Audience.EXECUTIVE)
        if (at := next_update(state, policy, audience)) is not None
    ]
    if (at := next_callout(state, policy)) is not None:
        timers.append(Timer(at, CALLOUT, state.holder(Role.COMMANDER)))
    due = ((task.due, task) for task in open_tasks(state.tasks) if task.due is not None)
    timers += [Timer(at, f"{task.what}: {task.text}", task.owner, task.id) for at, task in due]
    return sorted(timers, key=lambda timer: (timer.due, timer.task))
