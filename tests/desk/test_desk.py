"""The desk: commands in, receipts out, folds kept, other processes taken in."""

from pathlib import Path

import pytest
from journalkit import START, StillClock, declare, did, note, opened, refused

from iccon.desk import Desk
from iccon.incident import commands as c
from iccon.incident.decide import Refusal
from iccon.incident.entries import (
    NO_INCIDENT,
    Body,
    Draft,
    Entry,
    Note,
    PageRef,
    PageSeen,
    SourceSeen,
    Stalked,
    Struck,
    VerdictChanged,
)
from iccon.incident.fold import Ledger
from iccon.incident.ids import short
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.journal.store import Journal, JournalFault

PAGE = PageRef("pagerduty", "P1", "disk full", "checkout")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def desk(path: Path, clock: StillClock) -> Desk:
    return opened(path, clock)


def test_a_whole_incident(desk: Desk, clock: StillClock) -> None:
    incident = declare(desk)
    clock.tick(minutes=1)
    for command in (
        c.AddNote(text="seen"),
        c.SetSeverity(level=Severity.SEV1),
        c.StartImpact(scope="EU"),
        c.TakeRole(role=Role.SCRIBE, person="bob"),
        c.SetTheory(text="the deploy"),
        c.IssueUpdate(audience=Audience.CUSTOMER, text="we know", template="t", outlets=("file",), next_minutes=20),
        c.Resolve(summary="rolled back", override="over", at=clock.tick(minutes=9)),
    ):
        did(desk.do(command))
    state = desk.ledger(incident).state
    assert (state.severity, state.phase, state.resolved_at) == (Severity.SEV1, Phase.RESOLVED, clock.now())
    assert (state.holder(Role.SCRIBE), state.holder(Role.COMMANDER)) == ("bob", "ann")
    assert state.impacts[0].stopped == clock.now()
    assert refused(desk.do(c.AddNote(text="where?"))) == "no_incident"
    did(desk.do(c.Reopen(reason="back"), incident))
    assert [s.incident for s in desk.active()] == [incident]


def test_the_single_active_incident_is_meant_and_several_are_listed(desk: Desk) -> None:
    first = declare(desk, "one")
    assert did(desk.do(c.AddNote(text="x"))).incident == first
    second = declare(desk, "two")
    answer = desk.do(c.AddNote(text="x"))
    assert isinstance(answer, Refusal)
    assert answer.code == "which"
    assert short(first) in answer.hint
    assert short(second) in answer.hint
    assert "SEV2 one" in answer.hint
    assert did(desk.do(c.AddNote(text="x"), second)).incident == second
    did(desk.do(c.Resolve(override="over"), first))
    assert did(desk.do(c.AddNote(text="y"))).incident == second


def test_an_incident_that_is_not_there(desk: Desk) -> None:
    assert refused(desk.do(c.AddNote(text="x"), "nothing")) == "no_incident"
    assert desk.resolve_ref("nothing") != "nothing"


def test_references(desk: Desk) -> None:
    first, second = declare(desk), declare(desk)
    assert desk.resolve_ref(first) == first
    assert desk.resolve_ref(short(second).upper()) == second
    answer = desk.resolve_ref(first[:8])
    assert isinstance(answer, Refusal)
    assert answer.code == "which"


def test_entries_are_corrected_by_short_id(desk: Desk) -> None:
    incident = declare(desk)
    (seen,) = did(desk.do(c.AddNote(text="seen"))).entries
    did(desk.do(c.Amend(target=short(seen.id), text="seen twice")))
    did(desk.do(c.Strike(target=seen.id, reason="wrong")))
    ledger = desk.ledger(incident)
    assert ledger.effective(ledger.by_id[seen.id]).body == Note(text="seen twice")
    assert ledger.corrections.struck(seen) is not None
    assert refused(desk.do(c.Strike(target="ffff", reason="x"))) == "no_entry"


def test_a_page_can_be_acted_on_without_an_incident_and_with_several(desk: Desk) -> None:
    act = c.ActOnPage(page=PAGE, verb="acknowledge")
    assert did(desk.do(act)).incident == NO_INCIDENT
    first = declare(desk)
    assert did(desk.do(act)).incident == first
    declare(desk)
    assert did(desk.do(act)).incident == NO_INCIDENT
    assert len(desk.outbox()) == 3
    assert len(desk.incidents()) == 2


