"""What is known of all runbooks, kept between starts: a SQLite file with full-text search.

A cache and not the record: it may be deleted at any time, a broken one is made anew, and where no file can be had it is
kept in memory. The file is its owner's only, because runbooks may not be for everybody.
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from iccon.runbooks.model import Runbook, Skipped, Snippet, Stamp
from iccon.text import CleanText, clean

T = TypeVar("T")

VERSION = 1  # of the file; another one is made anew
PATIENCE = 2.0  # seconds that another console's write is waited for
MOST = 50  # hits of a search
_OPEN, _CLOSE = "\x02", "\x03"  # around a hit in a snippet; clean texts have neither
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS book (
    id INTEGER PRIMARY KEY, source TEXT, path TEXT, time INTEGER, size INTEGER, place INTEGER, digest TEXT,
    about BLOB, fault TEXT, UNIQUE (source, path)
);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    title, names, body, tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO words (words, rank) VALUES ('rank', 'bm25(8.0, 4.0, 1.0)');
PRAGMA user_version = {VERSION};
"""
_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")  # the last: its tables are not ours
_WORD = re.compile(r"\w")


class Entry(Struct, frozen=True):
    """One runbook as it is indexed: `names` are words it goes by. One with a `fault` cannot be read."""

    path: str
    stamp: Stamp
    digest: str = ""
    runbook: Runbook | None = None
    names: str = ""
    body: str = ""
    fault: CleanText = CleanText("")


class Hit(Struct, frozen=True):
    """A runbook that was found by words, and where they stand in its text."""

    runbook: Runbook
    snippet: Snippet


class Index:
    """The file at `path`; None is kept in memory. Any thread may call; one waits for another.

    `lost` counts how often what was known was lost: then it is to be filled again.
    """

    def __init__(self, path: Path | None) -> None:
        self.lost = 0
        self._path = path
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None

    def __del__(self) -> None:
        self.close()

    def stamps(self, source: str) -> dict[str, Stamp]:
        """Return what was seen of each path of a source."""
        sql = "SELECT path, time, size, place FROM book WHERE source = ?"
        return {path: (time, size, place) for path, time, size, place in self._rows(sql, (source,))}

    def digests(self, source: str) -> dict[str, str]:
        """Return the hash of each path of a source."""
        return dict(self._rows("SELECT path, digest FROM book WHERE source = ?", (source,)))

    def books(self, source: str) -> list[Runbook]:
        """Return the runbooks of a source by path."""
        sql = "SELECT about FROM book WHERE source = ? AND fault = '' ORDER BY path"
        return [_decoded(about) for (about,) in self._rows(sql, (source,))]

    def skipped(self, source: str) -> list[Skipped]:
        """Return the files of a source that cannot be read."""
        sql = "SELECT path, fault FROM book WHERE source = ? AND fault != '' ORDER BY path"
        return [Skipped(path, clean(fault)) for path, fault in self._rows(sql, (source,))]

    def put(self, source: str, entries: Sequence[Entry]) -> None:
        """Keep these, in one transaction."""
        self._do(lambda db: _put(db, source, entries))

    def touch(self, source: str, stamps: Mapping[str, Stamp]) -> None:
        """Keep new stamps of paths whose content is the same."""
        sql = "UPDATE book SET time = ?, size = ?, place = ? WHERE source = ? AND path = ?"
        rows = [(*stamp, source, path) for path, stamp in stamps.items()]
        self._do(lambda db: db.executemany(sql, rows) and None)

    def drop(self, source: str, paths: Iterable[str]) -> None:
        """Forget paths of a source."""
        gone = [(source, path) for path in paths]
        self._do(lambda db: _drop(db, gone))

    def search(self, sources: Sequence[str], query: str, limit: int = MOST) -> list[Hit]:
        """Return what fits an FTS5 query (see `wanted`), best first."""
        if not query:
            return []
        marks = ",".join("?" * len(sources))
        sql = (  # ordered by rank, only the rows that are taken cost a snippet; a cross join keeps the order
            "SELECT about, snippet(words, 2, ?, ?, '…', 14) FROM words CROSS JOIN book ON id = words.rowid"
            f" WHERE words MATCH ? AND source IN ({marks}) ORDER BY rank LIMIT ?"
        )
        found = self._rows(sql, (_OPEN, _CLOSE, query, *sources, limit))
        return [Hit(_decoded(about), _pieces(text)) for about, text in found]

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._do(lambda db: db.execute(sql, values).fetchall())

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction; over a file that cannot be used do it over a new, empty index."""
        with self._lock:
            try:
                return self._tried(work)
            except sqlite3.Error as error:
                self._renew(error)
                return self._tried(work)

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._db is None:
            self._db = _opened(self._path)
        with self._db as db:
            return work(db)

    def _renew(self, error: sqlite3.Error) -> None:
        self.lost += 1
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
        self._db = None
        if self._path is None or not _is_broken(error):
            self._path = None  # a full disk, a folder that cannot be written: memory will do
            return
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self._path}{ending}").unlink()


def _is_broken(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(_BROKEN) or isinstance(error, _OtherVersion)


class _OtherVersion(sqlite3.DatabaseError):
    pass


def _opened(path: Path | None) -> sqlite3.Connection:
    """Return a connection to a file with our tables. Raises sqlite3.Error."""
    if path is not None:
        _owner_only(path)
    db = sqlite3.connect(path or ":memory:", timeout=PATIENCE, check_same_thread=False)
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise _OtherVersion(f"version {version}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")  # what a lost machine breaks is made anew
        if not version:
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _owner_only(path: Path) -> None:
    """Make the file, for its owner only. Raises sqlite3.OperationalError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror) from None


