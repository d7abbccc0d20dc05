"""Sections of a Markdown runbook as styled lines of a width. Pure; never raises; the parser is loaded at first use.

`sections` cuts a document at its headings without parsing it; `lay_out` parses and lays out one section, so that a
viewer pays for what it shows. The styles are listed in `inline.py`.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from iccon.runbooks.inline import STYLES, Line, Links, Span, cut, html_spans, one_line, spans, wrap
from iccon.runbooks.sections import Section, headings, sections
from iccon.runbooks.shortcodes import written_out
from iccon.runbooks.tables import Table, layout
from iccon.text import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["STYLES", "Code", "Laid", "Line", "Section", "Span", "estimate", "headings", "lay_out", "plain", "sections"]

NARROWEST = 12  # cells; a narrower request is rendered at this width
PARSE_LIMIT = (
    120_000  # characters of a section; a longer one, which `sections` makes none of, is shown as it is written
)
NESTING = 40
CONTENTS = re.compile(r"(?i)\A\s*(?:\[\[_TOC_\]\]|\[TOC\]|\{:toc\})\s*\Z")  # a place for what is a key here
NAMES = {"mermaid": "mermaid (a diagram, as text)"}  # of languages, as they are shown


class Glyphs(Struct, frozen=True):
    """The characters that draw structure."""

    bullet: str = "• "
    task_open: str = "☐ "
    task_done: str = "☑ "
    quote: str = "▎ "
    code: str = "│ "
    code_more: str = "┆ "
    rule: str = "─"


ASCII = Glyphs("- ", "[ ] ", "[x] ", "> ", "| ", ": ", "-")
UNICODE = Glyphs()


class Code(Struct, frozen=True):
    """A code fence: which of the section's lines show it (first, last + 1), what stands behind its mark, its text."""

    first: int
    end: int
    info: str
    text: str


class Laid(Struct, frozen=True):
    """A section laid out.

    `places` says for each line of the section where a list item or a code fence begins which of the lines show it
    (first, last + 1). `links` are the addresses, in the order of the numbers behind their texts.
    """

    lines: list[Line]
    places: dict[int, tuple[int, int]] = {}
    codes: tuple[Code, ...] = ()
    links: tuple[str, ...] = ()


def lay_out(section: Section, width: int, ascii: bool = False) -> Laid:
    """Lay a section out in lines of at most `width` cells (never narrower than 12).

    With `ascii` the structure is drawn with ASCII characters; the text itself stays as it is.
    """
    width = max(width, NARROWEST)
    if len(section.text) > PARSE_LIMIT:
        return Laid(plain(section.text, width))
    writer = _Writer(width, ASCII if ascii else UNICODE)
    try:
        lines = writer.write(parse(section))
    except Exception:  # a fault of the parser must not hide the runbook: it is shown as it is written
        return Laid(plain(section.text, width))
    return Laid(lines, writer.places, tuple(writer.codes), tuple(writer.links.urls))


def plain(text: str, width: int) -> list[Line]:
    """Return text as it is written, broken at `width` cells."""
    return [[Span(piece, "text")] if piece else [] for line in text.split("\n") for piece in cut(one_line(line), width)]


