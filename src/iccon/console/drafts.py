"""Text being typed is kept on disk: every field with a draft key is saved shortly after each change."""

from collections.abc import Awaitable, Callable

from textual.timer import Timer
from textual.widgets import Input

PAUSE = 0.25  # seconds of quiet before a draft is written; the promise is one second

Save = Callable[[str, str, int], Awaitable[None]]


class DraftInput(Input):
    """A one-line field that is a draft on disk while it is typed. `key` "" keeps no draft."""

    DEFAULT_CSS = """
    DraftInput { border: none; height: 1; padding: 0; background: $surface; }
    DraftInput:focus { border: none; background: $boost; }
    """

    def __init__(self, key: str, save: Save, *, value: str = "", placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value=value, placeholder=placeholder, id=id, select_on_focus=False)
        self.draft_key = key
        self._save = save
        self._pending: Timer | None = None
        self.cursor_blink = False

    def on_mount(self) -> None:
        """A cursor that moved is a change too: it comes back where it was."""
        self.watch(self, "selection", self._soon, init=False)

    def on_input_changed(self) -> None:
        """Save soon; a further change within the pause puts it off, but never beyond the promise."""
        self._soon()

    def _soon(self) -> None:
        if self.draft_key and self._pending is None:
            self._pending = self.set_timer(PAUSE, self._write)

    async def _write(self) -> None:
        self._pending = None
        if self.draft_key:
            await self._save(self.draft_key, self.value, self.cursor_position)

    def load(self, key: str, text: str, cursor: int) -> None:
        """Show another draft."""
        self.draft_key = ""
        self.value = text
        self.cursor_position = min(cursor, len(text))
        self.draft_key = key

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

    async def keep(self) -> None:
        """Write now, changed or not: what was submitted is refused, and is a draft again."""
        self.hold()
        await self._write()
