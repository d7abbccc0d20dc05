"""Decisions: (state, command, context) -> entries and effects, or a refusal with its reason. Pure."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from iccon.incident import (
    callouts,
    correction_rules,
    draft_rules,
    exit_criteria,
    handover_rules,
    page_verbs,
    resolve_gate,
    run_rules,
    step_rules,
    task_rules,
    team_rules,
    update_rules,
)
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.duplicates import written_twice
from iccon.incident.effects import Effect
from iccon.incident.evidence import BLOB_LIMIT, samples_blob
from iccon.incident.fold import covers
from iccon.incident.milestones import OWN_ENTRIES, Milestone, moments, out_of_order
from iccon.incident.roles import Role
from iccon.incident.ruling import TEXT_LIMIT, Context, Decision, Outcome, Refusal, one, unreadable
from iccon.incident.severity import Phase, is_downgrade
from iccon.incident.stalk import unwritten
from iccon.incident.state import State

__all__ = ["TEXT_LIMIT", "Context", "Decision", "Outcome", "Refusal", "change_source", "decide"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE = timedelta(minutes=1)  # how far ahead of the clock "it happened at" may lie
WEB = re.compile(r"https?://[^\s\x00-\x20]{1,2000}", re.IGNORECASE)


def decide(state: State | None, command: c.Command, ctx: Context) -> Outcome:
    """Return what `command` leads to. `state` is the incident it is about, None where there is none."""
    at = getattr(command, "at", None)
    if at is not None and (refused := _time(at, ctx.now)):
        return refused
    if isinstance(command, c.Declare):
        return _declare(command, ctx)
    if (free := _WITHOUT_INCIDENT.get(type(command))) is not None:
        return free(state, command, ctx)
    if state is None or state.declared_at is None:
        return Refusal("no_incident", "there is no incident to record this in", "declare one first")
    if state.resolved_at is not None and isinstance(command, _NEEDS_ACTIVE):
        return Refusal("resolved", "the incident is resolved", "reopen it first")
    rule = _DECISIONS.get(type(command))
    return rule(state, command, ctx) if rule else Refusal("unknown", f"{type(command).__name__} is no known command")


def _time(at: datetime, now: datetime) -> Refusal | None:
    if at.tzinfo is None:
        return Refusal("zone", f"{at:%Y-%m-%d %H:%M:%S} has no time zone", "give the time with its zone")
    if at > now + FUTURE:
        utc = at.astimezone(UTC) if at.year < 9999 else at
        return Refusal("future", f"{utc:%Y-%m-%d %H:%M:%S} UTC lies in the future", "give the time when it happened")
    if at < EPOCH:
        return Refusal("past", "a time before 1970 cannot be right", "give the time when it happened")
    return None


def _declare(command: c.Declare, ctx: Context) -> Outcome:
    if refused := unreadable("the title", command.title):
        return refused
    incident, at = ctx.new_id(), command.at or ctx.now
    body = e.Declared(
        title=command.title.strip(), severity=command.severity, services=command.services, drill=command.drill
    )
    commander = ctx.actor if command.commander is None else command.commander
    drafts = [e.Draft(incident, body, at, ctx.actor)]
    for milestone, reached in ((Milestone.BEGAN, command.began), (Milestone.DETECTED, command.detected)):
        if reached is not None:
            if refused := _time(reached, ctx.now) or _not_after(milestone, reached, at):
                return refused
            drafts.append(e.Draft(incident, e.MilestoneSet(milestone=milestone), reached, ctx.actor))
    if commander:
        drafts.append(e.Draft(incident, e.RoleTaken(role=Role.COMMANDER, person=commander), ctx.now, ctx.actor))
    return Decision(tuple(drafts))


def _not_after(milestone: Milestone, reached: datetime, declared: datetime) -> Refusal | None:
    if reached <= declared:
        return None
    words = f"{milestone} at {reached:%H:%M:%S} UTC lies after the declaration, {declared:%H:%M:%S} UTC"
    return Refusal("order", words, "give an earlier time")


def _note(state: State, command: c.AddNote, ctx: Context) -> Outcome:
    if refused := unreadable("the note", command.text):
        return refused
    body = e.Note(text=command.text.strip())
    return (None if command.again else written_twice(body, ctx)) or one(state, ctx, body, command.at)


def _retitle(state: State, command: c.Retitle, ctx: Context) -> Outcome:
    return unreadable("the title", command.title) or one(state, ctx, e.Retitled(title=command.title.strip()))


def _severity(state: State, command: c.SetSeverity, ctx: Context) -> Outcome:
    if command.level == state.severity:
        return Refusal("unchanged", f"the severity is {state.severity} already")
    if is_downgrade(state.severity, command.level) and not command.reason.strip():
        return Refusal("reason", f"{state.severity} to {command.level} is a downgrade", "give the reason")
    body = e.SeveritySet(level=command.level, reason=command.reason.strip())
    return one(state, ctx, body, command.at)


def _phase(state: State, command: c.SetPhase, ctx: Context) -> Outcome:
    if command.phase is Phase.RESOLVED:
        return resolve_gate.resolve(state, c.Resolve(summary=command.reason, at=command.at), ctx)
    if command.phase == state.phase:
        return Refusal("unchanged", f"the phase is {state.phase} already")
    return one(state, ctx, e.PhaseSet(phase=command.phase, reason=command.reason.strip()), command.at)


def _milestone(state: State, command: c.SetMilestone, ctx: Context) -> Outcome:
    milestone, at = command.milestone, command.at or ctx.now
    if milestone in OWN_ENTRIES:
        return Refusal("own_entry", f"{milestone} is an entry of its own", "amend the time of that entry")
    if state.milestones.get(milestone) == at:
        return Refusal("unchanged", f"{milestone} is set to that time already")
    if (other := out_of_order(state, milestone, at)) is not None:
        known = moments(state)[other]
        words = f"{milestone} at {at:%Y-%m-%d %H:%M:%S} UTC and {other} at {known:%Y-%m-%d %H:%M:%S} UTC"
        return Refusal("order", f"{words} are the wrong way round", f"correct {other} first, or give another time")
    return one(state, ctx, e.MilestoneSet(milestone=milestone), at)


def _role(state: State, command: c.TakeRole, ctx: Context) -> Outcome:
    person = command.person.strip()
    experts = [held.person for held in state.experts]
    if command.leaves and (command.role is not Role.EXPERT or person not in experts):
        return Refusal(
            "no_expert", f"{person or 'nobody'} is no expert here", f"experts: {', '.join(experts) or 'none'}"
        )
    holders = experts or [""] if command.role is Role.EXPERT else [state.holder(command.role)]
    if not command.leaves and person in holders:
        return Refusal("unchanged", f"{person or 'nobody'} holds that role already")
    if command.role is Role.EXPERT:  # one more, or one fewer: nobody's place is taken
        return one(state, ctx, e.RoleTaken(role=command.role, person=person, left=command.leaves), command.at)
    taken = e.RoleTaken(role=command.role, person=person, instead_of=state.holder(command.role))
    bodies = (*handover_rules.overtaken(state, command.role, ctx), taken)
    return Decision(tuple(e.Draft(state.incident, body, command.at or ctx.now, ctx.actor) for body in bodies))


def _start_impact(state: State, command: c.StartImpact, ctx: Context) -> Outcome:
    if state.open_impact:
        return Refusal("impact_open", "an impact segment is open already", "stop it first")
    if command.share is not None and not 0 < command.share <= 100:
        return Refusal("share", f"{command.share:g} % of customers cannot be", "more than 0, at most 100")
    return one(state, ctx, e.ImpactStarted(scope=command.scope.strip(), share=command.share), command.at)


def _stop_impact(state: State, command: c.StopImpact, ctx: Context) -> Outcome:
    segment = (
        next((i for i in state.impacts if i.id == command.segment), None) if command.segment else state.open_impact
    )
    if segment is None or segment.stopped is not None:
        return Refusal("no_impact", "no impact segment is open", "start one first")
    if (command.at or ctx.now) < segment.started:
        return Refusal("order", "the impact would stop before it started", "give a later time, or amend the start")
    return one(state, ctx, e.ImpactStopped(segment=segment.id), command.at)


def _theory(state: State, command: c.SetTheory, ctx: Context) -> Outcome:
    body = e.TheorySet(text=command.text.strip(), confirmed=command.confirmed)
    return unreadable("the theory", command.text) or one(state, ctx, body)


def _act_on_page(state: State | None, command: c.ActOnPage, ctx: Context) -> Outcome:
    if wrong := page_verbs.problem(command.verb, command.arguments):
        return Refusal(*wrong)
    active = state is not None and state.active
    incident = state.incident if state is not None and active else e.NO_INCIDENT
    effect = Effect(
        ctx.new_id(),
        incident,
        "pages",
        command.page.source,
        command.verb,
        {
            "page": command.page.id,
            "title": command.page.title,
            "arguments": command.arguments,
            "at": ctx.now.isoformat(),
        },
    )
    body = e.PageActed(page=command.page, verb=command.verb, effect=effect.id, arguments=command.arguments)
    return Decision((e.Draft(incident, body, ctx.now, ctx.actor),), (effect,))


def _mark_page(state: State | None, command: c.MarkPage, ctx: Context) -> Outcome:
    incident = state.incident if state is not None and state.declared_at is not None else e.NO_INCIDENT
    body = e.PageMarked(page=command.page, actionable=command.actionable)
    return Decision((e.Draft(incident, body, ctx.now, ctx.actor),))


def _tell_change(state: State | None, command: c.TellChange, ctx: Context) -> Outcome:
    if refused := unreadable("the change", command.text):
        return refused
    if command.url and not WEB.fullmatch(command.url):
        return Refusal("url", "the url of a change is no web address", "give one that begins with https:// or http://")
    incident = state.incident if state is not None and state.declared_at is not None else e.NO_INCIDENT
    body = e.ChangeSeen(
        text=command.text.strip(),
        services=command.services,
        key=command.key,
        source=command.source,
        who=command.who,
        url=command.url,
    )
    source = change_source(command.key) if command.key else None
    at = command.at or ctx.now
    return Decision((e.Draft(incident, body, at, ctx.actor, source, once_only=not command.pinned),))


def change_source(key: str) -> str:
    """Return the `source` of the entry that tells the change `key`."""
    return f"change:{key}"


def _reopen(state: State, command: c.Reopen, ctx: Context) -> Outcome:
    if state.resolved_at is None:
        return Refusal("unchanged", "the incident is not resolved")
    if not command.reason.strip():
        return Refusal("reason", "reopening needs a reason", "give the reason")
    return one(state, ctx, e.PhaseSet(phase=Phase.INVESTIGATING, reason=f"reopened: {command.reason.strip()}"))


def _capture(state: State, command: c.Capture, ctx: Context) -> Outcome:
    return Decision(
        tuple(e.Draft(state.incident, ev.body, ev.happened_at, "iccon", ev.source) for ev in command.events)
    )


_WITHOUT_INCIDENT: dict[type[c.Command], Callable[[State | None, Any, Context], Outcome]] = {
    c.ActOnPage: _act_on_page,
    c.MarkPage: _mark_page,
    c.TellChange: _tell_change,
}


def _take_evidence(state: State, command: c.TakeEvidence, ctx: Context) -> Outcome:
    asked = command.measured
    if any(at.tzinfo is None for at in (asked.start, asked.end, asked.fetched_at)):
        return Refusal("zone", "a time of the measurement has no time zone", "give its times with their zone")
    points = sum(min(len(series.times), len(series.values)) for series in command.series)
    if not points:
        return Refusal("no_samples", "there are no samples to keep", "wait until the chart shows some")
    blob = samples_blob(command.series)
    if len(blob.content) > BLOB_LIMIT:
        return Refusal("too_large", f"{points:,} samples are more than one entry keeps", "choose a shorter time")
    body = e.EvidenceTaken(title=command.title, measured=asked, sha256=blob.sha256, points=points, chart=command.chart)
    return Decision((e.Draft(state.incident, body, ctx.now, ctx.actor),), blobs=(blob,))


def _stalk(state: State, command: c.Stalk, ctx: Context) -> Outcome:
    if command.signal and not command.service:
        return Refusal("service", "a signal without its service", "name the service")
    body = e.Stalked(service=command.service, signal=command.signal, on=command.on)
    mark = state.stalk(command.service, command.signal)
    within = (other for key, other in state.stalks.items() if covers(body, *key))
    if (mark is not None and mark.on) == command.on and all(other.on == command.on for other in within):
        return Refusal("unchanged", f"that is {'' if command.on else 'not '}stalked{' already' if command.on else ''}")
    return one(state, ctx, body)


def _see_verdicts(state: State, command: c.SeeVerdicts, ctx: Context) -> Outcome:
    return Decision(unwritten(state, command, ctx.now))


_STALKS = (c.Stalk, c.SeeVerdicts)
_CALLOUTS = (c.CallOut, c.SnoozeCallout)
_HANDOVERS = (c.ProposeHandover, c.AcceptHandover)
_NEEDS_ACTIVE = (
    c.SetSeverity,
    c.SetPhase,
    c.TakeRole,
    c.PutInTeam,
    c.StartImpact,
    c.StopImpact,
    c.SetTheory,
    c.Resolve,
    c.MarkStep,
    c.RunStep,
    c.ApproveRun,
    *_STALKS,
    *_CALLOUTS,
    *_HANDOVERS,
)

_DECISIONS: dict[type[c.Command], Callable[[State, Any, Context], Outcome]] = {
    c.AddNote: _note,
    c.Retitle: _retitle,
    c.SetSeverity: _severity,
    c.SetPhase: _phase,
    c.SetMilestone: _milestone,
    c.TakeRole: _role,
    c.PutInTeam: team_rules.put,
    c.ProposeHandover: handover_rules.propose,
    c.AcceptHandover: handover_rules.accept,
    c.DeclineHandover: handover_rules.decline,
    c.WithdrawHandover: handover_rules.withdraw,
    c.SeeHandovers: handover_rules.see,
    c.StartImpact: _start_impact,
    c.StopImpact: _stop_impact,
    c.SetTheory: _theory,
    c.AddTask: task_rules.add,
    c.AcceptTask: task_rules.accept,
    c.PostponeTask: task_rules.postpone,
    c.SettleTask: task_rules.settle,
    c.CallOut: callouts.make,
    c.SnoozeCallout: callouts.put_off,
    c.TickCriterion: exit_criteria.tick,
    c.PushTasks: task_rules.push,
    c.Amend: correction_rules.amend,
    c.Strike: correction_rules.strike,
    c.Pin: correction_rules.pin,
    c.OpenRunbook: step_rules.open_runbook,
    c.MarkStep: step_rules.mark,
    c.AddToDraft: draft_rules.add,
    c.RunStep: run_rules.run,
    c.ApproveRun: run_rules.approve,
    c.KeepOutput: run_rules.keep_output,
    c.IssueUpdate: update_rules.issue,
    c.Resolve: resolve_gate.resolve,
    c.Reopen: _reopen,
    c.Capture: _capture,
    c.TakeEvidence: _take_evidence,
    c.Stalk: _stalk,
    c.SeeVerdicts: _see_verdicts,
}
