"""A widget that is painted line by line from spans, and paints no line that reads as it did."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from iccon.console.fit import Span, fit_spans
from iccon.console.safe import guard_strip

STYLES = ("v-ok", "v-warn", "v-bad", "v-stale", "v-no-data", "v-nan", "v-error", "dim", "head", "strong", "struck")


class Lines(ScrollView, can_focus=False, inherit_bindings=False):
    """A widget whose screen lines are spans: (text, style name). Lines that did not change are not painted again."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*STYLES, "cursor", "cursor-blurred", "cell-cursor", "badge", "alarm"}
    DEFAULT_CSS = """
    Lines {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .v-ok { color: $verdict-ok; }
        & > .v-warn { color: $verdict-warn; text-style: bold; }
        & > .v-bad { color: $verdict-bad; text-style: bold; }
        & > .v-stale { color: $verdict-stale; text-style: italic; }
        & > .v-no-data { color: $verdict-no-data; }
        & > .v-nan { color: $verdict-nan; }
        & > .v-error { color: $verdict-error; text-style: bold; }
        & > .dim { color: $row-dim; }
        & > .head { color: $row-head; text-style: bold; }
        & > .strong { text-style: bold; }
        & > .struck { color: $row-dim; text-style: strike; }
        & > .cursor { background: $row-cursor; color: $block-cursor-foreground; }
        & > .cursor-blurred { background: $row-cursor-blurred; }
        & > .cell-cursor { text-style: bold reverse; }
        & > .badge { text-style: bold reverse; }
        & > .alarm { color: $verdict-bad; text-style: bold reverse; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._looks: dict[tuple[str, str], Style] = {}
        self._painted: dict[int, Strip] = {}
        self._area: Size | None = None  # while many lines are looked at: to find it costs as much as a line

    @property
    def area(self) -> Size:
        """The cells there are for lines: without the frame and the scroll bar."""
        return self._area or self.scrollable_content_region.size

    def line(self, y: int) -> Strip:
        """Return screen line `y`, painted."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Return screen line `y`, from the cache of lines last painted where nothing changed."""
        strip = self.line(y)
        self._painted[y] = strip
        return strip

    def repaint_changed(self) -> None:
        """Repaint the screen lines that read otherwise than they did when last painted, and no other."""
        if not self.is_attached or not self.area:
            return
        self._area = area = self.area
        try:
            for y in range(area.height):
                if self._painted.get(y) != self.line(y):
                    self.refresh(Region(0, y, area.width, 1))
        finally:
            self._area = None

    def paint(self, spans: Sequence[Span], width: int, mode: str = "") -> Strip:
        """Return `spans` as a strip of exactly `width` cells that holds no control byte."""
        segments = [Segment(text, self.look(style, mode)) for text, style in fit_spans(spans, width)]
        return guard_strip(Strip(segments, width))

    def look(self, style: str, mode: str = "") -> Style:
        """Return the Rich style of component `style` (several joined by a space) on a row in `mode`.

        With the terminal's own sixteen colours the cursor's row is in one colour: nobody knows which others are
        legible on its ground.
        """
        found = self._looks.get((style, mode))
        if found is None:
            found = self.rich_style + (self._component(mode) if mode else Style())
            one_colour = mode == "cursor" and self.app.native_ansi_color
            for name in style.split():
                added = self._component(name)
                found += added.without_color if one_colour else added
            self._looks[style, mode] = found
        return found

    def _component(self, name: str) -> Style:
        """Return what one component class adds; half-transparent colours are mixed with the widget's background."""
        styles = self.get_component_styles(name)
        base = self.background_colors[1]
        look = styles.text_style
        for rule, part in (("color", "color"), ("background", "bgcolor")):
            colour = getattr(styles, rule)
            if styles.has_rule(rule) and colour.a > 0:
                mixed = colour if colour.ansi is not None or colour.a == 1 else base + colour
                look += Style(**{part: mixed.rich_color})
        return look

    def notify_style_update(self) -> None:
        """Forget styles: theme, focus or class changed."""
        self._looks.clear()
        self._painted.clear()
        super().notify_style_update()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Take the width there is."""
        return container.width
