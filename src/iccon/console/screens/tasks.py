"""What is open in an incident, over the whole screen: settle it, postpone it, accept it, push it to a tracker."""

from datetime import datetime

from textual.app import ComposeResult

from iccon.console import commands, taskforms
from iccon.console.safe import set_titles
from iccon.console.screens.overlay import IncidentOverlay
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.tasks import TasksView
from iccon.incident import commands as c
from iccon.incident.tasks import Task, open_tasks


class TasksScreen(IncidentOverlay):
    """The open tasks of `incident`, as `read_state` gives them."""

    SCOPES = (commands.TASKS,)
    BINDINGS = commands.bindings(*SCOPES)

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        plain = self.console.parts.setting.config.console.ascii
        yield TasksView(id="tasks", classes="region", ascii_only=plain)
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show what is open."""
        self.query_one(TasksView).focus()
        self.show_now()

    def tick(self, now: datetime) -> None:
        """Time runs."""
        state, view = self._read_state(), self.query_one(TasksView)
        tasks = open_tasks(state.tasks)
        set_titles(view, "Tasks", f"{len(tasks)} open" if tasks else "")
        pushed = {task.id: outcome for task in tasks if (outcome := state.pushed(task)) is not None}
        view.show(tasks, now, pushed)

    def _chosen(self) -> Task | None:
        task = self.query_one(TasksView).chosen
        if task is None:
            self.console.say("no task is chosen: move to one", "warning")
        return task

    async def action_settle(self) -> None:
        """Ask how the chosen task ended."""
        if task := self._chosen():
            await self.console.ask(taskforms.settle_task(task), self._incident)

    async def action_postpone(self) -> None:
        """Ask until when the chosen task waits, and why."""
        if task := self._chosen():
            await self.console.ask(taskforms.postpone_task(task), self._incident)

    async def action_accept(self) -> None:
        """Note that the owner of the chosen task said yes."""
        if task := self._chosen():
            await self.console.act(c.AcceptTask(target=task.id), self._incident)

    async def action_add(self) -> None:
        """Ask for a task."""
        await self.console.ask(taskforms.add_task(self.form_clock), self._incident)

    async def action_push(self) -> None:
        """Ask whether the chosen task becomes a ticket."""
        trackers = tuple(self.console.parts.setting.config.trackers)
        if not trackers:
            self.console.say("no tracker is configured: add [trackers.NAME] to the configuration", "warning")
        elif task := self._chosen():
            await self.console.ask(taskforms.push_task(task, trackers), self._incident)
