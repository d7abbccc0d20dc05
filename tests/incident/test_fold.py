"""The fold: the same whatever the order and the portions of arrival; what corrections mean."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journalkit import START, entry

from iccon.incident import entries as e
from iccon.incident.effects import EffectState
from iccon.incident.fold import STATE_KINDS, Ledger, also_needed, fold
from iccon.incident.handovers import End
from iccon.incident.milestones import Milestone
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.incident.steps import StepOutcome
from iccon.incident.tasks import TaskKind
from iccon.incident.timeline import Timeline

NUMBERS = 14
idents = st.integers(0, NUMBERS - 1).map(lambda number: entry(number, e.Note(text="")).id)
words = st.text("ab ", max_size=3)
effects = st.sampled_from(["e1", "e2"])
times = st.integers(-30, 30).map(lambda minutes: START + timedelta(minutes=minutes))

drawn: set[str] = set()


def made(body: type[e.Body], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[e.Body]:
    drawn.add(body.kind)
    return st.builds(body, **fields)


bodies = st.one_of(
    made(e.Declared, title=words, severity=st.sampled_from(Severity)),
    made(e.Retitled, title=words),
    made(e.Note, text=words),
    made(e.SeveritySet, level=st.sampled_from(Severity), reason=words),
    made(e.PhaseSet, phase=st.sampled_from(Phase), reason=words),
    made(e.RoleTaken, role=st.sampled_from(Role), person=words, left=st.booleans()),
    made(e.TeamSet, team=words, person=words, lead=st.booleans(), left=st.booleans()),
    made(e.HandoverProposed, role=st.sampled_from(Role), person=words, minutes=st.integers(1, 2**62)),
    made(
        e.HandoverEnded,
        target=idents,
        role=st.sampled_from(Role),
        person=words,
        end=st.sampled_from([*End, "beamed"]),
        reason=words,
    ),
    made(e.MilestoneSet, milestone=st.sampled_from(Milestone)),
    made(e.CalledOut, text=words, minutes=st.none() | st.integers(1, 2**62)),
    made(e.CriterionTicked, criterion=words, met=st.booleans()),
    made(e.Stalked, service=words, signal=words, on=st.booleans()),
    made(e.SourceSeen, source=words, answers=st.booleans()),
    made(e.TaskAccepted, target=idents, what=words, text=words),
    made(e.TaskPostponed, target=idents, what=words, text=words, minutes=st.integers(1, 2**62), reason=words),
    made(e.TaskPushed, target=idents, what=words, text=words, tracker=words, effect=effects),
    made(
        e.StepMarked,
        path=words,
        digest=words,
        step=words,
        text=words,
        outcome=st.sampled_from([*StepOutcome, "beamed"]),
    ),
    made(e.RunbookOpened, path=words, title=words, digest=words),
    made(e.ImpactStarted, scope=words),
    made(e.ImpactStopped, segment=idents),
    made(e.TheorySet, text=words, confirmed=st.booleans()),
    made(
        e.Amended,
        target=idents,
        text=st.none() | words,
        happened_at=st.none() | times,
        what=st.none() | st.sampled_from(["note", *TaskKind]),
        owner=st.none() | words,
        outcome=st.none() | words,
    ),
    made(e.Pinned, target=idents, on=st.booleans()),
    made(e.TaskNoted, what=st.sampled_from(TaskKind), text=words, owner=words, minutes=st.none() | st.just(5)),
    made(e.TaskSettled, target=idents, what=st.just("action"), text=words, outcome=words),
    made(e.Struck, target=idents, reason=words),
    made(e.PageActed, page=st.just(e.PageRef("pd", "P1", "t")), verb=st.just("acknowledge"), effect=effects),
    made(
        e.UpdateIssued,
        audience=st.sampled_from(Audience),
        text=words,
        template=words,
        next_minutes=st.none() | st.integers(1, 2**62),
        effects=st.dictionaries(words, effects, max_size=2),
    ),
    made(e.EffectEnded, effect=effects, target=words, state=st.sampled_from([*EffectState, "beamed"])),
    made(e.VerdictChanged, service=words, signal=words, was=words, now=words),
    made(e.Unknown, original_kind=words, original_version=st.integers(1, 3), raw=st.just({})),
    made(
        e.StepRun,
        path=words,
        digest=words,
        step=words,
        text=words,
        role=words,
        language=words,
        code=words,
        variables=st.just({}),
        host=words,
        directory=words,
        environment=words,
        target=words,
        effect=effects,
    ),
    made(
        e.RunPrinted,
        effect=effects,
        ended=words,
        seconds=st.none() | st.just(1.5),
        excerpt=st.just(("a",)),
        size=st.just(1),
        left_out=st.just(0),
        sha256=words,
        log=words,
    ),
    made(
        e.RunApproved,
        path=words,
        digest=words,
        step=words,
        text=words,
        language=words,
        code=words,
        target=words,
        variables=st.just({}),
    ),
    made(e.DraftAdded, path=words, title=words, heading=words, text=words, sha256=words, place=words),
)


@st.composite
def histories(draw: st.DrawFn) -> list[e.Entry]:
    return [entry(number, draw(bodies), at=draw(times)) for number in range(draw(st.integers(0, NUMBERS)))]


def test_every_kind_that_counts_for_the_state_is_drawn() -> None:
    assert drawn >= STATE_KINDS


@given(histories(), st.data())
def test_the_order_of_arrival_does_not_matter(history: list[e.Entry], data: st.DataObject) -> None:
    assert fold("i", data.draw(st.permutations(history))) == fold("i", history)


@settings(max_examples=300)
@given(histories(), st.data())
def test_any_portions_in_any_order_make_the_same_ledger(history: list[e.Entry], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history))
    ledger = Ledger("i")
    timeline = Timeline(ledger)
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        portion, shuffled = shuffled[:size], shuffled[size:]
        fresh = ledger.extend(portion)
        assert fresh == sorted(portion, key=lambda x: x.id)
        assert ledger.extend(portion) == []
        timeline.extend(fresh)
    assert (ledger.state, ledger.entries) == (fold("i", history), history)
    assert timeline.items() == Timeline(ledger).items()


@given(histories())
def test_the_state_needs_the_state_kinds_only(history: list[e.Entry]) -> None:
    of_kind = [x for x in history if x.kind in STATE_KINDS]
    needed = also_needed(of_kind)
    whole, brief = fold("i", history), fold("i", [*of_kind, *(x for x in history if x.id in needed)])
    counted = ("notes", "entries", "last_id")
    names = [name for name in whole.__struct_fields__ if name not in counted]
    assert {n: getattr(whole, n) for n in names} == {n: getattr(brief, n) for n in names}


def story(*bodies: e.Body) -> list[e.Entry]:
    return [entry(0, e.Declared(title="t", severity=Severity.SEV2)), *(entry(n, b) for n, b in enumerate(bodies, 1))]


def test_a_declaration() -> None:
    state = fold("i", story())
    assert (state.title, state.severity, state.declared_at, state.declared_by) == ("t", Severity.SEV2, START, "ann")
    assert (state.active, state.phase, state.entries) == (True, Phase.INVESTIGATING, 1)


def test_a_struck_severity_counts_no_more() -> None:
    change = story(e.SeveritySet(level=Severity.SEV1))
    strike = entry(2, e.Struck(target=change[1].id, reason="wrong"))
    assert fold("i", change).severity == Severity.SEV1
    assert fold("i", [*change, strike]).severity == Severity.SEV2


def test_a_struck_resolution_opens_the_incident_again() -> None:
    done = story(e.PhaseSet(phase=Phase.RESOLVED))
    assert not fold("i", done).active
    state = fold("i", [*done, entry(2, e.Struck(target=done[1].id, reason="too early"))])
    assert (state.active, state.resolved_at, state.phase) == (True, None, Phase.INVESTIGATING)


def test_a_struck_note_is_not_counted() -> None:
    notes = story(e.Note(text="a"), e.Note(text="b"))
    ledger = Ledger("i")
    ledger.extend(notes)
    ledger.extend([entry(3, e.Struck(target=notes[1].id, reason="twice"))])
    assert (ledger.state.notes, ledger.state.entries) == (1, 4)


def test_the_newest_amendment_of_each_part_counts() -> None:
    started = story(e.ImpactStarted(scope="all"))
    at = START - timedelta(minutes=9)
    amended = [
        entry(2, e.Amended(target=started[1].id, text="EU", happened_at=at)),
        entry(3, e.Amended(target=started[1].id, text="EU and US")),
    ]
    (impact,) = fold("i", [*started, *amended]).impacts
    assert (impact.scope, impact.started, impact.id) == ("EU and US", at, started[1].id)


def test_an_amended_declaration_moves_the_start() -> None:
    declared = story()
    at = START - timedelta(minutes=5)
    state = fold("i", [*declared, entry(1, e.Amended(target=declared[0].id, text="new", happened_at=at))])
    assert (state.declared_at, state.title) == (at, "new")


def test_impact_never_ends_before_it_started() -> None:
    started = story(e.ImpactStarted(scope="all"))
    stop = entry(2, e.ImpactStopped(segment=started[1].id), at=START - timedelta(hours=1))
    (impact,) = fold("i", [*started, stop]).impacts
    assert impact.stopped == impact.started


def test_roles_are_taken_and_vacated() -> None:
    taken = story(e.RoleTaken(role=Role.SCRIBE, person="bob"), e.RoleTaken(role=Role.SCRIBE, person="eve"))
    assert fold("i", taken).holder(Role.SCRIBE) == "eve"
    assert fold("i", [*taken, entry(3, e.RoleTaken(role=Role.SCRIBE, person=""))]).holder(Role.SCRIBE) == ""


@pytest.mark.parametrize("first", [True, False])
def test_an_outcome_stands_whichever_entry_came_first(first: bool) -> None:
    update = e.UpdateIssued(audience=Audience.CUSTOMER, text="x", template="t", next_minutes=20, effects={"file": "e1"})
    sent = e.EffectEnded(effect="e1", target="file", state="sent", receipt="r")
    state = fold("i", story(*((sent, update) if first else (update, sent))))
    assert (state.outcomes["e1"].state, state.outcomes["e1"].receipt) == (EffectState.SENT, "r")
    assert state.updates[0].next_due == state.updates[0].at + timedelta(minutes=20)
