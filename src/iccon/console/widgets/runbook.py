"""The runbook viewer: a document whose steps are chosen and marked, whose links are followed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct, structs
from textual.binding import Binding, BindingType

from iccon.background import in_thread, spawn
from iccon.console.fit import Span
from iccon.console.safe import set_titles
from iccon.console.widgets.document import DocumentView
from iccon.incident.runs import Run
from iccon.incident.steps import StepMark
from iccon.runbooks.model import Document

if TYPE_CHECKING:
    from iccon.runbooks.markdown import Code
    from iccon.runbooks.steps import Step


class Reading(Struct, frozen=True):
    """How a document is read: what it is, why it was chosen, what came of its steps by id, how an instant is written.

    `marks` is None outside of an incident. `other` is the file as it is now, where the version shown is the one that
    the incident opened first. `runs` are the newest runs of the steps by id, and what came of each.
    """

    why: str = ""
    marks: Mapping[str, StepMark] | None = None
    clock: Callable[[datetime], str] = str
    kind: str = "Runbook"
    other: Document | None = None
    runs: Mapping[str, tuple[Run, str]] = {}


class Past(Struct, frozen=True):
    """What was shown when a link was followed, and which line was the first in view."""

    document: Document
    reading: Reading
    first: bool
    y: int


SIGNS = {"": ("○", "o"), "done": ("✓", "+"), "skipped": ("»", ">"), "failed": ("✗", "x")}  # and in ASCII
SIGN_INKS = {"": "md-muted", "done": "v-ok", "skipped": "md-muted", "failed": "v-bad"}


class RunbookView(DocumentView):
    """Shows a runbook, its steps, and what came of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Previous step", id="runbook.step_before", show=False),
        Binding("right", "step(1)", "Next step", id="runbook.step_after", show=False),
        Binding("enter", "links", "Links", id="runbook.links", show=False),
        Binding("backspace", "back", "Back", id="runbook.back", show=False),
        Binding("y", "copy", "Copy code", id="runbook.copy", show=False),
        Binding("V", "version", "The other version", id="runbook.version", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.steps: tuple[Step, ...] = ()
        self._at = 0  # the number of the chosen step
        self._reading = Reading()
        self._first = True  # the version shown is the one that was read first, if there are two
        self._past: list[Past] = []
        self._copied: Code | None = None

    def show(self, document: Document | None, note: str = "", reading: Reading | None = None) -> None:
        """Show a runbook from its top, at its first open step if some are marked; None: none, and `note` why."""
        self._reading, self._first = reading or Reading(), True
        self._past.clear()
        self._show(document, note)

    def follow(self, document: Document, reading: Reading, line: int = 0) -> None:
        """Show a document that a link leads to, at `line` of its text; `action_back` leads back."""
        if self.document is not None:
            self._past.append(Past(self.document, self._reading, self._first, self.scroll_offset.y))
        self._reading, self._first = reading, True
        self._show(document)
        if line:
            self.go_to_line(line)

    def go_to_line(self, line: int) -> None:
        """Go to the section of `line`, with the cursor on its first step."""
        super().go_to_line(line)
        self._at = next((number for number, step in enumerate(self.steps) if step.line >= line), self._at)
        self.repaint_changed()

    @property
    def before(self) -> Document | None:
        """What was shown when the link was followed that led here."""
        return self._past[-1].document if self._past else None

    def back(self, marks: Mapping[str, StepMark] | None) -> None:
        """Show `before` again, where it was; `marks` are what came of its steps by now."""
        past = self._past.pop()
        self._reading, self._first = structs.replace(past.reading, marks=marks), past.first
        self._show(past.document)
        self._go(past.y)

    def _show(self, document: Document | None, note: str = "") -> None:
        self.steps, self._at = (), 0
        self.open(document, note)
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

    @property
    def section(self) -> str:
        """The heading above the chosen step if that is in view, else above the first line in view."""
        if self._sheet is not None and self.chosen is not None:
            y = self._sheet.row_of(self._at, self.chosen.line)
            if self.scroll_offset.y <= y < self.scroll_offset.y + self.area.height:
                return self.chosen.section
        return self.heading

    def mark(self, marks: Mapping[str, StepMark], runs: Mapping[str, tuple[Run, str]]) -> None:
        """Show what came of the steps and of their runs, where they are shown."""
        before = self._reading
        if before.marks is not None and (marks, runs) != (before.marks, before.runs):
            self._reading = structs.replace(before, marks=marks, runs=runs)
            self._tell()

    def _tell(self) -> None:
        """Bring signs, words and title up to the marks."""
        self.sheet_made()
        self._lay_out()
        self.say_title()
        self.repaint_changed()

    def sheet_made(self) -> None:
        """Tell the sheet the steps and what is said below those that are marked."""
        if self._sheet is not None:
            held = ((number, self._came(step.id)) for number, step in enumerate(self.steps))
            self._sheet.tell(self.steps, {number: said for number, said in held if said})

    def _came(self, step: str) -> str:
        """Return what a person said of a step, and what came of its newest run."""
        mark, (run, words) = self._marks.get(step), self._reading.runs.get(step, (None, ""))
        sign = SIGNS.get(mark.outcome if mark else "", SIGNS[""])[self.ascii_only]
        marked = f"{sign} {mark.words} ({self._reading.clock(mark.at)})" if mark else ""
        ran = f"run by {run.person} ({self._reading.clock(run.at)}): {words}" if run else ""
        return "; ".join(filter(None, (marked, ran)))

    def say_title(self) -> None:
        """Say which runbook it is, how far its steps are, which version is shown, what is looked for."""
        if self.document is None:
            return
        done = sum(step.id in self._marks for step in self.steps)
        parts = [f"{self._reading.kind}: {self.document.runbook.title}"]
        if self.steps:
            parts.append(f"{done} of {len(self.steps)}")
        if self._reading.other is not None:
            parts.append("as read first, changed since (V)" if self._first else "as it is now (V: as read first)")
        parts += filter(None, (self.found_words,))
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
    def lead(self) -> int:
        """As in any document; a step's sign besides, where steps are marked."""
        return 1 if self._reading.marks is None else 2

    def dressed(self, row: int, spans: list[Span]) -> tuple[list[Span], str]:
        """Return line `row` with the sign of the step that begins on it, and the cursor if that is chosen."""
        if self._reading.marks is None:
            return super().dressed(row, spans)
        number = self._sheet.step_at(row) if self._sheet else None
        if number is None:
            return [("  ", ""), *spans], ""
        mark = self._marks.get(self.steps[number].id)
        outcome = mark.outcome if mark and mark.outcome in SIGNS else ""
        mode = "" if number != self._at else "cursor" if self.has_focus else "cursor-blurred"
        return [(SIGNS[outcome][self.ascii_only], SIGN_INKS[outcome]), (" ", ""), *spans], mode

    # Links and code

    def action_back(self) -> None:
        """Go back to where a link was followed."""
        from iccon.console.bookmoves import back  # not on the first screen

        back(self)

    async def action_links(self) -> None:
        """Choose a link to follow."""
        from iccon.console.bookmoves import links  # not on the first screen

        await links(self)

    def action_copy(self) -> None:
        """Copy the code of the chosen step, else the first in view; again: the next one in view."""
        from iccon.console.bookmoves import copy_code  # not on the first screen

        codes = self.codes_in_view()
        own = self._sheet.row_of(self._at, self.chosen.line) if self._sheet and self.chosen else 0
        order = [code for y, code in codes if y >= own] + [code for y, code in codes if y < own]
        again = self._copied is not None and self._copied in order
        number = (order.index(self._copied) + 1) % len(order) if again and self._copied else 0
        self._copied = order[number] if order else None
        copy_code(self, self._copied, len(order))
