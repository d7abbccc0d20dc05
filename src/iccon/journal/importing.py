"""Taking in records of other journals: checked first, all or nothing, none twice."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from iccon.incident.evidence import Blob
from iccon.journal import blobs, codec
from iccon.journal.append import chain_head, insert, set_head
from iccon.journal.chain import Record, digest, gaps_after
from iccon.journal.faults import BrokenChain

# A UUIDv7 whose 48-bit time has its top bit clear (before the year 6429), so that later ids can still follow it.
_ID = re.compile(r"[0-7][0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SEQ_LIMIT = 1 << 53


class Imported(Struct, frozen=True):
    """How many records were new, and how many were there already."""

    added: int
    known: int


def take_in(db: sqlite3.Connection, own_writer: str, arriving: Iterable[Record | Blob]) -> Imported:
    """Check and insert what arrives inside the caller's transaction. Raises BrokenChain; the caller rolls back.

    A blob comes before the record that names it, unless the journal has it already.
    """
    fresh: dict[str, list[tuple[int, Record]]] = defaultdict(list)
    known = added = 0
    position = 0
    for record in arriving:
        if isinstance(record, Blob):
            blobs.put(db, [record])
            continue
        position += 1
        if _known(db, position, record):
            known += 1
            continue
        if fault := _unsound(db, record):
            raise BrokenChain(position, record.id, fault)
        _insert(db, position, record)
        fresh[record.writer].append((position, record))
        added += 1
        if record.writer == own_writer and record.seq != chain_head(db, own_writer)[0] + len(fresh[own_writer]):
            raise BrokenChain(
                position, record.id, "it claims to be of this journal's own writer, and does not continue it"
            )
    for writer, arrived in fresh.items():
        _extend(db, writer, arrived)
        _linked(db, writer, arrived)
    return Imported(added, known)


def _known(db: sqlite3.Connection, position: int, record: Record) -> bool:
    row = db.execute("SELECT hash FROM entries WHERE id = ?", (record.id,)).fetchone()
    if row and (row[0] != record.hash or digest(record) != record.hash):
        raise BrokenChain(position, record.id, "it differs from the record of the same id that is here already")
    return row is not None


def _unsound(db: sqlite3.Connection, record: Record) -> str | None:
    if not _ID.fullmatch(record.id):
        return "its id is not an id of this program"
    if not 0 < record.seq < _SEQ_LIMIT or not record.writer:
        return "it has no writer or no valid number"
    try:
        if digest(record) != record.hash:
            return "altered: its content does not match its hash"
        for sha256 in codec.decode(record).body.blobs:
            blobs.sound(db, sha256)
    except blobs.BadBlob as error:
        return f"what it names is not there: {error}"
    except ValueError as error:
        return f"cannot be decoded: {error}"
    return None


def _insert(db: sqlite3.Connection, position: int, record: Record) -> None:
    try:
        insert(db, record)
    except sqlite3.IntegrityError as error:
        reason = f"another record is number {record.seq} of its writer here: that writer's journal was forked"
        raise BrokenChain(position, record.id, reason) from error


def _extend(db: sqlite3.Connection, writer: str, arrived: list[tuple[int, Record]]) -> None:
    head, _ = chain_head(db, writer)
    gaps = db.execute("SELECT first, last FROM gaps WHERE writer = ?", (writer,)).fetchall()
    absent = gaps_after(gaps, head, [record.seq for _, record in arrived])
    db.execute("DELETE FROM gaps WHERE writer = ?", (writer,))
    db.executemany("INSERT INTO gaps VALUES (?, ?, ?)", [(writer, first, last) for first, last in absent])
    newest = max((record for _, record in arrived), key=lambda r: r.seq)
    if newest.seq > head:
        set_head(db, writer, newest.seq, newest.hash)


_BREAKS = """
SELECT b.id, b.prev = a.hash, b.id > a.id FROM entries a JOIN entries b ON b.writer = a.writer AND b.seq = a.seq + 1
WHERE a.writer = ? AND (b.prev != a.hash OR b.id <= a.id) ORDER BY b.seq LIMIT 1
"""


def _linked(db: sqlite3.Connection, writer: str, arrived: list[tuple[int, Record]]) -> None:
    if row := db.execute(_BREAKS, (writer,)).fetchone():
        position = next((place for place, record in arrived if record.id == row[0]), 0)
        reason = "its id is older than the one before it" if row[1] else "it does not follow the record before it"
        raise BrokenChain(position, row[0], reason)
