"""Decisions about tasks: noted, accepted, postponed, settled. Pure."""

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.ruling import Context, Outcome, Refusal, one, unreadable
from iccon.incident.state import State
from iccon.incident.tasks import Task, TaskKind

LONGEST = 7 * 24 * 60  # minutes

_NEEDS_OUTCOME: dict[str, tuple[str, str]] = {
    TaskKind.DECISION: ("a decision is settled by how it came out", "say how it came out"),
    TaskKind.QUESTION: ("a question is settled by its answer", "give the answer"),
}


def add(state: State, command: c.AddTask, ctx: Context) -> Outcome:
    """Note a task."""
    if refused := unreadable(f"the {command.what}", command.text) or _span(command.minutes):
        return refused
    extras = (command.options, command.risk, command.objections)
    if command.what is not TaskKind.DECISION and any(extras):
        return Refusal(
            "decision_only", f"a {command.what} has no options, risk or objections", "put them into its text"
        )
    body = e.TaskNoted(
        what=command.what,
        text=command.text.strip(),
        owner=command.owner.strip(),
        minutes=command.minutes,
        options=command.options.strip(),
        risk=command.risk.strip(),
        objections=command.objections.strip(),
    )
    return one(state, ctx, body, command.at)


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
