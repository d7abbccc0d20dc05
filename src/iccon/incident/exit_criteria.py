"""Exit criteria: what must hold before an incident is resolved, and whether it does. Pure; instants are aware UTC.

A policy names them: a single word is worked out here, a sentence is ticked by a person. What nobody can see now (a
server that is down, no pager configured) is said to be unknown, never taken for met.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.effects import EffectState
from iccon.incident.milestones import Milestone, moments
from iccon.incident.ruling import Context, Outcome, Refusal, one
from iccon.incident.severity import Audience, Policy
from iccon.incident.state import State
from iccon.incident.tasks import TaskKind, open_tasks

CALM = ("ok", "no baseline")  # verdicts that keep no incident open; stale and no data are not among them
OPEN_PAGES = ("triggered", "acknowledged")


class Standing(StrEnum):
    """How a criterion stands."""

    MET = "met"
    OPEN = "open"
    UNKNOWN = "unknown"


class Sight(Struct, frozen=True):
    """What the outside shows: verdicts by (service, signal), and (service, status) of each page.

    None: nobody looked, or it does not answer.
    """

    verdicts: Mapping[tuple[str, str], str] | None = None
    pages: Sequence[tuple[str, str]] | None = None


class Criterion(Struct, frozen=True):
    """One criterion: what it says, how it stands, and why. `by_hand`: a person ticks it."""

    text: str
    standing: Standing
    why: str
    by_hand: bool = False

    @property
    def met(self) -> bool:
        """Does it hold for certain?"""
        return self.standing is Standing.MET


def criteria(state: State, policy: Policy, sight: Sight) -> list[Criterion]:
    """Return the exit criteria of the incident's severity, in the policy's order."""
    return [_one(word, state, sight) for word in policy.levels[state.severity].exit]


def tick(state: State, command: c.TickCriterion, ctx: Context) -> Outcome:
    """A person says that a criterion holds, or does not any more."""
    known = [text for text in ctx.policy.levels[state.severity].exit if text not in _WORKED_OUT]
    if command.criterion not in known:
        hint = f"one of: {'; '.join(known)}" if known else "those of this severity are all worked out"
        return Refusal("no_criterion", f"no criterion to tick is called {command.criterion!r}", hint)
    if (command.criterion in state.ticks) == command.met:
        return Refusal("unchanged", f"that is {'ticked already' if command.met else 'not ticked'}")
    return one(state, ctx, e.CriterionTicked(criterion=command.criterion, met=command.met))


def _one(word: str, state: State, sight: Sight) -> Criterion:
    if (found := _WORKED_OUT.get(word)) is not None:
        text, work_out = found
        return Criterion(text, *work_out(state, sight))
    done = state.ticks.get(word)
    return Criterion(word, Standing.MET if done else Standing.OPEN, f"ticked by {done.person}" if done else "", True)


Found = tuple[Standing, str]


def _is_ours(state: State, service: str) -> bool:
    """Say whether a service is one of the incident's; all are where it names none."""
    return not state.services or service.casefold() in (name.casefold() for name in state.services)


def _signals(state: State, sight: Sight) -> Found:
    if sight.verdicts is None:
        return Standing.UNKNOWN, "no board"
    ours = {cell: verdict for cell, verdict in sight.verdicts.items() if _is_ours(state, cell[0])}
    if not ours:
        return Standing.UNKNOWN, "not on the board"
    left = [f"{service} {signal} {verdict}" for (service, signal), verdict in ours.items() if verdict not in CALM]
    return (Standing.OPEN, _few(left)) if left else (Standing.MET, f"{len(ours)} of {len(ours)}")


def _pages(state: State, sight: Sight) -> Found:
    if sight.pages is None:
        return Standing.UNKNOWN, "no pager answers"
    still = [service for service, status in sight.pages if status in OPEN_PAGES]
    ours = [service for service in still if _is_ours(state, service)]
    if ours:
        return Standing.OPEN, f"{len(ours)} open"
    return Standing.MET, f"{len(still)} of other services" if still else ""


def _impact(state: State, _: Sight) -> Found:
    going = [impact.scope or "impact" for impact in state.impacts if impact.stopped is None]
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
    ends = [state.outcomes[effect].state for effect in told[-1].effects.values() if effect in state.outcomes]
    if EffectState.SENT in ends:
        return Standing.MET, ""
    return Standing.OPEN, f"the last one is {ends[0]}" if ends else "the last one went nowhere"


def _few(words: Sequence[str]) -> str:
    return words[0] + (f" and {len(words) - 1} more" if len(words) > 1 else "")


_WORKED_OUT: dict[str, tuple[str, Callable[[State, Sight], Found]]] = {
    "signals": ("signals in range", _signals),
    "pages": ("pages closed", _pages),
    "impact": ("customer impact stopped", _impact),
    "tasks": ("tasks settled, todos owned", _tasks),
    "update": ("public post after mitigation", _update),
}
WORKED_OUT = tuple(_WORKED_OUT)
