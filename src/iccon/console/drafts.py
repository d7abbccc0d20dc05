"""Text being typed is kept on disk: every field is saved shortly after each change, and forgotten when it is empty."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct
from textual import events
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from iccon.journal.drafts import field_key

PAUSE = 0.25  # seconds after a change until it is written; the promise is one second

Save = Callable[[str, str | None, int], Awaitable[None]]  # key, text (None: forget it), cursor


class Drafts(Struct, frozen=True):
    """What was typed into the fields of one form before: (text, cursor) by the field's id. `key` names the form."""

    key: str
    kept: Mapping[str, tuple[str, int]]
    save: Save

    def field(self, ident: str) -> str:
        """Return the key of a field."""
        return field_key(self.key, ident)


class Keeper:
    """Calls `write` a moment after each change of a widget's text; further changes within the pause are in it."""

    def __init__(self, widget: Widget, write: Callable[[], Awaitable[None]]) -> None:
        self._widget = widget
        self._write = write
        self._pending: Timer | None = None

    def soon(self) -> None:
        """Write in a moment, unless that is planned already."""
        if self._pending is None:
            self._pending = self._widget.set_timer(PAUSE, self.now)

    async def now(self) -> None:
        """Write now, changed or not."""
        self.hold()
        await self._write()

    async def flush(self) -> None:
        """Write now what waits to be written."""
        if self.hold():
            await self._write()

    def hold(self) -> bool:
        """Write nothing until the next change; say whether something waited. For text that is being submitted."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.stop()
        return pending is not None


class DraftInput(Input):
    """A one-line field that is a draft on disk while it is typed, unless it reads as it does `untouched`."""

    DEFAULT_CSS = """
    DraftInput { border: none; height: 1; padding: 0; background: $surface; }
    DraftInput:focus { border: none; background: $boost; }
    """

    def __init__(
        self, key: str, save: Save, *, untouched: str = "", placeholder: str = "", id: str | None = None
    ) -> None:
        super().__init__(value=untouched, placeholder=placeholder, id=id, select_on_focus=False)
        self.draft_key = key
        self.untouched = untouched
        self.hands_on = False  # what has several lines
        self.keeper = Keeper(self, self._write)
        self._save = save
        self.cursor_blink = False

    def on_mount(self) -> None:
        """A cursor that moved is a change too: it comes back where it was."""
        self.watch(self, "selection", self._changed, init=False)

    class Several(Message):
        """Several lines were pasted into a field that cannot show them, and that knows somebody who can."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def on_paste(self, event: events.Paste) -> None:
        """Lose no line of what is pasted: Textual takes the first alone."""
        lines = event.text.splitlines()
        if len(lines) < 2:
            return
        event.prevent_default()
        event.stop()
        if self.hands_on:
            start, end = sorted(self.selection)
            self.post_message(self.Several(f"{self.value[:start]}{event.text.rstrip()}{self.value[end:]}"))
        else:
            self.replace(" ".join(filter(None, map(str.strip, lines))), *self.selection)

    def on_input_changed(self) -> None:
        """Save soon."""
        self._changed()

    def _changed(self) -> None:
        if self.draft_key:
            self.keeper.soon()

    async def _write(self) -> None:
        text = None if self.value == self.untouched else self.value
        await self._save(self.draft_key, text, self.cursor_position)

    async def forget(self) -> None:
        """Keep nothing of what was typed."""
        self.keeper.hold()
        await self._save(self.draft_key, None, 0)

    def load(self, key: str, text: str, cursor: int) -> None:
        """Show another draft."""
        self.draft_key = ""
        self.value = text
        self.cursor_position = min(cursor, len(text))
        self.draft_key = key