def test_a_change_is_told_once_before_and_in_and_after_an_incident(desk: Desk) -> None:
    def told(key: str, **more: object) -> tuple[str, int]:
        receipt = did(desk.do(c.TellChange(text="deploy", key=key, **more)))
        return receipt.incident, len(receipt.entries)

    assert told("ci:1") == (NO_INCIDENT, 1)
    incident = declare(desk)
    assert told("ci:1") == (incident, 0)
    assert told("ci:2") == (incident, 1)
    did(desk.do(c.Resolve(override="over")))
    assert told("ci:2") == (NO_INCIDENT, 0)
    declare(desk)
    declare(desk)
    assert told("ci:3") == (NO_INCIDENT, 1)
    assert told("") == told("") == (NO_INCIDENT, 1)  # nothing says that it is the same


def test_a_change_told_before_can_be_pinned_to_an_incident_once(desk: Desk) -> None:
    did(desk.do(c.TellChange(text="deploy", key="ci:1")))
    incident = declare(desk)
    pin = c.TellChange(text="deploy", key="ci:1", pinned=True)
    assert [len(did(desk.do(pin, incident)).entries) for _ in range(2)] == [1, 0]


def test_captured_events_are_kept_once(desk: Desk) -> None:
    incident = declare(desk)
    seen = c.Captured("pd:1", START, PageSeen(page=PAGE, status="triggered"))
    assert len(did(desk.do(c.Capture(events=(seen, seen)), incident)).entries) == 1
    assert did(desk.do(c.Capture(events=(seen,)), incident)).entries == ()
    assert desk.ledger(incident).state.entries == 3


def test_the_typed_draft_goes_with_what_it_became_and_stays_with_a_refusal(desk: Desk) -> None:
    declare(desk)
    desk.journal.save_draft("note", "seen", 4)
    assert refused(desk.do(c.AddNote(text=" "), drop_draft="note")) == "empty"
    assert desk.journal.draft("note") is not None
    did(desk.do(c.AddNote(text="seen"), drop_draft="note"))
    assert desk.journal.draft("note") is None


@pytest.mark.parametrize("full", [True, False])
def test_the_list_of_incidents_agrees_with_the_ledgers(desk: Desk, path: Path, clock: StillClock, full: bool) -> None:
    for title in ("one", "two", "three"):
        incident = declare(desk, title)
        clock.tick(minutes=1)
        noted = did(desk.do(c.AddNote(text="a"), incident)).entries[0]
        did(desk.do(c.AddNote(text="b"), incident))
        did(desk.do(c.Strike(target=noted.id, reason="x"), incident))
    fresh = opened(path, clock)
    listed = fresh.incidents()
    assert [state.title for state in listed] == ["three", "two", "one"]
    assert list(listed) == [fresh.ledger(state.incident).state for state in listed]
    if full:
        fresh.ledger(incident)
    did(desk.do(c.AddNote(text="later"), incident))
    fresh.catch_up()
    did(fresh.do(c.Retitle(title="renamed"), incident))
    assert fresh.incidents()[0] == opened(path, clock).ledger(incident).state


def test_a_struck_resolution_makes_an_incident_active(desk: Desk, path: Path) -> None:
    incident = declare(desk)
    _, resolved = did(desk.do(c.Resolve(override="over"))).entries
    assert desk.active() == ()
    did(desk.do(c.Strike(target=resolved.id, reason="too early"), incident))
    assert [s.incident for s in desk.active()] == [incident]
    assert [s.incident for s in opened(path).active()] == [incident]


def test_what_other_processes_append_is_taken_in_once(desk: Desk, path: Path) -> None:
    incident = declare(desk)
    ledger = desk.ledger(incident)
    other = opened(path, actor="bob")
    (theirs,) = did(other.do(c.AddNote(text="theirs"))).entries
    (own,) = did(desk.do(c.AddNote(text="own"))).entries
    assert [e.id for e in ledger.entries][-2:] == [theirs.id, own.id]
    assert desk.catch_up() == ()
    (more,) = did(other.do(c.AddNote(text="more"))).entries
    assert desk.catch_up() == (more,)
    assert ledger.entries[-1] == more
    assert desk.drain()[-3:] == (theirs, own, more)
    assert desk.drain() == ()


def test_a_decision_is_made_on_what_others_have_done_meanwhile(desk: Desk, path: Path) -> None:
    declare(desk)
    other = opened(path, actor="bob")
    desk.active()
    did(other.do(c.Resolve(override="over")))
    assert refused(desk.do(c.Resolve(override="over"))) == "no_incident"
    incident = desk.incidents()[0].incident
    assert refused(desk.do(c.SetSeverity(level=Severity.SEV1), incident)) == "resolved"


