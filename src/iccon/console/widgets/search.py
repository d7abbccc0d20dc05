"""What is looked for in a document, and where: found in the lines as they are laid out, off the loop."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from iccon.console.fit import Span
from iccon.runbooks.sections import Section

LIMIT = 10_000  # hits of one search
INK = "cell-cursor"

Hit = tuple[int, int]  # the number of a section, and of its line as laid out


def pattern_of(words: str) -> re.Pattern[str] | None:
    """Return what finds `words`, across line ends too; a capital letter makes capitals count. None: nothing to find."""
    parts = words.split()
    flags = re.IGNORECASE if words == words.lower() else re.NOFLAG
    return re.compile(r"\s+".join(map(re.escape, parts)), flags) if parts else None


class Lookup:
    """The sections of a document as plain lines at one width, laid out at the first search. Used on one thread."""

    def __init__(self, sections: Sequence[Section], width: int, ascii_only: bool) -> None:
        self._sections = sections
        self._width = width
        self._ascii = ascii_only
        self._texts: list[tuple[str, list[int]]] | None = None  # of each section: its text, where its lines begin

    def find(self, pattern: re.Pattern[str]) -> list[Hit]:
        """Return each place that fits, at most 10,000, in order."""
        if self._texts is None:
            self._texts = [self._text(section) for section in self._sections]
        found: list[Hit] = []
        for number, (text, starts) in enumerate(self._texts):
            found += ((number, bisect_right(starts, match.start()) - 1) for match in pattern.finditer(text))
            if len(found) > LIMIT:
                break
        return list(dict.fromkeys(found[:LIMIT]))

    def _text(self, section: Section) -> tuple[str, list[int]]:
        from iccon.runbooks.markdown import lay_out  # a console without a runbook open does without

        lines = ["".join(span.text for span in line) for line in lay_out(section, self._width, self._ascii).lines]
        return "\n".join(lines), list(accumulate((len(line) + 1 for line in lines), initial=0))


def marked(spans: Sequence[Span], pattern: re.Pattern[str]) -> list[Span]:
    """Return a line with what fits in it set off."""
    whole = "".join(text for text, _ in spans)
    places = [match.span() for match in pattern.finditer(whole)]
    if not places:
        return list(spans)
    begins, ends = [first for first, _ in places], [last for _, last in places]
    cuts = sorted({*begins, *ends})
    out: list[Span] = []
    at = 0
    for text, style in spans:
        edges = [0, *(cut - at for cut in cuts if at < cut < at + len(text)), len(text)]
        for first, last in pairwise(edges):
            inside = bisect_right(begins, at + first) > bisect_right(ends, at + first)
            out.append((text[first:last], f"{style} {INK}".strip() if inside else style))
        at += len(text)
    return out
