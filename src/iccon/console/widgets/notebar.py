"""The lines at the foot of the screen: what is noted (Escape keeps the draft), and what is looked for."""

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from iccon.console.drafts import DraftInput, Save
from iccon.console.safe import SafeLabel

if TYPE_CHECKING:
    from iccon.console.widgets.books import BooksView
    from iccon.console.widgets.document import DocumentView


class NoteBar(Horizontal):
    """Hidden until opened. The draft is on disk while it is typed, and no key of the screen below acts meanwhile."""

    LABEL = "note"  # what stands before the field, and the field's id
    HINT = "what happened; Enter keeps it, Esc keeps a draft, ^o lines, ^l a link"
    HANDS_ON = True  # several lines go to the editor
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("ctrl+o", "several", "Several lines", show=False),
        Binding("ctrl+l", "link", "Link", show=False),
    ]
    DEFAULT_CSS = """
    NoteBar { height: 1; visibility: hidden; background: $boost; }
    NoteBar.-open { visibility: visible; }
    NoteBar SafeLabel { width: auto; padding: 0 1; background: $accent; color: $background; text-style: bold; }
    NoteBar DraftInput { width: 1fr; padding: 0 1; }
    """

    def __init__(self, save: Save, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._save = save
        self._before: Widget | None = None  # who had the focus

    def compose(self) -> ComposeResult:
        """A label and the field."""
        yield SafeLabel(self.LABEL)
        field = DraftInput("", self._save, placeholder=self.HINT, id=self.LABEL)
        field.hands_on = self.HANDS_ON
        yield field

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
        self.hide()

    class Linked(Message):
        """A link to what is chosen is wanted; `before` had the focus."""

        def __init__(self, before: Widget | None) -> None:
            super().__init__()
            self.before = before

    def action_link(self) -> None:
        """Ask for a link to what is chosen."""
        if self.HANDS_ON:
            self.post_message(self.Linked(self._before))

    def insert(self, words: str) -> None:
        """Put `words` where the cursor is, apart from what is around them."""
        before = self.field.value[: self.field.cursor_position]
        self.field.insert_text_at_cursor(f"{'' if not before or before.endswith(' ') else ' '}{words} ")

    def on_key(self, event: events.Key) -> None:
        """Let through only what the field and this line do something with."""
        if not any(event.key in each._bindings.key_to_bindings for each in (self.field, self)):
            event.stop()

    def action_several(self) -> None:
        """Go on in the editor."""
        if self.HANDS_ON:
            self.field.post_message(DraftInput.Several(self.field.value))

    async def action_leave(self) -> None:
        """Hide the line; the draft stays on disk."""
        await self.field.keeper.flush()
        self.hide()

    def hide(self) -> None:
        """Hide the line and give the focus back."""
        self.remove_class("-open")
        self.screen.set_focus(self._before if self._before is not None and self._before.is_attached else None)


class FindBar(NoteBar):
    """What is looked for in the timeline, while it is typed. It takes the note line's place."""

    LABEL = "find"
    HANDS_ON = False
    HINT = 'words, "a phrase", kind: person: service: source: machine:no is:late #tag; Esc shows all again'
    DEFAULT_CSS = "FindBar { display: none; } FindBar.-open { display: block; }"

    class Left(Message):
        """Escape: nothing is looked for any more."""

    def open(self, key: str, text: str, cursor: int) -> None:
        """Show what was looked for before; the first key replaces it."""
        self._note_line(shown=False)
        super().open(key, text, cursor)
        self.field.select_all()

    def hide(self) -> None:
        """Give the note line its place back."""
        super().hide()
        self._note_line(shown=True)

    def _note_line(self, *, shown: bool) -> None:
        for bar in self.screen.query("#note_line"):
            bar.display = shown

    async def action_leave(self) -> None:
        """Look for nothing any more; the words stay on disk."""
        await super().action_leave()
        self.post_message(self.Left())


class SearchBar(FindBar):
    """What is looked for in a document, or in all of them. Enter leaves the field; Escape ends the search."""

    LABEL = "search"
    HINT = "words; Enter, then n and N go on; Esc ends the search"

    def __init__(self, view: "DocumentView | BooksView", save: Save) -> None:
        super().__init__(save)
        self.view = view

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-open"):
            self.view.seek(event.value.strip())

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self.hide()
        self.view.focus()

    async def action_leave(self) -> None:
        """End the search."""
        self.hide()
        self.view.seek("")
