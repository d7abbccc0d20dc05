"""Inline Markdown as styled spans, and spans broken into lines of a width in terminal cells. Pure; never raises.

The styles a span can have, and no others:

    h1 h2 h3    headings (deeper ones are h3)        text        running text
    strong em   emphasis                             code        code within a line
    codeblock   a line of a code block               quote       quoted text
    bullet      a list item's mark                   link        a link's text, or an address
    table       a table's lines and header           rule        a horizontal line
    muted       struck text, link numbers, gutters   task_done, task_open   the box of a task
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len

from iccon.text import clean, clean_block

if TYPE_CHECKING:
    from markdown_it.token import Token

STYLES = frozenset(
    (
        "h1",
        "h2",
        "h3",
        "text",
        "strong",
        "em",
        "code",
        "codeblock",
        "quote",
        "bullet",
        "link",
        "table",
        "rule",
        "muted",
        "task_done",
        "task_open",
    )
)
EMOJI = {  # the names that runbooks use as words; each as wide as its sign is anywhere
    **dict.fromkeys(("white_check_mark", "heavy_check_mark", "check_mark"), "✓"),
    **dict.fromkeys(("x", "no_entry", "no_entry_sign", "ban"), "✗"),
    **dict.fromkeys(("warning", "rotating_light", "exclamation"), "(!)"),
    **dict.fromkeys(("information_source", "bulb", "memo"), "(i)"),
}
URL_LIMIT = 2000  # characters of an address

_BREAK = re.compile(r"(?i)<\s*(?:br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>")
_COMMENT = re.compile(r"(?s)<!--.*?(?:-->|$)")
_TAGS = (
    "a|abbr|article|aside|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|del|details|dfn|div"
    "|dl|dt|em|embed|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|kbd|li|mark|nav|noscript"
    "|ol|p|picture|pre|q|s|samp|script|section|small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot"
    "|th|thead|tr|tt|u|ul|video|wbr"
)
_TAG = re.compile(rf"(?i)</?(?:{_TAGS})(?=[\s/>])[^<>]*>|<[a-z][\w-]*\s[^<>=]*=[^<>]*>|<[!?][^<>]*>")
_IMAGE = re.compile(r"(?i)<img\b[^<>]*>")
_ATTRIBUTE = re.compile(r"""(?i)\b(src|alt|title)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_EMOJI = re.compile(r":([a-z_]+):")
_PIECES = re.compile(r"\n|[^\S\n]+|\S+")
_CHUNKS = re.compile(r" *[^ ]+ ?| +")
_UNITS = re.compile(r"(?s).\ufe0f?")
_OPENERS = {"strong_open": "strong", "em_open": "em", "s_open": "muted"}
_CLOSERS = frozenset(("strong_close", "em_close", "s_close", "link_close"))


__all__ = ["STYLES", "Line", "Links", "Span", "cell_len", "cut", "html_spans", "one_line", "spans", "wrap"]


class Span(Struct, frozen=True):
    """A stretch of text in one style; see the module's list of styles. Its text is clean and has no line break."""

    text: str
    style: str


Line = list[Span]


class Links:
    """The addresses met so far in one section, numbered from 1 in the order of their appearance."""

    def __init__(self) -> None:
        self.urls: dict[str, int] = {}

    def number(self, url: str) -> int:
        """Return the number of `url`, the same one each time."""
        return self.urls.setdefault(url, len(self.urls) + 1)


def _strip_html(raw: str) -> str:
    """Return the text of a piece of HTML: comments and tags go, line-breaking tags become line breaks.

    What is no tag of HTML stays, as `<namespace>`: in a command it is the word to put something in for.
    """
    text = _TAG.sub("", _BREAK.sub("\n", _COMMENT.sub("", raw)))
    return clean_block(html.unescape(text))


def html_spans(raw: str, base: str, links: Links) -> list[Span]:
    """Return the text of a piece of HTML as spans, its pictures as links."""
    found: list[Span] = []
    at = 0
    for tag in _IMAGE.finditer(raw):
        found.append(Span(_strip_html(raw[at : tag.start()]), base))
        named = {key.lower(): html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(tag[0])}
        found += _picture(clean(named.get("src", ""), URL_LIMIT), named.get("alt") or named.get("title", ""), links)
        at = tag.end()
    found.append(Span(_strip_html(raw[at:]), base))
    return found


def _picture(url: str, name: str, links: Links) -> list[Span]:
    name = one_line(name).strip() or url
    return [Span(f"image: {name}", "link"), Span(f"[{links.number(url)}]" if url else "", "muted")]


