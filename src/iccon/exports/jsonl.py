"""Records as JSON Lines: a header, the blobs that records name, each record as stored: they come back byte for byte.

    {"format": "iccon-records", "version": 2, "records": 42, "heads": {WRITER: {"seq": 42, "hash": "…"}}, "blobs": 1}
    {"blob": SHA-256 of the content, "packed": the content, compressed with zlib, in base64}

The header says how many records and blobs follow and the last record of each writer, so that a cut or a doubled file is
recognised before anything is imported. The records' own hashes are checked by the journal. Version 1 had no blobs.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import Struct

from iccon.incident.evidence import Blob
from iccon.journal import blobs
from iccon.journal.chain import Record
from iccon.journal.codec import BadRecordForm, line, parse_line
from iccon.journal.faults import JournalFault

FORMAT = "iccon-records"
VERSION = 2
LINE_LIMIT = 6_000_000  # bytes of one line: more than a blob that cannot be compressed takes in base64


class Head(Struct, frozen=True):
    """The last record of a writer in the file."""

    seq: int
    hash: str


class Header(Struct, frozen=True, kw_only=True):
    """The first line."""

    format: str = ""
    version: int = 0
    records: int = 0
    heads: dict[str, Head] = {}
    blobs: int = 0


class ExportFault(JournalFault):
    """A file is no export of records, or not a whole one: the line (from 1), the reason, what to do."""

    def __init__(self, line: int, reason: str, hint: str = "nothing was imported; export again") -> None:
        self.line = line
        super().__init__("export", f"line {line}: {reason}", hint)


def render(records: Iterable[Record], blob: Callable[[str], Blob]) -> Iterator[bytes]:
    """Yield the lines, each with its line feed. Reads all records first: the header speaks of the last.

    `blob` returns the blob of a hash, as `Journal.blob` does.
    """
    kept = list(records)
    named = dict.fromkeys(sha256 for record in kept for sha256 in blobs.named_by(record))
    header = Header(format=FORMAT, version=VERSION, records=len(kept), heads=heads(kept), blobs=len(named))
    yield msgspec.json.encode(header) + b"\n"
    yield from (blobs.line(blob(sha256)) for sha256 in named)
    for record in kept:
        yield line(record)


def heads(records: Iterable[Record]) -> dict[str, Head]:
    """Return the record with the highest sequence of each writer, by writer."""
    last: dict[str, Record] = {}
    for record in records:
        if record.writer not in last or record.seq > last[record.writer].seq:
            last[record.writer] = record
    return {writer: Head(last[writer].seq, last[writer].hash) for writer in sorted(last)}


def parse(lines: Iterable[bytes]) -> Iterator[Record | Blob]:
    """Yield the blobs and records of an export. Raises ExportFault; at the end too, where the file is not whole.

    Blank lines are passed over. The caller must take all or nothing, as `Journal.import_records` does.
    """
    numbered = ((number, text) for number, text in enumerate(lines, 1) if text.strip())
    header = _header(next(numbered, (1, b"")))
    seen: list[Record] = []
    carried = 0
    number = 1
    for number, text in numbered:
        found = _parsed(number, text)
        if isinstance(found, Blob):
            carried += 1
        else:
            seen.append(found)
        yield found
    if carried != header.blobs:
        raise ExportFault(number, f"{carried} blobs where the header promises {header.blobs}")
    if len(seen) != header.records:
        raise ExportFault(number, f"{len(seen)} records where the header promises {header.records}")
    if heads(seen) != header.heads:
        raise ExportFault(number, "the last records are not those that the header names")


def _header(first: tuple[int, bytes]) -> Header:
    number, text = first
    try:
        header = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        header = Header()
    if header.format != FORMAT:
        raise ExportFault(number, "this is no export of records", "`iccon export --format jsonl` writes one")
    if header.version > VERSION:
        raise ExportFault(number, f"version {header.version} was written by a newer iccon", "update iccon")
    return header


def _parsed(number: int, text: bytes) -> Record | Blob:
    if len(text) > LINE_LIMIT:
        raise ExportFault(number, f"a line of {len(text):,} bytes")
    try:
        return blobs.parse_line(text) if text.startswith(blobs.LINE_START) else parse_line(text)
    except (BadRecordForm, blobs.BadBlob) as error:
        raise ExportFault(number, str(error)) from None
