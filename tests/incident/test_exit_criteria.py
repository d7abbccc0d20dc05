"""Exit criteria: each says met only when it is known to hold. And the call-out's beat."""

from datetime import timedelta

import pytest
from journalkit import START, entry
from msgspec.structs import replace
from test_decide import IMPACT, NOW, Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.callouts import next_callout
from iccon.incident.decide import Context, Decision, decide
from iccon.incident.exit_criteria import CALM, Calm, Sight, Standing, criteria
from iccon.incident.fold import Ledger
from iccon.incident.severity import DEFAULT_POLICY, Audience, Policy, Severity
from iccon.incident.state import State
from iccon.incident.timers import next_update

MINUTE = timedelta(minutes=1)
BY_HAND = "Support agrees"
NOTHING = Sight()


def standing(word: str, state: State, sight: Sight = NOTHING) -> tuple[str, str]:
    level = replace(DEFAULT_POLICY.levels[state.severity], exit=(word,))
    (found,) = criteria(state, Policy({state.severity: level}), sight)
    return found.standing, found.why


def ours(**verdicts: str) -> Sight:
    """The verdicts of checkout, for an hour; mail is bad since then."""
    cells = {("checkout", name): verdict for name, verdict in verdicts.items()}
    calm = {cell: Calm(NOW - timedelta(hours=1)) for cell, verdict in cells.items() if verdict in CALM}
    return Sight(cells | {("mail", "errors"): "bad"}, calm=calm, at=NOW)


STATE = replace(Room().ledger.state, services=("Checkout",))


@pytest.mark.parametrize(
    ("sight", "expected"),
    [
        (Sight(), (Standing.UNKNOWN, "no board")),
        (Sight({("mail", "errors"): "ok"}), (Standing.UNKNOWN, "not on the board")),
        (ours(errors="ok", latency="no baseline"), (Standing.MET, "2 of 2")),
        (ours(errors="stale", latency="ok"), (Standing.OPEN, "checkout errors stale")),
        (ours(errors="bad", latency="no data"), (Standing.OPEN, "checkout errors bad and 1 more")),
    ],
)
def test_signals_of_the_incidents_services(sight: Sight, expected: tuple[str, str]) -> None:
    assert standing("signals", STATE, sight) == expected


@pytest.mark.parametrize(
    ("minutes", "after", "expected"),
    [
        (10, True, (Standing.MET, "2 of 2")),
        (9.9, True, (Standing.OPEN, "checkout errors 9 of 10 min")),
        (9.9, False, (Standing.UNKNOWN, "no older samples: checkout errors 9 of 10 min")),
        (-1, False, (Standing.UNKNOWN, "no older samples: checkout errors 0 of 10 min")),
    ],
)
def test_signals_count_once_they_were_in_range_for_long_enough(
    minutes: float, after: bool, expected: tuple[str, str]
) -> None:
    newest = NOW - minutes * MINUTE
    calm = {("checkout", "errors"): Calm(newest, after), ("checkout", "latency"): Calm(NOW - 30 * MINUTE)}
    sight = replace(ours(errors="ok", latency="ok"), calm=calm)
    (found, *_) = criteria(STATE, DEFAULT_POLICY, sight)
    assert (found.standing, found.why) == expected
    assert (found.text, found.since) == ("signals in range for 10 min", newest)
    level = replace(DEFAULT_POLICY.levels[STATE.severity], exit=("signals",), in_range=0)
    for now_only in (sight, replace(sight, calm={})):
        (found,) = criteria(STATE, Policy({STATE.severity: level}), now_only)
        assert (found.text, found.met) == ("signals in range", True)


def test_signals_in_range_of_which_nobody_knows_since_when_are_not_said_to_be() -> None:
    sight = replace(ours(errors="ok", latency="ok"), calm={("checkout", "errors"): Calm(NOW - 30 * MINUTE)})
    assert standing("signals", STATE, sight) == (Standing.UNKNOWN, "2 of 2 now, nobody knows since when")


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (None, (Standing.UNKNOWN, "no pager answers")),
        ((), (Standing.MET, "")),
        ((("checkout", "acknowledged"), ("mail", "triggered")), (Standing.OPEN, "1 open")),
        ((("checkout", "resolved"), ("mail", "triggered")), (Standing.MET, "1 of other services")),
    ],
)
def test_pages_of_the_incidents_services(pages: tuple[tuple[str, str], ...] | None, expected: tuple[str, str]) -> None:
    assert standing("pages", STATE, Sight(None, pages)) == expected
    if pages and expected[0] is Standing.MET:
        assert standing("pages", replace(STATE, services=()), Sight(None, pages)) == (Standing.OPEN, "1 open")


