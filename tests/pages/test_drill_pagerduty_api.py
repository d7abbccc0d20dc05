"""The simulated PagerDuty: it keeps state, refuses what the real one refuses, and speaks as it is described."""

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pagerduty_spec import needs_spec, problems_of_answer

from iccon.drill.pagerduty_api import Fault, PagerDutyServer

ACKNOWLEDGE = {"incident": {"type": "incident_reference", "status": "acknowledged"}}


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def server(clock: SetClock) -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token="secret", clock=clock, read_only="looks") as server:
        yield server


def ask(
    server: PagerDutyServer,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str = "secret",
    sender: str = "ada@example.com",
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    headers = {"Authorization": f"Token token={token}"} | ({"From": sender} if sender else {})
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def test_an_acknowledgement_is_kept_with_its_author(server: PagerDutyServer) -> None:
    key = server.trigger("disk is full", "db")
    status, body, _ = ask(server, "PUT", f"/incidents/{key}", ACKNOWLEDGE, sender="ada.l@example.com")
    assert (status, body["incident"]["status"]) == (200, "acknowledged")
    assert server.incident(key)["acknowledgements"][0]["acknowledger"]["name"] == "Ada L"
    _, log, _ = ask(server, "GET", f"/incidents/{key}/log_entries")
    assert [e["type"] for e in log["log_entries"]] == ["acknowledge_log_entry", "trigger_log_entry"]


@pytest.mark.parametrize(
    ("method", "path", "body", "sender", "token", "status"),
    [
        ("GET", "/incidents", None, "", "wrong", 401),
        ("GET", "/incidents", None, "", "looks", 200),
        ("PUT", "/incidents/{key}", ACKNOWLEDGE, "ada@example.com", "looks", 403),
        ("PUT", "/incidents/{key}", ACKNOWLEDGE, "", "secret", 400),
        ("PUT", "/incidents/{key}", {"incident": {"status": "acknowledged"}}, "a@b.c", "secret", 400),
        (
            "PUT",
            "/incidents/{key}",
            {"incident": {"type": "incident", "status": "x"}},
            "a@b.c",
            "secret",
            400,
        ),
        ("PUT", "/incidents/{key}", [], "a@b.c", "secret", 400),
        ("PUT", "/incidents", {"incidents": []}, "a@b.c", "secret", 400),
        ("PUT", "/incidents", {"incidents": [{"id": "P", "type": "incident"}]}, "a@b.c", "secret", 400),
        ("PUT", "/incidents", {"incidents": [{"id": "P", "type": "incident"}] * 251}, "a@b.c", "secret", 413),
        ("PUT", "/incidents/NONE", ACKNOWLEDGE, "a@b.c", "secret", 404),
        ("GET", "/incidents/NONE", None, "", "secret", 404),
        ("GET", "/incidents?limit=x", None, "", "secret", 400),
        ("GET", "/incidents?since=x", None, "", "secret", 400),
        ("GET", "/incidents?sort_by=x", None, "", "secret", 400),
        ("GET", "/incidents?offset=9950&limit=100", None, "", "secret", 400),
        ("POST", "/incidents/{key}/notes", {"note": {"content": " "}}, "a@b.c", "secret", 400),
        ("POST", "/incidents/{key}/notes", {"note": {"content": "x"}}, "a@b.c", "secret", 200),
        ("GET", "/nothing", None, "", "secret", 404),
    ],
)
def test_what_is_refused(
    server: PagerDutyServer, method: str, path: str, body: Any, sender: str, token: str, status: int
) -> None:
    key = server.trigger("t", "s")
    answer, shown, _ = ask(server, method, path.format(key=key), body, sender=sender, token=token)
    assert answer == status
    assert status < 300 or set(shown["error"]) >= {"message", "code"}
    assert server.incident(key)["status"] == "triggered"


def test_a_status_on_a_resolved_incident_reopens_it(server: PagerDutyServer) -> None:
    key = server.trigger("t", "s")
    server.resolve(key, "bob@example.com")
    assert server.incident(key)["last_status_change_by"]["summary"] == "Bob"
    ask(server, "PUT", f"/incidents/{key}", ACKNOWLEDGE)
    assert server.incident(key)["status"] == "acknowledged"


def test_filters_order_and_pages(server: PagerDutyServer, clock: SetClock) -> None:
    old = server.trigger("old", "db")
    clock.at += timedelta(days=40)
    low = server.trigger("low", "web", "low")
    high = server.trigger("high", "web")
    server.acknowledge(high, "bob@example.com")

    def keys(query: str) -> list[str]:
        return [row["id"] for row in ask(server, "GET", f"/incidents?{query}")[1]["incidents"]]

    service = server.incident(low)["service"]["id"]
    assert keys("") == [low, high]  # the last month only, as the real one does
    assert keys("date_range=all&sort_by=created_at:desc,incident_number:desc") == [high, low, old]
    assert keys("statuses[]=acknowledged") == [high]
    assert keys("urgencies[]=low") == [low]
    assert keys(f"service_ids[]={service}") == [low, high]
    assert keys("since=2026-01-01T00:00:00Z&until=2026-03-02T00:00:00Z") == [old]
    _, body, _ = ask(server, "GET", "/incidents?date_range=all&limit=2&offset=0&total=true")
    assert (len(body["incidents"]), body["more"], body["total"]) == (2, True, 3)


def test_the_limit_is_a_minute_long(clock: SetClock) -> None:
    with PagerDutyServer(token="secret", clock=clock, limit=2) as server:
        assert [ask(server, "GET", "/abilities")[0] for _ in range(3)] == [200, 200, 429]
        assert ask(server, "GET", "/abilities")[2]["ratelimit-reset"] == "60"
        clock.at += timedelta(seconds=60)
        assert ask(server, "GET", "/abilities")[0] == 200


def test_changes_are_told_whoever_makes_them(server: PagerDutyServer) -> None:
    told: list[tuple[str, str, str]] = []
    server.on_change = lambda *change: told.append(change)
    key = server.trigger("t", "s")
    ask(server, "PUT", f"/incidents/{key}", ACKNOWLEDGE)
    ask(server, "PUT", f"/incidents/{key}", ACKNOWLEDGE)  # nothing changes
    server.resolve(key)
    assert told == [
        (key, "triggered", ""),
        (key, "acknowledged", "ada@example.com"),
        (key, "resolved", ""),
    ]


def test_the_date_is_the_clocks(server: PagerDutyServer) -> None:
    assert ask(server, "GET", "/abilities")[2]["date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_a_fault_is_used_up(server: PagerDutyServer) -> None:
    server.fail(Fault("answer", method="GET", path="/abil", status=503, times=2))
    assert ask(server, "GET", "/services")[0] == 200
    assert [ask(server, "GET", "/abilities")[0] for _ in range(3)] == [503, 503, 200]


def test_stopping_ends_what_hangs() -> None:
    server = PagerDutyServer(token="secret").start()
    server.fail(Fault("hang"))
    ended = threading.Event()

    def client() -> None:
        try:
            ask(server, "GET", "/abilities")
        except (OSError, http.client.HTTPException):
            ended.set()

    threading.Thread(target=client, daemon=True).start()
    while not server.calls:
        ended.wait(0.01)
    server.stop()
    assert ended.wait(5)


@needs_spec
def test_every_answer_is_as_described(server: PagerDutyServer) -> None:
    key = server.trigger("disk is full", "db", alert="DiskFull", runbook_url="https://runbooks/disk")
    server.tell_change(server.clock.now(), "deploy 4711", "db", "Ada")
    server.resolve(server.trigger("disk is full", "db"))
    server.trigger("cart is slow", "cart")
    of_incident = ("", "/log_entries", "/alerts", "/notes", "/related_change_events", "/past_incidents")
    of_incident += ("/related_incidents",)
    paths = ["/incidents", *(f"/incidents/{key}{part}" for part in of_incident)]
    paths += ["/users/me", "/abilities", "/services", "/oncalls", "/priorities", "/change_events"]
    reads = [("GET", path, None) for path in paths]
    writes = [
        ("PUT", f"/incidents/{key}", ACKNOWLEDGE),
        ("POST", f"/incidents/{key}/notes", {"note": {"content": "looking"}}),
        ("PUT", "/incidents", {"incidents": [{"id": key, "type": "incident", "status": "resolved"}]}),
    ]
    include = "?include[]=first_trigger_log_entries&include[]=assignees&include[]=acknowledgers"
    problems = []
    for method, path, body in (*reads, *writes, *reads):
        query = include if path.startswith("/incidents") and method == "GET" else ""
        status, shown, _ = ask(server, method, path + query, body)
        problems += [f"{method} {path}: {p}" for p in problems_of_answer(method, path, status, describable(shown))]
    assert problems == []


def describable(body: Any) -> Any:
    """Leave acknowledgements out of a log: the description wants two different types of them at once."""
    if "log_entries" in body:
        kept = [entry for entry in body["log_entries"] if entry["type"] != "acknowledge_log_entry"]
        return body | {"log_entries": kept}
    return body
