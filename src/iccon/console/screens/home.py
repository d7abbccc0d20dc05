"""Home: the incidents of this journal, newest first, and the way to declare one."""

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult

from iccon.console import commands, questions
from iccon.console.safe import SafeLabel
from iccon.console.screens.base import Surface
from iccon.console.widgets.incidents import IncidentList
from iccon.console.widgets.keybar import KeyBar
from iccon.feed.model import Snapshot
from iccon.incident.entries import Entry
from iccon.incident.state import State


class HomeScreen(Surface):
    """Shown when no incident is active; Enter opens the one under the cursor."""

    SCOPE = commands.HOME
    BINDINGS = commands.bindings(commands.HOME)

    def __init__(self, incidents: Sequence[State]) -> None:
        super().__init__()
        self._incidents = incidents

    def compose(self) -> ComposeResult:
        """A banner, the list, the keys."""
        yield SafeLabel(self._banner(), id="banner")
        yield IncidentList(self.console.parts.zone, id="incidents")
        yield KeyBar(self.console.footer(self.SCOPE))

    def on_mount(self) -> None:
        """Show what was read before the first paint."""
        self._show(self._incidents)

    def _banner(self) -> str:
        setting = self.console.parts.setting
        words = ["iccon"]
        if setting.drill:
            words.append("DRILL")
        if setting.config.environment:
            words.append(setting.config.environment)
        if setting.read_only:
            words.append("READ-ONLY")
        return "  ".join(words)

    def _show(self, incidents: Sequence[State]) -> None:
        self.query_one(IncidentList).show(incidents, self.console.parts.setting.clock.now())

    def tick(self, now: datetime) -> None:
        """Ages grow."""
        self.query_one(IncidentList).show(self._incidents, now)

    def fed(self, snapshot: Snapshot) -> None:
        """Nothing of the feed is shown here."""

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Read the list anew: a declaration, here or elsewhere, belongs on it."""
        self.run_worker(self._reload(), exclusive=True, exit_on_error=False)

    async def _reload(self) -> None:
        self._incidents = await self.console.parts.desk.call(lambda desk: desk.incidents())
        self._show(self._incidents)

    async def action_open(self) -> None:
        """Open the incident under the cursor."""
        chosen = self.query_one(IncidentList).chosen
        if chosen is None:
            self.console.say("no incident is chosen: `d` declares one", "warning")
        else:
            await self.console.open_incident(chosen.incident)

    async def action_declare(self) -> None:
        """Ask for title and severity, then open the new incident."""
        setting = self.console.parts.setting
        await self.console.ask(questions.declare(setting.actor, drill=setting.drill), None)
