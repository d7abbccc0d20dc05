"""Folders of Markdown runbooks: found, read, matched. Nothing on disk can hang it, hide from it or lead it outside."""

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from iccon.runbooks import frontmatter, matching
from iccon.runbooks.model import Document, Match, Runbook, Skipped
from iccon.runbooks.sections import headings
from iccon.text import CleanText, clean, clean_block

SUFFIXES = frozenset((".md", ".markdown"))
SIZE_LIMIT = 2_000_000  # bytes of one file
HEAD = 16_384  # bytes read to find the title
LINE_LIMIT = 20_000  # characters of one line
FILES = 20_000  # files of one folder
DEPTH = 20  # folders below the top one


class RunbookFault(Exception):
    """A runbook cannot be read; `reason` is clean, one line, and says why."""

    def __init__(self, reason: object) -> None:
        self.reason: CleanText = clean(reason, 300)
        super().__init__(self.reason)


class _Known(Struct, frozen=True):
    stamp: tuple[int, int]
    runbook: Runbook


class Library:
    """The runbooks below `folders`. Blocking: used from one thread that may wait for a disk.

    `skipped` lists what the last `find` passed over, and why.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(Path(folder).expanduser() for folder in folders)
        self.skipped: list[Skipped] = []
        self._known: dict[tuple[str, str], _Known] = {}
        self._found: list[Runbook] | None = None

    def find(self) -> list[Runbook]:
        """Look through the folders anew; return the runbooks by folder and path. Never raises."""
        self.skipped = []
        known: dict[tuple[str, str], _Known] = {}
        for folder in self.folders:
            for path, stamp in sorted(self._walk(folder)):
                key = (str(folder), path)
                old = self._known.get(key)
                if old is not None and old.stamp == stamp:
                    known[key] = old
                elif runbook := self._head(folder, path):
                    known[key] = _Known(stamp, runbook)
        self._known = known
        self._found = [entry.runbook for entry in known.values()]
        return list(self._found)

    def read(self, runbook: Runbook) -> Document:
        """Read a runbook whole. Its header is not part of the text. Raises RunbookFault."""
        folder = next((f for f in self.folders if str(f) == runbook.folder), None)
        if folder is None:
            raise RunbookFault(f"{runbook.folder} is no runbook folder of the configuration")
        try:
            raw = _read(_inside(folder, runbook.path))
        except (OSError, ValueError) as error:
            raise RunbookFault(f"{runbook.path}: {_words(error)}") from None
        text = _text(raw)
        front = frontmatter.parse(text)
        body = clean_block(_bounded(frontmatter.strip(text, front)), SIZE_LIMIT)
        return Document(runbook, body, headings(body), hashlib.sha256(raw).hexdigest())

    def match(self, alert: str = "", service: str = "", runbook_url: str = "", title: str = "") -> list[Match]:
        """Return the runbooks that fit a page, best first. Looks through the folders only the first time."""
        return matching.match(self._runbooks(), alert, service, runbook_url, title)

    def search(self, words: str) -> list[Match]:
        """Return the runbooks that hold all `words` (their parts count too), those with them in the title first."""
        return matching.search(self._texts(), words)

    def _runbooks(self) -> list[Runbook]:
        return self.find() if self._found is None else self._found

    def _texts(self) -> Iterator[tuple[Runbook, str]]:
        for runbook in self._runbooks():
            try:
                yield runbook, self.read(runbook).text
            except RunbookFault:
                continue

    def _skip(self, path: object, reason: object) -> None:
        self.skipped.append(Skipped(str(path), clean(reason, 200)))

    def _head(self, folder: Path, path: str) -> Runbook | None:
        try:
            raw = _read(_inside(folder, path), HEAD)
        except (OSError, ValueError) as error:
            self._skip(folder / path, _words(error))
            return None
        text = _text(raw)
        front = frontmatter.parse(text)
        named = headings(_bounded(frontmatter.strip(text, front)))
        title = named[0].text if named else clean(next(iter(front.get("title")), ""), 200)
        return Runbook(
            str(folder),
            path,
            title or clean(matching.file_name(path), 200),
            _cleaned(front.get("alert", "alerts", "alertname")),
            _cleaned(front.get("service", "services")),
        )

    def _walk(self, folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield the Markdown files below `folder` in order, with what tells that one changed."""
        top = os.path.realpath(folder)
        waiting: list[tuple[str, int]] = [("", 0)]
        seen: set[tuple[int, int]] = set()
        count = 0
        while waiting:
            relative, depth = waiting.pop()
            entries = self._entries(folder, top, relative, seen)
            for entry in entries:
                path = f"{relative}/{entry.name}" if relative else entry.name
                kind, stamp = self._kind(entry, folder / path)
                if kind == "folder" and depth < DEPTH:
                    waiting.append((path, depth + 1))
                elif kind == "file":
                    count += 1
                    if count > FILES:
                        self._skip(folder, f"more than {FILES:,} runbooks; the rest is left out")
                        return
                    yield path, stamp

    def _entries(self, folder: Path, top: str, relative: str, seen: set[tuple[int, int]]) -> list["os.DirEntry[str]"]:
        place = folder / relative
        try:
            real = os.path.realpath(place, strict=True)
            if real != top and not real.startswith(top.rstrip("/") + "/"):
                self._skip(place, "a link to outside of the folder")
                return []
            info = Path(real).stat()
            if (info.st_dev, info.st_ino) in seen:
                self._skip(place, "the same folder again (a link)")
                return []
            seen.add((info.st_dev, info.st_ino))
            with os.scandir(place) as found:
                return sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
        except (OSError, ValueError) as error:
            self._skip(place, _words(error))
            return []

    def _kind(self, entry: "os.DirEntry[str]", place: Path) -> tuple[str, tuple[int, int]]:
        """Say whether an entry is a "folder", a "file" to read, or "" for neither."""
        nothing = "", (0, 0)
        markdown = PurePosixPath(entry.name).suffix.lower() in SUFFIXES
        try:
            info = entry.stat()
        except OSError as error:
            if markdown:
                self._skip(place, _words(error))
            return nothing
        if stat.S_ISDIR(info.st_mode):
            return "folder", (0, 0)
        if not markdown:
            return nothing
        if not stat.S_ISREG(info.st_mode):
            self._skip(place, "not a file (a pipe, socket or device)")
            return nothing
        if info.st_size > SIZE_LIMIT:
            self._skip(place, _too_large(info.st_size))
            return nothing
        return "file", (info.st_mtime_ns, info.st_size)


