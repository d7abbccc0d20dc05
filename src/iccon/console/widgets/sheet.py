"""The lines of a document at one width, laid out section by section as they come into view."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from iccon.console.fit import Span
from iccon.runbooks.model import Document

if TYPE_CHECKING:
    from iccon.runbooks.markdown import Code, Laid
    from iccon.runbooks.steps import Step


class Sheet:
    """The lines of a document at one width. A section not yet in view is estimated; laying it out moves the next."""

    def __init__(self, document: Document, width: int, ascii_only: bool) -> None:
        from iccon.runbooks import markdown  # a console without a runbook open does without

        self.width = width
        self.ascii_only = ascii_only
        self._made = markdown.lay_out
        self.sections = markdown.sections(document)
        self._heights = [markdown.estimate(section, width) for section in self.sections]
        self._lines: dict[int, list[list[Span]]] = {}
        self._steps: dict[int, int] = {}  # the line of the document where a step begins -> its number
        self._words: Mapping[int, str] = {}
        self._signs: dict[int, dict[int, int]] = {}  # section -> its line where a step begins -> the step's number
        self._laid: dict[int, Laid] = {}
        self._rows: dict[int, list[int]] = {}  # section -> where each of its lines is, among what is said of its steps
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
        index = self._section_of(line)
        rows = (row for row, step in self._signs[index].items() if step == number)
        return self._starts[index] + next(rows, 0)

    def row(self, section: int, line: int) -> int:
        """Return where line `line` of a section is, as it was laid out without what is said of its steps."""
        if section not in self._lines:
            self._lay_out(section)
        return self._starts[section] + self._rows[section][line]

    def row_at(self, line: int) -> int:
        """Return where the section begins in which `line` of the document stands."""
        return self._starts[self._section_of(line)]

    def codes(self, top: int, count: int) -> list[tuple[int, "Code"]]:
        """Return the code that lines `top` to `top + count` show, which are laid out, and where each begins."""
        begin, end = self.section_at(top), self.section_at(top + count - 1)
        numbers = [number for number in range(begin, end + 1) if number in self._laid]
        found = [(n, code) for n in numbers for code in self._laid[n].codes]
        placed = [(self.row(n, code.first), self.row(n, code.end - 1), code) for n, code in found]
        return [(first, code) for first, last, code in placed if first < top + count and last >= top]

    def _section_of(self, line: int) -> int:
        index = max(bisect_right([section.line for section in self.sections], line) - 1, 0)
        if index not in self._lines:
            self._lay_out(index)
        return index

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
        made = self._laid[index] = self._made(self.sections[index], self.width, self.ascii_only)
        drawn = [[(span.text, _ink(span.style)) for span in line] for line in made.lines]
        lines = self._with_words(index, drawn, made.places)
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
        rows: list[int] = []
        for y, line in enumerate([*lines, []]):
            if y in ends:
                found.append([("  ", ""), (self._words[ends[y]], "md-muted")])
            if y in begins:
                signs[len(found)] = begins[y]
            rows.append(len(found))
            found.append(line)
        self._signs[index], self._rows[index] = signs, rows
        return found

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
