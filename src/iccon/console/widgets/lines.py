"""A widget that is painted line by line from spans, and paints no line that reads as it did."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from iccon.console.fit import Span, fit_spans
from iccon.console.inks import style_of
from iccon.console.safe import guard_strip
from iccon.console.widgets.kept import Kept

FRAME: Final = ("border_top", "border_title_color", "border_title_style")


class Lines(ScrollView, can_focus=False, inherit_bindings=False):
    """A widget whose screen lines are spans: (text, style name). Lines that did not change are not painted again.

    With the focus it wears the top line and title of `lines--focused`. That is done here and not by a rule on `:focus`,
    for which Textual styles the widget anew and paints all of it: 10 ms a key that goes to the next region.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--focused"}
    DEFAULT_CSS = """
    Lines {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._last_lines = Kept(self, self._made_lines)
        self._looks: dict[tuple[str, str], Style] = {}
        self._painted: dict[int, Strip] = {}
        self._area: Size | None = None  # while many lines are looked at: to find it costs as much as a line
        self._styled: tuple[object, ...] = ()  # what the looks were made from

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
        with self.looking():
            for y in range(self.area.height):
                if self._painted.get(y) != self.line(y):
                    self.refresh(Region(0, y, self.area.width, 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the screen lines that Textual asks for."""
        return self._last_lines.lines(crop)

    def _made_lines(self, crop: Region) -> list[Strip]:
        """Return lines from one look at the widget."""
        with self.looking():
            return super().render_lines(crop)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Keep what is the same for all lines while many are made; nothing may change meanwhile."""
        self._area = self.area
        try:
            yield
        finally:
            self._area = None

    def paint(self, spans: Sequence[Span], width: int, mode: str = "") -> Strip:
        """Return `spans` as a strip of exactly `width` cells that holds no control byte."""
        segments = [Segment(text, self.look(style, mode)) for text, style in fit_spans(spans, width)]
        return guard_strip(Strip(segments, width))

    def look(self, style: str, mode: str = "") -> Style:
        """Return the Rich style of the ink `style` (several joined by a space) on a row in `mode`, an ink too.

        With the terminal's own sixteen colours the cursor's row is in one colour: nobody knows which others are
        legible on its ground.
        """
        found = self._looks.get((style, mode))
        if found is None:
            variables, ground = self.app.theme_variables, self.background_colors[1]
            found = self.rich_style
            for name in (*mode.split(), *style.split()):
                added = style_of(name, variables, ground)
                one_colour = mode == "cursor" != name and self.app.native_ansi_color
                found += added.without_color if one_colour else added
            self._looks[style, mode] = found
        return found

    def on_focus(self, event: events.Focus) -> None:
        """Take the focus; in place of Textual's own answer, which paints the whole widget."""
        event.prevent_default()
        self.has_focus = True
        if self.parent is not None:
            self.parent.post_message(events.DescendantFocus(self))

    def on_blur(self, event: events.Blur) -> None:
        """Lose the focus."""
        event.prevent_default()
        self.has_focus = False
        if self.parent is not None:
            self.parent.post_message(events.DescendantBlur(self))

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Show it in the top line alone."""
        self._frame()
        self.refresh(Region(0, 0, self.outer_size.width, 1).translate(-self.content_offset))

    def _frame(self) -> None:
        own = self.styles.inline
        look = self.get_component_styles("lines--focused")
        for rule in FRAME:
            if self.has_focus and look.has_rule(rule):
                own.set_rule(rule, look.get_rule(rule))
            else:
                own.clear_rule(rule)

    def notify_style_update(self) -> None:
        """Forget painted lines where styles changed; who gets or loses the focus has another frame alone."""
        super().notify_style_update()
        if self.has_focus:
            self._frame()
        app = self.app
        styled = (self.rich_style, self.background_colors, app.native_ansi_color, app.theme_variables)
        if styled != self._styled:
            self._styled = styled
            self.restyled()

    def restyled(self) -> None:
        """Forget what was painted with other styles."""
        self._looks.clear()
        self._painted.clear()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Take the width there is."""
        return container.width
