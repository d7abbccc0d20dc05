"""Hand-overs: two-sided, over in time, and a role changes hands only when the person named has read everything back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import entry
from msgspec.structs import replace
from test_decide import NOW, Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Decision
from iccon.incident.fold import fold
from iccon.incident.handovers import READ_BACK, End, same_person
from iccon.incident.roles import Role
from iccon.incident.timeline import describe

ANN = e.RoleTaken(role=Role.COMMANDER, person="ann")
ASK = c.ProposeHandover(role=Role.COMMANDER, person="sam", minutes=5)


def do(room: Room, command: c.Command, actor: str = "ann", minutes: float = 0) -> Room:
    """Do it as `actor`, so many minutes after NOW."""
    room.context = replace(room.context, actor=actor, now=NOW + timedelta(minutes=minutes))
    outcome = room.decide(command)
    assert isinstance(outcome, Decision), outcome
    number = len(room.ledger.entries)
    made = [entry(number + i, d.body, at=d.happened_at) for i, d in enumerate(outcome.entries)]
    room.ledger.extend(replace(m, actor=d.actor) for m, d in zip(made, outcome.entries, strict=True))
    return room


def asked(*, minutes: float = 0, actor: str = "sam") -> tuple[Room, str]:
    """A room in which sam was asked by ann, and what `actor` would see so many minutes later."""
    room = do(Room(ANN), ASK)
    room.context = replace(room.context, actor=actor, now=NOW + timedelta(minutes=minutes))
    return room, room.ledger.state.handovers[0].id


def test_the_old_commander_stays_until_the_new_one_accepts() -> None:
    room, target = asked()
    assert room.ledger.state.holder(Role.COMMANDER) == "ann"
    do(room, c.AcceptHandover(target=target, read_back=READ_BACK), "Sam", 4.9)
    assert room.ledger.state.holder(Role.COMMANDER) == "sam"
    assert room.ledger.state.handovers[0].end is End.ACCEPTED
    said = [describe(each.body) for each in room.ledger.entries[-3:]]
    assert said[0].startswith("hand-over proposed: sam as Incident Commander, 5 min to answer; ann has it until then")
    assert said[1].endswith("read back: state, severity, impact, theory, actions, next updates, risks")
    assert said[2] == "sam is Incident Commander"


@pytest.mark.parametrize(
    ("experts", "holder", "left"),
    [(("ann", "bob"), "ann", {"bob", "sam"}), (("bob",), "bob", {"sam"}), (("bob", "lee"), "", {"bob", "lee", "sam"})],
)
def test_an_expert_who_hands_over_leaves_and_the_others_stay(
    experts: tuple[str, ...], holder: str, left: set[str]
) -> None:
    room = Room(*(e.RoleTaken(role=Role.EXPERT, person=person) for person in experts))
    assert room.code(replace(ASK, role=Role.EXPERT, person="bob")) == "unchanged"
    (asked,) = do(room, replace(ASK, role=Role.EXPERT)).ledger.state.handovers
    assert asked.holder == holder
    do(room, c.AcceptHandover(target=asked.id, read_back=READ_BACK), "sam", 1)
    assert {held.person for held in room.ledger.state.experts} == left


@pytest.mark.parametrize("actor", ["ann", "lee", ""])
def test_only_the_person_named_answers(actor: str) -> None:
    room, target = asked(actor=actor)
    assert room.code(c.AcceptHandover(target=target, read_back=READ_BACK)) == "not_named"
    assert room.code(c.DeclineHandover(target=target)) == "not_named"


def test_everything_is_read_back_before_it_is_accepted() -> None:
    room, target = asked()
    assert room.code(c.AcceptHandover(target=target, read_back=READ_BACK[:-1])) == "read_back"


def test_declining_and_withdrawing_leave_the_role_where_it_was() -> None:
    room, target = asked()
    do(room, c.DeclineHandover(target=target, reason="no network"), "sam")
    do(room, ASK)
    do(room, c.WithdrawHandover(target=room.ledger.state.handovers[1].id), "ann")
    assert [h.end for h in room.ledger.state.handovers] == [End.DECLINED, End.WITHDRAWN]
    assert room.ledger.state.holder(Role.COMMANDER) == "ann"
    for again in (c.WithdrawHandover(target=target), c.AcceptHandover(target=target, read_back=READ_BACK)):
        assert room.code(again) == "ended"
    assert asked(actor="lee")[0].code(c.WithdrawHandover(target=target)) == "not_yours"


def test_time_runs_out_for_everybody_and_is_written_down_once() -> None:
    room, target = asked(minutes=5)
    assert room.code(c.AcceptHandover(target=target, read_back=READ_BACK)) == "timed_out"
    do(room, c.SeeHandovers(), "lee", 9)
    assert room.ledger.entries[-1].happened_at == NOW + timedelta(minutes=5)
    assert room.ledger.state.handovers[0].end is End.TIMED_OUT
    assert room.bodies(c.SeeHandovers()) == []
    do(room, ASK, "ann", 9)


@pytest.mark.parametrize(
    ("code", "command"),
    [
        ("unchanged", replace(ASK, person="@Ann")),
        ("yourself", replace(ASK, person="lee")),
        ("empty", replace(ASK, person=" @ ")),
        ("minutes", replace(ASK, minutes=0)),
        ("minutes", replace(ASK, minutes=10**9)),
        ("pending", replace(ASK, person="kim")),
        ("no_handover", c.AcceptHandover(target="x")),
    ],
)
def test_what_cannot_be_is_refused(code: str, command: c.Command) -> None:
    room, _ = asked(actor="lee")
    assert room.code(command) == code


def test_taking_the_role_directly_ends_the_proposal_and_says_so() -> None:
    room, _ = asked()
    do(room, c.TakeRole(role=Role.COMMANDER, person="lee"), "lee")
    assert [describe(each.body) for each in room.ledger.entries[-2:]] == [
        "hand-over overtaken: sam as Incident Commander: Incident Commander was set directly",
        "lee is Incident Commander, without a hand-over from ann",
    ]
    assert room.ledger.state.handovers[0].end is End.OVERTAKEN


def test_names_are_one_person_whatever_their_case() -> None:
    assert same_person("@Sam ", "sam")
    assert not same_person("", "")


@given(st.permutations(range(6)))
def test_the_order_in_which_entries_arrive_does_not_matter(order: list[int]) -> None:
    room, target = asked()
    do(room, c.AcceptHandover(target=target, read_back=READ_BACK), "sam")
    late = e.HandoverEnded(target=target, role=Role.COMMANDER, person="sam", end=End.TIMED_OUT)
    entries = [*room.ledger.entries, entry(9, late)]
    state = fold("i", entries)
    assert state.handovers[0].end is End.ACCEPTED  # another writer's later word changes nothing
    assert fold("i", [entries[n] for n in order]) == state
