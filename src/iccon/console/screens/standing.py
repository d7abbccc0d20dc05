"""The state of an incident on one screen, live: readable in seconds, at 80x24 too."""

from datetime import datetime

from textual import events
from textual.app import ComposeResult

from iccon.console import commands, questions
from iccon.console.safe import set_titles
from iccon.console.screens.overlay import IncidentOverlay
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.standing import StandingView
from iccon.feed.model import Snapshot
from iccon.incident.exit_criteria import Sight, criteria
from iccon.incident.standing import View, lines


class StandingScreen(IncidentOverlay):
    """How `incident` stands, as `read_state` gives it."""

    SCOPES = (commands.STATE,)
    BINDINGS = commands.bindings(*SCOPES)

    def compose(self) -> ComposeResult:
        """The lines and the keys."""
        plain = self.console.parts.setting.config.console.ascii
        yield StandingView(id="standing", classes="region", ascii_only=plain)
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Name the region; the lines come with its size."""
        set_titles(self.query_one(StandingView), "State")
        self.call_after_refresh(self.show_now)

    def on_resize(self, event: events.Resize) -> None:
        """Give the lines the room there is."""
        super().on_resize(event)
        self.call_after_refresh(self.show_now)

    def tick(self, now: datetime) -> None:
        """Time runs."""
        parts, found, state = self.console.parts, self.query_one(StandingView), self._read_state()
        view = View(state, parts.policy, self.sight(state, now), now, parts.zone)
        found.show(lines(view, found.room))

    def fed(self, snapshot: Snapshot) -> None:
        """A source has news."""
        self.show_now()

    async def action_tick(self) -> None:
        """Ask which criterion holds."""
        state, policy = self._read_state(), self.console.parts.policy
        by_hand = [each for each in criteria(state, policy, Sight()) if each.by_hand]
        if not by_hand:
            self.console.say(f"every exit criterion of {state.severity} is worked out: there is none to tick")
            return
        await self.console.ask(questions.tick(by_hand), self._incident)

    async def action_callout(self) -> None:
        """Record the call-out, or put it off."""
        state, policy = self._read_state(), self.console.parts.policy
        asked = questions.callout(state, policy, self.form_clock, await self.console.callout_asks())
        await self.console.ask(asked, self._incident)

    async def action_role(self) -> None:
        """Ask who holds which role."""
        await self.console.ask(questions.role(self._read_state(), self.console.parts.setting.actor), self._incident)

    async def action_roles(self) -> None:
        """Show who holds which role, and what each does."""
        from iccon.console.screens.roles import RolesScreen  # only when it is asked for

        await self.app.push_screen(RolesScreen(self._incident, self._read_state))

    async def action_tasks(self) -> None:
        """Show what is open."""
        from iccon.console.screens.tasks import TasksScreen  # only when it is asked for

        await self.app.push_screen(TasksScreen(self._incident, self._read_state))
