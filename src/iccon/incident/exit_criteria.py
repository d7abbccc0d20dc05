"""Exit criteria: what must hold before an incident is resolved, and whether it does. Pure; instants are aware UTC.

A policy names them: a single word is worked out here, a sentence is ticked by a person. What nobody can see now (a
server that is down, no pager configured) is said to be unknown, never taken for met.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.effects import EffectState
from iccon.incident.milestones import Milestone, moments
from iccon.incident.ruling import Context, Outcome, Refusal, one
from iccon.incident.severity import Audience, Level, Policy
from iccon.incident.state import State
from iccon.incident.tasks import TaskKind, open_tasks

CALM = ("ok", "no baseline")  # verdicts that keep no incident open; stale and no data are not among them
OPEN_PAGES = ("triggered", "acknowledged")


class Standing(StrEnum):
    """How a criterion stands."""

    MET = "met"
    OPEN = "open"
    UNKNOWN = "unknown"


class Calm(Struct, frozen=True):
    """Since when a cell is in range, by its samples (aware UTC). `after`: it was out of range before, else unknown."""

    since: datetime
    after: bool = False


class Sight(Struct, frozen=True):
    """What the outside shows: verdicts by (service, signal), and (service, status) of each page.

    None: nobody looked, or it does not answer. `calm` has the cells whose samples say since when they are in range,
    as of `at` (aware UTC).
    """

    verdicts: Mapping[tuple[str, str], str] | None = None
    pages: Sequence[tuple[str, str]] | None = None
    calm: Mapping[tuple[str, str], Calm] = {}
    at: datetime | None = None


class Criterion(Struct, frozen=True):
    """One criterion: what it says, how it stands, and why. `by_hand`: a person ticks it.

    `since` is from when on it holds (aware UTC), where that can be seen.
    """

    text: str
    standing: Standing
    why: str
    by_hand: bool = False
    since: datetime | None = None

    @property
    def met(self) -> bool:
        """Does it hold for certain?"""
        return self.standing is Standing.MET


def criteria(state: State, policy: Policy, sight: Sight) -> list[Criterion]:
    """Return the exit criteria of the incident's severity, in the policy's order."""
    level = policy.levels[state.severity]
    return [_one(word, state, sight, level) for word in level.exit]


def tick(state: State, command: c.TickCriterion, ctx: Context) -> Outcome:
    """A person says that a criterion holds, or does not any more."""
    known = [text for text in ctx.policy.levels[state.severity].exit if text not in WORKED_OUT]
    if command.criterion not in known:
        hint = f"one of: {'; '.join(known)}" if known else "those of this severity are all worked out"
        return Refusal("no_criterion", f"no criterion to tick is called {command.criterion!r}", hint)
    if (command.criterion in state.ticks) == command.met:
        return Refusal("unchanged", f"that is {'ticked already' if command.met else 'not ticked'}")
    return one(state, ctx, e.CriterionTicked(criterion=command.criterion, met=command.met))


def _one(word: str, state: State, sight: Sight, level: Level) -> Criterion:
    if word == "signals":
        return _signals(state, sight, level.in_range)
    if (found := _WORKED_OUT.get(word)) is not None:
        text, work_out = found
        return Criterion(text, *work_out(state, sight))
    done = state.ticks.get(word)
    return Criterion(word, Standing.MET if done else Standing.OPEN, f"ticked by {done.person}" if done else "", True)


Found = tuple[Standing, str]


def is_ours(state: State, service: str) -> bool:
    """Say whether a service is one of the incident's; all are where it names none."""
    return not state.services or service.casefold() in (name.casefold() for name in state.services)


