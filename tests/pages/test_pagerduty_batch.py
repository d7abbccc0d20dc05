"""One verb on many pages of a PagerDuty account: one write, each page's own outcome, never twice."""

import json
from collections.abc import Iterator, Sequence

import pytest
from pagerduty_case import TOKEN, backend, writes
from pagerduty_spec import needs_spec, problems_of_calls

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.effects import MOST, Fate, attempt_all, batches, look_all
from iccon.incident.effects import Effect
from iccon.pages.pagerduty_batch import VERBS
from iccon.pages.port import PagesPort

ARGUMENTS = {
    "reassign": {"to": "Jo Park"},
    "escalate": {"level": "2"},
    "priority": {"priority": "P1"},
    "urgency": {"urgency": "low"},
    "resolve": {"resolution": "rolled back"},
}
every_verb = pytest.mark.parametrize("verb", VERBS)


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN) as server:
        yield server


def ports(server: PagerDutyServer, timeout: float = 5.0) -> dict[str, PagesPort]:
    return {"pages": PagesPort({"pagerduty": backend(server, timeout=timeout)})}


def effects(server: PagerDutyServer, verb: str, keys: Sequence[str]) -> list[Effect]:
    at, arguments = SystemClock().now().isoformat(), ARGUMENTS.get(verb, {})
    server.calls.clear()
    return [
        Effect(f"e{i}", "", "pages", "pagerduty", verb, {"page": key, "arguments": arguments, "at": at})
        for i, key in enumerate(keys)
    ]


def opened(server: PagerDutyServer, count: int) -> list[str]:
    return [server.trigger(f"disk {i}", "db") for i in range(count)]


def traces(server: PagerDutyServer) -> int:
    return sum(len(incident.events) for incident in server.incidents())


def states(fates: Sequence[Fate]) -> list[str]:
    return [str(fate.state) for fate in fates]


@needs_spec
@every_verb
def test_many_pages_are_one_write_as_described(server: PagerDutyServer, verb: str) -> None:
    wanted = effects(server, verb, opened(server, 120))
    assert batches(ports(server), wanted) == (tuple(wanted),)
    before = traces(server)
    fates = attempt_all(ports(server), wanted)
    assert states(fates) == ["sent"] * 120
    assert writes(server) == 1
    assert len(server.calls) <= 4  # two for the list, one for a name, the write
    assert traces(server) > before
    assert problems_of_calls(server) == []


@every_verb
@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_is_read_back_for_each_page(server: PagerDutyServer, verb: str, done: bool) -> None:
    wanted = effects(server, verb, opened(server, 3))
    before = traces(server)
    server.fail(Fault("reset after" if done else "reset", method="PUT"))
    fates = attempt_all(ports(server), wanted)
    assert states(fates) == ["unknown"] * 3
    after = traces(server)
    assert (after > before) is done
    found = look_all(ports(server), wanted, [fate.detail for fate in fates])
    assert states(found) == ["sent" if done else "failed"] * 3, found
    assert (writes(server), traces(server)) == (1, after)


def test_each_page_has_its_own_outcome(server: PagerDutyServer) -> None:
    keys = opened(server, 4)
    server.resolve(keys[1], "bob@example.com")
    server.acknowledge(keys[2], "bob@example.com")
    wanted = effects(server, "acknowledge", [*keys, "PNONE"])
    fates = attempt_all(ports(server), wanted)
    assert states(fates) == ["sent", "failed", "sent", "sent", "failed"]
    assert "resolved already by Bob" in fates[1].detail
    assert fates[2].receipt.startswith("already acknowledged by Bob")
    assert "no such incident as PNONE" in fates[4].detail
    (put,) = [call for call in server.calls if call.method == "PUT"]
    assert [row["id"] for row in json.loads(put.body)["incidents"]] == [keys[0], keys[3]]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("answer", method="PUT", status=401), "does not accept [pagerduty] token"),
        (Fault("answer", method="PUT", status=403), "may not do this"),
        (Fault("answer", method="PUT", status=413), "more than PagerDuty takes"),
        (Fault("answer", method="PUT", status=429, headers={"ratelimit-reset": "30"}), "rate limited"),
        (Fault("answer", method="PUT", status=400), "HTTP 400"),
        (Fault("hang", method="GET"), "nothing was sent"),
    ],
)
def test_a_refusal_is_said_of_each_page(server: PagerDutyServer, fault: Fault, words: str) -> None:
    wanted = effects(server, "resolve", opened(server, 2))
    before = traces(server)
    server.fail(fault)
    fates = attempt_all(ports(server, 0.3 if fault.kind == "hang" else 5.0), wanted)
    assert states(fates) == ["failed"] * 2
    assert all(words in fate.detail for fate in fates), fates
    assert (writes(server), traces(server)) == (1 if fault.method == "PUT" else 0, before)


def test_a_page_that_the_answer_leaves_out_is_read_back(server: PagerDutyServer) -> None:
    wanted = effects(server, "acknowledge", opened(server, 2))
    server.fail(Fault("answer", method="PUT", status=200, body=b'{"incidents": []}'))
    fates = attempt_all(ports(server), wanted)
    assert states(fates) == ["unknown"] * 2
    assert states(look_all(ports(server), wanted, ["", ""])) == ["failed"] * 2


def test_what_differs_or_is_too_much_goes_apart(server: PagerDutyServer) -> None:
    acks = effects(server, "acknowledge", [f"P{i}" for i in range(MOST + 5)])
    notes = [Effect(f"n{i}", "", "pages", "pagerduty", "note", {"page": "P1", "arguments": {}}) for i in range(2)]
    low, high = (effects(server, "urgency", ["P1"])[0] for _ in range(2))
    high.payload["arguments"] = {"urgency": "high"}
    made = batches(ports(server), [*acks, *notes, low, high])
    assert [len(batch) for batch in made] == [MOST, 5, 1, 1, 1, 1]


def test_a_storm_is_acknowledged_within_the_budget() -> None:
    with PagerDutyServer(token=TOKEN, limit=40) as server:
        wanted = effects(server, "acknowledge", opened(server, 300))
        fates = [fate for batch in batches(ports(server), wanted) for fate in attempt_all(ports(server), batch)]
        assert states(fates) == ["sent"] * 300
        assert writes(server) == 2
        assert len(server.calls) < 12
