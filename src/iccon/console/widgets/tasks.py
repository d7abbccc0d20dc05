"""What is open in an incident: a row a task, what is due first."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from iccon.console.fit import Span, cells, crop, fit
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.effects import EffectState
from iccon.incident.state import Outcome
from iccon.incident.tasks import Task
from iccon.text import clean
from iccon.when import due_text

BEFORE = 43  # cells before the text
_GOING = (EffectState.QUEUED, EffectState.SENDING)
NONE: list[Span] = [
    (" Nothing is open.  ", "dim"),
    ("n", "strong"),
    (" adds a task; a note does too:  ", "dim"),
    ("! roll back @sam 10m", "strong"),
]


class TasksView(VirtualList):
    """Shows tasks. `chosen` is the one under the cursor."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self._tasks: dict[str, Task] = {}
        self._pushed: Mapping[str, Outcome] = {}
        self._now: datetime | None = None
        self._begun = False

    def show(self, tasks: Sequence[Task], now: datetime, pushed: Mapping[str, Outcome]) -> None:
        """Show open `tasks` in the order given; what is left is as of `now` (aware UTC).

        `pushed` says by task id how its push to a tracker stands.
        """
        self._now, self._pushed = now, pushed
        self._tasks = {task.id: task for task in tasks}
        self.set_rows(tuple(self._tasks))
        if tasks and not self._begun:  # later a choice belongs to the person: when its row goes, nothing is chosen
            self._begun = True
            self.choose(0)

    @property
    def chosen(self) -> Task | None:
        """The task under the cursor, or None."""
        return self._tasks.get(self.chosen_key or "")

    def header(self, width: int) -> list[list[Span]]:
        """Name the columns."""
        return [[(f"  {'what':<10}{'due':<14}{'whose':<18}text", "head")]] if self._tasks else []

    def row_spans(self, key: str, width: int) -> list[Span]:
        """One task."""
        task = self._tasks[key]
        yes = (" yes" if self.ascii_only else " ✓") if task.accepted else ""
        (due, style), mark = self._due(task), self._mark(task)
        return [
            (f" {task.what:<10}", "strong"),
            (fit(due, 13) + " ", style),
            (fit(f"{clean(task.owner) or '-'}{yes}", 17) + " ", ""),
            (crop(clean(task.text), max(width - BEFORE - cells(mark[0]), 0)), "strong"),
            mark,
        ]

    def _mark(self, task: Task) -> Span:
        """Return in which tracker it is, or how it stands on the way there."""
        done = self._pushed.get(task.id)
        if done is None:
            return ("", "")
        style = "dim" if done.state is EffectState.SENT else "v-warn" if done.state in _GOING else "v-bad"
        return (f"  {clean(done.target, 20)} {done.state}", style)

    def footer(self, width: int) -> list[list[Span]]:
        """Return the text of the chosen one, where its row had no room for the whole of it, and its ticket."""
        task = self.chosen
        if task is None:
            return []
        mark, done = self._mark(task), self._pushed.get(task.id)
        wide = cells(task.text) > width - BEFORE - cells(mark[0])
        lines: list[list[Span]] = [[(crop(f" {clean(task.text)}", width), "")]] if wide else []
        if done is not None and (said := clean(done.receipt or done.detail)):
            lines.append([(crop(f" {mark[0].strip()}: {said}", width), mark[1])])
        return lines

    def empty(self, width: int) -> list[list[Span]]:
        """Say how a task comes about."""
        return [list(NONE)]

    def _due(self, task: Task) -> Span:
        if task.due is None or self._now is None:
            return ("-", "dim")
        left = (task.due - self._now).total_seconds()
        if task.day is not None and left > 0:
            return f"{task.day.date}", ""
        return due_text(left), "v-bad" if left <= 0 else "v-warn" if left < 180 else ""
