"""The runbook viewer: a document of any length, laid out section by section as it comes into view."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct, structs
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from iccon.background import in_thread, spawn
from iccon.console.fit import Span, said
from iccon.console.safe import set_titles
from iccon.console.widgets.lines import Lines
from iccon.incident.steps import StepMark
from iccon.runbooks.model import Document
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.runbooks.steps import Step

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
        self._steps: dict[int, int] = {}  # the line of the document where a step begins -> its number
        self._words: Mapping[int, str] = {}
        self._signs: dict[int, dict[int, int]] = {}  # section -> its line where a step begins -> the step's number
        self._starts: list[int] = []
        self._place()

    @property
    def height(self) -> int:
        """How many lines there are, as far as it is known."""
        return self._starts[-1]

    def tell(self, steps: Sequence["Step"], words: Mapping[int, str]) -> None:
        """Know the steps from now on, and what is said below those, by number, that are marked."""
        self._steps = {step.line: number for number, step in reversed(list(enumerate(steps)))}
        self._words = words
        self._lines.clear()  # the heights stay, so that what is in view does too
        self._signs.clear()

    def step_at(self, y: int) -> int | None:
        """Return the number of the step that begins on line `y`."""
        index = self.section_at(y)
        return self._signs.get(index, {}).get(y - self._starts[index])

    def row_of(self, number: int, line: int) -> int:
        """Return on which line step `number` begins, which begins on `line` of the document."""
        index = max(bisect_right([section.line for section in self.sections], line) - 1, 0)
        if index not in self._lines:
            self._lay_out(index)
        rows = (row for row, step in self._signs[index].items() if step == number)
        return self._starts[index] + next(rows, 0)

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
        places: dict[int, tuple[int, int]] = {}
        made = self._render(self.sections[index], self.width, self.ascii_only, places)
        lines = self._with_words(index, [[(span.text, _ink(span.style)) for span in line] for line in made], places)
        self._lines[index] = lines
        changed = len(lines) != self._heights[index]
        if changed:
            self._heights[index] = len(lines)
            self._place()
        return changed

    def _with_words(
        self, index: int, lines: list[list[Span]], places: Mapping[int, tuple[int, int]]
    ) -> list[list[Span]]:
        """Return the lines of a section with what is said of its steps below each, and a blank one at the end."""
        at = self.sections[index].line
        spans = {self._steps[at + line]: span for line, span in places.items() if at + line in self._steps}
        begins = {first: step for step, (first, _) in spans.items()}
        ends = {end: step for step, (_, end) in spans.items() if step in self._words}
        found: list[list[Span]] = []
        signs: dict[int, int] = {}
        for y, line in enumerate([*lines, []]):
            if y in ends:
                found.append([("  ", ""), (self._words[ends[y]], "md-muted")])
            if y in begins:
                signs[len(found)] = begins[y]
            found.append(line)
        self._signs[index] = signs
        return found

    def line(self, y: int) -> list[Span]:
        """Return line `y`; empty where it is not laid out yet, or beyond the end."""
        if not 0 <= y < self.height:
            return []
        index = self.section_at(y)
        lines = self._lines.get(index, [])
        at = y - self._starts[index]
        return lines[at] if at < len(lines) else []


class Reading(Struct, frozen=True):
    """How a document is read: what it is, why it was chosen, what came of its steps by id, how an instant is written.

    `marks` is None outside of an incident. `other` is the file as it is now, where the version shown is the one that
    the incident opened first.
    """

    why: str = ""
    marks: Mapping[str, StepMark] | None = None
    clock: Callable[[datetime], str] = str
    kind: str = "Runbook"
    other: Document | None = None


SIGNS = {"": ("○", "o"), "done": ("✓", "+"), "skipped": ("»", ">"), "failed": ("✗", "x")}  # and in ASCII
SIGN_INKS = {"": "md-muted", "done": "v-ok", "skipped": "md-muted", "failed": "v-bad"}


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
        Binding("left", "step(-1)", "Previous step", id="runbook.step_before", show=False),
        Binding("right", "step(1)", "Next step", id="runbook.step_after", show=False),
        Binding("v", "version", "The other version", id="runbook.version", show=False),
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
        self.steps: tuple[Step, ...] = ()
        self._at = 0  # the number of the chosen step
        self._reading = Reading()
        self._first = True  # the version shown is the one that was read first, if there are two
        self._sheet: Sheet | None = None

    def show(self, document: Document | None, note: str = "", reading: Reading | None = None) -> None:
        """Show a runbook from its top, at its first open step if some are marked; None: none, and `note` why."""
        self._reading, self._first = reading or Reading(), True
        self._show(document, note)

    def _show(self, document: Document | None, note: str = "") -> None:
        self.document, self.note, self._sheet = document, clean(note, 300), None
        self.steps, self._at = (), 0
        self._fit()
        self.scroll_to(y=0, animate=False, force=True)
        self.repaint_changed()
        if document is not None:
            self._say_title()
        if document is not None and self._reading.marks is not None:
            spawn(self._find_steps(document), "steps")

    async def _find_steps(self, document: Document) -> None:
        """Find the steps off the loop: the whole text is parsed, of which the first screen needs a part."""
        from iccon.runbooks.steps import steps

        with suppress(TimeoutError):
            found = await in_thread(lambda: steps(document), "steps", 30)
            if self.document is document and found:
                self.steps = found
                self._tell()
                if any(step.id in self._marks for step in found) and not self.scroll_offset.y:
                    self.next_open()

    @property
    def _marks(self) -> Mapping[str, StepMark]:
        return self._reading.marks or {}

    @property
    def chosen(self) -> "Step | None":
        """The step under the cursor."""
        return self.steps[self._at] if self._at < len(self.steps) else None

    def mark(self, marks: Mapping[str, StepMark]) -> None:
        """Show what came of the steps, where they are shown."""
        if self._reading.marks is not None and marks != self._reading.marks:
            self._reading = structs.replace(self._reading, marks=marks)
            self._tell()

    def _tell(self) -> None:
        """Bring signs, words and title up to the marks."""
        if self._sheet is not None:
            held = ((number, self._marks.get(step.id)) for number, step in enumerate(self.steps))
            words = {number: self._said(mark) for number, mark in held if mark}
            self._sheet.tell(self.steps, words)
            self._lay_out()
        self._say_title()
        self.repaint_changed()

    def _said(self, mark: StepMark) -> str:
        sign = SIGNS.get(mark.outcome, SIGNS[""])[self.ascii_only]
        return f"{sign} {mark.words} ({self._reading.clock(mark.at)})"

    def _say_title(self) -> None:
        assert self.document is not None
        done = sum(step.id in self._marks for step in self.steps)
        parts = [f"{self._reading.kind}: {self.document.runbook.title}"]
        if self.steps:
            parts.append(f"{done} of {len(self.steps)}")
        if self._reading.other is not None:
            parts.append("as read first, changed since (v)" if self._first else "as it is now (v: as read first)")
        set_titles(self, " - ".join(parts), self._reading.why)

    def action_version(self) -> None:
        """Change between the version that the incident read first and the file as it is now."""
        if self._reading.other is not None and self.document is not None:
            other, self._first = self._reading.other, not self._first
            self._reading = structs.replace(self._reading, other=self.document)
            self._show(other)

    def next_open(self) -> None:
        """Choose the next step that is not marked, from the chosen one on, else the first of all."""
        here = (*range(self._at, len(self.steps)), *range(self._at))
        found = next((number for number in here if self.steps[number].id not in self._marks), self._at)
        self._choose(found)

    def action_step(self, by: int) -> None:
        """Go to the next step, or the previous."""
        self._choose(self._at + by)

    def _choose(self, number: int) -> None:
        self._at = max(min(number, len(self.steps) - 1), 0)
        self.bring_in_view()
        self.repaint_changed()

    def bring_in_view(self) -> bool:
        """Scroll to the chosen step; say whether it was out of view."""
        if self._sheet is None or self.chosen is None:
            return False
        y = self._sheet.row_of(self._at, self.chosen.line)
        hidden = not self.scroll_offset.y <= y < self.scroll_offset.y + self.area.height
        if hidden:
            self._go(max(y - 1, 0))
        return hidden

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show where the cursor is."""
        super().watch_has_focus(has_focus)
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
        width = max(self.area.width - (2 if self._reading.marks is None else 3), 1)
        if self.document is None or not self.area.width:
            self.virtual_size = Size(*self.area)
            return
        if self._sheet is None or self._sheet.width != width:
            self._sheet = Sheet(self.document, width, self.ascii_only)
            self._tell()
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
        row = self.scroll_offset.y + y
        spans = self._sheet.line(row)
        if self._reading.marks is None:
            return self.paint([(" ", ""), *spans], width)
        number = self._sheet.step_at(row)
        if number is None:
            return self.paint([("  ", ""), *spans], width)
        mark = self._marks.get(self.steps[number].id)
        outcome = mark.outcome if mark and mark.outcome in SIGNS else ""
        mode = "" if number != self._at else "cursor" if self.has_focus else "cursor-blurred"
        return self.paint([(SIGNS[outcome][self.ascii_only], SIGN_INKS[outcome]), (" ", ""), *spans], width, mode)
