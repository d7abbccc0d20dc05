"""A document over the whole screen: a runbook where a layout has no region for it, a briefing."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from iccon.console import commands, runbooks
from iccon.console.screens.base import WRITES, Modal
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.runbook import Reading, RunbookView
from iccon.runbooks.model import Document


class Reader(Modal[None]):
    """Closed by Escape or `q`. In an incident its steps are marked; a console that only watches marks none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,r", "dismiss", "Close", show=False),
        *commands.bindings(commands.STEPS),
        commands.to_state(),
        commands.to_help(),
    ]

    def __init__(self, document: Document, reading: Reading, incident: str = "") -> None:
        super().__init__()
        self._document = document
        self._reading = reading
        self._incident = incident

    def compose(self) -> ComposeResult:
        """The text and its keys."""
        yield RunbookView(id="runbook", classes="region", ascii_only=self.console.parts.setting.config.console.ascii)
        marking = commands.footer((commands.STEPS,), self.console.parts.keys, read_only=not self._marks)
        moving = (("/", "Search"), ("#", "Contents"), ("↵", "Links"))
        yield KeyBar([("↑ ↓", "Scroll"), ("esc", "Close"), *marking, *moving])

    def on_mount(self) -> None:
        """Show the text."""
        view = self.query_one(RunbookView)
        view.show(self._document, reading=self._reading)
        view.focus()

    @property
    def _marks(self) -> bool:
        return bool(self._incident) and not self.console.parts.setting.read_only

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Mark nothing where there is no incident, or where this console only watches."""
        if action in WRITES and not self._marks:
            return False
        return super().check_action(action, parameters)

    async def action_step_done(self) -> None:
        """Mark the chosen step as done."""
        await runbooks.done(self.console, self._incident, self.query_one(RunbookView))

    async def action_gap(self) -> None:
        """Propose a change of the runbook where it is read."""
        from iccon.console import gap  # only when it is asked for

        await gap.here(self.console, self._incident, self.query_one(RunbookView))

    async def action_step_run(self) -> None:
        """Show what the chosen step would run."""
        from iccon.console import runs  # only where something is run

        await runs.open_step(self.console, self._incident, self.query_one(RunbookView))

    async def action_step_mark(self) -> None:
        """Ask what came of the chosen step."""
        await runbooks.ask(self.console, self._incident, self.query_one(RunbookView))