def test_what_was_imported_appears(desk: Desk, tmp_path: Path) -> None:
    abroad = opened(tmp_path / "abroad.db", actor="eve")
    incident = declare(abroad, "abroad")
    assert desk.incidents() == ()
    desk.journal.import_records(abroad.journal.records())
    assert len(desk.catch_up()) == 2
    assert [s.title for s in desk.incidents()] == ["abroad"]
    assert did(desk.do(c.AddNote(text="here"), incident)).incident == incident
    assert desk.journal.verify().bad is None


def test_a_failed_write_leaves_the_folds_as_they_were(desk: Desk) -> None:
    incident = declare(desk)
    ledger = desk.ledger(incident)
    desk.journal._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(JournalFault) as caught:
        for _ in range(500):
            desk.do(c.AddNote(text="x" * 10_000))
    assert caught.value.code == "full"
    held = len(ledger.entries)
    assert held == len(list(desk.journal.entries(incident)))
    assert desk.catch_up() == ()
    assert len(ledger.entries) == held


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_damaged_journal_is_shown_as_far_as_it_can_be_read(
    desk: Desk, path: Path, clock: StillClock, share: float
) -> None:
    incident = declare(desk)
    desk.journal.append([note(f"{n} " + "x" * 200, incident) for n in range(300)])
    desk.journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: max(22, int(len(whole) * share) // 4096) * 4096])  # the tables begin within 22 pages
    damaged = Desk(Journal.open(path, clock, read_only=True), clock, "ann")
    assert damaged.ledger(incident).state.title == "Checkout fails"
    assert damaged.damage is not None
    assert damaged.damage.code == "damaged"
    assert [s.title for s in damaged.incidents()] == ["Checkout fails"]
    assert [s.incident for s in damaged.active()] == [incident]
    assert damaged.resolve_ref(short(incident)) == incident
    with pytest.raises(JournalFault):
        damaged.do(c.AddNote(text="x"), incident)


def test_a_note_that_was_made_a_task_counts_for_whoever_reads_the_state_alone(path: Path, clock: StillClock) -> None:
    writer, reader = opened(path, clock), opened(path, clock)
    incident = declare(writer)
    (noted,) = did(writer.do(c.AddNote(text="page the vendor"))).entries
    did(writer.do(c.AddNote(text="another")))
    reader.incidents()  # reads states, not notes
    did(writer.do(c.Amend(target=noted.id, what="action", owner="kim")))
    for desk in (reader, opened(path, clock)):
        desk.catch_up()
        assert [task.owner for task in desk.state(incident).tasks] == ["kim"]
        assert [state.notes for state in desk.incidents()] == [1]
    did(reader.do(c.SettleTask(target=noted.id, outcome="paged")))
    assert writer.ledger(incident).state.tasks == reader.ledger(incident).state.tasks != ()


def test_a_state_read_from_the_newest_reports_is_that_of_all_entries(path: Path, clock: StillClock) -> None:
    desk = opened(path, clock)
    incident = declare(desk)

    def seen(*bodies: Body) -> list[Entry]:
        return [*desk.journal.append([Draft(incident, body, clock.tick(seconds=1), "iccon") for body in bodies])]

    def verdict(service: str, signal: str, now: str) -> VerdictChanged:
        return VerdictChanged(service=service, signal=signal, was="ok", now=now, value="")

    def same() -> bool:
        desk.catch_up()
        brief, whole = desk.state(incident), Ledger(incident, desk.entries(incident)).state
        return (brief.verdicts, brief.metrics, brief.stalks) == (whole.verdicts, whole.metrics, whole.stalks)

    seen(verdict("cart", "errors", "bad"), verdict("cart", "latency", "bad"))
    seen(Stalked(service="cart", signal="latency", on=True))
    made = seen(verdict("cart", "errors", "ok"), verdict("a", "errors", "bad"), SourceSeen(source="m", answers=False))
    desk = opened(path, clock)
    assert same()
    assert set(desk.state(incident).verdicts) == {("cart", "errors"), ("a", "errors")}
    seen(Struck(target=made[0].id, reason="a mistake"))
    assert same()
    assert desk.state(incident).verdicts["cart", "errors"].word == "bad"
    desk = opened(path, clock)
    assert same()
    seen(verdict("cart", "errors", "ok"), SourceSeen(source="m", answers=True))
    assert same()
