"""The role board, over the whole screen: who, since when, what each role does."""

from datetime import datetime

from textual.app import ComposeResult

from iccon.background import spawn
from iccon.console import commands, questions
from iccon.console.safe import set_titles
from iccon.console.screens.overlay import IncidentOverlay
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.roles import RolesView
from iccon.incident import commands as c
from iccon.incident.organisation import Post, posts, warnings
from iccon.incident.roles import Role


class RolesScreen(IncidentOverlay):
    """The roles of `incident`, as `read_state` gives them."""

    SCOPES = (commands.ROLES,)
    BINDINGS = commands.bindings(*SCOPES)

    def compose(self) -> ComposeResult:
        """The board and its keys."""
        plain = self.console.parts.setting.config.console.ascii
        yield RolesView(id="roles", classes="region", ascii_only=plain)
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show who holds what; the cards are read from files."""
        view = self.query_one(RolesView)
        set_titles(view, "Roles")
        view.focus()
        self.show_now()
        spawn(self._read_cards(view), "role cards")

    async def _read_cards(self, view: RolesView) -> None:
        view.show_cards(await self.console.role_cards())

    def tick(self, now: datetime) -> None:
        """Time runs."""
        state, policy = self._read_state(), self.console.parts.policy
        self.query_one(RolesView).show(posts(state, policy), warnings(state, policy), now)

    def _chosen(self) -> Post | None:
        post = self.query_one(RolesView).chosen
        if post is None:
            self.console.say("no role is chosen: move to one", "warning")
        return post

    async def action_hand(self) -> None:
        """Ask who holds the chosen role from now on, or who joins the chosen team."""
        post = self._chosen()
        if post and post.team:
            await self.console.ask(questions.team(post.team), self._incident)
        elif post:
            question = questions.role(self._read_state(), self.console.parts.setting.actor, post.role)
            await self.console.ask(question, self._incident)

    async def action_team(self) -> None:
        """Ask who joins which sub-team."""
        post = self.query_one(RolesView).chosen
        await self.console.ask(questions.team(post.team if post else ""), self._incident)

    async def action_leave(self) -> None:
        """The chosen expert or member of a team leaves; of other roles it is said how they are vacated."""
        post = self._chosen()
        if post is None:
            return
        if post.team and post.held:
            await self.console.act(c.PutInTeam(team=post.team, person=post.held.person, leaves=True), self._incident)
            return
        if post.role is not Role.EXPERT or post.held is None:
            self.console.say("experts leave; another role is handed to somebody, or to nobody", "warning")
            return
        leave = c.TakeRole(role=Role.EXPERT, person=post.held.person, leaves=True)
        await self.console.act(leave, self._incident)
