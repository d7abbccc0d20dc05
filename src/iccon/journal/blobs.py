"""Blobs: contents named by their SHA-256, stored packed. The hash is of the content, whatever packed it."""

import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import suppress

import msgspec
from msgspec import Struct

from iccon.incident.entries import BODIES, Body
from iccon.incident.evidence import BLOB_LIMIT, Blob
from iccon.journal import codec, schema
from iccon.journal.chain import Record

LINE_START = b'{"blob":'  # how the line of a blob begins, and no line of a record does


class BadBlob(ValueError):
    """A blob is too large, or its packed bytes are no blob."""


class BlobLine(Struct, frozen=True):
    """A blob in an export: its hash, and its packed content (in JSON: base64)."""

    blob: str
    packed: bytes


_NAMING = frozenset(kind for kind, cls in BODIES.items() if cls.blobs is not Body.blobs)
_LINE = msgspec.json.Decoder(BlobLine)


def put(db: sqlite3.Connection, blobs: Iterable[Blob]) -> None:
    """Store `blobs` inside the caller's transaction; those that are there already are passed over."""
    for blob in blobs:
        if len(blob.content) > BLOB_LIMIT:
            raise BadBlob(f"{len(blob.content):,} bytes are more than the {BLOB_LIMIT:,} of one blob")
        row = (blob.sha256, len(blob.content), zlib.compress(blob.content, 6))
        db.execute("INSERT OR IGNORE INTO blobs (sha256, size, packed) VALUES (?, ?, ?)", row)


def sound(db: sqlite3.Connection, sha256: str) -> Blob:
    """Return the blob of that hash. Raises BadBlob where it is missing, broken or altered."""
    row = None
    if schema.version_of(db) >= schema.BLOBS_SINCE:
        row = db.execute("SELECT packed FROM blobs WHERE sha256 = ?", (sha256,)).fetchone()
    if row is None:
        raise BadBlob(f"the blob {sha256[:8]} is missing")
    found = unpacked(row[0])
    if found.sha256 != sha256:
        raise BadBlob(f"the blob {sha256[:8]} was altered: its content does not match its hash")
    return found


def unpacked(packed: bytes) -> Blob:
    """Return the blob that was packed. Raises BadBlob, also where it would unpack to more than the limit."""
    work = zlib.decompressobj()
    try:
        content = work.decompress(packed, BLOB_LIMIT + 1)
    except (zlib.error, TypeError) as error:
        raise BadBlob(f"its bytes cannot be unpacked: {error}") from error
    if len(content) > BLOB_LIMIT or not work.eof:
        raise BadBlob("its bytes are not whole, or too many")
    return Blob(content)


def named_by(record: Record) -> tuple[str, ...]:
    """Return the hashes of the blobs that a record names; none where its body cannot be read."""
    if record.kind not in _NAMING:
        return ()
    with suppress(codec.BadRecordForm):
        return codec.decode_body(record.kind, record.version, bytes(record.body)).blobs
    return ()


def line(blob: Blob) -> bytes:
    """Return the blob as one line of JSON Lines, with its line feed."""
    return msgspec.json.encode(BlobLine(blob.sha256, zlib.compress(blob.content, 6))) + b"\n"


def parse_line(text: bytes) -> Blob:
    """Return the blob of one line. Raises BadBlob, also where its content has another hash."""
    try:
        told = _LINE.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBlob(f"not a blob: {error}") from error
    found = unpacked(told.packed)
    if found.sha256 != told.blob:
        raise BadBlob("altered: its content does not match its hash")
    return found
