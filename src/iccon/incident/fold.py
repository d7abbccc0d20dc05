"""The fold: entries -> state. Pure, and independent of the order in which other writers' entries arrive."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from iccon.incident import draft_rules, run_rules, step_rules, team_rules
from iccon.incident.corrections import Corrections
from iccon.incident.effects import EffectState
from iccon.incident.entries import (
    Amended,
    Body,
    CalledOut,
    CriterionTicked,
    Declared,
    EffectEnded,
    Entry,
    HandoverEnded,
    HandoverProposed,
    ImpactStarted,
    ImpactStopped,
    MilestoneSet,
    Note,
    PageActed,
    PhaseSet,
    Pinned,
    Retitled,
    RoleTaken,
    SeveritySet,
    SourceSeen,
    Stalked,
    Struck,
    TaskAccepted,
    TaskNoted,
    TaskPostponed,
    TaskPushed,
    TaskSettled,
    TheorySet,
    UpdateIssued,
    VerdictChanged,
)
from iccon.incident.handovers import End, Handover
from iccon.incident.roles import Role
from iccon.incident.severity import Phase
from iccon.incident.state import Holding, Impact, Issued, Outcome, Stalk, State, Theory, Tick, Written
from iccon.incident.tasks import Task, TaskKind

_replace = msgspec.structs.replace


def fold(incident: str, entries: Iterable[Entry]) -> State:
    """Return the state that `entries` (any order) of `incident` add up to, corrections applied."""
    return Ledger(incident, entries).state


class Ledger:
    """All entries of one incident seen so far, in id order, with their corrections and their state.

    `extend` costs what arrives, except when an entry sorts before one already held, or corrects one that
    counts for the state: then the state is folded anew.
    """

    def __init__(self, incident: str, entries: Iterable[Entry] = ()) -> None:
        self.incident = incident
        self.entries: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        self.corrections = Corrections()
        self.state = State(incident)
        self.extend(entries)

    def extend(self, entries: Iterable[Entry]) -> list[Entry]:
        """Take in `entries` of this incident; return those that were new, in id order. Known ids are skipped."""
        fresh = sorted((e for e in entries if e.id not in self.by_id), key=lambda e: e.id)
        fresh = list({e.id: e for e in fresh}.values())
        if not fresh:
            return []
        in_order = not self.entries or self.entries[-1].id < fresh[0].id
        self.entries.extend(fresh)
        for entry in fresh:
            self.by_id[entry.id] = entry
        if not in_order:
            self.entries.sort(key=lambda e: e.id)
        if in_order and not any(self._recounts(e) for e in fresh):
            for entry in fresh:
                self.corrections.add(entry)
            self.state = advance(self.state, fresh)
        else:
            self._refold()
        return fresh

    def effective(self, entry: Entry) -> Entry:
        """Return `entry` as it reads after its amendments."""
        return self.corrections.effective(entry)

    def _recounts(self, entry: Entry) -> bool:
        if entry.id in self.corrections.by_target:  # its correction came before it
            return True
        if not isinstance(entry.body, Amended | Struck):
            return False
        target = self.by_id.get(entry.body.target)
        if target is None:
            return False
        turned = isinstance(entry.body, Struck) or entry.body.what is not None
        return self.effective(target).kind in _STEPS or (target.kind == Note.kind and turned)

    def _refold(self) -> None:
        self.corrections = Corrections()
        for entry in self.entries:
            self.corrections.add(entry)
        self.state = advance(State(self.incident), [self._counted(entry) for entry in self.entries])

    def _counted(self, entry: Entry) -> Entry:
        if not self.corrections.by_target or entry.id not in self.corrections.by_target:
            return entry
        if self.corrections.struck(entry):
            return _replace(entry, body=_NOTHING)
        return self.corrections.effective(entry)


_NOTHING = Body()


def advance(state: State, entries: Sequence[Entry]) -> State:
    """Return `state` after `entries`. A note costs a look only: nothing is copied before the end."""
    notes = 0
    for entry in entries:
        body = entry.body
        if body.kind == Note.kind:
            notes += 1
        elif (apply := _STEPS.get(body.kind)) is not None:
            state = apply(state, entry, body)
    if not entries:
        return state
    return _replace(state, entries=state.entries + len(entries), notes=state.notes + notes, last_id=entries[-1].id)


def _declared(state: State, entry: Entry, body: Declared) -> State:
    return _replace(
        state,
        title=body.title,
        severity=body.severity,
        services=body.services,
        drill=body.drill,
        declared_at=entry.happened_at,
        declared_by=entry.actor,
    )


def _pinned(state: State, _: Entry, body: Pinned) -> State:
    others = tuple(target for target in state.pins if target != body.target)
    return _replace(state, pins=(*others, body.target) if body.on else others)


def _retitled(state: State, _: Entry, body: Retitled) -> State:
    return _replace(state, title=body.title)


def _severity(state: State, _: Entry, body: SeveritySet) -> State:
    return _replace(state, severity=body.level)


def _phase(state: State, entry: Entry, body: PhaseSet) -> State:
    resolved = entry.happened_at if body.phase is Phase.RESOLVED else None
    return _replace(state, phase=body.phase, resolved_at=resolved)


def _milestone(state: State, entry: Entry, body: MilestoneSet) -> State:
    return _replace(state, milestones={**state.milestones, body.milestone: entry.happened_at})


def _role(state: State, entry: Entry, body: RoleTaken) -> State:
    roles = {role: held for role, held in state.roles.items() if role != body.role}
    holding = Holding(body.person, entry.happened_at) if body.person and not body.left else None
    if body.role == Role.EXPERT:
        others = tuple(held for held in state.experts if body.person and held.person != body.person)
        experts = (*others, holding) if holding else others
        return _replace(state, experts=experts, roles=roles | ({Role.EXPERT: experts[-1]} if experts else {}))
    return _replace(state, roles=roles | ({Role(body.role): holding} if holding else {}))


def _handover(state: State, entry: Entry, body: HandoverProposed) -> State:
    due = _after(entry, body.minutes) or entry.happened_at
    asked = Handover(entry.id, Role(body.role), body.person, entry.actor, body.holder, entry.happened_at, due)
    return _replace(state, handovers=(*state.handovers, asked))


def _handover_ended(state: State, entry: Entry, body: HandoverEnded) -> State:
    """The first end said of a hand-over holds."""
    end = End(body.end) if body.end in tuple(End) else End.WITHDRAWN  # a word of another program
    ended: dict[str, Any] = {"end": end, "ended": entry.happened_at, "reason": body.reason}
    handovers = tuple(
        _replace(each, **ended) if each.id == body.target and each.end is None else each for each in state.handovers
    )
    return _replace(state, handovers=handovers)


def _impact_started(state: State, entry: Entry, body: ImpactStarted) -> State:
    return _replace(state, impacts=(*state.impacts, Impact(entry.id, body.scope, entry.happened_at, share=body.share)))


def _impact_stopped(state: State, entry: Entry, body: ImpactStopped) -> State:
    impacts = tuple(
        _replace(i, stopped=max(i.started, entry.happened_at)) if i.id == body.segment else i for i in state.impacts
    )
    return _replace(state, impacts=impacts)


def _theory(state: State, entry: Entry, body: TheorySet) -> State:
    return _replace(state, theory=Theory(body.text, body.confirmed, entry.happened_at))


def _task(state: State, entry: Entry, body: TaskNoted) -> State:
    due = body.day.ends if body.day else _after(entry, body.minutes)
    over = entry.happened_at if body.what == TaskKind.DECISION and due is None else None
    extras = {name: getattr(body, name) for name in ("options", "risk", "objections", "day")}
    task = Task(
        entry.id, body.what, body.text, body.owner, entry.happened_at, due, settled=over, decided=body.outcome, **extras
    )
    return _replace(state, tasks=(*state.tasks, task))


def _task_changed(state: State, target: str, **changes: Any) -> State:
    tasks = tuple(_replace(task, **changes) if task.id == target else task for task in state.tasks)
    return _replace(state, tasks=tasks)


def _task_accepted(state: State, _: Entry, body: TaskAccepted) -> State:
    return _task_changed(state, body.target, accepted=True)


def _task_postponed(state: State, entry: Entry, body: TaskPostponed) -> State:
    return _task_changed(state, body.target, due=_after(entry, body.minutes), day=None)


def _task_settled(state: State, entry: Entry, body: TaskSettled) -> State:
    return _task_changed(state, body.target, settled=entry.happened_at, outcome=body.outcome)


def _callout(state: State, entry: Entry, body: CalledOut) -> State:
    if body.minutes is not None:
        return _replace(state, callout_due=_after(entry, body.minutes))
    return _replace(state, called_out=entry.happened_at, callout_due=None)


def _criterion(state: State, entry: Entry, body: CriterionTicked) -> State:
    ticks = {criterion: tick for criterion, tick in state.ticks.items() if criterion != body.criterion}
    if body.met:
        ticks[body.criterion] = Tick(entry.actor, entry.happened_at)
    return _replace(state, ticks=ticks)


def _task_pushed(state: State, entry: Entry, body: TaskPushed) -> State:
    queued = Outcome(body.tracker, EffectState.QUEUED, "", entry.happened_at)
    state = _replace(state, outcomes={body.effect: queued, **state.outcomes})
    return _task_changed(state, body.target, tracker=body.tracker, effect=body.effect)


def _update(state: State, entry: Entry, body: UpdateIssued) -> State:
    issued = Issued(
        entry.id, body.audience, entry.happened_at, body.text, _after(entry, body.next_minutes), body.effects
    )
    queued = {
        effect: Outcome(target, EffectState.QUEUED, "", entry.happened_at) for target, effect in body.effects.items()
    }
    return _replace(state, updates=(*state.updates, issued), outcomes={**queued, **state.outcomes})


def _after(entry: Entry, minutes: int | None) -> datetime | None:
    """Return the instant so many minutes after an entry; None for none, and beyond the year 9999 (an import's)."""
    try:
        return None if minutes is None else entry.happened_at + timedelta(minutes=minutes)
    except OverflowError:
        return None


def _page_acted(state: State, entry: Entry, body: PageActed) -> State:
    queued = Outcome(body.page.source, EffectState.QUEUED, "", entry.happened_at)
    return _replace(state, outcomes={body.effect: queued, **state.outcomes})


def _effect(state: State, entry: Entry, body: EffectEnded) -> State:
    try:
        reached = EffectState(body.state)
    except ValueError:  # a word of another program
        reached = EffectState.UNKNOWN
    outcome = Outcome(body.target, reached, body.detail, entry.happened_at, body.receipt)
    return _replace(state, outcomes={**state.outcomes, body.effect: outcome})


def _stalked(state: State, entry: Entry, body: Stalked) -> State:
    """Set a mark over those within it. What was said before is forgotten: from the mark on counts what is then seen."""
    stalks = {key: mark for key, mark in state.stalks.items() if not covers(body, *key)}
    verdicts = {key: written for key, written in state.verdicts.items() if not covers(body, *key)}
    return _replace(state, stalks={**stalks, (body.service, body.signal): Stalk(body.on, entry.id)}, verdicts=verdicts)


def covers(mark: Stalked, service: str, signal: str) -> bool:
    """Say whether a mark is as wide as the cell or mark that is named, or wider."""
    return mark.service in ("", service) and mark.signal in ("", signal)


def _verdict(state: State, entry: Entry, body: VerdictChanged) -> State:
    written = Written(body.now, entry.id, entry.recorded_at)
    return _replace(state, verdicts={**state.verdicts, (body.service, body.signal): written})


def _source(state: State, entry: Entry, body: SourceSeen) -> State:
    written = Written("up" if body.answers else "down", entry.id, entry.recorded_at)
    return _replace(state, metrics={**state.metrics, body.source: written})


_STEPS: dict[str, Callable[[State, Entry, Any], State]] = {
    "declared": _declared,
    "retitled": _retitled,
    "pinned": _pinned,
    "severity": _severity,
    "phase": _phase,
    "milestone": _milestone,
    "role": _role,
    "team": team_rules.placed,
    "handover": _handover,
    "handover_ended": _handover_ended,
    "impact_started": _impact_started,
    "impact_stopped": _impact_stopped,
    "theory": _theory,
    "task": _task,
    "task_accepted": _task_accepted,
    "task_postponed": _task_postponed,
    "task_settled": _task_settled,
    "callout": _callout,
    "criterion": _criterion,
    "task_pushed": _task_pushed,
    "runbook_opened": step_rules.pinned,
    "step": step_rules.marked,
    "runbook_draft": draft_rules.added,
    "run": run_rules.ran,
    "run_printed": run_rules.printed,
    "run_approved": run_rules.allowed,
    "update": _update,
    "page_acted": _page_acted,
    "effect": _effect,
    "stalk": _stalked,
    "verdict": _verdict,
    "source": _source,
}

# The kinds that a state depends on, apart from its counts: reading these is enough to decide, with `also_needed`.
STATE_KINDS = frozenset(_STEPS) | {Amended.kind, Struck.kind}
# Of what machines report only the newest of each cell and server counts: where all of it is read, most is in vain.
REPORT_KINDS = frozenset({VerdictChanged.kind, SourceSeen.kind})


def also_needed(entries: Iterable[Entry]) -> set[str]:
    """Return the ids of what counts for the state though its kind does not: the notes that were made tasks."""
    known = list(entries)
    turned = {e.body.target for e in known if isinstance(e.body, Amended) and e.body.what is not None}
    return turned - {entry.id for entry in known}
