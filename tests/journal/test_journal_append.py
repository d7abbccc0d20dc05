"""Appending: order, chain, de-duplication, all or nothing, owner-only."""

import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from journalkit import START, StillClock, note, texts

from iccon.incident.effects import Effect, EffectState
from iccon.incident.entries import Declared, Note
from iccon.incident.severity import Severity
from iccon.journal.store import Journal, JournalFault


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def journal(tmp_path: Path, clock: StillClock) -> Journal:
    return Journal.open(tmp_path / "folder" / "journal.db", clock)


def test_what_was_appended_is_read_back_as_it_was(journal: Journal) -> None:
    done = journal.append([note("one"), note("zwei ä 🚒\n\x00", source="s-1")])
    assert list(journal.entries()) == list(done)
    assert [e.seq for e in done] == [1, 2]
    assert done[0].id < done[1].id
    assert {e.writer for e in done} == {journal.writer}


def test_it_is_there_for_the_next_opening(journal: Journal, clock: StillClock) -> None:
    done = journal.append([note("one")])
    journal.close()
    again = Journal.open(journal.path, clock)
    assert (list(again.entries()), again.writer) == (list(done), journal.writer)


def test_only_the_owner_can_read_the_files(journal: Journal) -> None:
    journal.append([note()])
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in journal.path.parent.iterdir()}
    assert set(modes.values()) == {"0o600"}, modes
    assert journal.path.parent.stat().st_mode & 0o077 == 0


def test_nothing_is_left_beside_the_journal(journal: Journal) -> None:
    journal.close()
    assert [file.name for file in journal.path.parent.iterdir()] == ["journal.db"]


def test_ids_go_up_even_when_the_clock_goes_back(journal: Journal, clock: StillClock) -> None:
    (first,) = journal.append([note()])
    clock.tick(hours=-2)
    (second,) = journal.append([note()])
    assert first.id < second.id
    assert second.recorded_at == START - timedelta(hours=2)


def test_happened_at_is_kept_in_utc(journal: Journal) -> None:
    local = START.astimezone(ZoneInfo("Asia/Kolkata"))
    (done,) = journal.append([note(at=local)])
    assert done.happened_at == START
    assert done.happened_at.utcoffset() == timedelta()


def test_a_captured_event_is_kept_once_in_an_incident(journal: Journal) -> None:
    first = journal.append([note("a", source="pd:1"), note("b", source="pd:1"), note("c")])
    again = journal.append([note("a", source="pd:1"), note("d", source="pd:2")])
    other = journal.append([note("a", incident="j", source="pd:1")])
    assert [len(first), len(again), len(other)] == [2, 1, 1]
    assert journal.verify().bad is None


def test_a_failed_append_writes_nothing_at_all(journal: Journal) -> None:
    journal.save_draft("note:i", "half", 4)
    bad = [note("kept?"), note("naive", at=START.replace(tzinfo=None))]
    with pytest.raises(ValueError, match="without a zone"):
        journal.append(bad, [Effect("e", "i", "updates", "file", "send", {})], drop_draft="note:i")
    assert (texts(journal), journal.outbox(), journal.changes()) == ([], (), ())
    assert journal.draft("note:i") is not None
    journal.append([note("next")])
    assert journal.verify().bad is None


def test_bytes_that_are_no_text_are_kept_as_question_marks(journal: Journal) -> None:
    (done,) = journal.append([note(os.fsdecode(b"caf\xe9 \xff"))])
    assert done.body == Note(text="caf? ?")
    assert journal.verify().bad is None


def test_tail_and_kinds_and_incident(journal: Journal) -> None:
    declared = Declared(title="t", severity=Severity.SEV1)
    done = journal.append([note("a"), note("b", incident="j"), note("c"), note("d")])
    (opened,) = journal.append([type(note())("i", declared, START, "ann")])
    assert [e.body.text for e in journal.tail("i", 3)[:2] if isinstance(e.body, Note)] == ["c", "d"]
    assert list(journal.entries("i", ["declared"])) == [opened]
    assert list(journal.entries("j")) == [done[1]]
    assert list(journal.entries(kinds=["note"])) == list(done)


def test_changes_are_what_came_since_the_last_look_by_anyone(journal: Journal, clock: StillClock) -> None:
    other = Journal.open(journal.path, clock)
    (own,) = journal.append([note("own")])
    (theirs,) = other.append([note("theirs")])
    assert journal.changes() == (own, theirs)
    assert journal.changes() == ()
    assert other.changes() == (own, theirs)


def test_two_connections_share_one_chain(journal: Journal, clock: StillClock) -> None:
    other = Journal.open(journal.path, clock)
    for turn in range(10):
        (journal, other)[turn % 2].append([note(str(turn))])
    assert texts(journal) == [str(turn) for turn in range(10)]
    assert [e.seq for e in journal.entries()] == list(range(1, 11))
    assert journal.verify().bad is None


def test_find_by_id_end_and_beginning(journal: Journal) -> None:
    first, second = journal.append([note("a"), note("b")])
    assert journal.find(first.id) == (first,)
    assert journal.find(first.id[-6:].upper()) == (first,)
    assert journal.find(first.id[-3:]) == ()
    assert journal.find(first.id[:8]) == (first, second)
    assert journal.find("%%%%") == ()
    assert journal.find(first.id, "another") == ()
    assert journal.by_ids([second.id, "nothing"]) == (second,)


def test_a_typed_draft_comes_back_at_its_cursor(journal: Journal, clock: StillClock) -> None:
    journal.save_draft("note:i", "half a tho\nught 🚒", 7)
    journal.save_draft("note:i", "half a thought 🚒", 9)
    again = Journal.open(journal.path, clock)
    found = again.draft("note:i")
    assert found is not None
    assert (found.text, found.cursor, found.saved_at) == ("half a thought 🚒", 9, START)
    again.append([note("sent")], drop_draft="note:i")
    assert (again.draft("note:i"), again.drafts()) == (None, ())
    again.drop_draft("note:i")


def test_the_outbox_goes_from_queued_to_its_end_once(journal: Journal, clock: StillClock) -> None:
    journal.append([note()], [Effect("e", "i", "updates", "file", "send", {"b": 1, "a": None})])
    assert journal.settle("e", EffectState.SENT, "", "r") == ()
    assert journal.claim("e", "me")
    assert not Journal.open(journal.path, clock).claim("e", "you")
    (ended,) = journal.settle("e", EffectState.UNKNOWN, "lost", "")
    assert journal.settle("e", EffectState.UNKNOWN, "still lost", "") == ()
    (sent,) = journal.settle("e", EffectState.SENT, "", "r-1")
    assert journal.settle("e", EffectState.FAILED, "", "") == ()
    (row,) = journal.outbox()
    assert (row.state, row.receipt, row.owner, row.effect.payload) == (
        EffectState.SENT,
        "r-1",
        "me",
        {"a": None, "b": 1},
    )
    assert [e.incident for e in (ended, sent)] == ["i", "i"]
    assert journal.outbox(EffectState.QUEUED, EffectState.UNKNOWN) == ()
    assert not journal.claim("nothing", "me")


def test_a_read_only_journal_refuses_to_write(journal: Journal, clock: StillClock) -> None:
    journal.append([note("a")])
    reader = Journal.open(journal.path, clock, read_only=True)
    with pytest.raises(JournalFault) as caught:
        reader.append([note("b")])
    assert caught.value.code == "read_only"
    journal.append([note("b")])
    assert [len(reader.changes()), texts(reader)] == [1, ["a", "b"]]
