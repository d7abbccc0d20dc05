"""Where a Markdown text falls apart into sections: found line by line, without parsing the text. Pure."""

import re
from collections.abc import Iterator

from msgspec import Struct

from iccon.runbooks.model import Document, Heading
from iccon.text import CleanText, clean

SOFT_LINES, SOFT_SIZE = 120, 10_000  # a longer section (lines, characters) is split at its next blank line, so that a
HARD_LINES, HARD_SIZE = 600, 40_000  # screen parses little at a time; and here at any line that is not in fenced code
TABLE_LINES = 240  # and here between two rows of a table, whose header is then said again
FENCE_SIZE = 64_000  # characters: fenced code is cut only here; code so long is shown, and not run
REFERENCES = 200  # link definitions kept for all sections

_FENCE = re.compile(r"^\s*(?:(?:>|[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})(.*)$")
_ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_NOT_A_TITLE = re.compile(r"^(?: {4}|\s*(?:[-*+>|]|\d{1,9}[.)])(?:\s|$)|\s*[|])")
_TABLE = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]{1,200}\]:\s*\S")
_MARKS = re.compile(r"[`*]|(?<!\w)_|_(?!\w)")


class Section(Struct, frozen=True):
    """A piece of a document: from one heading to the next. `line` is its first line, counted from 0.

    `heading` is None for what stands before the first heading and for the rest of a long section.
    `references` are the link definitions of the whole document. `lead` is what the parser needs before
    `text` where code or a table was cut: the line that opens it, the two lines of its header.
    """

    heading: Heading | None
    line: int
    text: str
    references: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()


def open_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that stand outside fenced code, with their numbers."""
    fence = ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if not fence:
            if found and not (found[1][0] == "`" and "`" in found[2]):
                fence = found[1]
            else:
                yield number, line
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""


def headings(text: str) -> tuple[Heading, ...]:
    """Return the headings of `text`: `# …` and underlined ones, never those inside fenced code."""
    found: list[Heading] = []
    before = (-2, "")
    for number, line in open_lines(text.split("\n")):
        if "#" in line and (atx := _ATX.match(line)):
            found.append(Heading(len(atx[1]), _title(atx[2] or ""), number))
            before = (-2, "")
            continue
        under = _SETEXT.match(line) if before[0] == number - 1 and before[1].strip() else None
        if under and not _NOT_A_TITLE.match(before[1]):
            found.append(Heading(1 if under[1][0] == "=" else 2, _title(before[1]), before[0]))
            before = (-2, "")
        else:
            before = (number, line)
    return tuple(found)


def _title(raw: str) -> CleanText:
    return clean(_MARKS.sub("", raw), 200)


def sections(document: Document) -> tuple[Section, ...]:
    """Return the document cut at its headings, and long stretches at blank lines. Costs one pass over the lines."""
    lines = document.text.split("\n")
    outside = dict(open_lines(lines))
    references = tuple(line for line in outside.values() if "]:" in line and _DEFINITION.match(line))[:REFERENCES]
    at = {heading.line: heading for heading in document.headings}
    starts = sorted({0, *(line for line in at if line < len(lines))})
    found: list[Section] = []
    lead: tuple[str, ...] = ()
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        before = start
        for first, last in _pieces(lines, outside, start, end):
            lead, before = _lead(lines, outside, before, first, lead), first
            text = "\n".join(lines[first:last])
            if text.strip():
                found.append(Section(at.get(first), first, text, references, lead))
    return tuple(found)


def _pieces(lines: list[str], outside: dict[int, str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where pieces of the lines from `start` to `end` begin and end."""
    first, size = start, 0
    for number in range(start, end):
        count, longer = number - first, size + len(lines[number]) + 1
        soft = count >= SOFT_LINES or size >= SOFT_SIZE
        hard = count >= HARD_LINES or longer > HARD_SIZE if number in outside else longer > FENCE_SIZE
        row = count >= TABLE_LINES and lines[number][:1] == lines[number - 1][:1] == "|"
        if count and (hard or (row and number in outside) or (soft and _splits(lines, outside, number))):
            yield first, number
            first, longer = number, len(lines[number]) + 1
        size = longer
    yield first, end


def _splits(lines: list[str], outside: dict[int, str], number: int) -> bool:
    """Say whether a new piece can begin at `number`: an unindented line after a blank one, outside of fences."""
    line = lines[number]
    return number in outside and bool(line.strip()) and line[0] != " " and not lines[number - 1].strip()


def _lead(lines: list[str], outside: dict[int, str], before: int, first: int, lead: tuple[str, ...]) -> tuple[str, ...]:
    """Return what opened the code or the table in which a piece begins; the piece before it began so, with `lead`."""
    if first == before:
        return ()
    at = first
    if first not in outside:
        while at > before and at - 1 not in outside:
            at -= 1
        opener = _FENCE.match(lines[at])
        if at == before and lead:
            return lead
        return (opener[1] + opener[2],) if opener and at < first else ()
    while at > before and "|" in lines[at]:
        at -= 1
    if at == before and len(lead) > 1:
        return lead
    at += "|" not in lines[at]
    return tuple(lines[at : at + 2]) if first > at + 1 and _TABLE.match(lines[at + 1]) else ()