def estimate(section: Section, width: int) -> int:
    """Return about how many lines `lay_out` will give: for a scroll bar, before a section is rendered."""
    width = max(width, NARROWEST)
    return sum(1 + len(line) // width for line in section.text.split("\n")) + 1


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # 30 ms that only a reader of runbooks pays

    options = {"html": True, "maxNesting": NESTING}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def parse(section: Section) -> list["Token"]:
    """Return the tokens of a section and of the link definitions behind it. May raise what the parser does.

    What a piece before the section opened (`lead`) stands on a line before 0.
    """
    written = written_out("\n".join((*section.lead, section.text)))
    source = "\n\n".join((written, "\n".join(section.references))) if section.references else written
    tokens = _parser().parse(source)
    for token in tokens if section.lead else ():
        token.map = [line - len(section.lead) for line in token.map] if token.map else token.map
    return tokens


class _Block(Struct):
    """A container that is open: what stands before its first line, and before the others."""

    first: Span | None
    rest: Span
    tight: bool = False


class _Writer:
    """Walks the flat tokens once and gathers lines. One writer renders one section."""

    def __init__(self, width: int, glyphs: Glyphs) -> None:
        self.width = width
        self.glyphs = glyphs
        self.lines: list[Line] = []
        self.links = Links()
        self.blocks: list[_Block] = []
        self.numbers: list[int | None] = []  # the next number of each open list; None for bullets
        self.quotes = 0
        self.places: dict[int, tuple[int, int]] = {}
        self.codes: list[Code] = []
        self._beginning: list[int] = []  # where the items begin whose first block is still to come

    def write(self, tokens: list["Token"]) -> list[Line]:
        """Return the lines of all tokens, and below them the addresses of their links."""
        at = 0
        while at < len(tokens):
            at = self._token(tokens, at)
        if self.links.urls:
            self._gap()
            for url, number in self.links.urls.items():
                mark = f"[{number}] "
                for piece in cut(url, self.width - len(mark)):
                    self.lines.append([Span(mark, "muted"), Span(piece, "link")])
                    mark = " " * len(mark)
        return self.lines

    def _token(self, tokens: list["Token"], at: int) -> int:
        token = tokens[at]
        if token.type == "table_open":
            end = next((n for n in range(at, len(tokens)) if tokens[n].type == "table_close"), len(tokens) - 1)
            self._table(tokens[at:end])
            return end + 1
        if token.type == "heading_open":
            self._heading(tokens[at + 1], int(token.tag[1:]))
            return at + 3
        if token.type == "inline":
            self._paragraph(token, hidden=tokens[at - 1].hidden)
        elif token.type in ("fence", "code_block"):
            self._code(token)
        elif token.type == "html_block":
            self._html(token.content)
        elif token.type == "hr":
            self._gap()
            self._add([Span(self.glyphs.rule * self._room(), "rule")])
        else:
            self._container(token)
        return at + 1

    def _container(self, token: "Token") -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrGet("start") or 1) if token.type[0] == "o" else None
            if not self.numbers:
                self._gap()
            self.numbers.append(start)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.numbers.pop()
        elif token.type == "list_item_open":
            self._beginning += (token.map or [])[:1]
            self._item()
        elif token.type == "blockquote_open":
            self._gap()
            self.quotes += 1
            mark = Span(self.glyphs.quote, "muted")
            self.blocks.append(_Block(mark, mark))
        elif token.type in ("list_item_close", "blockquote_close"):
            self._close(quote=token.type == "blockquote_close")

    def _item(self) -> None:
        number = self.numbers[-1]
        mark = self.glyphs.bullet if number is None else f"{number}. "
        if number is not None:
            self.numbers[-1] = number + 1
        self.blocks.append(_Block(Span(mark, "bullet"), Span(" " * len(mark), "text"), tight=True))

    def _close(self, quote: bool) -> None:
        block = self.blocks[-1]
        if block.first is not None and not quote:
            self._add([])  # an empty item keeps its mark
            self._placed(len(self.lines) - 1)
        self.blocks.pop()
        self.quotes -= quote

    def _room(self) -> int:
        """Return the cells left for content: nested prefixes may take half of the width, no more."""
        return self.width - sum(len(span.text) for span in self._prefix(consume=False))

    def _prefix(self, consume: bool) -> Line:
        spans_: Line = []
        used = 0
        for block in reversed(self.blocks):
            mark = block.first if block.first is not None else block.rest
            if used + len(mark.text) <= self.width // 2:
                spans_.insert(0, mark)
                used += len(mark.text)
            if consume and block.first is not block.rest:
                block.first = None
        return spans_

    def _add(self, line: Line) -> None:
        merged: Line = []
        for span in (*self._prefix(consume=True), *line):
            if merged and merged[-1].style == span.style:
                merged[-1] = Span(merged[-1].text + span.text, span.style)
            else:
                merged.append(span)
        self.lines.append(merged)

    def _gap(self) -> None:
        """Leave one blank line, except at the top and right behind an item's mark."""
        fresh = any(b.first is not None and b.first is not b.rest for b in self.blocks)
        if self.lines and self.lines[-1] and not fresh:
            quotes = [b.rest for b in self.blocks if b.first is b.rest]
            self.lines.append([Span("".join(q.text for q in quotes).rstrip(), "muted")] if quotes else [])

    def _heading(self, inline: "Token", level: int) -> None:
        self._gap()
        style = f"h{min(level, 3)}"
        content = [
            Span(s.text, style) if s.style == "text" else s for s in spans(inline.children or (), "text", self.links)
        ]
        for line in wrap([Span("#" * level + " ", style), *content], self._room()):
            self._add(line)

    def _paragraph(self, inline: "Token", hidden: bool) -> None:
        if CONTENTS.match(inline.content):
            return
        if not hidden:
            self._gap()
        content = spans(inline.children or (), "quote" if self.quotes else "text", self.links)
        if self.blocks and self.blocks[-1].first is not None and self.numbers:
            content = self._task(content)
        start = len(self.lines)
        for line in wrap(content, self._room()):
            self._add(line)
        self._placed(start)

    def _placed(self, start: int, own: Sequence[int] = ()) -> None:
        """Note which lines, from `start` on, show the items that begin here, or the block that begins at `own`."""
        for at in (*self._beginning, *own):
            if at < 0:
                continue  # begun in a piece before
            self.places.setdefault(at, (start, len(self.lines)))
        self._beginning.clear()

    def _task(self, content: list[Span]) -> list[Span]:
        """Draw the box of a task list's item in place of its bullet."""
        box = content[0].text[:4].lower() if content else ""
        if box not in ("[ ] ", "[x] "):
            return content
        done = box == "[x] "
        mark = Span(self.glyphs.task_done if done else self.glyphs.task_open, "task_done" if done else "task_open")
        self.blocks[-1].first = mark
        self.blocks[-1].rest = Span(" " * len(mark.text), "text")
        return [Span(content[0].text[4:], content[0].style), *content[1:]]

    def _html(self, source: str) -> None:
        """Write the text of a piece of HTML, its pictures as links, what is no HTML as it is."""
        found = html_spans(source, "quote" if self.quotes else "text", self.links)
        lines = wrap(found, self._room()) if any(span.text.strip() for span in found) else []
        filled = [number for number, line in enumerate(lines) if line]
        if filled:
            self._gap()
            for line in lines[filled[0] : filled[-1] + 1]:
                self._add(line)

    def _code(self, token: "Token") -> None:
        self._gap()
        start = len(self.lines)
        room = self._room() - len(self.glyphs.code)
        info = clean(token.info, 60)
        if info:
            self._add([Span((self.glyphs.code + NAMES.get(info, info))[: room + len(self.glyphs.code)], "muted")])
        for line in token.content.rstrip("\n").split("\n"):
            for number, piece in enumerate(cut(one_line(line), room)):
                gutter = self.glyphs.code_more if number else self.glyphs.code
                self._add([Span(gutter, "muted"), Span(piece, "codeblock")])
        self.codes.append(Code(start, len(self.lines), info, token.content))
        self._placed(start, (token.map or [])[:1])

    def _table(self, tokens: list["Token"]) -> None:
        self._gap()
        rows: list[list[tuple[Span, ...]]] = []
        aligns: list[str] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open") and len(rows) == 1:
                aligns.append(str(token.attrGet("style") or "").removeprefix("text-align:") or "left")
            elif token.type == "inline":
                rows[-1].append(tuple(spans(token.children or (), "table" if len(rows) == 1 else "text", self.links)))
        table = Table(tuple(rows[0]), tuple(tuple(row) for row in rows[1:]), tuple(aligns))
        for line in layout(table, self._room(), self.glyphs is ASCII):
            self._add(line)
