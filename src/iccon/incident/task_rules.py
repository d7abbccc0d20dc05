"""Decisions about tasks: noted, accepted, postponed, settled, pushed to a tracker. Pure."""

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.duplicates import written_twice
from iccon.incident.effects import Effect, EffectState
from iccon.incident.ruling import Context, Decision, Outcome, Refusal, one, unreadable
from iccon.incident.state import State
from iccon.incident.tasks import Task, TaskKind
from iccon.when import iso

LONGEST = 7 * 24 * 60  # minutes

_NEEDS_OUTCOME: dict[str, tuple[str, str]] = {
    TaskKind.DECISION: ("a decision is settled by how it came out", "say how it came out"),
    TaskKind.QUESTION: ("a question is settled by its answer", "give the answer"),
}


def add(state: State, command: c.AddTask, ctx: Context) -> Outcome:
    """Note a task."""
    if refused := unreadable(f"the {command.what}", command.text) or _span(command.minutes):
        return refused
    if command.minutes is not None and command.day is not None:
        return Refusal("two_times", "a span and a date cannot both be when it is due", "give one of the two")
    extras = (command.options, command.risk, command.objections, command.outcome)
    if command.what is not TaskKind.DECISION and any(extras):
        return Refusal(
            "decision_only", f"a {command.what} has no options, risk, objections or outcome", "put them into its text"
        )
    body = e.TaskNoted(
        what=command.what,
        text=command.text.strip(),
        owner=command.owner.strip(),
        minutes=command.minutes,
        options=command.options.strip(),
        risk=command.risk.strip(),
        objections=command.objections.strip(),
        outcome=command.outcome.strip(),
        day=command.day,
    )
    return (None if command.again else written_twice(body, ctx)) or one(state, ctx, body, command.at)


def accept(state: State, command: c.AcceptTask, ctx: Context) -> Outcome:
    """Its owner says yes."""
    task = _open(state, command.target)
    if isinstance(task, Refusal):
        return task
    if task.accepted:
        return Refusal("unchanged", "that was accepted already")
    return one(state, ctx, e.TaskAccepted(target=task.id, what=task.what, text=task.text))


def settle(state: State, command: c.SettleTask, ctx: Context) -> Outcome:
    """It is over; decisions and questions say how."""
    task, outcome = _open(state, command.target), command.outcome.strip()
    if isinstance(task, Refusal):
        return task
    if not outcome and (needs := _NEEDS_OUTCOME.get(task.what)):
        return Refusal("outcome", *needs)
    return one(state, ctx, e.TaskSettled(target=task.id, what=task.what, text=task.text, outcome=outcome))


def postpone(state: State, command: c.PostponeTask, ctx: Context) -> Outcome:
    """It is looked at again later, for a reason."""
    task = _open(state, command.target)
    if isinstance(task, Refusal):
        return task
    if refused := _span(command.minutes):
        return refused
    if not command.reason.strip():
        return Refusal("reason", "postponing needs a reason", "give the reason")
    later = e.TaskPostponed(
        target=task.id, what=task.what, text=task.text, minutes=command.minutes, reason=command.reason.strip()
    )
    return one(state, ctx, later)


def push(state: State, command: c.PushTasks, ctx: Context) -> Outcome:
    """Each task becomes one effect. What may be there already is not pushed again."""
    drafts, effects = [], []
    if not command.targets:
        return Refusal("empty", "no task is named", "`iccon tasks` lists them")
    for target in dict.fromkeys(command.targets):
        task = _open(state, target)
        if isinstance(task, Refusal):
            return task
        if refused := _pushed(state, task):
            return refused
        effect = Effect(
            ctx.new_id(), state.incident, "trackers", command.tracker, "push", _payload(state, task, command, ctx)
        )
        body = e.TaskPushed(target=task.id, what=task.what, text=task.text, tracker=command.tracker, effect=effect.id)
        drafts.append(e.Draft(state.incident, body, ctx.now, ctx.actor))
        effects.append(effect)
    return Decision(tuple(drafts), tuple(effects))


def _pushed(state: State, task: Task) -> Refusal | None:
    """Refuse what is in a tracker, on its way there, or may be."""
    done = state.pushed(task)
    if done is None or done.state is EffectState.FAILED:
        return None
    if done.state is EffectState.SENT:
        return Refusal("pushed", f"that {task.what} is in {task.tracker} already", done.receipt)
    hint = "`iccon outbox --recover` reads it back; else look there" if done.state is EffectState.UNKNOWN else ""
    return Refusal("pushed", f"that {task.what} was pushed to {task.tracker}: {done.state}", hint)


def _payload(state: State, task: Task, command: c.PushTasks, ctx: Context) -> dict[str, object]:
    return {
        "task": task.id,
        "title": task.text,
        "what": task.what,
        "owner": task.owner,
        "due": task.day.date.isoformat() if task.day else iso(task.due) if task.due else "",
        "noted": task.at.isoformat(),
        "incident_title": state.title,
        "severity": str(state.severity),
        "drill": state.drill,
        "at": ctx.now.isoformat(),
        "again": bool(task.effect),
    }


def _span(minutes: int | None) -> Refusal | None:
    if minutes is None or 0 < minutes <= LONGEST:
        return None
    return Refusal("minutes", f"{minutes} minutes cannot be", f"1 to {LONGEST:,} minutes")


def _open(state: State, target: str) -> Task | Refusal:
    task = next((task for task in state.tasks if task.id == target), None)
    if task is None:
        return Refusal("no_task", "this incident has no such task", "`iccon tasks` lists them")
    if task.settled is not None:
        return Refusal("settled", f"that {task.what} is settled already")
    return task
