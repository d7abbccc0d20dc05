"""Verification names the first bad record, whatever was done to the file."""

import sqlite3
from pathlib import Path

import pytest
from journalkit import StillClock, note
from msgspec.structs import replace

from iccon.journal.chain import Record, signed
from iccon.journal.store import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal.open(tmp_path / "journal.db", StillClock())
    journal.append([note(f"note {number}") for number in range(6)])
    return journal


def meddle(journal: Journal, *statements: str) -> None:
    with sqlite3.connect(journal.path) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def forge(journal: Journal, record: Record) -> None:
    """Change the actor and sign anew, as somebody who knows the format would."""
    forged = signed(replace(record, actor="eve"))
    meddle(journal, f"UPDATE entries SET actor = 'eve', hash = '{forged.hash}' WHERE seq = {record.seq}")


CASES = {
    "altered body": ("UPDATE entries SET body = replace(body, '3', '9') WHERE seq = 4", 4, "altered"),
    "body of no JSON": ("UPDATE entries SET body = '{' WHERE seq = 4", 4, "altered"),
    "altered time": ("UPDATE entries SET happened_at = '2026-11-01T12:00:01.000000Z' WHERE seq = 4", 4, "altered"),
    "altered actor": ("UPDATE entries SET actor = 'eve' WHERE seq = 4", 4, "altered"),
    "altered incident": ("UPDATE entries SET incident = 'j' WHERE seq = 4", 4, "altered"),
    "altered hash": ("UPDATE entries SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 4", 4, "altered"),
    "altered prev": ("UPDATE entries SET prev = '' WHERE seq = 4", 4, "altered"),
    "wrong type": ("UPDATE entries SET version = 'one' WHERE seq = 4", 4, "altered"),
    "missing record": ("DELETE FROM entries WHERE seq = 4", 4, "missing before it: number 4"),
    "missing first": ("DELETE FROM entries WHERE seq = 1", 1, "missing before it: number 1"),
    "missing last": ("DELETE FROM entries WHERE seq = 6", 6, "missing at the end: number 6"),
    "missing end": ("DELETE FROM entries WHERE seq > 3", 4, "missing at the end: number 4"),
    "all missing": ("DELETE FROM entries", 1, "missing at the end: number 1"),
}


@pytest.mark.parametrize(("statement", "position", "reason"), CASES.values(), ids=CASES.keys())
def test_what_was_altered_is_named(journal: Journal, statement: str, position: int, reason: str) -> None:
    meddle(journal, statement)
    found = journal.verify()
    assert found.bad is not None
    assert (found.records, found.bad.position) == (position - 1, position)
    assert reason in found.bad.reason
    assert found.bad.writer == journal.writer


def test_swapped_records_are_out_of_order(journal: Journal) -> None:
    third, fourth = (record.id for record in list(journal.records())[2:4])
    swap = [
        f"UPDATE entries SET id = '{new}' WHERE id = '{old}'"
        for old, new in ((third, "x"), (fourth, third), ("x", fourth))
    ]
    meddle(journal, *swap)
    bad = journal.verify().bad
    assert bad is not None
    assert (bad.position, bad.seq, bad.id) == (3, 4, third)


def test_a_record_signed_anew_does_not_follow(journal: Journal) -> None:
    forge(journal, list(journal.records())[2])
    bad = journal.verify().bad
    assert bad is not None
    assert (bad.position, bad.seq) == (4, 4)
    assert "does not follow" in bad.reason


def test_the_last_record_signed_anew_is_noticed(journal: Journal) -> None:
    forge(journal, list(journal.records())[-1])
    bad = journal.verify().bad
    assert bad is not None
    assert (bad.position, bad.seq) == (6, 6)


def test_a_sound_journal(journal: Journal) -> None:
    found = journal.verify()
    assert (found.records, found.writers, found.bad) == (6, 1, None)


def test_verify_works_on_an_empty_journal_and_read_only(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    Journal.open(path, StillClock()).close()
    found = Journal.open(path, StillClock(), read_only=True).verify()
    assert (found.records, found.bad) == (0, None)
