"""Decisions: each refusal with its reason, each entry as it should be, and never an exception."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journalkit import START, entry
from test_fold import histories

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import TEXT_LIMIT, Context, Decision, Outcome, Refusal, decide
from iccon.incident.fold import Ledger
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity

NOW = START + timedelta(hours=1)
PAGE = e.PageRef("pagerduty", "P1", "disk [/dev/sda1] is 95%", "checkout")


class Room:
    """A ledger, and what is decided on it."""

    def __init__(self, *bodies: e.Body) -> None:
        declared = e.Declared(title="t", severity=Severity.SEV2)
        self.ledger = Ledger("i")
        self.ledger.extend(entry(n, body) for n, body in enumerate((declared, *bodies)))
        ids = count()
        self.context = Context(NOW, "ann", lambda: f"new-{next(ids)}", self.ledger.by_id.get)

    def id(self, number: int) -> str:
        return self.ledger.entries[number].id

    def decide(self, command: c.Command) -> Outcome:
        return decide(self.ledger.state, command, self.context)

    def bodies(self, command: c.Command) -> list[e.Body]:
        outcome = self.decide(command)
        assert isinstance(outcome, Decision), outcome
        return [draft.body for draft in outcome.entries]

    def code(self, command: c.Command) -> str:
        outcome = self.decide(command)
        assert isinstance(outcome, Refusal), outcome
        assert outcome.reason
        return outcome.code


RESOLVED = e.PhaseSet(phase=Phase.RESOLVED)
IMPACT = e.ImpactStarted(scope="all")
UPDATE = c.IssueUpdate(audience=Audience.CUSTOMER, text="x", template="t", outlets=("file", "hook"))

REFUSALS: list[tuple[str, Room, c.Command]] = [
    ("empty", Room(), c.Declare(title=" ", severity=Severity.SEV1)),
    ("empty", Room(), c.AddNote(text=" \n ")),
    ("too_long", Room(), c.AddNote(text="x" * (TEXT_LIMIT + 1))),
    ("future", Room(), c.AddNote(text="x", at=NOW + timedelta(minutes=2))),
    ("future", Room(), c.AddNote(text="x", at=datetime.max.replace(tzinfo=timezone(-timedelta(hours=5))))),
    ("zone", Room(), c.AddNote(text="x", at=NOW.replace(tzinfo=None))),
    ("past", Room(), c.AddNote(text="x", at=datetime.min.replace(tzinfo=timezone(timedelta(hours=5))))),
    ("empty", Room(), c.Retitle(title="")),
    ("unchanged", Room(), c.SetSeverity(level=Severity.SEV2)),
    ("reason", Room(), c.SetSeverity(level=Severity.SEV3)),
    ("unchanged", Room(), c.SetPhase(phase=Phase.INVESTIGATING)),
    ("unchanged", Room(), c.TakeRole(role=Role.SCRIBE, person=" ")),
    ("verb", Room(), c.ActOnPage(page=PAGE, verb="teleport")),
    ("argument", Room(), c.ActOnPage(page=PAGE, verb="snooze")),
    ("argument", Room(), c.ActOnPage(page=PAGE, verb="snooze", arguments={"seconds": "-5"})),
    ("argument", Room(), c.ActOnPage(page=PAGE, verb="acknowledge", arguments={"to": "Robin"})),
    ("argument", Room(), c.ActOnPage(page=PAGE, verb="note", arguments={"text": "x" * 20_001})),
    ("share", Room(), c.StartImpact(scope="EU", share=0.0)),
    ("share", Room(), c.StartImpact(scope="EU", share=101.0)),
    ("impact_open", Room(IMPACT), c.StartImpact(scope="EU")),
    ("no_impact", Room(), c.StopImpact()),
    ("no_impact", Room(IMPACT), c.StopImpact(segment="other")),
    ("order", Room(IMPACT), c.StopImpact(at=START)),
    ("empty", Room(), c.SetTheory(text="")),
    ("no_entry", Room(), c.Amend(target="x", text="y")),
    ("empty", Room(), c.Amend(target=Room().id(0))),
    ("empty", Room(e.Note(text="a")), c.Amend(target=Room(e.Note(text="a")).id(1), text=" ")),
    ("fixed_text", Room(e.PageSeen(page=PAGE, status="x")), c.Amend(target=Room(IMPACT).id(1), text="y")),
    ("correction", Room(e.Struck(target="x", reason="y")), c.Strike(target=Room(IMPACT).id(1), reason="z")),
    ("declaration", Room(), c.Strike(target=Room().id(0), reason="x")),
    ("reason", Room(IMPACT), c.Strike(target=Room(IMPACT).id(1), reason=" ")),
    ("empty", Room(), c.IssueUpdate(audience=Audience.CUSTOMER, text="", template="t", outlets=("file",))),
    ("no_outlet", Room(), c.IssueUpdate(audience=Audience.CUSTOMER, text="x", template="t", outlets=())),
    (
        "promise",
        Room(),
        c.IssueUpdate(audience=Audience.CUSTOMER, text="x", template="t", outlets=("a",), next_minutes=0),
    ),
    ("empty", Room(), c.TellChange(text=" ")),
    ("url", Room(), c.TellChange(text="deploy", url="javascript:alert(1)")),
    ("url", Room(), c.TellChange(text="deploy", url="https://ci/1 and more")),
    ("unchanged", Room(), c.Reopen(reason="x")),
    ("reason", Room(RESOLVED), c.Reopen(reason="")),
    ("resolved", Room(RESOLVED), c.SetSeverity(level=Severity.SEV1)),
    ("resolved", Room(RESOLVED), c.Resolve()),
    ("unknown", Room(), c.Command()),
]


@pytest.mark.parametrize(("code", "room", "command"), REFUSALS)
def test_refusals(code: str, room: Room, command: c.Command) -> None:
    assert room.code(command) == code


def test_without_an_incident_only_declaring_and_acting_on_pages_is_possible() -> None:
    context = Room().context
    assert isinstance(decide(None, c.AddNote(text="x"), context), Refusal)
    assert isinstance(decide(None, c.Declare(title="t", severity=Severity.SEV1), context), Decision)
    acted = decide(None, c.ActOnPage(page=PAGE, verb="acknowledge"), context)
    assert isinstance(acted, Decision)
    assert acted.entries[0].incident == e.NO_INCIDENT


def test_declaring_makes_the_actor_commander_unless_somebody_is_named() -> None:
    def commander(name: str | None) -> list[str]:
        bodies = Room().bodies(c.Declare(title=" t ", severity=Severity.SEV1, commander=name))
        assert bodies[0] == e.Declared(title="t", severity=Severity.SEV1)
        return [body.person for body in bodies if isinstance(body, e.RoleTaken)]

    assert [commander(None), commander("bob"), commander("")] == [["ann"], ["bob"], []]


def test_resolving_ends_the_open_impact_at_the_same_instant() -> None:
    room = Room(IMPACT)
    outcome = room.decide(c.Resolve(summary="fixed", override="over", at=NOW - timedelta(minutes=3)))
    assert isinstance(outcome, Decision)
    assert [draft.body.kind for draft in outcome.entries] == ["gate", "impact_stopped", "phase"]
    assert {draft.happened_at for draft in outcome.entries} == {NOW - timedelta(minutes=3)}
    assert room.code(c.SetPhase(phase=Phase.RESOLVED)) == room.code(c.Resolve()) == "gate"


def test_reopening_is_a_phase_with_a_reason() -> None:
    (body,) = Room(RESOLVED).bodies(c.Reopen(reason="back"))
    assert body == e.PhaseSet(phase=Phase.INVESTIGATING, reason="reopened: back")


def test_an_update_queues_one_effect_for_each_outlet() -> None:
    outcome = Room().decide(UPDATE)
    assert isinstance(outcome, Decision)
    (draft,) = outcome.entries
    assert isinstance(draft.body, e.UpdateIssued)
    assert draft.body.effects == {effect.target: effect.id for effect in outcome.effects}
    assert {effect.target for effect in outcome.effects} == {"file", "hook"}
    assert outcome.effects[0].payload["severity"] == "SEV2"


def test_acting_on_a_page_is_bound_to_the_id_that_was_seen() -> None:
    outcome = Room().decide(c.ActOnPage(page=PAGE, verb="acknowledge"))
    assert isinstance(outcome, Decision)
    (effect,) = outcome.effects
    assert (effect.port, effect.target, effect.verb, effect.payload["page"]) == (
        "pages",
        "pagerduty",
        "acknowledge",
        "P1",
    )
    assert outcome.entries[0].body == e.PageActed(page=PAGE, verb="acknowledge", effect=effect.id, arguments={})


def test_notes_and_corrections_go_on_after_the_resolution() -> None:
    room = Room(RESOLVED)
    assert room.bodies(c.AddNote(text=" late ")) == [e.Note(text="late")]
    amended = room.bodies(c.Amend(target=room.id(0), at=NOW.astimezone(timezone(timedelta(hours=2)))))
    assert amended == [e.Amended(target=room.id(0), happened_at=NOW)]
    assert isinstance(amended[0], e.Amended)
    assert amended[0].happened_at is not None
    assert amended[0].happened_at.tzinfo is UTC


commands = st.one_of(
    [st.from_type(cls) for cls in c.Command.__subclasses__() if cls is not c.Capture and cls.__module__ == c.__name__]
)
captures = st.builds(
    c.Capture,
    events=st.lists(st.builds(c.Captured, st.text(), st.datetimes(), st.from_type(e.PageSeen)), max_size=3).map(tuple),
)


@settings(max_examples=300)
@given(history=histories(), command=commands | captures, data=st.data())
def test_it_never_raises(history: list[e.Entry], command: c.Command, data: st.DataObject) -> None:
    ledger = Ledger("i")
    ledger.extend(history)
    found = st.sampled_from([None, *history])
    context = Context(NOW, "ann", lambda: "new", lambda _: data.draw(found))
    outcome = decide(data.draw(st.sampled_from([None, ledger.state])), command, context)
    assert isinstance(outcome, Decision | Refusal)
    if isinstance(outcome, Decision):  # and what it leads to can be taken in
        ledger.extend(
            e.Entry(f"z{n}", "i", "w", n, NOW, NOW, "ann", None, draft.body) for n, draft in enumerate(outcome.entries)
        )
