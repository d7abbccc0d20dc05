"""What can go wrong with the journal, in words a person can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class JournalFault(Exception):
    """The journal cannot be read or written. `reason` and `hint` are one plain line each.

    `code` is stable: missing, foreign, newer, damaged, undecodable, full, denied, busy, io, read_only, closed.
    """

    def __init__(self, code: str, reason: str, hint: str = "") -> None:
        self.code = code
        self.reason = reason
        self.hint = hint
        super().__init__(f"{reason} ({hint})" if hint else reason)


class BrokenChain(Exception):
    """Records that were to be imported do not hold together; `position` counts from 1. Nothing was imported."""

    def __init__(self, position: int, ident: str, reason: str) -> None:
        self.position = position
        self.id = ident
        self.reason = reason
        super().__init__(f"record {position} ({ident or 'no id'}): {reason}")


DAMAGED_HINT = "nothing was changed; keep a copy of the file, then `iccon verify` says how far it can be read"

# SQLite's primary result names -> code, reason, hint. `{path}` and `{why}` are filled in.
_WORDS: dict[str, tuple[str, str, str]] = {
    "SQLITE_FULL": ("full", "the disk that holds {path} is full", "free some space and try again; nothing was written"),
    "SQLITE_READONLY": ("denied", "{path} cannot be written", "check the permissions of the file and its folder"),
    "SQLITE_PERM": ("denied", "{path} cannot be written", "check the permissions of the file and its folder"),
    "SQLITE_CANTOPEN": ("denied", "{path} cannot be opened", "check the permissions of the file and its folder"),
    "SQLITE_BUSY": ("busy", "another process keeps {path} locked", "try again; nothing was written"),
    "SQLITE_LOCKED": ("busy", "another process keeps {path} locked", "try again; nothing was written"),
    "SQLITE_CORRUPT": ("damaged", "{path} is damaged ({why})", DAMAGED_HINT),
    "SQLITE_NOTADB": ("damaged", "{path} is damaged ({why})", DAMAGED_HINT),
    "SQLITE_IOERR": (
        "io",
        "the disk refused to serve {path} ({why})",
        "check the disk, its quota and file size limits",
    ),
}


def explain(error: sqlite3.Error, path: Path) -> JournalFault:
    """Return the fault that an error of SQLite amounts to."""
    name = getattr(error, "sqlite_errorname", "") or ""
    primary = "_".join(name.split("_")[:2])
    if "decode to UTF-8" in str(error):
        primary = "SQLITE_CORRUPT"
    code, reason, hint = _WORDS.get(primary, ("io", "{path} could not be used ({why})", ""))
    why = f"{error}, {name}" if name else str(error)
    return JournalFault(code, reason.format(path=path, why=why), hint)


def of_os(error: OSError, path: Path) -> JournalFault:
    """Return the fault that an error of the operating system amounts to."""
    why = error.strerror or type(error).__name__
    hint = "check the permissions, the space and the mount of its folder"
    return JournalFault("full" if error.errno == 28 else "denied", f"{path} cannot be used: {why}", hint)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into JournalFault."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
