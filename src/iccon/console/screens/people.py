"""Who is on call and how to reach them, over the whole screen; the copy on disk when the pager is down too."""

from datetime import datetime

from textual.app import ComposeResult

from iccon.console import commands
from iccon.console.safe import set_titles
from iccon.console.screens.overlay import Overlay
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.people import PeopleView
from iccon.feed.model import Snapshot
from iccon.when import ago

NO_PAGER = (
    'No pager that knows who is on call is configured.  In config.toml:  pagerduty.token = { env = "PAGERDUTY_TOKEN" }'
)


class PeopleScreen(Overlay):
    """The people that the feed knows of, as of its last answer."""

    SCOPES = (commands.PEOPLE,)
    BINDINGS = commands.bindings(*SCOPES)

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        yield PeopleView(self.console.parts.zone, id="people", classes="region")
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show what is known."""
        self.query_one(PeopleView).focus()
        self.show_now()

    def tick(self, now: datetime) -> None:
        """Turns begin and end."""
        slot, view = self.console.snapshot.slots.get("oncall"), self.query_one(PeopleView)
        roster = slot.value if slot else None
        old = f"as of {ago((now - roster.at).total_seconds())} ago" if roster else ""
        said = [self.trouble_note(slot, NO_PAGER), *(roster.notices if roster else ())]
        set_titles(view, "On call", old)
        view.show(roster, now, "; ".join(filter(None, said)))

    def fed(self, snapshot: Snapshot) -> None:
        """Show the new answer."""
        self.show_now()
