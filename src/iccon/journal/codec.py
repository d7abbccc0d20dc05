"""Records <-> entries: times, bodies by kind and version, upcasters for older versions, JSON Lines."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from sys import intern
from types import GenericAlias
from typing import Any

import msgspec
from msgspec import Raw

from iccon.incident.entries import BODIES, Body, Draft, Entry, Unknown
from iccon.journal.chain import Record, signed

# Upcasters: (kind, version) -> a function from that version's plain body to the next version's.
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("page_acted", 1): lambda body: {**body, "arguments": {}},
    ("amended", 1): lambda body: body,  # what it does not say, stays
    ("task", 1): lambda body: body,
    ("impact_started", 1): lambda body: body,  # nobody said what part
    ("role", 1): lambda body: {**body, "instead_of": ""},
    ("runbook_opened", 1): lambda body: {**body, "revision": ""},
}

# What the journal selects for decoding:
# id, incident, writer, seq, kind, version, happened_at, recorded_at, actor, source, body
Row = tuple[str, str, str, int, str, int, str, str, str, str | None, bytes]

_ONE: dict[str, msgspec.json.Decoder[Body]] = {kind: msgspec.json.Decoder(cls) for kind, cls in BODIES.items()}
_MANY: dict[str, msgspec.json.Decoder[list[Body]]] = {
    kind: msgspec.json.Decoder(GenericAlias(list, (cls,))) for kind, cls in BODIES.items()
}
_MANY_INSTANTS = msgspec.json.Decoder(list[datetime])
_NONE = Body()
_RECORD = msgspec.json.Decoder(Record)
_BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError)


class BadRecordForm(ValueError):
    """A line or row that is not a record; the message says why."""


def stamp(at: datetime) -> str:
    """Return an aware instant in UTC with microseconds: `2026-11-01T12:00:00.000000Z`. ValueError when naive."""
    if at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def instant(text: str) -> datetime:
    """Return the instant that `stamp` wrote; BadRecordForm for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRecordForm(f"its time {text!r} is not a time") from error
    if at.tzinfo is not UTC:
        raise BadRecordForm(f"its time {text!r} is not UTC")
    return at


def encode_json(value: object) -> bytes:
    """Return canonical JSON: keys sorted, UTF-8, no spaces; half characters (lone surrogates) become `?`."""
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(msgspec.to_builtins(value)), order="sorted")


def whole(text: str) -> str:
    """Return `text` with half characters (lone surrogates, from undecodable bytes) replaced by `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def encode(draft: Draft, ident: str, writer: str, seq: int, recorded_at: datetime, prev: str) -> Record:
    """Return the signed record of a draft that got its place."""
    body = draft.body
    return signed(
        Record(
            actor=whole(draft.actor),
            body=Raw(encode_json(body)),
            happened_at=stamp(draft.happened_at),
            hash="",
            id=ident,
            incident=draft.incident,
            kind=body.kind,
            prev=prev,
            recorded_at=stamp(recorded_at),
            seq=seq,
            source=None if draft.source is None else whole(draft.source),
            version=body.version,
            writer=writer,
        )
    )


def decode(record: Record) -> Entry:
    """Return the entry of a record; BadRecordForm when a time or the body's JSON is broken."""
    body = decode_body(record.kind, record.version, bytes(record.body))
    return Entry(
        id=record.id,
        incident=record.incident,
        writer=record.writer,
        seq=record.seq,
        happened_at=instant(record.happened_at),
        recorded_at=instant(record.recorded_at),
        actor=record.actor,
        source=record.source,
        body=body,
    )


def decode_body(kind: str, version: int, raw: bytes) -> Body:
    """Return the body, older versions brought up to date, unknown ones kept as `Unknown`; else BadRecordForm."""
    known = BODIES.get(kind)
    try:
        if known is None or version > known.version:
            return Unknown(original_kind=kind, original_version=version, raw=_plain(raw))
        if version == known.version:
            return _ONE[kind].decode(raw)
        return msgspec.convert(_upcast(kind, version, known.version, _plain(raw)), known)
    except _BAD_JSON as error:
        raise BadRecordForm(f"its body does not read as {kind} version {version}: {error}") from error


def _plain(raw: bytes) -> dict[str, Any]:
    return msgspec.json.decode(raw, type=dict[str, Any])


def _upcast(kind: str, version: int, target: int, body: dict[str, Any]) -> dict[str, Any]:
    for step in range(version, target):
        upcaster = UPCASTERS.get((kind, step))
        if upcaster is None:
            raise BadRecordForm(f"no upcaster for {kind} version {step}")
        body = upcaster(body)
    return body


def decode_rows(rows: Sequence[Row]) -> list[Entry]:
    """Decode many rows at once, several times cheaper than one by one. BadRecordForm as in `decode`."""
    bodies = _bodies(rows)
    happened, recorded = _instants([r[6] for r in rows]), _instants([r[7] for r in rows])
    return [
        Entry(r[0], intern(r[1]), intern(r[2]), r[3], at, noted, intern(r[8]), r[9], body)
        for r, at, noted, body in zip(rows, happened, recorded, bodies, strict=True)
    ]


def _instants(texts: list[str]) -> list[datetime]:
    try:
        found = _MANY_INSTANTS.decode('["' + '","'.join(texts) + '"]')
    except _BAD_JSON:
        return [instant(text) for text in texts]
    if len(found) == len(texts) and all(at.tzinfo is UTC for at in found):
        return found
    return [instant(text) for text in texts]


def _bodies(rows: Sequence[Row]) -> list[Body]:
    groups: dict[tuple[str, int], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault((row[4], row[5]), []).append(index)
    bodies: list[Body] = [_NONE] * len(rows)
    for (kind, version), indexes in groups.items():
        for index, body in zip(indexes, _alike(kind, version, [rows[i][10] for i in indexes]), strict=True):
            bodies[index] = body
    return bodies


def _alike(kind: str, version: int, raws: list[bytes]) -> list[Body]:
    known = BODIES.get(kind)
    if known is not None and version == known.version:
        try:
            found = _MANY[kind].decode(b"[" + b",".join(raws) + b"]")
        except _BAD_JSON:
            found = []
        if len(found) == len(raws):
            return found
    return [decode_body(kind, version, raw) for raw in raws]


def line(record: Record) -> bytes:
    """Return the record as one line of JSON Lines, with its line feed."""
    return msgspec.json.encode(record) + b"\n"


def parse_line(text: bytes) -> Record:
    """Return the record of one line; BadRecordForm when it is none."""
    try:
        return _RECORD.decode(text)
    except _BAD_JSON as error:
        raise BadRecordForm(f"not a record: {error}") from error
