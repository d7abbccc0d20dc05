"""A folder of Markdown files. Nothing on disk can hang it, hide from it or lead it outside."""

import codecs
import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from iccon.runbooks import git
from iccon.runbooks.model import HEAD, SIZE_LIMIT, Raw, RunbookFault, Skipped, Stamp, too_large
from iccon.text import CleanText, clean

SUFFIXES = frozenset((".md", ".markdown"))
FILES = 20_000  # files of one folder
DEPTH = 20  # folders below the top one
NO_STAMP: Stamp = (0, 0, 0)


class FolderSource:
    """The Markdown files below `folder`, whose paths fit one of `include` (none: all) and none of `exclude`.

    A pattern is of a whole path below the folder: `*` stands for any characters, `/` among them. A path that ends so
    fits too: `archive/*` leaves out `old/archive/a.md`. Blocking. `skipped` lists what the last `walk` passed over.
    """

    def __init__(self, name: str, folder: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self.name = name
        self.folder = folder.expanduser()
        self.key = "\0".join((str(self.folder), *include, "", *exclude))
        self.skipped: list[Skipped] = []
        self._include = tuple(include)
        self._exclude = tuple(exclude)

    def probe(self) -> str:
        """Return how many runbooks it has, and what was passed over. Raises RunbookFault where it is no folder."""
        if not self.folder.is_dir():
            raise RunbookFault(f"no such folder: {self.folder}")
        count = sum(1 for _ in self.walk())
        return f"{self.folder}: {count} runbooks, {len(self.skipped)} files passed over"

    def read(self, path: str, *, bare: bool = False) -> Raw:
        """Return a file, with its commit where the folder is in a git checkout. Raises RunbookFault."""
        try:
            real = _inside(self.folder, path)
            content = _read(real)
            return Raw(content, CleanText("") if bare else git.revision(Path(real), content))
        except (OSError, ValueError) as error:
            raise RunbookFault(f"{path}: {_words(error)}") from None

    def _wanted(self, path: str) -> bool:
        return (not self._include or fits(path, self._include)) and not fits(path, self._exclude)

    def _skip(self, path: object, reason: object) -> None:
        self.skipped.append(Skipped(str(path), clean(reason, 200)))

    def walk(self) -> Iterator[tuple[str, Stamp]]:
        """Yield the Markdown files below the folder, with what tells that one changed. Never raises."""
        self.skipped = []
        folder, top = self.folder, os.path.realpath(self.folder)
        waiting: list[tuple[str, int]] = [("", 0)]
        seen: set[tuple[int, int]] = set()
        count = 0
        while waiting:
            relative, depth = waiting.pop()
            for entry in self._entries(top, relative, seen):
                path = f"{relative}/{entry.name}" if relative else entry.name
                kind, stamp = self._kind(entry, folder / path)
                if kind == "folder" and depth < DEPTH:
                    waiting.append((path, depth + 1))
                elif kind == "file" and not _is_text(path):
                    self._skip(folder / path, "its name is not UTF-8: rename it")
                elif kind == "file" and self._wanted(path):
                    count += 1
                    if count > FILES:
                        self._skip(folder, f"more than {FILES:,} runbooks; the rest is left out")
                        return
                    yield path, stamp

    def _entries(self, top: str, relative: str, seen: set[tuple[int, int]]) -> list["os.DirEntry[str]"]:
        place = self.folder / relative
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

    def _kind(self, entry: "os.DirEntry[str]", place: Path) -> tuple[str, Stamp]:
        """Say whether an entry is a "folder", a "file" to read, or "" for neither."""
        nothing = "", NO_STAMP
        markdown = PurePosixPath(entry.name).suffix.lower() in SUFFIXES
        try:
            info = entry.stat()
        except OSError as error:
            if markdown:
                self._skip(place, _words(error))
            return nothing
        if stat.S_ISDIR(info.st_mode):
            return "folder", NO_STAMP
        if not markdown:
            return nothing
        if not stat.S_ISREG(info.st_mode):
            self._skip(place, "not a file (a pipe, socket or device)")
            return nothing
        if info.st_size > SIZE_LIMIT:
            self._skip(place, too_large(info.st_size))
            return nothing
        return "file", (info.st_mtime_ns, info.st_size, info.st_ino)


def folder_sources(
    folders: Sequence[Path], include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> list[FolderSource]:
    """Return a source for each folder, named by its last part, or by as many as tell it from the others."""
    depth = dict.fromkeys(folders, 1)
    names = {folder: _tail(folder, 1) for folder in folders}
    while any(list(names.values()).count(name) > 1 and len(f.parts) > depth[f] for f, name in names.items()):
        for folder in [f for f, name in names.items() if list(names.values()).count(name) > 1]:
            depth[folder] += 1
        names = {folder: _tail(folder, depth[folder]) for folder in folders}
    return [FolderSource(name, folder, include, exclude) for folder, name in names.items()]


def _tail(folder: Path, depth: int) -> str:
    return clean("/".join(part for part in folder.parts[-depth:] if part != "/"), 200).replace(":", "-") or "root"


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def fits(path: str, patterns: Sequence[str]) -> bool:
    """Say whether a path, or its end, fits one of the patterns."""
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}") for pattern in patterns)


def _inside(folder: Path, path: str) -> str:
    """Return the real path of `path` below `folder`; raise ValueError where it leads outside."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise ValueError("not a path inside the runbook folder")
    top, real = os.path.realpath(folder), os.path.realpath(folder / path, strict=True)
    if not real.startswith(top.rstrip("/") + "/"):
        raise ValueError("a link to outside of the folder")
    return real


def _read(real: str) -> bytes:
    """Return the bytes of a regular file; raise ValueError for anything else. Never waits on a pipe."""
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise ValueError("not a file (a pipe, socket or device)")
        raw = file.read(SIZE_LIMIT + 1)
    if max(len(raw), info.st_size) > SIZE_LIMIT:
        raise ValueError(too_large(max(len(raw), info.st_size)))
    if b"\0" in raw[:HEAD] and not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("a binary file")
    return raw


def _words(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
