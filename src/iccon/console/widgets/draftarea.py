"""A field of several lines that is a draft on disk while it is typed. Slow to import: only where one is shown."""

from textual import on
from textual.widgets import TextArea

from iccon.console.drafts import Keeper, Save


class DraftArea(TextArea):
    """Several lines, kept as a draft unless they read as they do `untouched`."""

    DEFAULT_CSS = """
    DraftArea { border: none; padding: 0 1; background: $panel; }
    DraftArea:focus { border: none; background: $background; }
    """

    def __init__(self, key: str, save: Save, *, untouched: str = "", id: str | None = None) -> None:
        super().__init__(untouched, id=id, soft_wrap=True, show_line_numbers=False)
        self.draft_key = key
        self.untouched = untouched
        self.keeper = Keeper(self, self._write)
        self._save = save
        self.cursor_blink = False

    @property
    def value(self) -> str:
        """The text."""
        return self.text

    @property
    def cursor_position(self) -> int:
        """Where typing goes on, in characters from the beginning."""
        row, column = self.cursor_location
        return sum(len(line) + 1 for line in self.text.split("\n")[:row]) + column

    def load(self, key: str, text: str, cursor: int) -> None:
        """Show another draft."""
        self.draft_key = key
        self.text = text
        before = text[:cursor].split("\n")
        self.cursor_location = len(before) - 1, len(before[-1])

    def propose(self, text: str) -> None:
        """Show `text`, which is no draft while nobody touches it: the times in it would grow old."""
        self.untouched = text
        self.load(self.draft_key, text, len(text))

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _save_soon(self) -> None:
        self.keeper.soon()

    async def _write(self) -> None:
        text = None if self.text == self.untouched else self.text
        await self._save(self.draft_key, text, self.cursor_position)

    async def forget(self) -> None:
        """Keep nothing of what was typed."""
        self.keeper.hold()
        await self._save(self.draft_key, None, 0)
