"""A document of any length: scrolled, gone through by headings, searched; laid out as it comes into view."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from iccon.background import in_thread, spawn
from iccon.console.fit import Span, said
from iccon.console.widgets.lines import Lines
from iccon.console.widgets.sheet import Sheet
from iccon.runbooks.model import Document
from iccon.text import clean

if TYPE_CHECKING:
    import re

    from iccon.console.widgets.search import Hit, Lookup
    from iccon.runbooks.markdown import Code

NONE = "No runbook is open. Choose a page or a service and press r."


class DocumentView(Lines, can_focus=True):
    """Shows a document. `heading` is the one above the first line in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "Up", id="runbook.up", show=False),
        Binding("down,j", "by(1)", "Down", id="runbook.down", show=False),
        Binding("pageup,b,ctrl+b", "page(-1)", "Page up", id="runbook.page_up", show=False),
        Binding("pagedown,space,f,ctrl+f", "page(1)", "Page down", id="runbook.page_down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", id="runbook.half_up", show=False),
        Binding("ctrl+d", "page(0.5)", "Half a page down", id="runbook.half_down", show=False),
        Binding("home,g", "to(0)", "Top", id="runbook.top", show=False),
        Binding("end,G", "end", "End", id="runbook.end", show=False),
        Binding("left_square_bracket", "section(-1)", "Previous heading", id="runbook.previous", show=False),
        Binding("right_square_bracket", "section(1)", "Next heading", id="runbook.next", show=False),
        Binding("number_sign", "contents", "Table of contents", id="runbook.contents", show=False),
        Binding("slash", "find", "Search", id="runbook.find", show=False),
        Binding("n,f3", "hit(1)", "Next found", id="runbook.next_found", show=False),
        Binding("N,shift+f3", "hit(-1)", "Previous found", id="runbook.previous_found", show=False),
        Binding("escape", "end_search", "End the search", id="runbook.end_search", show=False),
    ]
    DEFAULT_CSS = """
    DocumentView {
        scrollbar-gutter: stable;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.document: Document | None = None
        self.note = ""
        self.words = ""  # what is looked for
        self._pattern: re.Pattern[str] | None = None
        self._hits: list[Hit] = []
        self._hit = -1  # the number of the hit that was gone to last
        self._from = 0  # the line in view when the search began
        self._lookup: tuple[Sheet, Lookup] | None = None
        self._looking = False
        self._sheet: Sheet | None = None

    def open(self, document: Document | None, note: str = "") -> None:
        """Show a document from its top; None: none, and `note` why."""
        self.document, self.note, self._sheet = document, clean(note, 300), None
        self.seek("")
        self._fit()
        self.scroll_to(y=0, animate=False, force=True)
        self.say_title()
        self.repaint_changed()

    # What a subclass adds

    @property
    def lead(self) -> int:
        """How many cells stand before each line; as many and one are not the document's."""
        return 1

    def say_title(self) -> None:
        """Say in the border what is shown."""

    def sheet_made(self) -> None:
        """Another sheet is shown: tell it what it does not know yet."""

    def dressed(self, row: int, spans: list[Span]) -> tuple[list[Span], str]:
        """Return line `row` of the sheet with what stands before it, and the mode it is painted in."""
        return [(" ", ""), *spans], ""

    # Layout

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
        width = max(self.area.width - self.lead - 1, 1)
        if self.document is None or not self.area.width:
            self.virtual_size = Size(*self.area)
            return
        if self._sheet is None or self._sheet.width != width:
            self._sheet = Sheet(self.document, width, self.ascii_only)
            self.sheet_made()
            self._hits, self._hit = [], -1  # they are lines of the sheet before
            if self.words:
                self._look()
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

    # Moving

    def action_by(self, lines: int) -> None:
        """Scroll by lines."""
        self._go(self.scroll_offset.y + lines)

    def action_page(self, by: float) -> None:
        """Scroll by so many views, less one line."""
        self._go(self.scroll_offset.y + int(by * max(self.area.height - 1, 2)))

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

    def go_to_line(self, line: int) -> None:
        """Go to the section in which `line` of the document stands."""
        if self._sheet is not None and self._sheet.sections:
            self._go(self._sheet.row_at(line))
            self._go(self._sheet.row_at(line))  # what was laid out on the way moved it

    def codes_in_view(self) -> list[tuple[int, "Code"]]:
        """Return the code in view, and on which line of the sheet each begins."""
        return self._sheet.codes(self.scroll_offset.y, self.area.height) if self._sheet else []

    async def action_contents(self) -> None:
        """Choose a heading to go to."""
        from iccon.console.bookmoves import contents  # not on the first screen

        await contents(self)

    # Searching

    async def action_find(self) -> None:
        """Look for words in the document."""
        from iccon.console.bookmoves import find  # not on the first screen

        await find(self)

    def seek(self, words: str) -> None:
        """Look for `words` from the line in view on; "" for nothing."""
        if words == self.words:
            return
        from iccon.console.widgets.search import pattern_of  # not on the first screen

        if words and not self.words:
            self._from = self.scroll_offset.y
        self.words, self._pattern = words.strip(), pattern_of(words)
        self._hits, self._hit = [], -1
        if self._pattern is not None and self._sheet is not None:
            self._look()
        self.say_title()
        self.repaint_changed()

    def _look(self) -> None:
        if not self._looking:
            self._looking = True
            spawn(self._looked(), "search")

    async def _looked(self) -> None:
        """Look off the loop, again where something else is looked for meanwhile."""
        from iccon.console.widgets.search import Lookup

        done: tuple[object, object] = (None, None)
        try:
            while (sheet := self._sheet) and (pattern := self._pattern) and done != (sheet, pattern):
                if self._lookup is None or self._lookup[0] is not sheet:
                    self._lookup = sheet, Lookup(sheet.sections, sheet.width, self.ascii_only)
                done = sheet, pattern
                found = await in_thread(partial(self._lookup[1].find, pattern), "search", 30)
                self._hits = found if (self._sheet, self._pattern) == done else []
        except TimeoutError:
            self._hits = []
        finally:
            self._looking = False
        if self._pattern is not None:
            self._show_hit(self._beside(self._from, 1))

    def _beside(self, y: int, by: int) -> int:
        """Return the number of the first hit from line `y` of the sheet on, or of the last before it; in a circle."""
        sheet = self._sheet
        if sheet is None or not self._hits:
            return -1
        here = sheet.section_at(y)
        after = (n for n, hit in enumerate(self._hits) if hit[0] > here or (hit[0] == here and sheet.row(*hit) >= y))
        number = next(after, len(self._hits))
        return (number if by > 0 else number - 1) % len(self._hits)

    def action_hit(self, by: int) -> None:
        """Go to the next place that was found, or to the previous one; in a circle."""
        sheet, top = self._sheet, self.scroll_offset.y
        if sheet is None or not self._hits:
            return
        row = sheet.row(*self._hits[self._hit])
        in_view = self._hit >= 0 and top <= row < top + self.area.height
        self._show_hit((self._hit + by) % len(self._hits) if in_view else self._beside(top, by))

    def _show_hit(self, number: int) -> None:
        self._hit = number
        if self._sheet is not None and number >= 0:
            row, top = self._sheet.row(*self._hits[number]), self.scroll_offset.y
            if not top <= row < top + self.area.height:
                self._go(max(row - self.area.height // 3, 0))
        self.say_title()
        self.repaint_changed()

    def action_end_search(self) -> None:
        """Look for nothing any more."""
        self.seek("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While nothing is looked for, the keys that go through what was found mean what they mean elsewhere."""
        if action in ("hit", "end_search") and not self.words:
            return False
        return super().check_action(action, parameters)

    @property
    def found_words(self) -> str:
        """What is looked for, and the how manieth of the places found this is; the empty text where nothing is."""
        if not self.words or self._looking:
            return f"/{self.words}" if self.words else ""
        return f"/{self.words}: {self._hit + 1} of {len(self._hits)}" if self._hits else f"/{self.words}: not found"

    def line(self, y: int) -> Strip:
        """Return screen line `y`."""
        width = self.area.width
        if self.document is None or self._sheet is None:
            lines = said(self.note or NONE, width)
            return self.paint(lines[y] if y < len(lines) else [], width)
        row = self.scroll_offset.y + y
        spans = self._sheet.line(row)
        if self._pattern is not None:
            from iccon.console.widgets.search import marked

            spans = marked(spans, self._pattern)
        shown, mode = self.dressed(row, spans)
        return self.paint(shown, width, mode)
