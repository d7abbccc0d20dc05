"""How an incident stands, in lines; who reports to whom; several experts."""

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START
from msgspec.structs import replace
from test_decide import IMPACT, NOW, Room
from test_fold import histories

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.exit_criteria import Sight
from iccon.incident.fold import fold
from iccon.incident.organisation import MOST_REPORTS, posts, reports, warnings
from iccon.incident.roles import Role
from iccon.incident.severity import DEFAULT_POLICY
from iccon.incident.standing import View, lines
from iccon.incident.state import State
from iccon.incident.timeline import describe


def expert(person: str, left: bool = False) -> e.RoleTaken:
    return e.RoleTaken(role=Role.EXPERT, person=person, left=left)


def action(owner: str) -> e.TaskNoted:
    return e.TaskNoted(what="action", text=f"look at {owner}", owner=owner, minutes=5)


def said(state: State, room: int | None = None) -> list[str]:
    view = View(state, DEFAULT_POLICY, Sight(), NOW, UTC)
    return [f"{line.label}|{line.text}" for line in lines(view, room)]


def test_every_part_says_what_is_known_and_what_is_not() -> None:
    found = said(Room(IMPACT, e.RoleTaken(role=Role.COMMS, person="bo"), expert("dee"), action("sam")).ledger.state)
    for words in (
        "SEV2|investigating  t",
        "impact|RUNNING",
        "commander|NOBODY",
        "roles|comms bo, expert dee",
        "|! SEV2 needs: Incident Commander",
        "theory|none",
        "next|customer DUE",
        "reached|began -",
        "actions|DUE",
        "exit|[?] signals in range for 10 min  no board",
        "|[ ] customer impact stopped  running: all",
    ):
        assert any(line.startswith(words) for line in found), (words, found)


@given(histories(), st.integers(14, 40))
def test_it_fits_the_room_and_all_criteria_are_counted(entries: list[e.Entry], room: int) -> None:
    state = fold("i", entries)
    found = said(state, room)
    assert len(found) <= room
    assert len([line for line in found if line.startswith("exit|")]) == 1


def test_many_actions_are_cut_before_the_criteria() -> None:
    found = said(Room(*(action(f"p{n}") for n in range(30))).ledger.state, 23)
    assert len(found) == 23
    assert sum("look at" in line for line in found) < 10
    assert any(line.startswith("|and ") and line.endswith(" more") for line in found)
    assert "public post closed after mitigation" in found[-1]


def test_experts_come_and_go_one_by_one() -> None:
    room = Room(expert("ann"), expert("bo"), expert("cy"), expert("bo", left=True))
    assert [held.person for held in room.ledger.state.experts] == ["ann", "cy"]
    assert room.ledger.state.holder(Role.EXPERT) == "cy"
    assert room.code(c.TakeRole(role=Role.EXPERT, person="ann")) == "unchanged"
    assert room.code(c.TakeRole(role=Role.EXPERT, person="bo", leaves=True)) == "no_expert"
    assert room.code(c.TakeRole(role=Role.SCRIBE, person="bo", leaves=True)) == "no_expert"
    (body,) = room.bodies(c.TakeRole(role=Role.EXPERT, person="cy", leaves=True))
    assert describe(body) == "cy is Subject-matter expert no more"
    gone = Room(expert("ann"), expert("bo"), expert(""))
    assert (gone.ledger.state.experts, gone.ledger.state.holder(Role.EXPERT)) == ((), "")
    assert gone.code(c.TakeRole(role=Role.EXPERT, person="")) == "unchanged"


def test_who_reports_to_whom() -> None:
    held = [e.RoleTaken(role=Role(role), person=name) for role, name in (("commander", "ic"), ("scribe", "bo"))]
    state = Room(*held, expert("dee"), action("sam"), action("dee"), action("ic")).ledger.state
    assert reports(state) == {"ic": ("bo", "dee", "sam")}
    lead = e.RoleTaken(role=Role.OPERATIONS, person="lee")
    assert reports(Room(*held, lead, expert("dee")).ledger.state) == {"ic": ("bo", "lee"), "lee": ("dee",)}
    assert reports(Room(expert("dee")).ledger.state) == {}


def member(person: str, team: str = "db", **more: bool) -> e.Body:
    return e.TeamSet(team=team, person=person, **more)


def test_a_sub_team_reports_to_its_lead_and_the_lead_to_operations() -> None:
    held = [e.RoleTaken(role=Role(role), person=name) for role, name in (("commander", "ic"), ("operations", "ops"))]
    room = Room(*held, expert("dee"), member("sam"), member("dee"), member("kim", lead=True), member("lee", "web"))
    state = room.ledger.state
    assert [m.person for m in state.teams["db"]] == ["kim", "sam", "dee"]
    assert reports(state) == {"ic": ("ops",), "ops": ("kim", "lee"), "kim": ("sam", "dee")}
    assert [(p.title, p.held and p.held.person) for p in posts(state, DEFAULT_POLICY) if p.team] == [
        ("Team db, lead", "kim"),
        ("Team db", "sam"),
        ("Team db", "dee"),
        ("Team web", "lee"),
    ]
    assert room.code(c.PutInTeam(team="db", person="@sam")) == "unchanged"
    assert room.code(c.PutInTeam(team="web", person="sam", leaves=True)) == "no_member"
    assert room.code(c.PutInTeam(team=" ", person="sam")) == room.code(c.PutInTeam(team="x", person="")) == "empty"
    (body,) = room.bodies(c.PutInTeam(team="db", person="sam", lead=True))
    assert describe(body) == "sam leads team db"
    after = Room(*held, member("kim", lead=True), member("sam", lead=True), member("kim", left=True)).ledger.state
    assert [(m.person, m.lead) for m in after.teams["db"]] == [("sam", True)]
    assert Room(member("kim"), member("kim", left=True)).ledger.state.teams == {}


@pytest.mark.parametrize("count", [MOST_REPORTS, MOST_REPORTS + 1])
def test_more_than_seven_are_too_many(count: int) -> None:
    commander = e.RoleTaken(role=Role.COMMANDER, person="ic")
    state = Room(commander, *(expert(f"p{n}") for n in range(count))).ledger.state
    assert any(f"{count} people report to ic" in said for said in warnings(state, DEFAULT_POLICY)) == (count > 7)
    resolved = replace(state, resolved_at=START + timedelta(hours=1))
    assert warnings(resolved, DEFAULT_POLICY) == []
