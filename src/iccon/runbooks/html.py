"""HTML, and Confluence's storage format, as Markdown: what a runbook needs, nothing that acts. Pure; never raises."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser

from msgspec import Struct

DEPTH = 60  # elements within one another; deeper ones are taken for text
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_MARKS = re.compile(r"[\\`*\[\]<]")
_LEADS = re.compile(r"^(\s*)([#>+-]|\d+(?=[.)]\s))")
_VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track"))
_ACTING = ("script", "style", "head", "nav", "aside", "svg", "noscript", "template", "iframe", "button", "select")
_SETTING = ("ac:parameter", "ac:task-id", "ac:task-status", "ac:task-uuid", "ac:placeholder")
_SHELL = ("header", "footer")  # around a page
_NOT_TEXT = frozenset((*_ACTING, *_SETTING, *_SHELL))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARTS = ("html", "body", "main", "article", "section", "div", "p", "li", "form", "center", "figure", "figcaption")
_LISTS = (
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
    "pre",
    "table",
    "tbody",
    "thead",
    "tr",
    "blockquote",
    "hr",
)
_MACROS = ("ac:structured-macro", "ac:rich-text-body", "ac:plain-text-body", "ac:task-list", "ac:task", "ac:task-body")
_LAYOUTS = ("hr", "ac:layout", "ac:layout-section", "ac:layout-cell")
_BLOCKS = frozenset((*_HEADINGS, *_PARTS, *_LISTS, *_MACROS, *_LAYOUTS, *_SHELL))
_CLOSED_BY = {"li": ("li", ("ul", "ol")), "tr": ("tr", ("table",)), "td": ("td", ("tr",)), "th": ("th", ("tr",))}
_PANELS = {"info": "Info", "note": "Note", "warning": "Warning", "tip": "Tip", "panel": ""}


class Node(Struct):
    """An element, or a text where `tag` is empty."""

    tag: str
    attributes: dict[str, str] = {}
    children: list["Node"] = []
    text: str = ""

    def find(self, *tags: str) -> Iterator["Node"]:
        """Yield the elements below it of these names, in order."""
        for child in self.children:
            if child.tag in tags:
                yield child
            yield from child.find(*tags)

    @property
    def said(self) -> str:
        """All its text as it is written."""
        return self.text + "".join("\n" if child.tag == "br" else child.said for child in self.children)


def parsed(source: str) -> Node:
    """Return the elements of a page, or of Confluence's storage format."""
    reader = _Reader()
    reader.feed(_CDATA.sub(lambda found: html.escape(found[1]), source))
    reader.close()
    return reader.top


def markdown(page: Node) -> str:
    """Return the text of a page's main part as Markdown, "" where it has none."""
    main = next(page.find("main"), None) or next(page.find("article"), None) or next(page.find("body"), None) or page
    text = "\n".join(tidy(_blocks(main.children))).strip()
    return f"{text}\n" if text else ""


def wants_login(page: Node) -> bool:
    """Say whether it asks for a password: then it is not what was asked for."""
    return any(field.attributes.get("type", "").lower() == "password" for field in page.find("input"))


def title(page: Node) -> str:
    """Return what a page calls itself."""
    return next((_SPACE.sub(" ", node.said).strip() for node in page.find("title")), "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Node("", children=[])
        self._open = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._close_before(tag)
        node = Node(tag, {name: value or "" for name, value in attrs}, [])
        self._open[-1].children.append(node)
        if tag not in _VOID and len(self._open) < DEPTH:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._close_before(tag)
        self._open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(Node("", text=data))

    def _close_before(self, tag: str) -> None:
        """Close what HTML lets stand open."""
        if tag in _BLOCKS and self._open[-1].tag == "p":
            self._open.pop()
        same, within = _CLOSED_BY.get(tag, ("", ()))
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at].tag in within:
                return
            if self._open[at].tag == same:
                del self._open[at:]
                return


