"""The note line: one key opens it, Enter keeps the note, Escape keeps the draft."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal

from iccon.console.drafts import DraftInput, Save
from iccon.console.safe import SafeLabel


class NoteBar(Horizontal):
    """Hidden until opened. The draft is on disk while it is typed."""

    BINDINGS = [Binding("escape", "leave", "Close", show=False)]
    DEFAULT_CSS = """
    NoteBar { height: 1; display: none; background: $boost; }
    NoteBar.-open { display: block; }
    NoteBar SafeLabel { width: auto; padding: 0 1; background: $accent; color: $background; text-style: bold; }
    NoteBar DraftInput { width: 1fr; padding: 0 1; }
    """

    def __init__(self, save: Save) -> None:
        super().__init__()
        self._save = save

    def compose(self) -> ComposeResult:
        """A label and the field."""
        yield SafeLabel("note")
        yield DraftInput("", self._save, placeholder="what happened; Enter keeps it, Esc keeps the draft", id="note")

    @property
    def field(self) -> DraftInput:
        """The field."""
        return self.query_one(DraftInput)

    def open(self, key: str, text: str, cursor: int) -> None:
        """Show the draft and take the focus."""
        self.add_class("-open")
        self.field.load(key, text, cursor)
        self.field.focus()

    def busy(self, busy: bool) -> None:
        """While a note is being kept the field takes no keys."""
        self.field.disabled = busy
        if not busy:
            self.field.focus()

    def close(self) -> None:
        """The note is kept: empty the field and give the focus back."""
        self.field.load("", "", 0)
        self.remove_class("-open")
        self.screen.focus_previous()

    async def action_leave(self) -> None:
        """Hide the line; the draft stays on disk."""
        await self.field.flush()
        self.remove_class("-open")
        self.screen.focus_previous()
