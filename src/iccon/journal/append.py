"""Appending: each draft gets its id, its sequence and its hashes inside the caller's transaction."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from iccon.incident import ids
from iccon.incident.entries import Draft, Entry
from iccon.journal import codec
from iccon.journal.chain import Record
from iccon.journal.reading import head

_INSERT = (
    "INSERT INTO entries"
    " (id, incident, writer, seq, kind, version, happened_at, recorded_at, actor, source, body, prev, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def insert(db: sqlite3.Connection, record: Record) -> None:
    """Write one record."""
    r = record
    body = bytes(r.body).decode("utf-8")
    place = (r.id, r.incident, r.writer, r.seq, r.kind, r.version)
    db.execute(_INSERT, (*place, r.happened_at, r.recorded_at, r.actor, r.source, body, r.prev, r.hash))


def append(db: sqlite3.Connection, writer: str, drafts: Sequence[Draft], now: datetime) -> tuple[Entry, ...]:
    """Append `drafts` in order under `writer`; those whose source is held already are skipped."""
    last, (seq, prev) = head(db), chain_head(db, writer)
    milliseconds = int(now.timestamp() * 1000)
    done: list[Entry] = []
    for draft in drafts:
        if draft.source is not None and _known(db, draft, codec.whole(draft.source)):
            continue
        last, seq = ids.after(last, os.urandom(10), milliseconds), seq + 1
        record = codec.encode(draft, last, writer, seq, now, prev)
        insert(db, record)
        prev = record.hash
        done.append(codec.decode(record))
    if done:
        set_head(db, writer, seq, prev)
    return tuple(done)


def _known(db: sqlite3.Connection, draft: Draft, source: str) -> bool:
    if draft.once_only:
        return holder(db, source) is not None
    sql = "SELECT 1 FROM entries WHERE incident = ? AND source = ?"
    return db.execute(sql, (draft.incident, source)).fetchone() is not None


# One look into the index of sources for each incident, and one for what belongs to none.
_HOLDER = """
SELECT id FROM entries WHERE source = ? AND incident IN (
  SELECT '' UNION SELECT incident FROM entries WHERE kind = 'declared'
) LIMIT 1
"""


def holder(db: sqlite3.Connection, source: str) -> str | None:
    """Return the id of an entry of any incident, or of none, with this source."""
    row = db.execute(_HOLDER, (codec.whole(source),)).fetchone()
    return None if row is None else str(row[0])


def chain_head(db: sqlite3.Connection, writer: str) -> tuple[int, str]:
    """Return sequence and hash of the newest record of `writer`; (0, "") when it has none."""
    row = db.execute("SELECT seq, hash FROM heads WHERE writer = ?", (writer,)).fetchone()
    return (row[0], row[1]) if row else (0, "")


def set_head(db: sqlite3.Connection, writer: str, seq: int, own: str) -> None:
    """Write down the newest record of `writer`, so that a cut end is noticed."""
    db.execute("INSERT OR REPLACE INTO heads (writer, seq, hash) VALUES (?, ?, ?)", (writer, seq, own))


def heads(db: sqlite3.Connection) -> Iterable[tuple[str, int, str]]:
    """Return every writer's newest sequence and hash."""
    return db.execute("SELECT writer, seq, hash FROM heads ORDER BY writer").fetchall()