def _signals(state: State, sight: Sight, minutes: int) -> Criterion:
    """Are the signals in range now, and since so many minutes? What the samples do not reach back to is not known."""
    text = f"signals in range for {minutes} min" if minutes else "signals in range"
    if sight.verdicts is None:
        return Criterion(text, Standing.UNKNOWN, "no board")
    ours = {cell: verdict for cell, verdict in sight.verdicts.items() if is_ours(state, cell[0])}
    if not ours:
        return Criterion(text, Standing.UNKNOWN, "not on the board")
    if left := [f"{service} {signal} {verdict}" for (service, signal), verdict in ours.items() if verdict not in CALM]:
        return Criterion(text, Standing.OPEN, _few(left))
    if any(cell not in sight.calm for cell in ours) or sight.at is None:
        met = Standing.UNKNOWN if minutes else Standing.MET
        return Criterion(text, met, f"{len(ours)} of {len(ours)} now, nobody knows since when")
    calm = {cell: sight.calm[cell] for cell in ours}
    standing, why = _lasting(calm, sight.at, minutes)
    return Criterion(text, standing, why, since=max(each.since for each in calm.values()))


def _lasting(calm: Mapping[tuple[str, str], Calm], at: datetime, minutes: int) -> Found:
    """Say whether all are in range for so long, and which are not: one that was out of range, or of unknown past."""
    lasted = {cell: max(at - each.since, timedelta()) for cell, each in calm.items()}
    short = {cell: each for cell, each in calm.items() if lasted[cell] < timedelta(minutes=minutes)}
    if not short:
        return Standing.MET, f"{len(calm)} of {len(calm)}"
    new = {cell: each for cell, each in short.items() if each.after}
    said = [f"{' '.join(cell)} {lasted[cell] // timedelta(minutes=1)} of {minutes} min" for cell in new or short]
    return (Standing.OPEN, _few(said)) if new else (Standing.UNKNOWN, f"no older samples: {_few(said)}")


def _pages(state: State, sight: Sight) -> Found:
    if sight.pages is None:
        return Standing.UNKNOWN, "no pager answers"
    still = [service for service, status in sight.pages if status in OPEN_PAGES]
    ours = [service for service in still if is_ours(state, service)]
    if ours:
        return Standing.OPEN, f"{len(ours)} open"
    return Standing.MET, f"{len(still)} of other services" if still else ""


def _impact(state: State, _: Sight) -> Found:
    going = [impact.said or "impact" for impact in state.impacts if impact.stopped is None]
    if going:
        return Standing.OPEN, f"running: {_few(going)}"
    return Standing.MET, "" if state.impacts else "none was noted"


def _tasks(state: State, _: Sight) -> Found:
    left = open_tasks(state.tasks)
    unsettled = [task.text for task in left if task.what != TaskKind.TODO]
    if unsettled:
        return Standing.OPEN, f"{len(unsettled)} open: {_few(unsettled)}"
    unowned = [task.text for task in left if not task.owner]
    return (Standing.OPEN, f"todo without owner: {_few(unowned)}") if unowned else (Standing.MET, "")


def _update(state: State, _: Sight) -> Found:
    mitigated = moments(state).get(Milestone.MITIGATED)
    if mitigated is None:
        return Standing.OPEN, "mitigated is not set"
    told = [u for u in state.updates if u.audience is Audience.CUSTOMER and u.at >= mitigated]
    if not told:
        return Standing.OPEN, "none since mitigated"
    if (promised := told[-1].next_due) is not None:
        return Standing.OPEN, f"the last one promises another by {promised:%H:%M} UTC"
    ends = [state.outcomes[effect].state for effect in told[-1].effects.values() if effect in state.outcomes]
    if EffectState.SENT in ends:
        return Standing.MET, ""
    return Standing.OPEN, f"the last one is {ends[0]}" if ends else "the last one went nowhere"


def _few(words: Sequence[str]) -> str:
    return words[0] + (f" and {len(words) - 1} more" if len(words) > 1 else "")


_WORKED_OUT: dict[str, tuple[str, Callable[[State, Sight], Found]]] = {
    "pages": ("pages closed", _pages),
    "impact": ("customer impact stopped", _impact),
    "tasks": ("tasks settled, todos owned", _tasks),
    "update": ("public post closed after mitigation", _update),
}
WORKED_OUT = ("signals", *_WORKED_OUT)
