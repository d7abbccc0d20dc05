"""The gate: what is not met is named, an override is on the record, and what nobody can see does not block."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from test_decide import NOW, Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Refusal
from iccon.incident.exit_criteria import Sight
from iccon.incident.milestones import Milestone
from iccon.incident.resolve_gate import seen_open
from iccon.incident.severity import Audience, Phase
from iccon.incident.timeline import describe

POST = e.UpdateIssued(audience=Audience.CUSTOMER, text="x", template="", next_minutes=None, effects={"file": "f"})
SENT = e.EffectEnded(effect="f", target="file", state="sent")
MET = (e.MilestoneSet(milestone=Milestone.MITIGATED), POST, SENT)
ERRORS = Sight({("checkout", "errors"): "bad"}, [("checkout", "triggered")])


def test_with_everything_met_nothing_is_asked_and_the_unknown_does_not_block() -> None:
    room = Room(*MET)
    assert room.bodies(c.Resolve()) == [e.PhaseSet(phase=Phase.RESOLVED)]
    assert seen_open(room.ledger.state, room.context.policy, Sight()) == ()


@pytest.mark.parametrize(
    ("missing", "bodies"),
    [
        ("customer impact stopped (running: all)", (*MET, e.ImpactStarted(scope="all"))),
        ("tasks settled", (*MET, e.TaskNoted(what="action", text="roll back"))),
        ("todo without owner", (*MET, e.TaskNoted(what="todo", text="fix the runbook"))),
        ("public post closed after mitigation", (POST, SENT)),
    ],
)
def test_what_is_not_met_is_named_and_an_override_is_recorded(missing: str, bodies: tuple[e.Body, ...]) -> None:
    room = Room(*bodies)
    for command in (c.Resolve(override="  "), c.SetPhase(phase=Phase.RESOLVED, reason="done")):
        refused = room.decide(command)
        assert isinstance(refused, Refusal)
        assert refused.code == "gate"
        assert missing in refused.reason
    made = room.bodies(c.Resolve(summary="over", override=" customers are told by phone "))
    assert isinstance(made[0], e.GateOverridden)
    assert describe(made[0]).startswith("resolved although not met: ")
    assert missing in describe(made[0])
    assert describe(made[0]).endswith(": customers are told by phone")
    assert made[-1] == e.PhaseSet(phase=Phase.RESOLVED, reason="over")


def test_what_is_seen_outside_blocks_as_well() -> None:
    room = Room(*MET)
    unmet = seen_open(room.ledger.state, room.context.policy, ERRORS)
    assert unmet == ("signals in range for 10 min (checkout errors bad)", "pages closed (1 open)")
    assert room.code(c.Resolve(unmet=unmet)) == "gate"
    assert [b.kind for b in room.bodies(c.Resolve(unmet=unmet, override="another team has them"))] == ["gate", "phase"]


def test_an_override_ends_open_impact_at_the_same_instant() -> None:
    room = Room(*MET, e.ImpactStarted(scope="all"))
    room.context = replace(room.context, now=NOW + timedelta(minutes=1))
    assert [b.kind for b in room.bodies(c.Resolve(override="x"))] == ["gate", "impact_stopped", "phase"]
