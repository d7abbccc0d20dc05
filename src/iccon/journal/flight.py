"""The flight recorder's part of the journal: the board's samples while an incident is open, packed, bounded.

A chunk holds what became known of one signal since the chunk before: for each stretch of times the services that have
samples just there, and their values, eight bytes each, like bytes together, which packs better. It is no entry: no
chain, no hash, and what does not fit any more is not kept.
"""

import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from iccon.journal import schema

BOUND = 64_000_000  # bytes of one incident
CHUNK_LIMIT = 32_000_000  # bytes of one chunk, unpacked


class BadFlight(ValueError):
    """A chunk is damaged; the message says how."""


class Stretch(Struct, frozen=True):
    """The values of `names` at the same `times` (seconds since 1970 UTC), one service after the other, packed."""

    times: tuple[float, ...]
    names: tuple[str, ...]
    packed: bytes

    @classmethod
    def of(cls, times: tuple[float, ...], rows: dict[str, Sequence[float]]) -> "Stretch":
        """Return the stretch of these services' values."""
        return cls(times, tuple(rows), _packed([value for row in rows.values() for value in row]))

    def values(self) -> dict[str, tuple[float, ...]]:
        """Return the values by service. Raises BadFlight."""
        found, count = _unpacked(self.packed), len(self.times)
        if len(found) != count * len(self.names):
            raise BadFlight("it has another number of values than it says")
        return {name: tuple(found[i * count : (i + 1) * count]) for i, name in enumerate(self.names)}


class Chunk(Struct, frozen=True):
    """What was recorded of a signal at once. `step` is in seconds; the thresholds are those of that moment."""

    signal: str
    unit: str
    query: str
    server: str
    step: float
    warn: float | None
    bad: float | None
    worse: str
    stretches: tuple[Stretch, ...]

    @property
    def first(self) -> float:
        """The time of its first sample, seconds since 1970 UTC."""
        return min(stretch.times[0] for stretch in self.stretches)

    @property
    def last(self) -> float:
        """The time of its last sample, seconds since 1970 UTC."""
        return max(stretch.times[-1] for stretch in self.stretches)


class Row(Struct, frozen=True):
    """A chunk as it is stored."""

    signal: str
    first: float
    last: float
    packed: bytes


_READ = msgspec.msgpack.Decoder(Chunk)


def row(chunk: Chunk) -> Row:
    """Return the chunk, which has samples, as it is stored."""
    return Row(chunk.signal, chunk.first, chunk.last, zlib.compress(msgspec.msgpack.encode(chunk), 6))


def chunk_of(packed: bytes) -> Chunk:
    """Return the chunk that was packed. Raises BadFlight."""
    work = zlib.decompressobj()
    try:
        raw = work.decompress(packed, CHUNK_LIMIT + 1)
        if len(raw) > CHUNK_LIMIT or not work.eof:
            raise BadFlight("it is not whole, or too large")
        return _READ.decode(raw)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, TypeError) as error:
        raise BadFlight(f"it cannot be read: {error}") from error


def put(db: sqlite3.Connection, incident: str, rows: Iterable[Row]) -> bool:
    """Store rows inside the caller's transaction; False, and nothing is stored, when they would pass the bound."""
    kept = list(rows)
    total = int(db.execute("SELECT coalesce(sum(size), 0) FROM flight WHERE incident = ?", (incident,)).fetchone()[0])
    if total + sum(len(each.packed) for each in kept) > BOUND:
        return False
    values = [(incident, each.signal, each.first, each.last, len(each.packed), each.packed) for each in kept]
    db.executemany("INSERT INTO flight (incident, signal, first, last, size, packed) VALUES (?, ?, ?, ?, ?, ?)", values)
    return True


def ends(db: sqlite3.Connection, incident: str) -> dict[str, float]:
    """Return up to when each signal is recorded, by whomever, seconds since 1970 UTC."""
    if schema.version_of(db) < schema.FLIGHT_SINCE:
        return {}
    return dict(db.execute("SELECT signal, max(last) FROM flight WHERE incident = ? GROUP BY signal", (incident,)))


def select(db: sqlite3.Connection, incident: str, signal: str | None, span: float) -> list[bytes]:
    """Return the packed chunks of a signal (None: of all) that reach into the newest `span` seconds, oldest first."""
    if schema.version_of(db) < schema.FLIGHT_SINCE:
        return []
    since = max(ends(db, incident).values(), default=0.0) - span
    sql = "SELECT packed FROM flight WHERE incident = ? AND (? IS NULL OR signal = ?) AND last >= ? ORDER BY id"
    return [packed for (packed,) in db.execute(sql, (incident, signal, signal, since))]


def _packed(values: Sequence[float]) -> bytes:
    found = array("d", values)
    if sys.byteorder == "big":
        found.byteswap()
    raw = found.tobytes()
    return b"".join(raw[place::8] for place in range(8))


def _unpacked(packed: bytes) -> "array[float]":
    if len(packed) % 8:
        raise BadFlight("its values are not whole")
    raw, count = bytearray(len(packed)), len(packed) // 8
    for place in range(8):
        raw[place::8] = packed[place * count : (place + 1) * count]
    found = array("d", bytes(raw))
    if sys.byteorder == "big":
        found.byteswap()
    return found
