"""What was changed in the last hours, over the whole screen. It shows what is known and asks nobody."""

from collections.abc import Callable, Collection
from datetime import datetime

from textual.app import ComposeResult

from iccon.changes.model import Change, of_service
from iccon.console import commands
from iccon.console.known import KnownChanges
from iccon.console.safe import set_titles
from iccon.console.screens.overlay import Overlay
from iccon.console.widgets.changes import ChangesView
from iccon.console.widgets.keybar import KeyBar
from iccon.feed.model import Slot, Snapshot
from iccon.incident import commands as c

NO_SOURCE = (
    "No source of changes is configured, and nobody told one.  "
    'In config.toml:  changes.ci = { kind = "file", path = "…" }  From a pipeline:  iccon change "…"'
)
WAITING = "Waiting for the first answer."
NONE = "No change is known of the last 24 hours."


class ChangesScreen(Overlay):
    """The changes that `known` lists; `incident` is where one may be put ("" nowhere), `pinned` tells which are there.

    The cursor begins on the newest change of `service`, "" for any.
    """

    SCOPES = (commands.CHANGES,)
    BINDINGS = commands.bindings(*SCOPES)

    def __init__(
        self,
        known: KnownChanges,
        incident: str,
        pinned: Callable[[], Collection[str]],
        service: str = "",
        key: str = "",
    ) -> None:
        super().__init__()
        self._known = known
        self._incident = incident
        self._pinned = pinned
        self._begin = service
        self._begin_key = key
        self._only = ""

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        plain = self.console.parts.setting.config.console.ascii
        yield ChangesView(self.console.parts.zone, id="changes", classes="region", ascii_only=plain)
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show what is known, with the cursor on what it was opened for."""
        self.show_now()
        view = self.query_one(ChangesView)
        beside = of_service(self._listed(self.console.parts.setting.clock.now()), self._begin)
        if not view.choose_key(self._begin_key or (beside[0].key if beside else "")):
            view.choose(0)
        view.focus()

    def tick(self, now: datetime) -> None:
        """Ages grow."""
        slot, view = self._slot(), self.query_one(ChangesView)
        listed = self._listed(now)
        shown = of_service(listed, self._only) if self._only else listed
        set_titles(view, f"Changes of {self._only}" if self._only else "Changes", f"{len(shown)} in 24 hours")
        view.show(shown, now, self._pinned(), self._said(slot, bool(listed)), self._nothing(slot))

    def fed(self, snapshot: Snapshot) -> None:
        """Show the new answer."""
        self.show_now()

    def _slot(self) -> Slot | None:
        return self.console.snapshot.slots.get("changes")

    def _listed(self, now: datetime) -> tuple[Change, ...]:
        slot = self._slot()
        return self._known.listed(slot.value if slot else None, now)

    def _said(self, slot: Slot | None, known: bool) -> str:
        """Return what is wrong: with all sources, or with some."""
        return self.trouble_note(slot, "" if known else NO_SOURCE) or self.partial_note(slot)

    def _nothing(self, slot: Slot | None) -> str:
        if slot is not None and slot.value is None:
            return WAITING
        return f"No change of {self._only} is known of the last 24 hours." if self._only else NONE

    def action_details(self) -> None:
        """Show all that is known of the chosen change, or no more."""
        self.query_one(ChangesView).toggle_details()

    def action_only(self) -> None:
        """Show the changes of the service under the cursor only, or all again."""
        chosen = self.query_one(ChangesView).chosen
        if not self._only and (chosen is None or not chosen.services):
            self.console.say("no change of a service is chosen: move to one", "warning")
            return
        self._only = "" if self._only or chosen is None else chosen.services[0]
        self.show_now()

    async def action_pin(self) -> None:
        """Put the change that is under the cursor as the key is pressed on the incident's timeline, once."""
        change = self.query_one(ChangesView).chosen
        if change is None:
            self.console.say("no change is chosen: move to one", "warning")
        elif not self._incident:
            self.console.say("no incident is open here: open one, and its changes, first", "warning")
        elif change.key in self._pinned():
            self.console.say("it is on the timeline already")
        elif await self.console.act(self._told(change), self._incident) is None:
            self.console.say("on the timeline")

    def _told(self, change: Change) -> c.TellChange:
        return c.TellChange(
            text=change.text,
            services=change.services,
            key=change.key,
            source=change.source,
            who=change.who,
            url=change.url,
            at=min(change.at, self.console.parts.setting.clock.now()),
            pinned=True,
        )
