"""The forms of decisions, questions, actions and todos. No widget code."""

from iccon.console.questions import Answers, ChoiceField, Clock, Field, Question, TextField, read_span
from iccon.incident import commands as c
from iccon.incident.tasks import Task, TaskKind
from iccon.when import TimeProblem, day

# What a decision may say beside its proposal, who executes it and when it is looked at again.
RECORD = (("options", "Options"), ("risk", "Risk"), ("objections", "Strong objections"), ("outcome", "Decided"))


def add_task(clock: Clock) -> Question:
    """Ask for a task: what it is, whose, and when to come back to it: a span, or a day."""
    options = tuple((kind.value, kind.value) for kind in TaskKind)

    def command(answers: Answers) -> c.Command | str:
        words = answers["due"].strip()
        named = day(words, clock.now, clock.zone) if words.count("-") == 2 else None
        if isinstance(named, TimeProblem):
            return f"{named.reason}; {named.hint}"
        minutes = None if named else read_span(words)
        if isinstance(minutes, str):
            return minutes
        return c.AddTask(
            what=TaskKind(answers["what"]),
            text=answers["text"],
            owner=answers["owner"],
            minutes=minutes,
            day=named,
            options=answers["options"],
            risk=answers["risk"],
            objections=answers["objections"],
            outcome=answers["outcome"],
        )

    fields: tuple[Field, ...] = (
        TextField("text", "What", required=True),
        ChoiceField("what", "", options, TaskKind.ACTION.value),
        TextField("owner", "Whose (optional)"),
        TextField("due", "Come back in, or by (optional)", placeholder="for example 10m, or 2026-12-01"),
        *(TextField(name, label, placeholder="of a decision (optional)") for name, label in RECORD),
    )
    return Question("Task", fields, command, draft="task")


def settle_task(task: Task) -> Question:
    """Ask how a task ended."""
    label = {"question": "Answer", "decision": "How it came out"}.get(task.what, "How it ended")

    def command(answers: Answers) -> c.Command:
        return c.SettleTask(target=task.id, outcome=answers["outcome"])

    fields = (TextField("outcome", label),)
    return Question("Settle", fields, command, (f"{task.what}: {task.text}",), f"settle:{task.id}")


def push_task(task: Task, trackers: tuple[str, ...]) -> Question:
    """Ask whether a task becomes a ticket, and in which of several `trackers`."""
    options = tuple((name, name) for name in trackers)
    fields = (ChoiceField("tracker", "Into", options, trackers[0]),) if len(trackers) > 1 else ()
    only = f"It becomes a ticket in {trackers[0]}" if len(trackers) == 1 else "It becomes one ticket there"

    def command(answers: Answers) -> c.Command:
        return c.PushTasks(targets=(task.id,), tracker=answers.get("tracker", trackers[0]))

    return Question("Push to a tracker", fields, command, (f"{task.what}: {task.text}", only))


def postpone_task(task: Task) -> Question:
    """Ask until when, and why."""

    def command(answers: Answers) -> c.Command | str:
        minutes = read_span(answers["minutes"])
        if minutes is None or isinstance(minutes, str):
            return minutes or "give a span: 10m, 1h"
        return c.PostponeTask(target=task.id, minutes=minutes, reason=answers["reason"])

    fields = (TextField("minutes", "Come back in", "10m", True), TextField("reason", "Why not now", required=True))
    return Question("Postpone", fields, command, (f"{task.what}: {task.text}",), f"postpone:{task.id}")
