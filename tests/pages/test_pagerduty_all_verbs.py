"""Every verb of the PagerDuty adapter: as described, once, and known when its answer is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from pagerduty_case import TOKEN, backend, fault_of, writes
from pagerduty_spec import needs_spec, problems_of_calls

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.drill.pagerduty_state import Incident
from iccon.effects import Fate, attempt, look
from iccon.faults import FaultKind
from iccon.incident import page_verbs
from iccon.incident.effects import Effect, EffectState
from iccon.pages.alertmanager import AlertmanagerBackend
from iccon.pages.model import Act, Page
from iccon.pages.pagerduty import PagerDutyBackend
from iccon.pages.port import PagesPort

SAM, ALEX = "jo.park@example.com", "lee.ray@example.com"


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN, read_only="looks") as server:
        yield server


class Case(NamedTuple):
    """What is asked for, and what the receipt says. {other} is another page, {note} a note of the page."""

    verb: str
    arguments: dict[str, str]
    receipt: str


CASES = [
    Case("acknowledge", {}, "acknowledged by Ada"),
    Case("resolve", {"resolution": "rolled back"}, "resolved by Ada"),
    Case("reopen", {}, "triggered by Ada"),
    Case("reassign", {"to": "Jo Park, lee.ray@example.com"}, "assigned to Jo Park, Lee Ray"),
    Case("reassign", {"to": "policy:Default"}, "assigned to Robin Doe"),
    Case("escalate", {"level": "2"}, "escalated to level 2: Jo Park"),
    Case("snooze", {"seconds": "3600"}, "snoozed until 20"),
    Case("merge", {"sources": "{other}"}, "merged 1"),
    Case("note", {"text": "the disk [/dev/sda1] is full"}, "note N"),
    Case("edit_note", {"note": "{note}", "text": "it was the log"}, "note N"),
    Case("delete_note", {"note": "{note}"}, "deleted"),
    Case("priority", {"priority": "P1"}, "priority P1"),
    Case("urgency", {"urgency": "low"}, "urgency low"),
    Case("responders", {"to": "Jo Park", "message": "the database"}, "requested Jo Park"),
    Case("responders", {"to": "policy:EDEFAULT"}, "requested EDEFAULT"),
    Case("cancel_responders", {"to": ALEX}, "Lee Ray: cancelled"),
    Case("workflow", {"workflow": "major incident"}, "workflow Major incident started: R"),
    Case("status", {"text": "Payments fail for most customers"}, "status update D"),
]
every_verb = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.verb}-{len(case.arguments)}")
CANNOT_TELL = ("workflow",)


def test_every_verb_has_a_case() -> None:
    assert {case.verb for case in CASES} == set(PagerDutyBackend.verbs)
    assert set(page_verbs.VERBS) - set(PagerDutyBackend.verbs) == set(AlertmanagerBackend.verbs)


def prepared(server: PagerDutyServer, case: Case) -> Act:
    """Open a page that the verb can be done to, with a note and somebody asked to join."""
    at = SystemClock().now()
    key, other = server.trigger("disk full", "db"), server.trigger("also", "db")
    incident, bob = server.account.incidents[key], server.account.person("bob@example.com")
    note = server.account.note(incident, "old", at, bob)
    pager = backend(server, email="bob@example.com")
    pager.act(Act("responders", key, {"to": ALEX}))
    if case.verb == "reopen":
        server.resolve(key, "bob@example.com")
    server.calls.clear()
    given = {"other": other, "note": f"N{note.number:07d}"}
    arguments = {name: value.format(**given) for name, value in case.arguments.items()}
    return Act(case.verb, key, arguments, SystemClock().now())


def traces(server: PagerDutyServer, act: Act) -> int:
    """Count everything that was ever done to the two pages."""

    def of(incident: Incident) -> int:
        cancelled = sum(one.state != "pending" for one in incident.asked)
        edited = sum(e.text == act.arguments.get("text") for e in incident.events if e.type == "annotate_log_entry")
        return len(incident.events) + len(incident.asked) + cancelled + edited + len(incident.runs)

    return sum(map(of, server.incidents()))


def ports(server: PagerDutyServer) -> dict[str, PagesPort]:
    return {"pages": PagesPort({"pagerduty": backend(server, timeout=2.0)})}


def effect_of(act: Act) -> Effect:
    payload = {"page": act.page, "title": "t", "arguments": act.arguments, "at": act.at.isoformat() if act.at else ""}
    return Effect("e1", "", "pages", "pagerduty", act.verb, payload)


@every_verb
def test_it_is_done_once_and_proved(server: PagerDutyServer, case: Case) -> None:
    act = prepared(server, case)
    before = traces(server, act)
    fate = attempt(ports(server), effect_of(act))
    assert (fate.state, fate.detail) == (EffectState.SENT, "")
    assert fate.receipt.startswith(case.receipt)
    assert writes(server) == 1
    assert traces(server, act) != before


@needs_spec
@every_verb
def test_every_request_is_as_described(server: PagerDutyServer, case: Case) -> None:
    act = prepared(server, case)
    attempt(ports(server), effect_of(act))
    look(ports(server), effect_of(act))
    assert writes(server) == 1
    assert problems_of_calls(server) == []


@needs_spec
def test_every_question_is_as_described(server: PagerDutyServer) -> None:
    for i in range(120):
        server.trigger(f"t{i}", "s")
    pager = backend(server, services=("S1",), teams=("T1",))
    pager.list()
    backend(server).list()
    pager.closed(())
    pager.detail(server.trigger("t", "s"))
    pager.probe()
    assert problems_of_calls(server) == []


@every_verb
def test_write_done_answer_lost_has_one_effect(server: PagerDutyServer, case: Case) -> None:
    act = prepared(server, case)
    before = traces(server, act)
    for method in ("PUT", "POST", "DELETE"):
        server.fail(Fault("reset after", method=method))
    fate = attempt(ports(server), effect_of(act))
    assert fate.state is EffectState.UNKNOWN
    after = traces(server, act)
    assert after != before
    found: Fate = look(ports(server), effect_of(act), fate.detail)
    assert found.state is (EffectState.UNKNOWN if case.verb in CANNOT_TELL else EffectState.SENT), found
    assert (writes(server), traces(server, act)) == (1, after)


@every_verb
def test_write_lost_has_no_effect_and_is_not_sent_again(server: PagerDutyServer, case: Case) -> None:
    act = prepared(server, case)
    before = traces(server, act)
    for method in ("PUT", "POST", "DELETE"):
        server.fail(Fault("reset", method=method))
    fate = attempt(ports(server), effect_of(act))
    assert fate.state is EffectState.UNKNOWN
    found = look(ports(server), effect_of(act), fate.detail)
    cannot_tell = case.verb in (*CANNOT_TELL, "status")  # its kind of log entry is not promised
    assert found.state is (EffectState.UNKNOWN if cannot_tell else EffectState.FAILED), found
    assert (writes(server), traces(server, act)) == (1, before)


@pytest.mark.parametrize("verb", ["acknowledge", "workflow", "responders"])
def test_a_question_before_the_write_that_is_not_answered_leaves_no_doubt(server: PagerDutyServer, verb: str) -> None:
    act = prepared(server, next(case for case in CASES if case.verb == verb))
    server.fail(Fault("hang", method="GET"))
    config = {"pages": PagesPort({"pagerduty": backend(server, timeout=0.3)})}
    fate = attempt(config, effect_of(act))
    assert fate.state is EffectState.FAILED
    assert "nothing was sent" in fate.detail
    assert writes(server) == 0


@pytest.mark.parametrize("verb", ["note", "status", "snooze", "responders"])
def test_an_older_trace_of_the_same_is_not_taken_for_this_one(server: PagerDutyServer, verb: str) -> None:
    case = next(case for case in CASES if case.verb == verb)
    act = prepared(server, case)
    pager = backend(server)
    pager.act(act)
    later = Act(act.verb, act.page, act.arguments, datetime(2099, 1, 1, tzinfo=UTC))
    if verb == "status":
        assert "no such update" in fault_of(lambda: pager.read_back(later)).reason
    else:
        assert pager.read_back(later) is None


def test_another_persons_trace_is_not_ours(server: PagerDutyServer) -> None:
    act = prepared(server, Case("note", {"text": "same words"}, ""))
    backend(server, email="bob@example.com").act(act)
    assert backend(server).read_back(act) is None


@pytest.mark.parametrize(
    ("verb", "status", "kind", "words"),
    [
        ("resolve", 401, FaultKind.UNAUTHORIZED, "does not accept [pagerduty] token"),
        ("responders", 402, FaultKind.FORBIDDEN, "the account's plan lacks coordinated_responding"),
        ("workflow", 402, FaultKind.FORBIDDEN, "the account's plan lacks incident workflows"),
        ("note", 403, FaultKind.FORBIDDEN, "[pagerduty] token may not do this"),
        ("edit_note", 404, FaultKind.NOT_FOUND, "no such note as N"),
        ("workflow", 404, FaultKind.NOT_FOUND, "no such incident workflow as WMAJOR01"),
        ("snooze", 404, FaultKind.NOT_FOUND, "no such incident as P"),
        ("note", 413, FaultKind.REJECTED, "more than PagerDuty takes in one request"),
    ],
)
def test_a_refusal_says_which_credential_ability_or_id(
    server: PagerDutyServer, verb: str, status: int, kind: FaultKind, words: str
) -> None:
    act = prepared(server, next(case for case in CASES if case.verb == verb))
    for method in ("PUT", "POST"):
        server.fail(Fault("answer", method=method, status=status))
    caught = fault_of(lambda: backend(server).act(act))
    assert caught.kind is kind
    assert words in caught.reason
    assert f"HTTP {status}" in caught.reason


@every_verb
def test_every_verb_that_is_refused_fails_with_a_plain_word_and_no_effect(server: PagerDutyServer, case: Case) -> None:
    act = prepared(server, case)
    before = traces(server, act)
    words = {
        401: "does not accept [pagerduty] token",
        402: "the account's plan lacks ",
        403: "[pagerduty] token may not do this",
        404: "PagerDuty has no such ",
        413: "more than PagerDuty takes in one request",
        429: "rate limited",
    }
    for status, said in words.items():
        server.recover()
        for method in ("PUT", "POST", "DELETE"):
            server.fail(Fault("answer", method=method, status=status))
        fate = attempt(ports(server), effect_of(act))
        assert (fate.state, said in fate.detail) == (EffectState.FAILED, True), fate
    assert (writes(server), traces(server, act)) == (len(words), before)


def test_an_account_without_the_ability_says_so_by_itself(server: PagerDutyServer) -> None:
    act = prepared(server, next(case for case in CASES if case.verb == "responders"))
    server.account.abilities.clear()
    assert "lacks coordinated_responding" in fault_of(lambda: backend(server).act(act)).reason


@pytest.mark.parametrize("say_reset", [True, False])
def test_over_the_limit_nothing_is_lost(server: PagerDutyServer, say_reset: bool) -> None:
    act = prepared(server, next(case for case in CASES if case.verb == "note"))
    server.limit, server.say_reset = 0, say_reset
    caught = fault_of(lambda: backend(server).act(act))
    assert caught.kind is FaultKind.RATE_LIMITED
    assert (caught.retry_after is not None) is say_reset
    assert writes(server) == 1


@pytest.mark.parametrize(
    ("verb", "arguments", "words"),
    [
        ("reassign", {"to": "Nobody Here"}, "knows no user 'Nobody Here'"),
        ("reassign", {"to": "e"}, "may be Robin Doe (U"),
        ("reassign", {"to": "policy:Default, Jo Park"}, "not to both"),
        ("reassign", {"to": " "}, "needs a person"),
        ("escalate", {"level": "9"}, "Escalation level must be 1 to 3"),
        ("escalate", {"level": "high"}, "whole number"),
        ("snooze", {"seconds": "604801"}, "1 to 604,800"),
        ("merge", {"sources": "P1/../x"}, "not the id"),
        ("delete_note", {"note": "../x"}, "not the id"),
        ("priority", {"priority": "P9"}, "Priority not found"),
        ("workflow", {"workflow": "nothing"}, "knows no incident workflow 'nothing'"),
        ("cancel_responders", {"to": SAM}, "no request was cancelled: Jo Park: not_found"),
        ("note", {"text": "x", "level": "1"}, "takes no level"),
    ],
)
def test_what_cannot_be_meant_is_said(
    server: PagerDutyServer, verb: str, arguments: dict[str, str], words: str
) -> None:
    act = prepared(server, Case(verb, arguments, ""))
    before = traces(server, act)
    caught = fault_of(lambda: backend(server).act(act))
    assert words in caught.reason
    assert caught.kind is not FaultKind.LOST
    assert traces(server, act) == before


@pytest.mark.parametrize("verb", ["reassign", "escalate", "snooze", "merge", "priority", "urgency"])
def test_what_needs_an_open_page_is_not_sent_to_a_resolved_one(server: PagerDutyServer, verb: str) -> None:
    act = prepared(server, next(case for case in CASES if case.verb == verb))
    server.resolve(act.page, "bob@example.com")
    caught = fault_of(lambda: backend(server).act(act))
    assert "resolved already by Bob" in caught.reason
    assert writes(server) == 0


@pytest.mark.parametrize(
    ("verb", "arguments", "words"),
    [
        ("reopen", {}, "already triggered"),
        ("reassign", {"to": "Robin Doe"}, "already assigned to Robin Doe"),
        ("urgency", {"urgency": "high"}, "already urgency high"),
    ],
)
def test_what_is_so_already_is_said_and_not_sent(
    server: PagerDutyServer, verb: str, arguments: dict[str, str], words: str
) -> None:
    key = server.trigger("t", "s")
    assert backend(server).act(Act(verb, key, arguments)).receipt.startswith(words)
    assert writes(server) == 0


def test_a_snooze_ends_by_itself(server: PagerDutyServer) -> None:
    key = server.trigger("t", "s")
    backend(server).act(Act("snooze", key, {"seconds": "1"}))
    page: Page
    (page,) = backend(server).list()
    assert page.status == "acknowledged"
    server.account.wake(datetime(2099, 1, 1, tzinfo=UTC))
    (page,) = backend(server).list()
    assert page.status == "triggered"