def tidy(lines: Sequence[str]) -> list[str]:
    """Return the lines with one blank line where there are several."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip() if not line.strip() else line)
    return kept


def _blocks(nodes: Sequence[Node]) -> list[str]:
    """Return elements as lines of Markdown: blocks each by itself, what stands between them as paragraphs."""
    lines: list[str] = []
    inline: list[Node] = []
    for node in nodes:
        if node.tag not in _BLOCKS:
            inline.append(node)
            continue
        lines += _paragraph(inline)
        inline = []
        lines += _block(node)
    return lines + _paragraph(inline)


def _paragraph(nodes: Sequence[Node]) -> list[str]:
    text = "".join(map(_inline, nodes))
    lines = [_SPACE.sub(" ", line).strip() for line in text.split("\0")]
    return [*(_LEADS.sub(r"\1\\\2", line) for line in lines if line), ""] if any(lines) else []


def _block(node: Node) -> list[str]:
    if node.tag in _NOT_TEXT:
        return []
    special = _SPECIAL.get(node.tag)
    return special(node) if special else _blocks(node.children)


def _heading(node: Node) -> list[str]:
    text = _flat(node)
    return ["", f"{'#' * int(node.tag[1])} {text}", ""] if text else []


def _fence(code: str, language: str) -> list[str]:
    longest = max(map(len, re.findall("`+", code)), default=0)
    fence = "`" * max(longest + 1, 3)
    return ["", fence + re.sub(r"[^\w+.-]", "", language), *code.strip("\n").split("\n"), fence, ""]


def _language(node: Node) -> str:
    named = [*node.find("code"), node]
    found = (re.search(r"(?:language-|lang-|brush:\s*)([\w+-]+)", each.attributes.get("class", "")) for each in named)
    return next((match[1] for match in found if match), "")


def _items(node: Node) -> list[str]:
    lines = [""]
    for number, item in enumerate((c for c in node.children if c.tag in ("li", "ac:task")), 1):
        lead = f"{number}. " if node.tag == "ol" else "- "
        body = tidy(_blocks(item.children))
        first, *rest = body or [""]
        while not first and rest:
            first, *rest = rest
        lines.append(lead + _box(item) + first)
        lines += [" " * len(lead) + line if line else "" for line in rest]
        while not lines[-1]:
            lines.pop()
    return [*lines, ""]


def _box(item: Node) -> str:
    """Return the box of a task, done or not."""
    if item.tag == "ac:task":
        done = any(status.said.strip() == "complete" for status in item.find("ac:task-status"))
        return "[x] " if done else "[ ] "
    boxes = [field for field in item.find("input") if field.attributes.get("type") == "checkbox"]
    return "" if not boxes else "[x] " if "checked" in boxes[0].attributes else "[ ] "


def _table(node: Node) -> list[str]:
    rows = [[_flat(cell).replace("|", "\\|") for cell in row.find("td", "th")] for row in node.find("tr")]
    width = max(map(len, rows), default=0)
    if not width:
        return []
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    return ["", lines[0], "|" + " --- |" * width, *lines[1:], ""]


def _quoted(lines: Sequence[str]) -> list[str]:
    return ["", *(f"> {line}".rstrip() for line in "\n".join(tidy(lines)).strip().split("\n")), ""]


def _macro(node: Node) -> list[str]:
    """Return a macro of Confluence: code, panels; of others what stands in them."""
    name = node.attributes.get("ac:name", "")
    given = {p.attributes.get("ac:name", ""): p.said.strip() for p in node.children if p.tag == "ac:parameter"}
    if name in ("code", "noformat"):
        body = next((each.said for each in node.children if each.tag == "ac:plain-text-body"), "")
        return _fence(body, given.get("language", ""))
    inside = _blocks([child for child in node.children if child.tag != "ac:parameter"])
    if name in _PANELS:
        head = given.get("title") or _PANELS[name]
        return _quoted([*([f"**{_escaped(head)}**", ""] if head else []), *inside])
    return inside


def _flat(node: Node) -> str:
    return _SPACE.sub(" ", "".join(map(_inline, node.children)).replace("\0", " ")).strip()


def _inline(node: Node) -> str:
    """Return text with its marks; a line break is a NUL, which no text has."""
    if not node.tag:
        return _escaped(node.text.replace("\0", ""))
    if node.tag in _NOT_TEXT:
        return ""
    special = _SPECIAL_INLINE.get(node.tag)
    if special:
        return special(node)
    inner = "".join(map(_inline, node.children))
    mark = {"strong": "**", "b": "**", "em": "*", "i": "*"}.get(node.tag, "")
    bare = inner.strip()
    return inner if not mark or not bare or "\0" in inner else inner.replace(bare, f"{mark}{bare}{mark}", 1)


def _picture(node: Node) -> str:
    return _linked(_escaped(node.attributes.get("alt", "")) or "picture", node.attributes.get("src", ""))


def _anchor(node: Node) -> str:
    return _linked("".join(map(_inline, node.children)), node.attributes.get("href", ""))


def _wiki_link(node: Node) -> str:
    body = next((each.said for each in node.find("ac:link-body", "ac:plain-text-link-body")), "")
    pages = (each.attributes.get("ri:content-title", "") for each in node.find("ri:page"))
    return _escaped(body or next(pages, "")) or "".join(map(_inline, node.children))


def _code(text: str) -> str:
    code = _SPACE.sub(" ", text.replace("\0", "")).strip()
    fence = "`" * (max(map(len, re.findall("`+", code)), default=0) + 1)
    room = " " if len(fence) > 1 else ""
    return f"{fence}{room}{code}{room}{fence}" if code else ""


def _linked(text: str, address: str) -> str:
    where = re.sub(r"[\s<>\0]", "", address)
    bare = text.strip()
    return f"[{bare}](<{where}>)" if where and bare and not where.startswith("#") else text


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)


_SPECIAL: dict[str, Callable[[Node], list[str]]] = {
    **dict.fromkeys(_HEADINGS, _heading),
    **dict.fromkeys(("ul", "ol", "ac:task-list"), _items),
    "pre": lambda node: _fence(node.said, _language(node)),
    "table": _table,
    "hr": lambda node: ["", "---", ""],
    "blockquote": lambda node: _quoted(_blocks(node.children)),
    "ac:structured-macro": _macro,
}
_SPECIAL_INLINE: dict[str, Callable[[Node], str]] = {
    **dict.fromkeys(("code", "tt", "kbd", "samp"), lambda node: _code(node.said)),
    "br": lambda node: "\\\0",
    "img": _picture,
    "a": _anchor,
    "ri:attachment": lambda node: _escaped(node.attributes.get("ri:filename", "")),
    "ac:link": _wiki_link,
}