def test_impact_and_tasks() -> None:
    assert standing("impact", STATE) == (Standing.MET, "none was noted")
    assert standing("impact", Room(IMPACT).ledger.state) == (Standing.OPEN, "running: all")
    todo = e.TaskNoted(what="todo", text="write it up")
    assert standing("tasks", Room(todo).ledger.state) == (Standing.OPEN, "todo without owner: write it up")
    assert standing("tasks", Room(replace(todo, owner="kim")).ledger.state) == (Standing.MET, "")
    asked = Room(e.TaskNoted(what="question", text="why?", owner="kim")).ledger.state
    assert standing("tasks", asked) == (Standing.OPEN, "1 open: why?")


def test_a_public_post_counts_once_it_was_sent_after_the_mitigation() -> None:
    post = e.UpdateIssued(audience=Audience.CUSTOMER, text="x", template="", next_minutes=None, effects={"page": "f"})
    before = Room(post, e.MilestoneSet(milestone="mitigated"))
    assert standing("update", Room(post).ledger.state) == (Standing.OPEN, "mitigated is not set")
    assert standing("update", before.ledger.state) == (Standing.OPEN, "none since mitigated")
    after = Ledger("i", [entry(9, e.MilestoneSet(milestone="mitigated")), entry(10, post)])
    assert standing("update", after.state) == (Standing.OPEN, "the last one is queued")
    after.extend([entry(11, e.EffectEnded(effect="f", target="page", state="sent"))])
    assert standing("update", after.state) == (Standing.MET, "")
    after.extend([entry(12, replace(post, next_minutes=20))])
    assert standing("update", after.state) == (Standing.OPEN, "the last one promises another by 12:32 UTC")


def test_a_person_ticks_a_sentence_and_takes_it_back() -> None:
    room = Room()
    level = replace(DEFAULT_POLICY.levels[Severity.SEV2], exit=("impact", BY_HAND))
    policy = Policy({Severity.SEV2: level})
    room.context = Context(NOW, "ann", lambda: "new", policy=policy)
    assert room.code(c.TickCriterion(criterion="impact")) == "no_criterion"
    assert room.code(c.TickCriterion(criterion=BY_HAND, met=False)) == "unchanged"
    for met, expected in ((True, Standing.MET), (False, Standing.OPEN)):
        (body,) = room.bodies(c.TickCriterion(criterion=BY_HAND, met=met))
        room.ledger.extend([entry(len(room.ledger.entries), body)])
        _, found = criteria(room.ledger.state, policy, Sight())
        assert (found.standing, found.by_hand) == (expected, True)


def test_the_call_out_comes_every_ten_minutes_and_waits_for_a_reason_only() -> None:
    room = Room()
    room.context = replace(room.context, now=START + 12 * MINUTE)
    assert next_callout(room.ledger.state, DEFAULT_POLICY) == START + 10 * MINUTE
    assert room.code(c.SnoozeCallout(minutes=5, reason=" ")) == "reason"
    assert room.code(c.SnoozeCallout(minutes=0, reason="x")) == "minutes"
    for command, minutes in ((c.SnoozeCallout(minutes=5, reason="on the phone"), 17), (c.CallOut(text="fine"), 22)):
        outcome = decide(room.ledger.state, command, room.context)
        assert isinstance(outcome, Decision)
        (draft,) = outcome.entries
        room.ledger.extend([entry(len(room.ledger.entries), draft.body, at=draft.happened_at)])
        assert next_callout(room.ledger.state, DEFAULT_POLICY) == START + minutes * MINUTE
    calm = replace(room.ledger.state, severity=Severity.SEV4)
    assert next_callout(calm, DEFAULT_POLICY) is None


def test_internal_updates_have_a_beat_of_their_own() -> None:
    state = STATE
    assert next_update(state, DEFAULT_POLICY, Audience.INTERNAL) == START + 30 * MINUTE
    assert next_update(state, DEFAULT_POLICY, Audience.EXECUTIVE) == START + 60 * MINUTE
    assert next_update(state, DEFAULT_POLICY, Audience.RESPONDERS) is None
    told = e.UpdateIssued(audience=Audience.INTERNAL, text="x", template="", next_minutes=None, effects={})
    room = Ledger("i", [entry(0, e.Declared(title="t", severity=Severity.SEV2)), entry(1, told, at=START + 8 * MINUTE)])
    assert next_update(room.state, DEFAULT_POLICY, Audience.INTERNAL) == START + 38 * MINUTE
    assert next_update(room.state, DEFAULT_POLICY) == START + 5 * MINUTE
