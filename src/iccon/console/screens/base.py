"""What every screen of the console can reach: the application, typed, and the clock tick."""

from datetime import datetime
from typing import TYPE_CHECKING, cast

from textual import events
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget

from iccon.console.commands import REGISTRY
from iccon.feed.model import Snapshot
from iccon.incident.entries import Entry

if TYPE_CHECKING:
    from iccon.console.app import IcconApp

SMALL = (100, 30)  # cells and lines
WRITES = frozenset(command.action for command in REGISTRY if command.writes)


class Surface(Screen[None]):
    """A screen that shows live data. The application calls `tick`, `fed` and `appended`; each may do nothing."""

    SCOPES: tuple[str, ...] = ()
    # Who gets or loses the focus is painted for it; Textual would paint the whole screen once more.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    @property
    def console(self) -> "IcconApp":
        """The application."""
        return cast("IcconApp", self.app)

    def on_mount(self) -> None:
        """Take the keys that write away from a console that only watches: they are not bound, not merely refused."""
        if self.console.parts.setting.read_only:
            bound = self._bindings.key_to_bindings
            kept = {key: [b for b in each if b.action not in WRITES] for key, each in bound.items()}
            self._bindings.key_to_bindings = {key: each for key, each in kept.items() if each}

    def on_resize(self, event: events.Resize) -> None:
        """Do without frames in a small terminal, where they cost more than they give."""
        self.set_class(event.size.width < SMALL[0] or event.size.height < SMALL[1], "-small")

    def _compositor_refresh(self) -> None:
        """Paint; while changes are collected only note that it is due: Textual paints then too, and throws it away."""
        if self.app._batch_count:
            self.refresh()
        else:
            super()._compositor_refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Refuse what writes on a read-only console, whoever asks: the palette, a click, a keymap."""
        if self.console.parts.setting.read_only and action in WRITES:
            return False
        return super().check_action(action, parameters)

    def tick(self, now: datetime) -> None:
        """A second has passed; `now` is aware UTC."""

    def fed(self, snapshot: Snapshot) -> None:
        """A source has news."""

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """The journal has new entries, this console's or another process's."""


class Modal(ModalScreen[ScreenResultType]):
    """A box over a screen."""

    @property
    def console(self) -> "IcconApp":
        """The application."""
        return cast("IcconApp", self.app)
