"""A document over the whole screen: a runbook where a layout has no region for it, a briefing."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from iccon.console.safe import set_titles
from iccon.console.screens.base import Modal
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.runbook import RunbookView
from iccon.runbooks.model import Document


class Reader(Modal[None]):
    """Closed by Escape or `q`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,r", "dismiss", "Close", show=False)]

    def __init__(self, document: Document, why: str = "", kind: str = "Runbook") -> None:
        super().__init__()
        self._kind = kind
        self._document = document
        self._why = why

    def compose(self) -> ComposeResult:
        """The text and its keys."""
        yield RunbookView(id="runbook", classes="region")
        yield KeyBar([("↑ ↓", "Scroll"), ("esc", "Close")])

    def on_mount(self) -> None:
        """Show the text."""
        view = self.query_one(RunbookView)
        set_titles(view, f"{self._kind}: {self._document.runbook.title}", self._why)
        view.show(self._document)
        view.focus()
