"""What a successor reads back before a role changes hands, each point in a line. Pure; instants are aware UTC."""

from collections.abc import Callable
from datetime import datetime

from iccon.incident import timers
from iccon.incident.handovers import READ_BACK
from iccon.incident.severity import Policy
from iccon.incident.state import State
from iccon.incident.tasks import Task, TaskKind, open_tasks
from iccon.when import span_text

TimeText = Callable[[datetime], str]


def points(state: State, policy: Policy, now: datetime, time_text: TimeText) -> list[tuple[str, str]]:
    """Return each point of READ_BACK with what stands there as of `now`; times as `time_text` writes them."""
    said = (
        f"{state.phase}, {span_text(timers.elapsed(state, now).total_seconds())} since the declaration: {state.title}",
        f"{state.severity}: {policy.levels[state.severity].meaning}",
        _impact(state, now),
        _theory(state),
        _list([action_text(task, time_text) for task in actions(state)]),
        _list([f"{timer.label} {time_text(timer.due)}" for timer in timers.running(state, policy) if timer.audience]),
        _list(risks(state)),
    )
    return list(zip(READ_BACK, said, strict=True))


def actions(state: State) -> list[Task]:
    """Return the open actions and the decisions to come back to, what is due first."""
    return [task for task in open_tasks(state.tasks) if task.what in (TaskKind.ACTION, TaskKind.DECISION)]


def risks(state: State) -> list[str]:
    """Return the risks that decisions named, and the questions that are open."""
    named = [f"{task.risk} ({task.text})" for task in state.tasks if task.risk]
    return named + [f"open: {task.text}" for task in open_tasks(state.tasks) if task.what == TaskKind.QUESTION]


def action_text(task: Task, time_text: TimeText) -> str:
    """Return a task with its owner and when it is due."""
    due = f", due {time_text(task.due)}" if task.due else ""
    return f"{task.text} ({task.owner or 'nobody'}{due})"


def _impact(state: State, now: datetime) -> str:
    if not state.impacts:
        return "none was noted"
    minutes = f"{timers.impact(state, now).total_seconds() // 60:.0f} min"
    running = state.open_impact
    return f"RUNNING, {minutes}: {running.said or 'scope not given'}" if running else f"stopped after {minutes}"


def _theory(state: State) -> str:
    if state.theory is None:
        return "none"
    return f"{state.theory.text} ({'confirmed' if state.theory.confirmed else 'not confirmed'})"


def _list(said: list[str]) -> str:
    return (f"{len(said)}: " if len(said) > 1 else "") + "; ".join(said) or "none"
