"""What is open in an incident: decisions to come back to, questions, actions, TODOs. Pure; instants are aware UTC."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from iccon.when import Day


class TaskKind(StrEnum):
    """What a task is. A decision is open only while there is a time to come back to it."""

    DECISION = "decision"
    QUESTION = "question"
    ACTION = "action"
    TODO = "todo"


ENDS: dict[str, str] = {
    TaskKind.DECISION: "came out",
    TaskKind.QUESTION: "answered",
    TaskKind.ACTION: "done",
    TaskKind.TODO: "done",
}


class Task(Struct, frozen=True):
    """One of them, named by the id of the entry that noted it.

    `owner` is who executes, answers or does it ("" nobody yet); `accepted`: they said yes. `due` is when it is to be
    looked at again, None where no time was given; `day` is that day, where one was named. `settled` is when it ended,
    `outcome` how; `decided` is what was decided when a decision was noted. `tracker` is where it was last pushed to and
    `effect` the outbox's id of that write, "" while it never was.
    """

    id: str
    what: str
    text: str
    owner: str
    at: datetime
    due: datetime | None = None
    accepted: bool = False
    settled: datetime | None = None
    outcome: str = ""
    options: str = ""
    risk: str = ""
    objections: str = ""
    decided: str = ""
    day: Day | None = None
    tracker: str = ""
    effect: str = ""


def open_tasks(tasks: Iterable[Task]) -> list[Task]:
    """Return those that are not settled: what is due first, then what has no time, oldest first."""
    left = [task for task in tasks if task.settled is None]
    return sorted(left, key=lambda task: (task.due is None, task.due or task.at, task.id))
