"""The file: made atomically, recognised before it is touched, opened for writing or for reading only."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from iccon.journal.faults import DAMAGED_HINT, JournalFault, explained, of_os

APPLICATION_ID = 0x6963636E  # "iccn"
VERSION = 3
BLOBS_SINCE = 2  # the version from which a file has blobs
FLIGHT_SINCE = 3  # the version from which it has the flight recorder's chunks
BUSY_SECONDS = 5.0

_BLOBS = "CREATE TABLE blobs (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, packed BLOB NOT NULL)"
_FLIGHT = """CREATE TABLE flight (
  id INTEGER PRIMARY KEY,
  incident TEXT NOT NULL,
  signal TEXT NOT NULL,
  first REAL NOT NULL,
  last REAL NOT NULL,
  size INTEGER NOT NULL,
  packed BLOB NOT NULL
)"""
_FLIGHT_INDEX = "CREATE INDEX flight_incident ON flight (incident, signal, last, size)"
_DDL = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
  pos INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  incident TEXT NOT NULL,
  writer TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  happened_at TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  actor TEXT NOT NULL,
  source TEXT,
  body TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL,
  UNIQUE (writer, seq)
);
CREATE INDEX entries_incident ON entries (incident, id, kind);
CREATE INDEX entries_kind ON entries (kind, incident, id);
CREATE INDEX entries_source ON entries (incident, source) WHERE source IS NOT NULL;
CREATE TABLE heads (writer TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE gaps (
  writer TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (writer, first)
) WITHOUT ROWID;
CREATE TABLE drafts (
  key TEXT PRIMARY KEY, text TEXT NOT NULL, cursor INTEGER NOT NULL, saved_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  port TEXT NOT NULL,
  target TEXT NOT NULL,
  verb TEXT NOT NULL,
  payload TEXT NOT NULL,
  state TEXT NOT NULL,
  queued_at TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  owner TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  receipt TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX outbox_state ON outbox (state, id);
{_BLOBS};
{_FLIGHT};
{_FLIGHT_INDEX};
"""

# What brings a file of each version to the next: single statements, run in one transaction.
_STEPS: dict[int, tuple[str, ...]] = {1: (_BLOBS,), 2: (_FLIGHT, _FLIGHT_INDEX)}


def create(path: Path, writer: str) -> None:
    """Make an empty journal of `writer` at `path`, unless another process was faster. Raises JournalFault.

    It is built beside and linked into place whole, so that neither a crash nor a race leaves half a file.
    """
    temp = path.with_name(f".{path.name}.{writer}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(temp, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with explained(path):
            _build(temp, writer)
        _place(temp, path)
    except OSError as error:
        raise of_os(error, path) from error
    finally:
        for leftover in (temp, Path(f"{temp}-wal"), Path(f"{temp}-shm")):
            with suppress(OSError):
                leftover.unlink()


def nothing() -> sqlite3.Connection:
    """Return an empty journal in memory: what a reader sees before there is a file."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(f"{_DDL} PRAGMA user_version={VERSION};")
    db.execute("INSERT INTO meta VALUES ('writer', '')")
    return db


def _build(temp: Path, writer: str) -> None:
    db = sqlite3.connect(temp, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(
            f"BEGIN; PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION}; {_DDL} COMMIT;"
        )
        db.execute("INSERT INTO meta VALUES ('writer', ?)", (writer,))
    finally:
        db.close()


def _place(temp: Path, path: Path) -> None:
    try:
        os.link(temp, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            temp.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open the journal at `path`; an older one is brought up to date, unless `read_only`.

    Raises JournalFault when it is missing, foreign, newer, damaged or denied.
    """
    _recognise(path)
    db = _for_reading(path) if read_only else _for_writing(path)
    version = version_of(db)
    if version > VERSION:
        db.close()
        raise JournalFault(
            "newer", f"{path} was written by a newer iccon (format {version}, known {VERSION})", "use that version"
        )
    return db


def _recognise(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError as error:
        raise JournalFault("missing", f"there is no journal at {path}", "declare an incident to begin one") from error
    except OSError as error:
        raise of_os(error, path) from error
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise JournalFault("damaged", f"{path} is not a journal, or its beginning is lost", DAMAGED_HINT)
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise JournalFault("foreign", f"{path} is the database of another program", "name another file")


def _for_writing(path: Path) -> sqlite3.Connection:
    with explained(path):
        db = _connect(path, "mode=rw")
        try:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("BEGIN IMMEDIATE")  # says now, not at the first note, that the file cannot be written
            _bring_up(db)
            db.execute("COMMIT")
        except sqlite3.Error:
            db.close()
            raise
    return db


def _bring_up(db: sqlite3.Connection) -> None:
    """Bring an older file up to date inside the caller's transaction: whole, or not at all."""
    found = version_of(db)
    if found >= VERSION:
        return
    for version in range(found, VERSION):
        for statement in _STEPS.get(version, ()):
            db.execute(statement)
    db.execute(f"PRAGMA user_version={VERSION}")


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of the file's format; another process may raise it while this one reads."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _for_reading(path: Path) -> sqlite3.Connection:
    with explained(path):
        db = _connect(path, "mode=ro")
        try:
            _lenient(db)
        except sqlite3.OperationalError:  # the WAL's own files can be neither found nor made beside it
            db.close()
            db = _copied(path) or _connect(path, "immutable=1")
            _lenient(db)
    return db


def _copied(path: Path) -> sqlite3.Connection | None:
    """Open a copy, where a killed writer left a WAL that can only be merged in; None where there is none to merge.

    No index of the WAL beside it means that no writer is alive. The copy is gone from its folder once it is open.
    """
    from shutil import copy, rmtree  # needed after a crash on a read-only disk, not at every start
    from tempfile import mkdtemp

    wal = Path(f"{path}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return None
    folder = Path(mkdtemp(prefix="iccon-"))
    try:
        copy(path, folder / "journal.db")
        copy(wal, folder / "journal.db-wal")
        db = _connect(folder / "journal.db", "mode=rw")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except (OSError, sqlite3.Error):
        return None
    finally:
        rmtree(folder, ignore_errors=True)
    return db


def _lenient(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA query_only=ON")
    db.execute("PRAGMA writable_schema=ON")  # lets a cut file be read up to the cut
    db.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def writer_of(db: sqlite3.Connection, path: Path) -> str:
    """Return the id under which this file's processes append. Raises JournalFault where it is lost."""
    row = db.execute("SELECT value FROM meta WHERE key = 'writer'").fetchone()
    if row is None:
        raise JournalFault("damaged", f"{path} does not say whose journal it is", DAMAGED_HINT)
    return str(row[0])
