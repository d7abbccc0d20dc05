"""Blobs: beside their entries or not at all, found out when altered, and older files brought up to date whole."""

import os
import signal
import sqlite3
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START, StillClock, evidence, measurement, note, texts

from iccon.incident.evidence import BLOB_LIMIT, BadSamples, Blob, Series, samples_blob, samples_of, series_of
from iccon.journal import schema
from iccon.journal.blobs import BadBlob
from iccon.journal.store import Journal, JournalFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def sql(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as db:
        found = db.execute(statement, values).fetchall()
    db.close()
    return found


def first_version(path: Path) -> None:
    """Make a journal of version 1 that holds one note."""
    journal = Journal.open(path, StillClock())
    journal.append([note("old")])
    journal.close()
    sql(path, "DROP TABLE blobs")
    sql(path, "DROP TABLE flight")
    sql(path, "PRAGMA user_version = 1")


numbers = st.floats() | st.sampled_from([0.0, -0.0, 1e308, 5e-324, 1760000000.123456])


@given(st.lists(st.tuples(st.text(max_size=5), st.lists(st.tuples(st.floats(0, 1e10), numbers), max_size=5))))
def test_samples_come_back_to_the_bit_and_the_same_have_one_hash(
    given: list[tuple[str, list[tuple[float, float]]]],
) -> None:
    series = tuple(Series(name, tuple(t for t, _ in pts), tuple(v for _, v in pts)) for name, pts in given)
    blob = samples_blob(series)
    again = samples_of(blob.content)
    assert repr(again) == repr(series)
    assert samples_blob(again).sha256 == blob.sha256


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'[["a",[[1,"inf"]]]]', b'[["a",[[1]]]]', b"[" * 100_000])
def test_what_are_no_samples_is_said(content: bytes) -> None:
    with pytest.raises(BadSamples):
        samples_of(content)


@pytest.mark.parametrize("year", [1, 9999])
def test_times_that_no_zone_can_show_are_said_to_be_wrong(year: int) -> None:
    measured = measurement(end=START.replace(year=year))
    with pytest.raises(BadSamples, match="cannot be right"):
        series_of(measured, samples_blob(()).content)
    assert series_of(measurement(), samples_blob(()).content) == ()


def test_an_entry_and_its_blob_go_together(path: Path) -> None:
    journal = Journal.open(path, StillClock())
    kept, blob = evidence()
    with pytest.raises(BadBlob):
        journal.append([kept], blobs_=[blob, Blob(bytes(BLOB_LIMIT + 1))])
    assert list(journal.entries()) == []
    assert sql(path, "SELECT * FROM blobs") == []
    journal.append([kept], blobs_=[blob])
    assert journal.blob(blob.sha256) == blob
    assert journal.verify().bad is None


BOMB = zlib.compress(bytes(BLOB_LIMIT * 10))


@pytest.mark.parametrize(
    ("statement", "values", "reason"),
    [
        ("DELETE FROM blobs", (), "is missing"),
        ("UPDATE blobs SET packed = ?", (zlib.compress(b"[]"),), "does not match its hash"),
        ("UPDATE blobs SET packed = ?", (b"xyz",), "cannot be unpacked"),
        ("UPDATE blobs SET packed = 7", (), "cannot be unpacked"),
        ("UPDATE blobs SET packed = substr(packed, 1, 20)", (), "not whole"),
        ("UPDATE blobs SET packed = ?", (BOMB,), "too many"),
    ],
)
def test_a_blob_that_was_meddled_with_is_found_out(
    path: Path, statement: str, values: tuple[object, ...], reason: str
) -> None:
    journal = Journal.open(path, StillClock())
    kept, blob = evidence()
    journal.append([note(), kept], blobs_=[blob])
    sql(path, statement, *values)
    bad = journal.verify().bad
    assert bad is not None
    assert (bad.position, reason in bad.reason) == (2, True), bad
    with pytest.raises(JournalFault, match=reason):
        journal.blob(blob.sha256)


def test_an_older_journal_is_read_as_it_is_and_brought_up_to_date_for_writing(path: Path) -> None:
    first_version(path)
    reader = Journal.open(path, StillClock(), read_only=True)
    assert (texts(reader), reader.verify().bad) == (["old"], None)
    with pytest.raises(JournalFault, match="missing"):
        reader.blob("0" * 64)
    assert reader.flight("i") == []
    assert sql(path, "PRAGMA user_version") == [(1,)]
    writer = Journal.open(path, StillClock())
    assert sql(path, "PRAGMA user_version") == [(schema.VERSION,)]
    kept, blob = evidence()
    writer.append([kept], blobs_=[blob])
    assert writer.verify().bad is None
    assert reader.blob(blob.sha256) == blob
    assert len(reader.changes()) == 1
    reader.close()
    writer.close()


def killed_at(path: Path, number: int) -> bool:
    """Open for writing in a child that is killed as it begins its statement `number`; say whether it came so far."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_: str) -> None:
            nonlocal seen
            seen += 1
            if seen > number:
                os.kill(os.getpid(), signal.SIGKILL)

        connect = sqlite3.connect

        def watched(*args: object, **named: object) -> sqlite3.Connection:
            db: sqlite3.Connection = connect(*args, **named)
            db.set_trace_callback(count)
            return db

        sqlite3.connect = watched
        schema.connect(path, read_only=False)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def test_a_kill_at_any_statement_leaves_the_old_version_or_the_new(path: Path, tmp_path: Path) -> None:
    found = set()
    number = 0
    while killed_at(copy := make_copy(path, tmp_path / f"{number}.db"), number):
        version = sql(copy, "PRAGMA user_version")[0][0]
        tables = sql(copy, "SELECT name FROM sqlite_schema WHERE name IN ('blobs', 'flight', 'flight_incident')")
        assert (version, len(tables)) in {(1, 0), (schema.VERSION, 3)}
        found.add(version)
        journal = Journal.open(copy, StillClock())
        assert (texts(journal), journal.verify().bad) == (["old"], None)
        journal.close()
        number += 1
    assert found == {1, schema.VERSION}
    assert number > 4


def make_copy(path: Path, to: Path) -> Path:
    if not path.exists():
        first_version(path)
    to.write_bytes(path.read_bytes())
    return to
