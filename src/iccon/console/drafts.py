"""Text being typed is kept on disk: every field with a draft key is saved shortly after each change."""

from collections.abc import Awaitable, Callable

from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

PAUSE = 0.25  # seconds after a change until it is written; the promise is one second

Save = Callable[[str, str, int], Awaitable[None]]


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
    """A one-line field that is a draft on disk while it is typed. `key` "" keeps no draft."""

    DEFAULT_CSS = """
    DraftInput { border: none; height: 1; padding: 0; background: $surface; }
    DraftInput:focus { border: none; background: $boost; }
    """

    def __init__(self, key: str, save: Save, *, value: str = "", placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value=value, placeholder=placeholder, id=id, select_on_focus=False)
        self.draft_key = key
        self.keeper = Keeper(self, self._write)
        self._save = save
        self.cursor_blink = False

    def on_mount(self) -> None:
        """A cursor that moved is a change too: it comes back where it was."""
        self.watch(self, "selection", self._changed, init=False)

    def on_input_changed(self) -> None:
        """Save soon."""
        self._changed()

    def _changed(self) -> None:
        if self.draft_key:
            self.keeper.soon()

    async def _write(self) -> None:
        if self.draft_key:
            await self._save(self.draft_key, self.value, self.cursor_position)

    def load(self, key: str, text: str, cursor: int) -> None:
        """Show another draft."""
        self.draft_key = ""
        self.value = text
        self.cursor_position = min(cursor, len(text))
        self.draft_key = key
