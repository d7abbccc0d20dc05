"""Home: what is wrong right now, the incidents of this journal, and the way to declare one."""

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Horizontal

from iccon.console import commands
from iccon.console.safe import SafeLabel, set_titles
from iccon.console.screens.live import LiveSurface
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.incidents import IncidentList
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.pages import PagesView
from iccon.incident.entries import Entry
from iccon.incident.state import State


class HomeScreen(LiveSurface):
    """Shown when no incident is active; Enter opens the one under the cursor."""

    SCOPES = (commands.HOME, commands.LIVE)
    BINDINGS = commands.bindings(*SCOPES)

    def __init__(self, incidents: Sequence[State]) -> None:
        super().__init__()
        self._incidents = incidents

    def compose(self) -> ComposeResult:
        """A banner, the signals and pages, the incidents, the keys."""
        plain = self.console.parts.setting.config.console.ascii
        yield SafeLabel("", id="banner")
        with Horizontal(id="live", classes="row"):
            wall = self.console.parts.layout.turn > 0
            board = BoardView(id="signals", classes="region", ascii_only=plain, wall=wall)
            set_titles(board, "Signals")
            yield board
            pages = PagesView(id="pages", classes="region", ascii_only=plain)
            set_titles(pages, "Pages")
            yield pages
        watching = self.console.parts.setting.read_only
        incidents = IncidentList(self.console.parts.zone, read_only=watching, id="incidents", classes="region")
        set_titles(incidents, "Incidents")
        yield incidents
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show what was read before the first paint; the cursor is on the incidents."""
        self.query_one(IncidentList).focus()
        self.tick(self.console.parts.setting.clock.now())

    def _banner(self) -> str:
        setting = self.console.parts.setting
        marks = ("DRILL" if setting.drill else "", "READ-ONLY" if setting.read_only else "")
        trouble = f"RECORD NOT KEPT: {self.console.record_trouble}" if self.console.record_trouble else ""
        environment = "" if setting.drill else setting.config.environment
        return "   ".join(filter(None, ("iccon", trouble, *marks, environment, "no incident is active" * self._calm)))

    @property
    def _calm(self) -> bool:
        return not any(state.active for state in self._incidents)

    def tick(self, now: datetime) -> None:
        """Ages grow."""
        super().tick(now)
        self.query_one("#banner", SafeLabel).update(self._banner())
        self.query_one(IncidentList).show(self._incidents, now)

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Read the list anew: a declaration, here or elsewhere, belongs on it."""
        super().appended(entries)
        self.run_worker(self._reload(), exclusive=True, exit_on_error=False)

    async def _reload(self) -> None:
        before = {state.incident for state in self._incidents}
        self._incidents = await self.console.parts.desk.call(lambda desk: desk.incidents())
        self.tick(self.console.parts.setting.clock.now())
        active = [state.incident for state in self._incidents if state.active]
        if self.console.parts.setting.read_only and len(active) == 1 and active[0] not in before:
            self.app.call_later(self.console.open_incident, active[0])  # nobody sits here to open it

    async def action_open(self) -> None:
        """Open the incident under the cursor."""
        chosen = self.query_one(IncidentList).chosen
        if chosen is None:
            hint = "" if self.console.parts.setting.read_only else ": `d` declares one"
            self.console.say(f"no incident is chosen{hint}", "warning")
        else:
            await self.console.open_incident(chosen.incident)
