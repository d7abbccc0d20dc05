"""The chain: canonical bytes of a record, their SHA-256, and which sequence numbers may be absent. Pure."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
from msgspec import Raw, Struct


class Record(Struct, frozen=True):
    """One entry as it is stored and exported. `body` is raw JSON and is never rewritten; times are RFC 3339, UTC.

    `prev` is the hash of the same writer's record before it ("" for its first). The fields stand in the
    order of the alphabet: it is the canonical order of the keys.
    """

    actor: str
    body: Raw
    happened_at: str
    hash: str
    id: str
    incident: str
    kind: str
    prev: str
    recorded_at: str
    seq: int
    source: str | None
    version: int
    writer: str


def canonical(record: Record) -> bytes:
    """Return what is hashed: JSON of all fields but the hash, keys sorted, UTF-8, no spaces."""
    fields = {name: getattr(record, name) for name in Record.__struct_fields__ if name != "hash"}
    return msgspec.json.encode(fields)


def digest(record: Record) -> str:
    """Return the SHA-256 of the canonical bytes, in lower-case hexadecimal."""
    return sha256(canonical(record)).hexdigest()


def signed(record: Record) -> Record:
    """Return `record` with its hash filled in."""
    return msgspec.structs.replace(record, hash=digest(record))


Gap = tuple[int, int]  # first and last absent sequence number, both included


def gaps_after(gaps: Iterable[Gap], head: int, arrived: Iterable[int]) -> list[Gap]:
    """Return what is absent of a writer's sequence once the numbers `arrived` are there too.

    `gaps` were absent before, and everything beyond `head`. A part of a chain (the export of one incident)
    may be imported; what it leaves out is written down, so that a record deleted later is not taken for it.
    """
    numbers = sorted(set(arrived))
    absent = list(gaps)
    if numbers and numbers[-1] > head:
        absent.append((head + 1, numbers[-1]))
    for number in numbers:
        absent = [part for gap in absent for part in _without(gap, number)]
    return absent


def _without(gap: Gap, number: int) -> list[Gap]:
    first, last = gap
    if not first <= number <= last:
        return [gap]
    return [part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]]
