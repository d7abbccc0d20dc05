"""What is open in an incident: a row a task, what is due first."""

from collections.abc import Sequence
from datetime import datetime

from iccon.console.fit import Span, cells, crop, fit
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.tasks import Task
from iccon.text import clean
from iccon.when import due_text

BEFORE = 43  # cells before the text
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
        self._now: datetime | None = None
        self._begun = False

    def show(self, tasks: Sequence[Task], now: datetime) -> None:
        """Show open `tasks` in the order given; what is left is as of `now` (aware UTC)."""
        self._now = now
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
        due, style = self._due(task)
        return [
            (f" {task.what:<10}", "strong"),
            (fit(due, 13) + " ", style),
            (fit(f"{clean(task.owner) or '-'}{yes}", 17) + " ", ""),
            (crop(clean(task.text), max(width - BEFORE, 0)), "strong"),
        ]

    def footer(self, width: int) -> list[list[Span]]:
        """Return the text of the chosen one, where its row had no room for the whole of it."""
        task = self.chosen
        if task is None or cells(task.text) <= width - BEFORE:
            return []
        return [[(crop(f" {clean(task.text)}", width), "")]]

    def empty(self, width: int) -> list[list[Span]]:
        """Say how a task comes about."""
        return [list(NONE)]

    def _due(self, task: Task) -> Span:
        if task.due is None or self._now is None:
            return ("-", "dim")
        left = (task.due - self._now).total_seconds()
        return due_text(left), "v-bad" if left <= 0 else "v-warn" if left < 180 else ""
