"""Lines that are read from top to bottom, or followed as they come: a command before, while and after it runs."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from iccon.console.fit import Span
from iccon.console.widgets.lines import Lines


class OutputView(Lines, can_focus=True):
    """Shows the rows it is given, each one line. While `follow` it stays at the end unless a person scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "Up", id="output.up", show=False),
        Binding("down,j", "by(1)", "Down", id="output.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="output.page_up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="output.page_down", show=False),
        Binding("home,g", "to(0)", "Top", id="output.top", show=False),
        Binding("end,G", "to(1000000)", "End", id="output.end", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self._rows: Sequence[Sequence[Span]] = ()
        self.read_up_to = 0  # how many rows have been in view, from the top

    def show(self, rows: Sequence[Sequence[Span]], follow: bool = False) -> None:
        """Show other rows."""
        at_end = self.scroll_offset.y >= self._last
        self._rows = rows
        self._fit()
        if follow and at_end:
            self.scroll_to(y=self._last, animate=False, force=True)
        self._note_read()
        self.repaint_changed()

    def begin(self) -> None:
        """Start again at the top, with nothing read."""
        self.read_up_to = 0
        self.scroll_to(y=0, animate=False, force=True)

    @property
    def read_whole(self) -> bool:
        """Whether every row was in view."""
        return self.read_up_to >= len(self._rows)

    @property
    def _last(self) -> int:
        return max(len(self._rows) - self.area.height, 0)

    def _fit(self) -> None:
        size = Size(1, len(self._rows))
        if size != self.virtual_size:
            self.virtual_size = size

    def _note_read(self) -> None:
        if self.scroll_offset.y <= self.read_up_to:
            self.read_up_to = max(self.read_up_to, self.scroll_offset.y + self.area.height)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Note what came into view."""
        super().watch_scroll_y(old_value, new_value)
        self._note_read()

    def on_resize(self) -> None:
        """Other rows fit."""
        self._painted.clear()
        self._fit()
        self._note_read()

    def action_by(self, lines: int) -> None:
        """Scroll by lines."""
        self.action_to(self.scroll_offset.y + lines)

    def action_page(self, by: int) -> None:
        """Scroll by a view, less one line."""
        self.action_by(by * max(self.area.height - 1, 1))

    def action_to(self, y: int) -> None:
        """Scroll to row `y`, or as far as there are rows."""
        self.scroll_to(y=min(max(y, 0), self._last), animate=False, force=True)

    def line(self, y: int) -> Strip:
        """Return screen line `y`."""
        row = self.scroll_offset.y + y
        return self.paint([(" ", ""), *self._rows[row]] if row < len(self._rows) else [], self.area.width)