def _inside(folder: Path, path: str) -> str:
    """Return the real path of `path` below `folder`; raise ValueError where it leads outside."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise ValueError("not a path inside the runbook folder")
    top, real = os.path.realpath(folder), os.path.realpath(folder / path, strict=True)
    if not real.startswith(top.rstrip("/") + "/"):
        raise ValueError("a link to outside of the folder")
    return real


def _read(real: str, amount: int = SIZE_LIMIT + 1) -> bytes:
    """Return the first bytes of a regular file; raise ValueError for anything else. Never waits on a pipe."""
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise ValueError("not a file (a pipe, socket or device)")
        raw = file.read(amount)
    if max(len(raw), info.st_size) > SIZE_LIMIT:
        raise ValueError(_too_large(max(len(raw), info.st_size)))
    if b"\0" in raw[:HEAD] and not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("a binary file")
    return raw


def _too_large(size: int) -> str:
    return f"{size / 1e6:.1f} MB; runbooks of up to {SIZE_LIMIT / 1e6:.0f} MB are read"


def _words(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _text(raw: bytes) -> str:
    """Decode: UTF-8 (with or without its mark), UTF-16 with its mark; stray bytes are read as Windows-1252."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        text = raw.decode("utf-8-sig", _STRAY)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_STRAY = "iccon-stray-bytes"
codecs.register_error(_STRAY, _stray)


def _bounded(text: str) -> str:
    """Cut lines that no screen could show."""
    if len(text) <= LINE_LIMIT:
        return text
    return "\n".join(x if len(x) <= LINE_LIMIT else x[:LINE_LIMIT] + " … (line cut)" for x in text.split("\n"))


def _cleaned(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(value, 200) for value in values)
