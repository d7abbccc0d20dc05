"""The last line of the screen: which keys do what here. As many as fit, help always."""

from collections.abc import Sequence
from datetime import datetime

from textual.geometry import Size
from textual.strip import Strip

from iccon.console.fit import Span, cells
from iccon.console.widgets.lines import Lines
from iccon.incident import timers
from iccon.incident.severity import Policy
from iccon.incident.state import State
from iccon.text import clean
from iccon.when import span_text

HELP = ("?", "Help")
COUNT = 24  # cells of what runs out


def countdown(state: State, policy: Policy, now: datetime) -> Span | None:
    """Return what runs out first, for the screens that do not show the strip; None where nothing does."""
    first = next(iter(timers.running(state, policy)), None)
    if first is None:
        return None
    left = (first.due - now).total_seconds()
    name = clean(first.label.partition(":")[0], COUNT)
    return (f" {name} {span_text(left)} ", "dim") if left > 0 else (f" {name} DUE ", "alarm")


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
        self._counted: Span | None = None

    def count_down(self, span: Span | None) -> None:
        """Show at the end what runs out first."""
        if span != self._counted:
            self._counted = span
            self.repaint_changed()

    def show(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show other keys."""
        self.pairs = tuple(pairs)
        self.repaint_changed()

    def line(self, y: int) -> Strip:
        """Return the line."""
        spans: list[Span] = []
        counted = [self._counted] if self._counted else []
        for key, title in fitting(self.pairs, self.area.width - sum(cells(text) for text, _ in counted)):
            spans += [(f" {key}", "key"), (f" {title} ", "")]
        spans += counted
        return self.paint(spans if y == 0 else [], self.area.width)

    def on_resize(self) -> None:
        """The bar never scrolls."""
        self._painted.clear()
        self.virtual_size = Size(*self.area)
