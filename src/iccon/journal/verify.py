"""Verification: the hash and the blobs of every record, every writer's chain, every number. Names the first fault."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from iccon.journal import blobs, codec, reading
from iccon.journal.append import heads
from iccon.journal.chain import Record, digest
from iccon.journal.faults import JournalFault, explained


class BadRecord(Struct, frozen=True):
    """The first fault: the record's place in id order from 1, whose it is, and what is wrong. `id` may be ""."""

    position: int
    writer: str
    seq: int
    id: str
    reason: str


class Verification(Struct, frozen=True):
    """How many records and writers held before the first fault, or in all when `bad` is None."""

    records: int
    writers: int
    bad: BadRecord | None = None


class Checker:
    """Follows the chains of all writers through records in id order. `gaps` may be absent."""

    def __init__(self, gaps: Iterable[tuple[str, int, int]] = ()) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        self.gaps = set(gaps)

    def check(self, record: Record) -> str | None:
        """Return what is wrong with `record`, None when nothing is."""
        seq, prev = self.heads.get(record.writer, (0, ""))
        fault = _order(record, seq, self.gaps) or _content(record) or _link(record, seq, prev)
        if fault is None:
            self.heads[record.writer] = (record.seq, record.hash)
        return fault


def _order(record: Record, seq: int, gaps: set[tuple[str, int, int]]) -> str | None:
    if record.seq <= seq:
        return f"out of order: number {record.seq} of its writer comes after number {seq}"
    if record.seq != seq + 1 and (record.writer, seq + 1, record.seq - 1) not in gaps:
        return f"missing before it: number {seq + 1} of its writer"
    return None


def _content(record: Record) -> str | None:
    try:
        if digest(record) != record.hash:
            return "altered: its content does not match its hash"
        codec.decode(record)
    except (codec.BadRecordForm, TypeError, ValueError) as error:
        return f"cannot be decoded: {error}"
    return None


def _link(record: Record, seq: int, prev: str) -> str | None:
    if record.seq == seq + 1 and record.prev != prev:
        return "does not follow the record before it: that one or this one was replaced"
    return None


def verify(db: sqlite3.Connection, path: Path) -> Verification:
    """Check the whole file; a damaged one is a fault of the first record that cannot be read."""
    count = 0
    checker = Checker()
    try:
        with explained(path):
            checker.gaps = set(db.execute("SELECT writer, first, last FROM gaps"))
        for count, record in enumerate(_readable(db, path), 1):
            if fault := checker.check(record) or _blob_fault(db, record):
                bad = BadRecord(count, record.writer, record.seq, record.id, fault)
                return Verification(count - 1, len(checker.heads), bad)
        with explained(path):
            bad_end = _end(checker, list(heads(db)), count)
    except JournalFault as fault:
        bad_end = BadRecord(count + 1, "", 0, "", f"cannot be read: {fault.reason}")
    return Verification(count, len(checker.heads), bad_end)


def _blob_fault(db: sqlite3.Connection, record: Record) -> str | None:
    try:
        for sha256 in blobs.named_by(record):
            blobs.sound(db, sha256)
    except blobs.BadBlob as error:
        return str(error)
    return None


def _readable(db: sqlite3.Connection, path: Path) -> Iterator[Record]:
    return reading.records(db, path, None)


def _end(checker: Checker, known: list[tuple[str, int, str]], count: int) -> BadRecord | None:
    for writer, seq, own in known:
        reached, found = checker.heads.get(writer, (0, ""))
        if reached < seq:
            return BadRecord(
                count + 1, writer, reached + 1, "", f"missing at the end: number {reached + 1} of its writer"
            )
        if (reached, found) != (seq, own):
            return BadRecord(count, writer, reached, "", "is not the record that was written last")
    if absent := set(checker.heads) - {writer for writer, _, _ in known}:
        return BadRecord(count, min(absent), 0, "", "this writer was never taken in")
    return None