def _put(db: sqlite3.Connection, source: str, entries: Sequence[Entry]) -> None:
    _drop(db, [(source, entry.path) for entry in entries])
    for entry in entries:
        about = msgspec.json.encode(entry.runbook) if entry.runbook else b""
        row = (source, entry.path, *entry.stamp, entry.digest, about, entry.fault)
        sql = "INSERT INTO book (source, path, time, size, place, digest, about, fault) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        number = db.execute(sql, row).lastrowid
        if entry.runbook:
            words = (number, entry.runbook.title, entry.names, entry.body)
            db.execute("INSERT INTO words (rowid, title, names, body) VALUES (?, ?, ?, ?)", words)


def _drop(db: sqlite3.Connection, gone: Sequence[tuple[str, str]]) -> None:
    db.executemany("DELETE FROM words WHERE rowid = (SELECT id FROM book WHERE source = ? AND path = ?)", gone)
    db.executemany("DELETE FROM book WHERE source = ? AND path = ?", gone)


def _decoded(about: bytes) -> Runbook:
    return msgspec.json.decode(about, type=Runbook)


def wanted(text: str) -> str:
    """Return the FTS5 query for what a person typed: every word, or what begins so. "" where there is none."""
    return " AND ".join(
        f'"{word}"*' for word in text.replace('"', " ").replace("\0", " ").split() if _WORD.search(word)
    )


def mentioned(alert: str, words: Iterable[str]) -> str:
    """Return the FTS5 query for texts that name an alert, or hold all of at least two `words`."""
    parts = sorted(words)
    every = " AND ".join(f'"{word}"' for word in parts) if len(parts) > 1 else ""
    name = alert.replace('"', " ").replace("\0", " ").strip()
    named = f'"{name}"' if _WORD.search(name) else ""
    return " OR ".join(f"({query})" for query in (named, every) if query)


def _pieces(text: object) -> Snippet:
    """Return a snippet as pieces, in one line."""
    found: list[tuple[CleanText, bool]] = []
    for index, part in enumerate(str(text).replace(_CLOSE, _OPEN).split(_OPEN)):
        line = re.sub(r"\s+", " ", part)
        if line:
            found.append((CleanText(line), index % 2 == 1))
    return tuple(found)