def spans(tokens: Sequence["Token"], base: str, links: Links) -> list[Span]:
    """Return inline tokens as spans in the style `base`, except where they have their own. `\\n` marks a hard break."""
    found: list[Span] = []
    styles: list[str] = [base]
    opened: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in _OPENERS:
            styles.append(_OPENERS[token.type])
        elif token.type == "link_open":
            styles.append("link")
            opened.append((_url(token, "href"), len(found)))
        elif token.type in _CLOSERS:
            if len(styles) > 1:
                styles.pop()
            if token.type == "link_close" and opened:
                found.extend(_numbered(found, *opened.pop(), links))
        else:
            found.extend(_leaf(token, styles[-1], links))
    return [span for span in found if span.text]


def _url(token: "Token", key: str) -> str:
    return clean(token.attrGet(key) or "", URL_LIMIT)


def _numbered(found: list[Span], url: str, start: int, links: Links) -> list[Span]:
    """Return the number to put behind a link's text: none where the text is the address itself."""
    text = "".join(span.text for span in found[start:]).strip()
    if not url or url in (text, f"mailto:{text}"):
        return []
    return [Span(f"[{links.number(url)}]", "muted")]


def _leaf(token: "Token", style: str, links: Links) -> list[Span]:
    if token.type == "softbreak":
        return [Span(" ", style)]
    if token.type == "hardbreak":
        return [Span("\n", style)]
    if token.type == "code_inline":
        return [Span(one_line(token.content), "code")]
    if token.type == "image":
        return _picture(_url(token, "src"), token.content, links)
    if token.type == "html_inline":
        return html_spans(token.content, style, links)
    return [Span(_EMOJI.sub(lambda match: EMOJI.get(match[1], match[0]), one_line(token.content)), style)]


def one_line(text: str) -> str:
    """Return `text` clean and without line breaks, its spaces kept."""
    return clean_block(text).replace("\n", " ")


class _Word(Struct, frozen=True):
    """What stands between two spaces: the space before it (style, or None), and its pieces; none is a line break."""

    gap: str | None
    pieces: tuple[Span, ...]


def wrap(content: Iterable[Span], width: int) -> list[Line]:
    """Break spans into lines of at most `width` cells (at least 2), at spaces where there are any."""
    width = max(width, 2)
    lines: list[Line] = [[]]
    used = 0
    for word in _words(content):
        size = sum(cell_len(piece.text) for piece in word.pieces)
        if not word.pieces or (used and used + (word.gap is not None) + size > width):
            lines.append([])
            used = 0
        elif used and word.gap is not None:
            _put(lines[-1], Span(" ", word.gap))
            used += 1
        for piece in word.pieces:
            used = _place(lines, piece, width, used)
    return lines


def _words(content: Iterable[Span]) -> Iterator[_Word]:
    gap: str | None = None
    pieces: list[Span] = []
    for span in content:
        for piece in _PIECES.findall(span.text):
            if not piece.isspace():
                pieces.append(Span(piece, span.style))
                continue
            if pieces:
                yield _Word(gap, tuple(pieces))
            if piece == "\n":
                yield _Word(None, ())
            gap, pieces = (None if piece == "\n" else span.style), []
    if pieces:
        yield _Word(gap, tuple(pieces))


def _place(lines: list[Line], piece: Span, width: int, used: int) -> int:
    """Put a piece of a word at the end of the last line, cut where it must be; return the cells now used there."""
    if used + cell_len(piece.text) <= width:
        _put(lines[-1], piece)
        return used + cell_len(piece.text)
    for text in _cut(piece.text, width, width - used):
        if used and used + cell_len(text) > width:
            lines.append([])
            used = 0
        _put(lines[-1], Span(text, piece.style))
        used += cell_len(text)
    return used


def _put(line: Line, span: Span) -> None:
    if line and line[-1].style == span.style:
        line[-1] = Span(line[-1].text + span.text, span.style)
    else:
        line.append(span)


def cut(text: str, width: int) -> list[str]:
    """Cut code into pieces of at most `width` cells (at least 2), behind spaces where it can; joined they are it."""
    width = max(width, 2)
    if cell_len(text) <= width:
        return [text]
    pieces: list[str] = []
    for chunk in _CHUNKS.findall(text):
        if pieces and cell_len(pieces[-1]) + cell_len(chunk) <= width:
            pieces[-1] += chunk
        else:
            pieces.extend(_cut(chunk, width, width))
    return pieces


def _cut(text: str, width: int, first: int) -> list[str]:
    """Cut `text` into pieces of `width` cells; the first piece may be `first` cells wide, if anything fits there."""
    pieces: list[str] = []
    begin, used, room = 0, 0, first if first > 0 else width
    for unit in _UNITS.finditer(text):
        size = cell_len(unit[0])
        if used + size > room and used:
            pieces.append(text[begin : unit.start()])
            begin, used, room = unit.start(), 0, width
        used += size
    pieces.append(text[begin:])
    return pieces
