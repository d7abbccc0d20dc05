"""What became of an entry, over the screen: every version of it, who wrote it and when."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from iccon.console.commands import to_state
from iccon.console.safe import SafeLabel, SafeStatic, set_titles
from iccon.console.screens.base import Modal
from iccon.incident.history import Version
from iccon.when import stamp


class HistoryScreen(Modal[None]):
    """The versions, oldest first; closed by any of Escape, `V`, Enter and `q`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,V,q,enter", "dismiss", "Close", show=False),
        to_state(),
    ]

    def __init__(self, versions: Sequence[Version], zone: tzinfo) -> None:
        super().__init__()
        self._versions = versions
        self._zone = zone

    def compose(self) -> ComposeResult:
        """A text in a box that scrolls."""
        with Vertical(id="box") as box:
            set_titles(box, "What became of the entry")
            with VerticalScroll(id="scroll"):
                yield SafeStatic("\n".join(self._lines()))
            yield SafeLabel("↑ ↓ scroll   esc close", id="hint")

    def _lines(self) -> list[str]:
        lines: list[str] = []
        for version in self._versions:
            why = f": {version.why}" if version.why else ""
            lines.append(f"{stamp(version.recorded_at, self._zone, day=True)}  {version.what} by {version.actor}{why}")
            lines.append(f"  {stamp(version.happened_at, self._zone, day=True)}  {version.text}")
        return lines
