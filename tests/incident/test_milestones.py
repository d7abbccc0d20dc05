"""Milestones: set, corrected, never the wrong way round, and the intervals follow them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START, entry
from test_decide import NOW, Room

from iccon.exports.figures import figures
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Decision, Refusal
from iccon.incident.fold import Ledger
from iccon.incident.milestones import ORDER, OWN_ENTRIES, Milestone, began, moments
from iccon.incident.severity import Severity, proposed

MINUTE = timedelta(minutes=1)
SETTABLE = [milestone for milestone in Milestone if milestone not in OWN_ENTRIES]


def at(ledger_room: Room, milestone: Milestone, when: datetime) -> Decision | Refusal:
    return ledger_room.decide(c.SetMilestone(milestone=milestone, at=when))


def test_the_newest_word_on_a_milestone_holds_and_the_incident_began_then() -> None:
    room = Room()
    assert began(room.ledger.state) == room.ledger.state.declared_at
    for number, minutes in enumerate((9, 12), 1):
        done = at(room, Milestone.BEGAN, START - minutes * MINUTE)
        assert isinstance(done, Decision)
        room.ledger.extend([entry(number, done.entries[0].body, at=done.entries[0].happened_at)])
    assert began(room.ledger.state) == START - 12 * MINUTE
    assert at(room, Milestone.BEGAN, START - 12 * MINUTE).code == "unchanged"  # type: ignore[union-attr]


@pytest.mark.parametrize("milestone", OWN_ENTRIES)
def test_declared_and_resolved_are_corrected_where_they_stand(milestone: Milestone) -> None:
    refusal = at(Room(), milestone, NOW)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, "amend" in refusal.hint) == ("own_entry", True)


@given(st.lists(st.tuples(st.sampled_from(SETTABLE), st.integers(-60, 60)), max_size=12))
def test_whatever_is_set_what_is_known_stands_in_order(wishes: list[tuple[Milestone, int]]) -> None:
    room = Room()
    for number, (milestone, minutes) in enumerate(wishes, 1):
        done = at(room, milestone, START + minutes * MINUTE)
        if isinstance(done, Decision):
            room.ledger.extend([entry(number, done.entries[0].body, at=done.entries[0].happened_at)])
    known = moments(room.ledger.state)
    assert all(known[a] <= known[b] for a, b in ORDER if a in known and b in known)


def test_a_refusal_names_both_times() -> None:
    refusal = at(Room(), Milestone.FIRST_UPDATE, START - MINUTE)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "order"
    assert "first-update" in refusal.reason and "declared" in refusal.reason


def declaring(**times: datetime) -> Decision | Refusal:
    return Room().decide(c.Declare(title="t", severity=Severity.SEV2, at=NOW, **times))


def test_a_declaration_brings_its_beginning() -> None:
    done = declaring(began=NOW - 5 * MINUTE, detected=NOW - 2 * MINUTE)
    assert isinstance(done, Decision)
    said = {d.body.milestone: d.happened_at for d in done.entries if isinstance(d.body, e.MilestoneSet)}
    assert said == {"began": NOW - 5 * MINUTE, "detected": NOW - 2 * MINUTE}
    late = declaring(began=NOW + MINUTE / 2)
    assert isinstance(late, Refusal)
    assert late.code == "order"


def test_intervals_count_from_what_was_set_and_name_its_entry() -> None:
    room = Room(e.ImpactStarted(scope="all"))
    room.ledger.extend([entry(5, e.MilestoneSet(milestone="detected"), at=START + 7 * MINUTE)])
    room.ledger.extend([entry(6, e.MilestoneSet(milestone="began"), at=START - 3 * MINUTE)])
    detect = figures(room.ledger)[0]
    assert (detect.name, detect.meaning, detect.value) == ("Detect", "began -> detected", 10 * MINUTE)
    assert detect.entries == (room.ledger.entries[-1].id, room.ledger.entries[-2].id)


def test_a_milestone_of_a_newer_program_is_no_fault() -> None:
    ledger = Ledger("i", [entry(0, e.MilestoneSet(milestone="paged-twice"))])
    assert moments(ledger.state) == {}


@pytest.mark.parametrize(("urgency", "level"), [("high", Severity.SEV2), ("Low", Severity.SEV3), ("", Severity.SEV2)])
def test_a_page_proposes_a_severity(urgency: str, level: Severity) -> None:
    assert proposed(urgency) is level
