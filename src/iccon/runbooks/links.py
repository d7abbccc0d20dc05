"""Where the links of a runbook lead: to a heading, to a file of the same folder, to the web, or nowhere. Pure."""

import posixpath
import re
from urllib.parse import unquote, urljoin, urlsplit

from msgspec import Struct

from iccon.runbooks.model import Document, Heading
from iccon.text import CleanText, clean

WEB = ("http", "https")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DROPPED = re.compile(r"[^\w\- ]")


class Web(Struct, frozen=True):
    """An address of the web."""

    url: str


class Inside(Struct, frozen=True):
    """A file of the library: paths relative to the runbook's folder, likeliest first ("" the same file); a heading."""

    paths: tuple[str, ...]
    anchor: str = ""


class Nowhere(Struct, frozen=True):
    """A link that is not followed, and why."""

    reason: CleanText


Target = Web | Inside | Nowhere


def target(document: Document, url: str) -> Target:
    """Return where `url`, as a link of `document`, leads. A path never leads out of the runbook's folder."""
    try:
        whole = urljoin(document.runbook.url, url) if document.runbook.url and not url.startswith("#") else url
        parts = urlsplit(whole)
    except ValueError as error:
        return Nowhere(clean(f"no address: {error}", 200))
    if parts.scheme in WEB or (not parts.scheme and parts.netloc):
        return Web(whole) if parts.scheme else Web(f"https:{whole}")
    if _SCHEME.match(whole):
        return Nowhere(clean(f"{parts.scheme or 'this'}: links are not opened"))
    path, anchor = unquote(parts.path), unquote(parts.fragment)
    return (
        Inside(_paths(document.runbook.path, path), anchor) if _leads_inside(document.runbook.path, path) else OUTSIDE
    )


OUTSIDE = Nowhere(clean("it leads out of the runbook folder"))


def _joined(book: str, path: str) -> str:
    """Return a path as it is relative to the folder: from its top, or from where the runbook is."""
    return posixpath.normpath(
        path.lstrip("/") if path.startswith("/") else posixpath.join(posixpath.dirname(book), path)
    )


def _leads_inside(book: str, path: str) -> bool:
    return "\0" not in path and not _joined(book, path).startswith("../") and _joined(book, path) != ".."


def _paths(book: str, path: str) -> tuple[str, ...]:
    """Return the files that may be meant: sites leave the ending out, and name folders."""
    if not path:
        return ("",)
    joined = _joined(book, path)
    below = "" if joined == "." else f"{joined}/"
    if joined.endswith((".html", ".htm")):
        return joined, f"{joined.rpartition('.')[0]}.md"
    files = () if joined == "." or path.endswith("/") else (joined, f"{joined}.md")
    beside = (f"{joined}.md",) if path.endswith("/") and joined != "." else ()
    return (*files, *beside, *(f"{below}{name}.md" for name in ("README", "index", "_index")))


def slug(text: str) -> str:
    """Return a heading as links name it."""
    return _DROPPED.sub("", text.lower()).strip().replace(" ", "-")


def heading(document: Document, anchor: str) -> Heading | None:
    """Return the heading that `anchor` names, `name-1` being the second of that name."""
    wanted, seen = anchor.lower().removeprefix("user-content-"), dict[str, int]()
    for each in document.headings:
        name = slug(each.text)
        count = seen[name] = seen.get(name, -1) + 1
        if wanted in (name if not count else f"{name}-{count}", each.text.lower()):
            return each
    return None
