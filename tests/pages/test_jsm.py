"""JSM Operations against a loopback server that does its writes later, or never, or does not say so."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pagerduty_case import HTML, fault_of
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from iccon.config import schema
from iccon.faults import FaultKind
from iccon.pages import jsm
from iccon.pages.jsm import JsmBackend
from iccon.pages.model import Act, PageStatus

CLOUD = "11223344-a1b2"
BASE = f"/jsm/ops/api/{CLOUD}/v1/alerts"
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


class Site:
    """The alerts of a site, its notes, and its writes: each is done after `slow` looks at its request."""

    def __init__(self, server: HTTPServer) -> None:
        self.alerts: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, list[dict[str, str]]] = {}
        self.requests: dict[str, Any] = {}
        self.writes: list[tuple[str, str, dict[str, Any]]] = []
        self.lists = 0
        self.slow = 1
        self.lose = False  # do it, and answer what nobody can read
        self.refuse = ""
        self.url = server.url_for("").rstrip("/")
        server.expect_request(re.compile(re.escape(BASE) + ".*")).respond_with_handler(self.answer)

    def add(self, key: str, **values: Any) -> None:
        self.alerts[key] = {
            "id": key,
            "tinyId": str(len(self.alerts)),
            "status": "open",
            "acknowledged": False,
        } | values

    def answer(self, request: Request) -> Response:
        if request.authorization is None or request.authorization.password != "secret":
            return Response(json.dumps({"message": "no"}), 401)
        parts = request.path.removeprefix(BASE).strip("/").split("/")
        if request.method == "POST":
            return self._write(parts[0], parts[1], request.get_json())
        if parts == [""]:
            return self._list(request)
        if parts[0] == "requests":
            return self._progress(parts[1])
        if parts[0] not in self.alerts:
            return Response("{}", 404)
        if len(parts) == 2:
            return Response(json.dumps({"values": self.notes.get(parts[0], [])}))
        return Response(json.dumps(self.alerts[parts[0]]))

    def _list(self, request: Request) -> Response:
        self.lists += 1
        wanted = request.args["query"].split()[0].removeprefix("status:")
        rows = [a for a in self.alerts.values() if a["status"] == wanted]
        offset, size = int(request.args["offset"]), int(request.args["size"])
        links = {"next": "/more"} if offset + size < len(rows) else {}
        return Response(json.dumps({"values": rows[offset : offset + size], "links": links}))

    def _write(self, key: str, verb: str, body: dict[str, Any]) -> Response:
        self.writes.append((key, verb, body))
        request = f"r{len(self.writes)}"
        self.requests[request] = [self.slow, key, verb, body]
        if self.lose:
            self._do(request)
            return Response("<html>", 202)
        return Response(json.dumps({"result": "Request will be processed", "requestId": request}), 202)

    def _do(self, request: str) -> None:
        _, key, verb, body = self.requests[request]
        if verb == "notes":
            self.notes.setdefault(key, []).append({"id": request, "note": body["note"]})
        self.alerts[key] |= {
            "acknowledge": {"acknowledged": True, "owner": "Kim Doe"},
            "close": {"status": "closed"},
            "snooze": {"snoozed": True, "snoozedUntil": body.get("endTime")},
            "notes": {},
        }[verb]

    def _progress(self, request: str) -> Response:
        row = self.requests[request]
        row[0] -= 1
        if row[0] > 0:
            return Response("{}", 404)
        if self.refuse:
            return Response(json.dumps({"isSuccess": False, "status": self.refuse}))
        self._do(request)
        return Response(json.dumps({"isSuccess": True, "status": "Alert done"}))


@pytest.fixture
def site(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(jsm, "WAITS", (0.01, 0.02))
    yield Site(httpserver)


def backend(site: Site, **config: Any) -> JsmBackend:
    settings = {"url": site.url, "timeout": 0.6} | config
    return JsmBackend(schema.Jsm(CLOUD, "kim@example.com", schema.Secret(literal="x"), **settings), "secret")


WRITES = {
    "acknowledge": ({}, "acknowledge"),
    "resolve": ({"resolution": "rolled back"}, "close"),
    "snooze": ({"seconds": "3600"}, "snooze"),
    "note": ({"text": "looking"}, "notes"),
}


def test_alerts_read_as_pages(site: Site) -> None:
    extra = {"service": "checkout", "alertname": "HighLatency", "runbook_url": "https://runbooks/latency"}
    made = "2026-11-24T13:50:00.000Z"
    site.add("a-1", message="p99 is [bad]", priority="P1", createdAt=made, extraProperties=extra)
    site.add("a-2", message="disk", priority="P4", acknowledged=True, owner="Ada", updatedAt=made)
    site.add("a-3", message="x\x1b[31m", snoozed=True)
    site.add("a-4", status="closed")
    one, two, three = backend(site).list()
    assert (one.title, one.service, one.alert, one.urgency) == ("p99 is [bad]", "checkout", "HighLatency", "high")
    assert (one.status, one.runbook_url, one.key) == (PageStatus.TRIGGERED, "https://runbooks/latency", "jsm:a-1")
    assert one.created_at == datetime(2026, 11, 24, 13, 50, tzinfo=UTC)
    assert (two.status, two.acknowledged_by, two.urgency) == (PageStatus.ACKNOWLEDGED, "Ada", "low")
    assert three.status is PageStatus.SILENCED
    assert "\x1b" not in three.title


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_the_list_is_complete_and_each_alert_is_there_once(site: Site, count: int) -> None:
    for number in range(count):
        site.add(f"a-{number}")
    listing = backend(site).listing()
    assert sorted(p.id for p in listing.pages) == sorted(site.alerts)
    assert (listing.complete, listing.notices) == (True, ())


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_is_sent_once_and_waited_for(site: Site, verb: str) -> None:
    site.add("a-1")
    site.slow = 3
    arguments, path = WRITES[verb]
    done = backend(site).act(Act(verb, "a-1", arguments, NOW))
    assert "Alert done (request r1)" in done.receipt
    assert [(key, part) for key, part, _ in site.writes] == [("a-1", path)]
    assert backend(site).read_back(Act(verb, "a-1", arguments, NOW)) is not None


@pytest.mark.parametrize("verb", WRITES)
def test_done_and_answer_lost_is_one_effect(site: Site, verb: str) -> None:
    site.add("a-1")
    site.lose = True
    act = Act(verb, "a-1", WRITES[verb][0], NOW)
    assert fault_of(lambda: backend(site).act(act)).kind is FaultKind.LOST
    assert backend(site).read_back(act) is not None
    assert len(site.writes) == 1


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_that_is_never_done_is_lost_and_not_found(site: Site, verb: str) -> None:
    site.add("a-1")
    site.slow = 10_000
    act = Act(verb, "a-1", WRITES[verb][0], NOW)
    fault = fault_of(lambda: backend(site, timeout=0.1).act(act))
    assert (fault.kind, "had not done it" in fault.reason) == (FaultKind.LOST, True)
    assert backend(site).read_back(act) is None


def test_a_write_that_failed_there_says_why(site: Site) -> None:
    site.add("a-1")
    site.refuse = "Alert is locked"
    fault = fault_of(lambda: backend(site).act(Act("acknowledge", "a-1")))
    assert (fault.kind, fault.reason) == (FaultKind.REJECTED, "Alert is locked")


def test_what_is_so_already_and_what_is_closed_is_not_written(site: Site) -> None:
    site.add("a-1", acknowledged=True)
    site.add("a-2", status="closed")
    assert "already" in backend(site).act(Act("acknowledge", "a-1")).receipt
    assert "closed already" in fault_of(lambda: backend(site).act(Act("acknowledge", "a-2"))).reason
    assert site.writes == []


def test_a_note_of_long_ago_is_no_proof(site: Site) -> None:
    site.add("a-1")
    site.notes["a-1"] = [{"note": "looking", "createdAt": f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}]
    assert backend(site).read_back(Act("note", "a-1", {"text": "looking"}, NOW)) is None
    assert backend(site).read_back(Act("note", "a-1", {"text": "looking"}, NOW - timedelta(hours=2))) is not None


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Act("merge", "a-1", {"sources": "a-2"}), "JSM cannot merge"),
        (Act("snooze", "a-1", {"seconds": "soon"}), "cannot be 'soon'"),
        (Act("acknowledge", "../x"), "is not the id of an alert"),
        (Act("acknowledge", "a-9"), "no such alert"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_sent(site: Site, act: Act, words: str) -> None:
    assert words in fault_of(lambda: backend(site).act(act)).reason
    assert site.writes == []


def test_the_details_of_an_alert(site: Site) -> None:
    site.add("a1", message="disk", description="full since noon", extraProperties={"mount": "/dev/sda1", "odd": []})
    site.notes["a1"] = [{"id": "n1", "note": "I look", "createdAt": "2026-11-24T14:00:00Z"}]
    found = backend(site).detail("a1")
    assert [trace.what for trace in found.alerts] == ["description: full since noon", "mount: /dev/sda1"]
    assert [(trace.id, trace.what) for trace in found.notes] == [("n1", "I look")]
    assert fault_of(lambda: backend(site).detail("gone")).kind is FaultKind.NOT_FOUND
    assert fault_of(lambda: backend(site).detail("../x")).kind is FaultKind.REJECTED


@pytest.mark.parametrize("body", [HTML, b"{}", b"[]", b'{"values": 3}'])
def test_an_answer_of_another_kind_is_a_fault(httpserver: HTTPServer, body: bytes) -> None:
    httpserver.expect_request(BASE).respond_with_data(body)
    made = schema.Jsm(CLOUD, "kim@example.com", schema.Secret(literal="x"), url=httpserver.url_for("").rstrip("/"))
    assert fault_of(JsmBackend(made, "secret").list).kind is FaultKind.BAD_ANSWER


def test_a_look_that_times_out_leaves_no_doubt_about_the_write(httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_data("", 408)
    made = schema.Jsm(CLOUD, "kim@example.com", schema.Secret(literal="x"), url=httpserver.url_for(""))
    fault = fault_of(lambda: JsmBackend(made, "secret").act(Act("acknowledge", "a-1")))
    assert fault.kind is FaultKind.REFUSED
    assert fault.reason.endswith("nothing was sent")
    assert [request.method for request, _ in httpserver.log] == ["GET"]


def test_a_wrong_token_and_a_plain_address_are_said(site: Site) -> None:
    config = schema.Jsm(CLOUD, "kim@example.com", schema.Secret(literal="x"), url=site.url)
    assert fault_of(JsmBackend(config, "wrong").list).kind is FaultKind.UNAUTHORIZED
    plain = schema.Jsm(CLOUD, "kim@example.com", schema.Secret(literal="x"), url="http://jsm.example.com")
    assert "https" in fault_of(JsmBackend(plain, "secret").list).reason


def test_odd_rows_do_not_hide_good_ones(site: Site) -> None:
    site.alerts["x"] = {"status": "open"}
    site.add("a-1", extraProperties=None, message=None, alias=3, createdAt="never", priority=[])
    listing = backend(site).listing()
    assert [p.id for p in listing.pages] == ["a-1"]
    assert listing.notices == ("1 alerts without an id are not shown",)


def test_the_probe_and_the_closed_ones(site: Site) -> None:
    site.add("a-1")
    (page,) = backend(site).list()
    site.alerts["a-1"]["status"] = "closed"
    assert [p.status for p in backend(site).closed((page,))] == [PageStatus.RESOLVED]
    assert backend(site).find("a-2") is None
    assert "may read alerts; acts as kim@example.com" in backend(site).probe()
