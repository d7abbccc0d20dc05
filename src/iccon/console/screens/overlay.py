"""What the screens that open over another have in common: they show what is known, in `tick`, and close again."""

from collections.abc import Callable

from iccon.console.screens.base import Surface
from iccon.incident.entries import Entry
from iccon.incident.state import State


class Overlay(Surface):
    """A screen over another. A subclass shows everything in `tick`."""

    def show_now(self) -> None:
        """Show what is known at this instant."""
        self.tick(self.console.parts.setting.clock.now())

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Show the change, once the screen below has taken the entries in."""
        self.call_later(self.show_now)

    def action_close(self) -> None:
        """Go back to where it was opened."""
        self.dismiss()


class IncidentOverlay(Overlay):
    """A screen over `incident`'s own, which `read_state` reads."""

    def __init__(self, incident: str, read_state: Callable[[], State]) -> None:
        super().__init__()
        self._incident = incident
        self._read_state = read_state
