"""Records and entries: every kind, older versions, unknown ones, JSON Lines byte for byte."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START, note
from msgspec import Raw
from msgspec.structs import replace

from iccon.incident.entries import BODIES, Body, Note, PageActed, PageRef, Unknown
from iccon.journal import codec
from iccon.journal.chain import Record, canonical, digest, gaps_after, signed


def record(kind: str = "note", version: int = 1, body: bytes = b'{"text":"a"}') -> Record:
    at = codec.stamp(START)
    return signed(Record("ann", Raw(body), at, "", "id", "i", kind, "", at, 1, None, version, "w"))


bodies = st.one_of([st.from_type(cls) for cls in BODIES.values()])


@given(bodies)
def test_every_body_survives(body: Body) -> None:
    draft = replace(note(), body=body)
    made = codec.encode(draft, "id", "w", 1, START, "")
    line = codec.line(made)
    again = codec.parse_line(line)
    assert codec.line(again) == line
    assert digest(again) == made.hash
    assert codec.decode(again).body == codec.decode(made).body
    assert codec.encode_json(codec.decode(made).body) == bytes(made.body)


def test_the_canonical_form_is_plain_sorted_json() -> None:
    made = codec.encode(note('ä"\n'), "id", "w", 1, START, "p")
    fields = json.loads(canonical(made))
    plain = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(made) == plain.encode()
    assert "hash" not in fields
    assert fields["happened_at"] == "2026-11-01T12:00:00.000000Z"


@pytest.mark.parametrize("version", [1, 7])
def test_unknown_kinds_and_newer_versions_are_kept(version: int) -> None:
    raw = b'{"b":[1, 2.50],  "a":{"x":null}}'
    kind = "teleport" if version == 1 else "note"
    line = codec.line(record(kind, version, raw))
    again = codec.parse_line(line)
    body = codec.decode(again).body
    assert body == Unknown(original_kind=kind, original_version=version, raw={"b": [1, 2.5], "a": {"x": None}})
    assert (codec.line(again), bytes(again.body), digest(again)) == (line, raw, again.hash)


class NoteThree(Note, frozen=True, kw_only=True):
    version: ClassVar[int] = 3
    mood: str


def test_older_versions_are_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def second(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "feeling": "calm"}

    def third(body: dict[str, Any]) -> dict[str, Any]:
        return {"text": body["text"], "mood": body["feeling"]}

    monkeypatch.setitem(BODIES, "note", NoteThree)
    monkeypatch.setitem(codec.UPCASTERS, ("note", 1), second)
    monkeypatch.setitem(codec.UPCASTERS, ("note", 2), third)
    assert codec.decode(record()).body == NoteThree(text="a", mood="calm")
    with pytest.raises(codec.BadRecordForm, match="no upcaster for note version 0"):
        codec.decode(record(version=0))


def test_a_page_act_of_before_there_were_arguments() -> None:
    raw = b'{"effect":"e","page":{"id":"P1","service":"","source":"pd","title":"disk"},"verb":"acknowledge"}'
    body = codec.decode(record("page_acted", 1, raw)).body
    assert body == PageActed(page=PageRef("pd", "P1", "disk"), verb="acknowledge", effect="e", arguments={})


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"null", b"\xff", b'{"actor":1}', codec.line(record())[:-9], b"<html>", b"{" * 5000]
)
def test_what_is_no_record_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(codec.BadRecordForm, match="not a record"):
        codec.parse_line(line)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", b'{"text":1}', b'{"text":"a"},{"text":"b"}', b"\xff"])
def test_a_body_that_does_not_fit_its_kind(body: bytes) -> None:
    with pytest.raises(codec.BadRecordForm, match="does not read as note"):
        codec.decode(record(body=body))


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-01", "2026-11-01T12:00:00", "2026-11-01T12:00:00+02:00"])
def test_a_time_that_is_none(time: str) -> None:
    with pytest.raises(codec.BadRecordForm, match="its time"):
        codec.decode(replace(record(), happened_at=time))


@given(st.lists(st.tuples(bodies, st.datetimes(timezones=st.just(UTC))), max_size=30))
def test_many_rows_at_once_decode_as_one_by_one(pairs: list[tuple[Body, datetime]]) -> None:
    records = [codec.encode(replace(note(), body=b, happened_at=at), "id", "w", 1, START, "") for b, at in pairs]
    rows: list[codec.Row] = [
        (
            r.id,
            r.incident,
            r.writer,
            r.seq,
            r.kind,
            r.version,
            r.happened_at,
            r.recorded_at,
            r.actor,
            r.source,
            bytes(r.body),
        )
        for r in records
    ]
    assert codec.decode_rows(rows) == [codec.decode(r) for r in records]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (10, b'{"text":"a"},{"text":"b"}'),
        (10, b"{"),
        (6, '2026-11-01T12:00:00Z","2026-11-01T12:00:00Z'),
        (7, "2026-11-01T12:00:00+01:00"),
    ],
)
def test_one_bad_row_among_many_is_found(column: int, value: object) -> None:
    good = ("id", "i", "w", 1, "note", 1, codec.stamp(START), codec.stamp(START), "ann", None, b'{"text":"a"}')
    bad = (*good[:column], value, *good[column + 1 :])
    with pytest.raises(codec.BadRecordForm):
        codec.decode_rows([good, bad, good])  # type: ignore[list-item]


def test_instants_of_any_zone_are_stored_as_utc() -> None:
    at = datetime(2026, 11, 1, 1, 2, 3, 4, timezone(timedelta(hours=-3, minutes=-30)))
    assert codec.stamp(at) == "2026-11-01T04:32:03.000004Z"
    assert codec.instant(codec.stamp(at)) == at


numbers = st.integers(1, 30)


@given(st.sets(numbers), st.sets(numbers))
def test_gaps_are_what_is_absent_up_to_the_head(first: set[int], second: set[int]) -> None:
    gaps, head = gaps_after([], 0, first), max(first, default=0)
    gaps, head = gaps_after(gaps, head, second), max(first | second, default=0)
    absent = {number for low, high in gaps for number in range(low, high + 1)}
    assert absent == set(range(1, head + 1)) - first - second
    assert all(low <= high for low, high in gaps)
