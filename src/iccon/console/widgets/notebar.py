"""The note line: one key opens it, Enter keeps the note, Escape keeps the draft."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from iccon.console.drafts import DraftInput, Save
from iccon.console.safe import SafeLabel


class NoteBar(Horizontal):
    """Hidden until opened. The draft is on disk while it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]
    DEFAULT_CSS = """
    NoteBar { height: 1; visibility: hidden; background: $boost; }
    NoteBar.-open { visibility: visible; }
    NoteBar SafeLabel { width: auto; padding: 0 1; background: $accent; color: $background; text-style: bold; }
    NoteBar DraftInput { width: 1fr; padding: 0 1; }
    """

    def __init__(self, save: Save) -> None:
        super().__init__()
        self._save = save
        self._before: Widget | None = None  # who had the focus

    def compose(self) -> ComposeResult:
        """A label and the field."""
        yield SafeLabel("note")
        yield DraftInput("", self._save, placeholder="what happened; Enter keeps it, Esc keeps the draft", id="note")

    @property
    def field(self) -> DraftInput:
        """The field."""
        return self.query_one(DraftInput)

    def open(self, key: str, text: str, cursor: int) -> None:
        """Show the draft and take the focus. A line that is open already keeps what is in it."""
        if not self.has_class("-open"):
            self._before = self.screen.focused
            self.add_class("-open")
            self.field.load(key, text, cursor)
        self.field.focus()

    def close(self) -> None:
        """The note is kept: empty the field and give the focus back."""
        self.field.load("", "", 0)
        self._leave()

    async def action_leave(self) -> None:
        """Hide the line; the draft stays on disk."""
        await self.field.keeper.flush()
        self._leave()

    def _leave(self) -> None:
        self.remove_class("-open")
        self.screen.set_focus(self._before if self._before is not None and self._before.is_attached else None)
