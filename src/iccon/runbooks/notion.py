"""Notion: the pages that are shared with an integration, block by block.

https://developers.notion.com/reference/post-search, https://developers.notion.com/reference/get-block-children; three
requests a second are allowed (https://developers.notion.com/reference/request-limits).
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, guarded_session
from iccon.net.wire import decode, link, record, records
from iccon.runbooks.html import tidy
from iccon.runbooks.wiki import Asking, Listed, Text, endless, said
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

VERSION: Final = "2022-06-28"
ADDRESS: Final = "https://api.notion.com"
PAUSE: Final = 0.34  # seconds between two requests
PAGE: Final = 100  # entries of one answer, the most there are
DEPTH: Final = 6  # blocks within one another
BLOCKS: Final = 5_000  # of one page
_ID = re.compile(r"[0-9a-f]{32}")
_MARKS = re.compile(r"[\\`*\[\]<]")


class Notion:
    """The pages shared with an integration. Blocking. `token` gives its resolved secret."""

    def __init__(self, config: schema.RunbookSource, token: Callable[[], str], asking: Asking | None = None) -> None:
        self._config = config
        self._base = (config.url or ADDRESS).rstrip("/")
        self._token = token
        self._asking = asking or Asking(PAUSE)

    def pages(self) -> Iterator[Listed]:
        """Yield the pages, without those in the bin. Raises SourceFault."""
        only_pages = {"filter": {"property": "object", "value": "page"}, "page_size": PAGE}
        with self._session() as session:
            for page in self._all(session, "POST", f"{self._base}/v1/search", json=only_pages):
                if not page.get("archived") and not page.get("in_trash"):
                    yield _listed(page)

    def text(self, page: Listed) -> Text:
        """Return a page. Raises SourceFault."""
        with self._session() as session:
            return Text("\n".join(tidy(list(self._lines(session, page.id, [0], 0)))).strip() + "\n")

    def probe(self) -> str:
        """Return as whom Notion answers. Raises SourceFault."""
        with self._session() as session:
            found = record(decode(self._asking.ask(session, "GET", f"{self._base}/v1/users/me")))
        return f"Notion answers as {clean(found.get('name'), 60) or 'an integration'}"

    def _lines(self, session: "GuardedSession", block: str, count: list[int], depth: int) -> Iterator[str]:
        """Yield what stands in a block; `count` is how many were read of the page."""
        number = 0
        for child in self._all(session, "GET", f"{self._base}/v1/blocks/{block}/children?page_size={PAGE}"):
            count[0] += 1
            if count[0] > BLOCKS:
                yield f"… (more than {BLOCKS:,} blocks: the rest is in Notion)"
                return
            kind = said(child, "type")
            number = number + 1 if kind == "numbered_list_item" else 0
            lead, lines = _block(kind, record(child.get(kind)), number)
            yield from lines
            if child.get("has_children") is True and kind not in ("child_page", "child_database"):
                if depth == DEPTH:
                    yield f"{lead}… (deeper than is read: see Notion)"
                    continue
                inner = list(self._lines(session, _id(child), count, depth + 1))
                yield from _table(inner) if kind == "table" else (f"{lead}{line}".rstrip() for line in inner)

    def _all(self, session: "GuardedSession", method: str, url: str, **given: Any) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list, answer after answer."""
        count, cursor = 0, ""
        while True:
            endless(count := count + 1)
            if method == "POST":
                asked = {**given, "json": {**given["json"], **({"start_cursor": cursor} if cursor else {})}}
            else:
                asked = {"params": {"start_cursor": cursor}} if cursor else {}
            found = record(decode(self._asking.ask(session, method, url, **asked)))
            if not isinstance(found.get("results"), list):
                raise SourceFault(FaultKind.BAD_ANSWER, "no list of results: is this Notion's address?")
            yield from records(found["results"])
            cursor = said(found, "next_cursor")
            if found.get("has_more") is not True or not cursor:
                return

    def _session(self) -> "GuardedSession":
        config = self._config
        headers = {"Authorization": f"Bearer {self._token()}", "Notion-Version": VERSION}
        limits = Limits(config.timeout)
        return guarded_session(self._base, limits, headers=headers, ca_file=config.ca_file, writes=frozenset())


