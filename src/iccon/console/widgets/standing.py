"""How an incident stands, over the whole screen, line by line."""

from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip

from iccon.console.fit import Span, fit
from iccon.console.widgets.lines import Lines
from iccon.incident.standing import Line, Tone

LABEL = 11  # cells
INKS = {
    Tone.PLAIN: "",
    Tone.STRONG: "strong",
    Tone.DIM: "dim",
    Tone.GOOD: "v-ok",
    Tone.WARN: "v-warn",
    Tone.BAD: "v-bad",
}


class StandingView(Lines):
    """Shows the lines it is given; `room` is how many it has."""

    DEFAULT_CSS = """
    StandingView {
        height: 1fr;
        overflow: hidden;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self._lines: Sequence[Line] = ()

    @property
    def room(self) -> int:
        """How many lines can be shown."""
        return self.area.height

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` from the top."""
        self._lines = lines
        self.repaint_changed()

    def line(self, y: int) -> Strip:
        """Return one line: what it is about, and what it says."""
        return self.paint(self._spans(self._lines[y]) if y < len(self._lines) else [], self.area.width)

    def _spans(self, line: Line) -> list[Span]:
        is_level = line.label.startswith("SEV")
        label: Span = (f" {line.label} ", f"sev {line.label.lower()}") if is_level else (f" {line.label}", "dim")
        gap: Span = (fit("", max(LABEL - len(label[0]), 1)), "")
        return [label, gap, *((text, INKS[tone]) for text, tone in line.parts)]

    def on_resize(self) -> None:
        """It never scrolls."""
        self._painted.clear()
        self.virtual_size = Size(*self.area)
