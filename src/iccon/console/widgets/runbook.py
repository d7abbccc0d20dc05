"""The runbook viewer: a document of any length, laid out section by section as it comes into view."""

from bisect import bisect_right
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from iccon.console.fit import Span, said
from iccon.console.widgets.lines import Lines
from iccon.runbooks.model import Document
from iccon.text import clean

NONE = "No runbook is open. Choose a page or a service and press r."


class Sheet:
    """The lines of a document at one width. A section not yet in view is estimated; laying it out moves the next."""

    def __init__(self, document: Document, width: int, ascii_only: bool) -> None:
        from iccon.runbooks import markdown  # a console without a runbook open does without

        self.width = width
        self.ascii_only = ascii_only
        self._render = markdown.render
        self.sections = markdown.sections(document)
        self._heights = [markdown.estimate(section, width) for section in self.sections]
        self._lines: dict[int, list[list[Span]]] = {}
        self._starts: list[int] = []
        self._place()

    @property
    def height(self) -> int:
        """How many lines there are, as far as it is known."""
        return self._starts[-1]

    def _place(self) -> None:
        starts = [0]
        for height in self._heights:
            starts.append(starts[-1] + height)
        self._starts = starts

    def start(self, section: int) -> int:
        """Return the first line of a section."""
        return self._starts[section]

    def section_at(self, y: int) -> int:
        """Return which section line `y` belongs to."""
        return min(max(bisect_right(self._starts, y) - 1, 0), max(len(self.sections) - 1, 0))

    def lay_out(self, top: int, count: int) -> bool:
        """Lay out the sections that lines `top` to `top + count` show; say whether any became taller or shorter."""
        if not self.sections:
            return False
        moved, index = False, self.section_at(top)
        while index < len(self.sections) and self._starts[index] < top + count:
            if index not in self._lines:
                moved |= self._lay_out(index)
            index += 1
        return moved

    def _lay_out(self, index: int) -> bool:
        made = self._render(self.sections[index], self.width, self.ascii_only)
        lines = [[(span.text, _ink(span.style)) for span in line] for line in made]
        lines.append([])
        self._lines[index] = lines
        changed = len(lines) != self._heights[index]
        if changed:
            self._heights[index] = len(lines)
            self._place()
        return changed

    def line(self, y: int) -> list[Span]:
        """Return line `y`; empty where it is not laid out yet, or beyond the end."""
        if not 0 <= y < self.height:
            return []
        index = self.section_at(y)
        lines = self._lines.get(index, [])
        at = y - self._starts[index]
        return lines[at] if at < len(lines) else []


def _ink(style: str) -> str:
    return "" if style == "text" else f"md-{style.replace('_', '-')}"


class RunbookView(Lines, can_focus=True):
    """Shows a runbook. `heading` is the one above the first line in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "Up", id="runbook.up", show=False),
        Binding("down,j", "by(1)", "Down", id="runbook.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="runbook.page_up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="runbook.page_down", show=False),
        Binding("home,g", "to(0)", "Top", id="runbook.top", show=False),
        Binding("end,G", "end", "End", id="runbook.end", show=False),
        Binding("left_square_bracket", "section(-1)", "Previous heading", id="runbook.previous", show=False),
        Binding("right_square_bracket", "section(1)", "Next heading", id="runbook.next", show=False),
    ]
    DEFAULT_CSS = """
    RunbookView {
        scrollbar-gutter: stable;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.document: Document | None = None
        self.note = ""
        self._sheet: Sheet | None = None

    def show(self, document: Document | None, note: str = "") -> None:
        """Show a runbook from its top; None: none, and `note` why."""
        self.document, self.note, self._sheet = document, clean(note, 300), None
        self._fit()
        self.scroll_to(y=0, animate=False, force=True)
        self.repaint_changed()

    @property
    def heading(self) -> str:
        """The heading above the first line in view, or the empty text."""
        sheet = self._sheet
        if sheet is None:
            return ""
        for index in range(sheet.section_at(self.scroll_offset.y), -1, -1):
            found = sheet.sections[index].heading if index < len(sheet.sections) else None
            if found:
                return found.text
        return ""

    def _fit(self) -> None:
        """Make a sheet for the width there is, and lay out what is in view."""
        width = max(self.area.width - 2, 1)
        if self.document is None or not self.area.width:
            self.virtual_size = Size(*self.area)
            return
        if self._sheet is None or self._sheet.width != width:
            self._sheet = Sheet(self.document, width, self.ascii_only)
        self._lay_out()

    def _lay_out(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        sheet.lay_out(self.scroll_offset.y, self.area.height)
        size = Size(1, sheet.height)
        if size != self.virtual_size:
            self.virtual_size = size

    def on_resize(self) -> None:
        """Lay out for the new width, at the same section."""
        before = self._sheet
        at = before.section_at(self.scroll_offset.y) if before else 0
        self._painted.clear()
        self._fit()
        if before is not None and self._sheet is not None and before is not self._sheet and self._sheet.sections:
            self._go(self._sheet.start(at))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Lay out what comes into view."""
        super().watch_scroll_y(old_value, new_value)
        self._lay_out()

    def _go(self, y: int) -> None:
        sheet = self._sheet
        if sheet is not None:
            sheet.lay_out(max(y, 0), self.area.height)
            self._lay_out()
        self.scroll_to(y=y, animate=False, force=True)

    def action_by(self, lines: int) -> None:
        """Scroll by lines."""
        self._go(self.scroll_offset.y + lines)

    def action_page(self, by: int) -> None:
        """Scroll by a view, less one line."""
        self._go(self.scroll_offset.y + by * max(self.area.height - 1, 1))

    def action_to(self, y: int) -> None:
        """Scroll to line `y`."""
        self._go(y)

    def action_end(self) -> None:
        """Go to the end."""
        if self._sheet is not None:
            self._go(self._sheet.height - self.area.height)
            self._go(self._sheet.height - self.area.height)

    def action_section(self, by: int) -> None:
        """Go to the next section, or the previous."""
        sheet = self._sheet
        if sheet is None or not sheet.sections:
            return
        here = sheet.section_at(self.scroll_offset.y)
        if by < 0 and self.scroll_offset.y > sheet.start(here):
            by = 0
        self._go(sheet.start(max(0, min(here + by, len(sheet.sections) - 1))))

    def line(self, y: int) -> Strip:
        """Return screen line `y`."""
        width = self.area.width
        if self.document is None or self._sheet is None:
            lines = said(self.note or NONE, width)
            return self.paint(lines[y] if y < len(lines) else [], width)
        return self.paint([(" ", ""), *self._sheet.line(self.scroll_offset.y + y)], width)