def _id(found: dict[str, Any]) -> str:
    ident = said(found, "id").replace("-", "").lower()
    if not _ID.fullmatch(ident):
        raise SourceFault(FaultKind.BAD_ANSWER, "a page or block without an id: is this Notion's address?")
    return ident


def _listed(page: dict[str, Any]) -> Listed:
    properties = map(record, record(page.get("properties")).values())
    named = next((each.get("title") for each in properties if each.get("type") == "title"), None)
    title = "".join(said(part, "plain_text") for part in records(named))
    edited = clean(f"edited {said(page, 'last_edited_time')}", 60)
    return Listed(_id(page), clean(title, 200) or clean("Untitled"), edited, link(page.get("url")))


_HEADS = {"heading_1": "## ", "heading_2": "### ", "heading_3": "#### "}
_ADDRESSES = ("bookmark", "embed", "link_preview", "image", "file", "pdf", "video")


def _block(kind: str, block: dict[str, Any], number: int) -> tuple[str, list[str]]:
    """Return what stands before the lines within a block, and its own lines."""
    words = _rich(block.get("rich_text"))
    listed = {
        "numbered_list_item": ("   ", f"{number}. {words}"),
        "bulleted_list_item": ("  ", f"- {words}"),
        "toggle": ("  ", f"- {words}"),
        "to_do": ("  ", f"- [{'x' if block.get('checked') is True else ' '}] {words}"),
    }
    if kind in listed:
        lead, line = listed[kind]
        return lead, [line]
    if kind in ("quote", "callout"):
        return "> ", ["", *(f"> {line}" for line in words.split("\n"))]
    return "", _plain(kind, block, words)


def _plain(kind: str, block: dict[str, Any], words: str) -> list[str]:
    """Return the lines of a block within which nothing is moved."""
    if kind == "code":
        return _fence("".join(said(part, "plain_text") for part in records(block.get("rich_text"))), block)
    if kind == "equation":
        return _fence(said(block, "expression"), {})
    if kind == "table_row":
        return [f"| {' | '.join(_rich(cell).replace('|', chr(92) + '|') for cell in _cells(block))} |"]
    if kind in _HEADS:
        words = _HEADS[kind] + words.replace("\n", " ")
    elif kind in _ADDRESSES:
        words = _address(block)
    elif kind == "divider":
        words = "---"
    elif kind in ("child_page", "child_database"):
        words = _escaped(said(block, "title"))
    return ["", words.replace("\n", "\\\n"), ""] if words else []


def _cells(block: dict[str, Any]) -> list[Any]:
    cells = block.get("cells")
    return cells if isinstance(cells, list) else []


def _table(rows: list[str]) -> list[str]:
    width = rows[0].count(" | ") + 1 if rows else 0
    return ["", rows[0], "|" + " --- |" * width, *rows[1:], ""] if rows else []


def _fence(code: str, block: dict[str, Any]) -> list[str]:
    longest = max(map(len, re.findall("`+", code)), default=0)
    fence = "`" * max(longest + 1, 3)
    language = said(block, "language").replace("plain text", "")
    return ["", fence + re.sub(r"[^\w+.-]", "", language), *code.strip("\n").split("\n"), fence, ""]


def _address(block: dict[str, Any]) -> str:
    places = (block, record(block.get("external")), record(block.get("file")))
    url = next((said(place, "url") for place in places if said(place, "url")), "")
    where = re.sub(r"[\s<>]", "", url)
    return f"[{_rich(block.get('caption')) or _escaped(where[:80])}](<{where}>)" if where else ""


def _rich(parts: Any) -> str:
    """Return a text with its marks."""
    return "".join(_part(part) for part in records(parts))


def _part(part: dict[str, Any]) -> str:
    words, look = said(part, "plain_text"), record(part.get("annotations"))
    bare = words.strip()
    if not bare:
        return words
    if look.get("code") is True and "`" not in words:
        marked = f"`{bare}`"
    else:
        mark = "**" if look.get("bold") is True else "*" if look.get("italic") is True else ""
        marked = f"{mark}{_escaped(bare)}{mark}"
    where = re.sub(r"[\s<>]", "", said(part, "href"))
    return words.replace(bare, f"[{marked}](<{where}>)" if where else marked, 1)


def _escaped(words: str) -> str:
    return _MARKS.sub(r"\\\g<0>", words)
