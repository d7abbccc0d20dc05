"""The PagerDuty adapter lists against a server that misbehaves: complete, exact, in plain words."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pagerduty_case import HTML, TOKEN, backend, fault_of

from iccon.config import schema
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.faults import FaultKind
from iccon.pages.model import UNKNOWN_TIME, Act, PageStatus
from iccon.pages.pagerduty import REACH, PagerDutyBackend
from iccon.pages.paging import complete
from iccon.pages.source import PagesSource


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN, read_only="looks") as server:
        yield server


def answer(server: PagerDutyServer, *incidents: Any, more: Any = False) -> None:
    body = json.dumps({"incidents": incidents, "more": more}).encode()
    server.fail(Fault("answer", status=200, body=body, times=None))


def test_a_page_says_what_matters(server: PagerDutyServer) -> None:
    key = server.trigger("disk is full", "db", "low", alert="DiskFull", runbook_url="https://runbooks/disk")
    server.acknowledge(key, "bob.roe@example.com")
    (page,) = backend(server).list()
    assert (page.key, page.title, page.service) == (f"pagerduty:{key}", "disk is full", "db")
    assert (page.status, page.urgency, page.number) == (PageStatus.ACKNOWLEDGED, "low", "1")
    assert (page.acknowledged_by, page.changed_by, page.assignees) == ("Bob Roe", "Bob Roe", ("Bob Roe",))
    assert (page.alert, page.runbook_url) == ("DiskFull", "https://runbooks/disk")
    assert page.created_at.tzinfo is UTC


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 250])
def test_the_list_is_complete_and_each_page_is_there_once(server: PagerDutyServer, count: int) -> None:
    keys = [server.trigger(f"t{i}") for i in range(count)]
    listing = backend(server).listing()
    assert sorted(page.id for page in listing.pages) == keys
    assert (listing.notices, listing.complete) == ((), True)


def test_resolved_pages_are_not_open_and_old_ones_are() -> None:
    class Past:
        def __init__(self) -> None:
            self.at = datetime(2026, 1, 1, tzinfo=UTC)

        def now(self) -> datetime:
            return self.at

        def monotonic(self) -> float:
            return self.at.timestamp()

    past = Past()
    with PagerDutyServer(token=TOKEN, clock=past) as server:
        old = server.trigger("open for two months")
        server.resolve(server.trigger("gone"))
        past.at += timedelta(days=60)
        assert [page.id for page in backend(server).list()] == [old]


def test_pages_that_end_while_the_list_is_read_hide_no_other(server: PagerDutyServer) -> None:
    keys = [server.trigger(f"t{i}") for i in range(250)]
    pages_read = 0

    answer_it = server.handle

    def handle(*args: Any) -> Any:
        nonlocal pages_read
        pages_read += 1
        shown = answer_it(*args)
        for key in keys[:20] if pages_read == 1 else ():
            server.resolve(key)
        return shown

    server.handle = handle
    found = {page.id for page in backend(server).list()}
    assert found >= set(keys[20:])


def test_more_for_ever_ends_and_is_said(server: PagerDutyServer) -> None:
    answer(server, *({"id": f"P{i}"} for i in range(100)), more=True)
    listing = backend(server).listing()
    assert len(listing.pages) == 100
    assert "gives none" in listing.notices[0]
    assert not listing.complete
    assert len(server.calls) < 5


def test_the_apis_own_limit_is_said() -> None:
    rows = [{"id": f"P{i}"} for i in range(10_050)]
    found, missing = complete(lambda offset: (rows[offset : offset + 100], True), "PagerDuty", REACH)
    assert [row["id"] for row in found] == [f"P{i}" for i in range(10_000)]
    assert "10,000" in missing


@given(st.integers(1, 320), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 319)), max_size=12))
def test_what_stays_is_never_missed(count: int, ends: list[tuple[int, int]]) -> None:
    """Rows go away between two requests: all others are still found, whichever went, while two restarts suffice."""
    rows = [{"id": f"P{i}"} for i in range(count)]
    gone = {f"P{row}" for _, row in ends}
    requests = 0

    def fetch(offset: int) -> tuple[list[dict[str, Any]], bool]:
        nonlocal requests
        requests += 1
        ended = {f"P{row}" for at, row in ends if requests == 2 and at < 2}
        rows[:] = [row for row in rows if row["id"] not in ended]
        return rows[offset : offset + 100], offset + 100 < len(rows)

    found, missing = complete(fetch, "PagerDuty", REACH)
    keys = [row["id"] for row in found]
    assert missing == ""
    assert len(keys) == len(set(keys))
    assert {f"P{i}" for i in range(count)} - gone <= set(keys)


def test_duplicates_are_one(server: PagerDutyServer) -> None:
    answer(server, {"id": "P1", "title": "a"}, {"id": "P1", "title": "b"}, {"id": "P2"})
    assert [page.id for page in backend(server).list()] == ["P1", "P2"]


def test_services_and_teams_are_asked_for(server: PagerDutyServer) -> None:
    backend(server, services=("S1", "S2"), teams=("T1",)).list()
    assert server.calls[0].query["service_ids[]"] == ["S1", "S2"]
    assert server.calls[0].query["team_ids[]"] == ["T1"]


@pytest.mark.parametrize(
    "incident",
    [
        {"id": "P1"},
        {
            "id": "P1",
            "title": None,
            "service": None,
            "created_at": None,
            "assignments": None,
            "urgency": None,
        },
        {
            "id": "P1",
            "title": 5,
            "service": "x",
            "created_at": "0000-99-99T99:99:99Z",
            "acknowledgements": [None, 3],
        },
        {"id": "P1", "title": [], "service": {"summary": None}, "created_at": "0001-01-01T00:00:00+23:59"},
        {
            "id": "P1",
            "status": "exploded",
            "created_at": "9999-12-31T23:59:59-23:00",
            "html_url": "javascript:x",
        },
        {"id": "P1", "first_trigger_log_entry": {"channel": {"details": "just text", "contexts": [7]}}},
    ],
)
def test_odd_rows_survive_beside_good_ones(server: PagerDutyServer, incident: dict[str, Any]) -> None:
    answer(server, incident, {"id": "P2", "title": "good"}, "not an incident", {"title": "no id"})
    listing = backend(server).listing()
    assert [page.id for page in listing.pages] == ["P1", "P2"]
    assert listing.pages[0].title
    assert listing.pages[0].created_at.tzinfo is UTC
    assert listing.pages[0].url == ""
    assert "1 incidents without an id" in listing.notices[0]


def test_an_unreadable_time_is_marked(server: PagerDutyServer) -> None:
    answer(server, {"id": "P1", "created_at": "yesterday"})
    assert backend(server).list()[0].created_at == UNKNOWN_TIME


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("disk [/dev/sda1] is 95%", "disk [/dev/sda1] is 95%"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\x1b]52;c;aGk=\x07\x00\x9b2J", "␛]52;c;aGk=␇␀\ufffd2J"),
        ("a\u202eb\u200bc\nd", "abc d"),
    ],
)
def test_hostile_titles_are_readable_and_harmless(server: PagerDutyServer, title: str, shown: str) -> None:
    server.trigger(title, title)
    (page,) = backend(server).list()
    assert (page.title, page.service) == (shown, shown)


def test_a_title_of_a_megabyte_and_broken_text_hide_nothing(server: PagerDutyServer) -> None:
    server.trigger("x" * 1_000_000, "db")
    server.trigger("half a pair: \ud83d", "db")
    server.trigger("good", "db")
    long, half, good = backend(server).list()
    assert len(long.title) <= 500
    assert half.title.startswith("half a pair")
    assert good.title == "good"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("answer", status=401), FaultKind.UNAUTHORIZED, "credential"),
        (Fault("answer", status=403), FaultKind.FORBIDDEN, "rights"),
        (Fault("answer", status=404), FaultKind.NOT_FOUND, "URL"),
        (Fault("answer", status=500), FaultKind.SERVER, "500"),
        (Fault("answer", status=502, body=HTML), FaultKind.SERVER, "502"),
        (
            Fault("answer", status=302, headers={"Location": "https://evil.example/"}),
            FaultKind.BAD_ANSWER,
            "redirect",
        ),
        (Fault("answer", status=200, body=HTML), FaultKind.BAD_ANSWER, "web page"),
        (Fault("answer", status=200, body=b'{"incidents": ['), FaultKind.BAD_ANSWER, "cut off"),
        (Fault("answer", status=200, body=b"[" * 100_000), FaultKind.BAD_ANSWER, ""),
        (Fault("answer", status=200, body=b"[]"), FaultKind.BAD_ANSWER, "without incidents"),
        (Fault("answer", status=200, body=b'{"incidents": null}'), FaultKind.BAD_ANSWER, "without incidents"),
        (Fault("answer", status=200, body=b""), FaultKind.BAD_ANSWER, "empty"),
        (Fault("reset"), FaultKind.REFUSED, "closed"),
        (Fault("hang"), FaultKind.TIMEOUT, "0.3 s"),
        (Fault("drip"), FaultKind.TIMEOUT, "0.3 s"),
    ],
)
def test_every_failure_has_its_word(server: PagerDutyServer, fault: Fault, kind: FaultKind, words: str) -> None:
    server.fail(fault)
    slow = fault.kind in ("hang", "drip")
    caught = fault_of(backend(server, timeout=0.3 if slow else 5.0).list)
    assert caught.kind is kind
    assert words in caught.reason
    assert TOKEN not in caught.reason
    assert len(server.calls) == 1  # nothing is tried twice


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"ratelimit-reset": "17"}, 17.0),
        ({"Retry-After": "9"}, 9.0),
        ({}, None),
        ({"ratelimit-reset": "soon"}, None),
        ({"ratelimit-reset": "-5"}, 0.0),
    ],
)
def test_a_rate_limit_is_not_slept_on(server: PagerDutyServer, headers: dict[str, str], wait: float | None) -> None:
    server.fail(Fault("answer", status=429, headers=headers))
    caught = fault_of(backend(server).list)
    assert (caught.kind, caught.retry_after) == (FaultKind.RATE_LIMITED, wait)
    assert len(server.calls) == 1


def test_nothing_listens() -> None:
    server = PagerDutyServer(token=TOKEN).start()
    server.stop()
    assert fault_of(backend(server).list).kind is FaultKind.REFUSED


def test_a_real_https_address_is_used_as_it_is() -> None:
    caught = fault_of(
        PagerDutyBackend(schema.PagerDuty(token=schema.Secret(literal="x"), url="https://127.0.0.1:9/"), TOKEN).list
    )
    assert caught.kind is FaultKind.REFUSED
    assert "127.0.0.1:9" in caught.reason


def test_a_token_is_never_sent_in_the_clear(server: PagerDutyServer) -> None:
    caught = fault_of(backend(server, url="http://pagerduty.example").list)
    assert caught.kind is FaultKind.REJECTED
    assert "https" in caught.reason


def test_nothing_is_printed(server: PagerDutyServer, capfd: pytest.CaptureFixture[str]) -> None:
    for handler in (root := logging.getLogger()).handlers[:]:  # as in the program: nobody configured logging
        root.removeHandler(handler)
    for fault in (Fault("answer", status=500), Fault("reset"), Fault("answer", status=429)):
        server.fail(fault)
        fault_of(backend(server).list)
    assert capfd.readouterr() == ("", "")


def test_a_part_of_the_details_that_cannot_be_had_is_named(server: PagerDutyServer) -> None:
    key = server.trigger("disk", "db")
    server.fail(Fault("answer", path="/notes", status=500))
    found = backend(server).detail(key)
    assert found.page.title == "disk"
    assert [trace.what for trace in found.log] == ["Trigger by the API"]
    assert found.notes == ()
    assert "notes: server error" in found.notices[0]
    assert fault_of(lambda: backend(server).detail("PNONE")).kind is FaultKind.NOT_FOUND
    assert fault_of(lambda: backend(server).detail("../users")).kind is FaultKind.REJECTED


def test_the_details_tell_who_is_on_call_what_changed_and_what_was_like_it(server: PagerDutyServer) -> None:
    before = server.trigger("disk full in spring", "db")
    server.resolve(before)
    key = server.trigger("disk full", "db")
    server.trigger("cart is slow", "cart")
    server.tell_change(server.clock.now(), "deploy 4711", "db", "Ada")
    server.tell_change(server.clock.now(), "deploy 4712", "cart", "Ada")
    found = backend(server).detail(key)
    now, after = ([t for t in found.on_call if (t.at is None) is here] for here in (True, False))
    assert [trace.what for trace in now] == ["on call now, level 1", "on call now, level 2"]
    assert [trace.what for trace in after] == ["next, level 1", "next, level 2"]
    assert all(trace.who for trace in found.on_call)
    assert [trace.what for trace in found.changes] == ["deploy 4711 (most recent)"]
    assert [trace.what for trace in found.past] == ["disk full in spring"]
    assert [trace.what for trace in found.related] == ["cart is slow (machine learning inferred)"]
    assert found.notices == ()
    assert len(server.calls) == 8


@pytest.mark.parametrize("status", [402, 403, 404])
def test_what_an_account_does_not_have_is_said_in_its_place(server: PagerDutyServer, status: int) -> None:
    key = server.trigger("disk full", "db")
    server.fail(Fault("answer", path="/past_incidents", status=status))
    server.fail(Fault("answer", path="/related_incidents", status=500))
    found = backend(server).detail(key)
    assert found.past[0].what.startswith("not told to this account: ")
    assert found.related == ()
    assert [notice.split(":")[0] for notice in found.notices] == ["related incidents"]


def test_what_the_account_lacks_is_asked_once_and_not_offered(server: PagerDutyServer) -> None:
    server.account.abilities -= {"coordinated_responding", "urgencies"}
    server.account.workflows.clear()
    server.fail(Fault("answer", path="/priorities", status=402))
    pager = backend(server)
    source = PagesSource((pager,))
    found = [source.poll() for _ in range(3)][-1]
    paths = [call.path for call in server.calls]
    assert [paths.count(path) for path in ("/abilities", "/priorities", "/incident_workflows")] == [1, 1, 1]
    lacks = found.lacks["pagerduty"]
    assert set(pager.verbs) - set(found.verbs["pagerduty"]) == set(lacks)
    assert set(lacks) == {"responders", "cancel_responders", "urgency", "priority", "workflow"}
    assert "coordinated_responding" in lacks["responders"]
    assert lacks["urgency"].endswith("lacks urgencies")
    assert lacks["priority"].startswith("the account's plan lacks")
    assert "no incident workflow is set up" in lacks["workflow"]
    key = server.trigger("disk", "db")
    server.fail(Fault("answer", path="/status_updates", status=402))
    fault_of(lambda: pager.act(Act("status", key, {"text": "x"})))
    assert "lacks" in source.poll().lacks["pagerduty"]["status"]


def test_how_many_requests_are_left_is_told_with_the_pages(server: PagerDutyServer) -> None:
    source = PagesSource((backend(server),))
    assert source.poll().budgets == {"pagerduty": "959 of 960 requests left"}
    server.fail(Fault("reset"))
    fault_of(source.poll)


@pytest.mark.parametrize("fault", [Fault("answer", path="/abilities", status=403), Fault("reset", path="/abilities")])
def test_abilities_that_nobody_tells_take_no_verb_away(server: PagerDutyServer, fault: Fault) -> None:
    server.fail(fault)
    source = PagesSource((backend(server),))
    assert source.poll().lacks == {}
    assert source.poll().lacks == {}
    assert sum(call.path == "/abilities" for call in server.calls) == 1
