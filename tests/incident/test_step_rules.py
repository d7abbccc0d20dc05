"""Steps of runbooks: the newest mark holds, the version read first is pinned, and both outlive a new commander."""

from journalkit import entry
from test_decide import Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Decision
from iccon.incident.severity import Phase
from iccon.incident.steps import StepOutcome
from iccon.incident.timeline import describe

MARK = c.MarkStep(path="disk.md", digest="d" * 64, step="s1", text="df -h", outcome=StepOutcome.FAILED, note="full")


def done(room: Room, command: c.Command) -> Decision:
    outcome = room.decide(command)
    assert isinstance(outcome, Decision), outcome
    number = len(room.ledger.entries)
    room.ledger.extend(entry(number + i, d.body, at=d.happened_at) for i, d in enumerate(outcome.entries))
    return outcome


def test_the_newest_mark_holds_and_a_struck_one_does_not() -> None:
    room = Room()
    done(room, MARK)
    assert room.code(MARK) == "unchanged"
    done(room, c.MarkStep(path="disk.md", digest="e" * 64, step="s1", text="df -h", outcome=StepOutcome.DONE))
    marks = room.ledger.state.steps["disk.md"]
    assert (marks["s1"].outcome, marks["s1"].digest, marks["s1"].note) == ("done", "e" * 64, "")
    done(room, c.Strike(target=marks["s1"].entry, reason="not yet"))
    again = room.ledger.state.steps["disk.md"]["s1"]
    assert again.words == f"failed by {again.person}: full"
    assert describe(room.ledger.by_id[again.entry].body) == "step failed: df -h: full"


def test_a_resolved_incident_takes_no_marks() -> None:
    assert Room(e.PhaseSet(phase=Phase.RESOLVED)).code(MARK) == "resolved"


def test_the_text_of_the_first_opening_is_kept_once_and_pinned() -> None:
    room = Room(e.RunbookOpened(path="disk.md", title="Disk", digest="0" * 64))  # by a program that kept no text
    first = done(room, c.OpenRunbook(path="disk.md", title="Disk", digest="1" * 64, text="1. one"))
    assert [blob.content for blob in first.blobs] == [b"1. one"]
    second = done(room, c.OpenRunbook(path="disk.md", title="Disk", digest="2" * 64, text="1. two"))
    assert second.blobs == ()
    pin = room.ledger.state.runbooks["disk.md"]
    assert (pin.digest, pin.sha256) == ("1" * 64, first.blobs[0].sha256)
