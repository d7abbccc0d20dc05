"""The last line of the screen: which keys do what here. As many as fit, help always."""

from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip

from iccon.console.fit import Span, cells
from iccon.console.widgets.lines import Lines
from iccon.text import clean

HELP = ("?", "Help")


def fitting(pairs: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Return the pairs, most wanted first, that fit into `width` cells, in their order; the help key always is one."""
    pairs = [(clean(key, 16), clean(title, 24)) for key, title in pairs]
    kept = next((p for p in pairs if p[0] == HELP[0]), HELP)
    room = width - _size(kept)
    shown = []
    for pair in pairs:
        if pair == kept:
            continue
        if _size(pair) > room:
            break
        shown.append(pair)
        room -= _size(pair)
    return [*shown, kept]


def _size(pair: tuple[str, str]) -> int:
    return cells(pair[0]) + cells(pair[1]) + 3


class KeyBar(Lines):
    """Shows (key, title) pairs, most wanted first."""

    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        overflow: hidden;
    }
    """

    def __init__(
        self,
        pairs: Sequence[tuple[str, str]] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.pairs = tuple(pairs)

    def show(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show other keys."""
        self.pairs = tuple(pairs)
        self.repaint_changed()

    def line(self, y: int) -> Strip:
        """Return the line."""
        spans: list[Span] = []
        for key, title in fitting(self.pairs, self.area.width):
            spans += [(f" {key}", "key"), (f" {title} ", "")]
        return self.paint(spans if y == 0 else [], self.area.width)

    def on_resize(self) -> None:
        """The bar never scrolls."""
        self._painted.clear()
        self.virtual_size = Size(*self.area)
