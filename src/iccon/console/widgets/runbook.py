"""The runbook viewer: scrolls through a document, shows its steps and what came of them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct, structs
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from iccon.background import in_thread, spawn
from iccon.console.fit import said
from iccon.console.safe import set_titles
from iccon.console.widgets.lines import Lines
from iccon.console.widgets.sheet import Sheet
from iccon.incident.steps import StepMark
from iccon.runbooks.model import Document
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.runbooks.steps import Step

NONE = "No runbook is open. Choose a page or a service and press r."


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
        Binding("V", "version", "The other version", id="runbook.version", show=False),
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
            parts.append("as read first, changed since (V)" if self._first else "as it is now (V: as read first)")
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
