"""Trackers against loopback servers that answer as GitHub, Jira and a webhook do: one ticket a task, whatever comes."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journalkit import START, StillClock
from pytest_httpserver import HTTPServer
from rawserver import http, reset, serving
from werkzeug import Request, Response

from iccon.config import schema
from iccon.effects import attempt, look
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect, EffectState
from iccon.incident.ids import uuid7
from iccon.text import CleanText, clean
from iccon.trackers.github import GitHubTracker, body_of
from iccon.trackers.jira import JiraTracker
from iccon.trackers.model import Ticket, Tracker
from iccon.trackers.port import TrackersPort, ticket_of
from iccon.trackers.webhook import WebhookTracker

ID = uuid7(1_795_000_000_000, b"0123456789")
OTHER = uuid7(1_795_000_000_001, b"0123456789")
HOSTILE = "``` </textarea> @everyone fixes #12 \x1b[2J [x](javascript:x) " + "y" * 400


def payload(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "task": ID,
        "title": "test the failover",
        "what": "todo",
        "owner": "kim",
        "due": "2026-12-01",
        "noted": START.isoformat(),
        "incident_title": "checkout fails",
        "severity": "SEV2",
        "drill": False,
        "at": START.isoformat(),
        "again": False,
    }
    return {**said, **changes}


def effect(**changes: object) -> Effect:
    return Effect("e1", "incident-1", "trackers", "ops", "push", payload(**changes))


def ticket(**changes: object) -> Ticket:
    return ticket_of(effect(**changes))


def fault(work: Callable[[], object]) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        work()
    return caught.value


class Kept:
    """A tracker's server. `lose`: it does what it is asked and its answer does not arrive."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.base = server.url_for("").rstrip("/")
        self.issues: list[dict[str, object]] = []
        self.asked: list[Request] = []
        self.numbers = count(1)
        self.lose = False
        self.begin()

    def begin(self) -> None:
        raise NotImplementedError

    def answer(self, made: object) -> Response:
        return Response("{cut", 500) if self.lose else Response(json.dumps(made), 201)


class Hub(Kept):
    """GitHub's issues of one repository."""

    def begin(self) -> None:
        self.server.expect_request("/repos/o/ops/issues", method="POST").respond_with_handler(self.make)
        self.server.expect_request("/repos/o/ops/issues", method="GET").respond_with_handler(self.listing)
        self.server.expect_request("/repos/o/ops").respond_with_json({"full_name": "o/ops", "has_issues": True})

    def make(self, request: Request) -> Response:
        self.asked.append(request)
        number = next(self.numbers)
        made = {
            "number": number,
            "html_url": f"https://github.com/o/ops/issues/{number}",
            "created_at": "2026-11-01T12:00:05Z",
            "body": json.loads(request.data)["body"].replace("\n", "\r\n"),
        }
        self.issues.insert(0, made)
        return self.answer(made)

    def listing(self, request: Request) -> Response:
        self.asked.append(request)
        begin = (int(request.args["page"]) - 1) * 100
        return Response(json.dumps(self.issues[begin : begin + 100]))

    @property
    def tracker(self) -> GitHubTracker:
        config = schema.Tracker("github", url=self.base, repository="o/ops", timeout=2.0)
        return GitHubTracker("ops", config, "t0ken")


class Jira(Kept):
    """Jira's issues of one project; its search knows only what `seen` says."""

    seen = True

    def begin(self) -> None:
        self.clock = StillClock()
        self.server.expect_request("/rest/api/3/issue", method="POST").respond_with_handler(self.make)
        self.server.expect_request("/rest/api/3/search/jql", method="GET").respond_with_handler(self.search)

    def make(self, request: Request) -> Response:
        self.asked.append(request)
        number = next(self.numbers)
        self.issues.insert(0, {"id": f"{number}", "key": f"OPS-{number}", "fields": json.loads(request.data)["fields"]})
        return self.answer(
            {"id": f"{number}", "key": f"OPS-{number}", "self": f"{self.base}/rest/api/3/issue/{number}"}
        )

    def search(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(json.dumps({"issues": self.issues if self.seen else [], "isLast": True}))

    @property
    def tracker(self) -> JiraTracker:
        config = schema.Tracker("jira", url=self.base, project="OPS", email="kim@example.com", timeout=2.0)
        return JiraTracker("ops", config, "t0ken", self.clock)


class Hook(Kept):
    """A webhook that keeps its promises."""

    def begin(self) -> None:
        self.server.expect_request("/hook", method="POST").respond_with_handler(self.make)
        self.server.expect_request("/hook", method="GET").respond_with_handler(self.ask)

    def make(self, request: Request) -> Response:
        self.asked.append(request)
        self.issues.append({**json.loads(request.data), "receipt": "T-1"})
        return self.answer({"receipt": "T-1"})

    def ask(self, request: Request) -> Response:
        ident = request.args["id"]
        found = any(issue["id"] == ident for issue in self.issues)
        return Response(json.dumps({"id": ident, "found": found, "receipt": "T-1"}))

    @property
    def tracker(self) -> WebhookTracker:
        return WebhookTracker("ops", f"{self.base}/hook", "s3cret", 2.0)


KINDS = pytest.mark.parametrize("kind", [Hub, Jira, Hook])


@KINDS
def test_a_task_becomes_one_ticket_which_is_found_again(httpserver: HTTPServer, kind: type[Kept]) -> None:
    kept = kind(httpserver)
    port = TrackersPort({"ops": kept.tracker})
    fate = attempt({"trackers": port}, effect())
    assert (fate.state, len(kept.issues)) == (EffectState.SENT, 1)
    expected = {Hub: "https://github.com/o/ops/issues/1", Jira: f"{kept.base}/browse/OPS-1", Hook: "HTTP 201: T-1"}
    assert fate.receipt == expected[kind]
    assert (port.read_back(effect()) or "").removeprefix("HTTP 200: ") == fate.receipt.removeprefix("HTTP 201: ")


@KINDS
def test_done_there_and_the_answer_lost_is_read_back_and_not_done_again(
    httpserver: HTTPServer, kind: type[Kept]
) -> None:
    kept = kind(httpserver)
    kept.lose = True
    ports = {"trackers": TrackersPort({"ops": kept.tracker})}
    lost = attempt(ports, effect())
    assert lost.state is EffectState.UNKNOWN
    assert look(ports, effect(), lost.detail).state is EffectState.SENT
    assert len(kept.issues) == 1


@pytest.mark.parametrize("kind", [Hub, Jira])
def test_what_was_tried_before_is_looked_for_first(httpserver: HTTPServer, kind: type[Kept]) -> None:
    kept = kind(httpserver)
    first = kept.tracker.create(ticket())
    assert kept.tracker.create(ticket(again=True)) == first
    assert len(kept.issues) == 1
    kept.issues.clear()
    assert kept.tracker.create(ticket(again=True)) != first
    assert len(kept.issues) == 1


@KINDS
@pytest.mark.parametrize(
    ("status", "kind_of_fault"),
    [
        (400, FaultKind.REJECTED),
        (401, FaultKind.UNAUTHORIZED),
        (403, FaultKind.FORBIDDEN),
        (404, FaultKind.NOT_FOUND),
        (410, FaultKind.NOT_FOUND),
        (422, FaultKind.REJECTED),
        (429, FaultKind.RATE_LIMITED),
        (500, FaultKind.LOST),
        (502, FaultKind.LOST),
        (503, FaultKind.SERVER),
    ],
)
def test_says_what_a_status_means_and_sends_once(kind: type[Kept], status: int, kind_of_fault: FaultKind) -> None:
    with serving(http(b'{"message":"why"}', f"{status} No", "Retry-After: 7")) as server:
        caught = fault(lambda: of(kind, server.url).create(ticket()))
        assert caught.kind is kind_of_fault
        assert ("why" in caught.reason, len(server.requests)) == (True, 1)


def of(kind: type[Kept], url: str) -> Tracker:
    if kind is Hub:
        return GitHubTracker("ops", schema.Tracker("github", url=url, repository="o/ops", timeout=1.0), "t")
    if kind is Jira:
        config = schema.Tracker("jira", url=url, project="OPS", email="k@example.com", timeout=1.0)
        return JiraTracker("ops", config, "t", StillClock())
    return WebhookTracker("ops", url, timeout=1.0)


@KINDS
@pytest.mark.parametrize("answer", [reset, b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\ncut"])
def test_an_answer_that_does_not_come_leaves_the_outcome_unknown(kind: type[Kept], answer: object) -> None:
    with serving(answer) as server:  # type: ignore[arg-type]
        assert fault(lambda: of(kind, server.url).create(ticket())).kind is FaultKind.LOST
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", [Hub, Jira])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"number":null}', b'{"key":"../x"}', b"[" * 9000])
def test_a_201_that_names_no_ticket_is_not_taken_for_one(kind: type[Kept], body: bytes) -> None:
    with serving(http(body, "201 Created")) as server:
        assert fault(lambda: of(kind, server.url).create(ticket())).kind is FaultKind.LOST


def test_jira_says_which_field_it_minds() -> None:
    words = b'{"errorMessages":[],"errors":{"duedate":"Field \'duedate\' cannot be set."}}'
    with serving(http(words, "400 Bad Request")) as server:
        assert "duedate: Field 'duedate' cannot be set." in fault(lambda: of(Jira, server.url).create(ticket())).reason


def test_a_used_up_budget_of_github_is_no_bad_token() -> None:
    with serving(http(b"{}", "403 Forbidden", "X-RateLimit-Remaining: 0", "Retry-After: 60")) as server:
        caught = fault(lambda: of(Hub, server.url).create(ticket()))
    assert (caught.kind, caught.retry_after) == (FaultKind.RATE_LIMITED, 60)


def test_the_shape_of_a_github_issue(httpserver: HTTPServer) -> None:
    hub = Hub(httpserver)
    hub.tracker.create(ticket(drill=True))
    (request,) = hub.asked
    assert request.headers["Authorization"] == "Bearer t0ken"
    said = json.loads(request.data)
    assert said["title"] == "DRILL - test the failover"
    assert said["body"].splitlines() == [
        "```text",
        "todo: test the failover",
        "owner: kim",
        "due: 2026-12-01",
        "incident: SEV2 checkout fails (incident-1)",
        "noted: 2026-11-01 12:00:00 UTC",
        "DRILL: an exercise: nothing in it happened in production",
        "```",
        "",
        f"iccon: {ID}",
    ]
    hub.tracker.find(ticket())
    assert dict(hub.asked[-1].args) == {
        "state": "all",
        "sort": "created",
        "direction": "desc",
        "since": "2026-11-01T11:50:00Z",
        "per_page": "100",
        "page": "1",
    }


def test_the_shape_of_a_jira_issue(httpserver: HTTPServer) -> None:
    jira = Jira(httpserver)
    jira.tracker.create(ticket())
    (request,) = jira.asked
    assert request.authorization is not None
    assert (request.authorization.username, request.authorization.password) == ("kim@example.com", "t0ken")
    fields = json.loads(request.data)["fields"]
    assert (fields["project"], fields["issuetype"]) == ({"key": "OPS"}, {"name": "Task"})
    assert (fields["summary"], fields["duedate"]) == ("test the failover", "2026-12-01")
    assert fields["description"]["type"] == "doc"
    last = fields["description"]["content"][-1]
    assert last == {"type": "paragraph", "content": [{"type": "text", "text": f"iccon: {ID}"}]}
    jira.tracker.find(ticket())
    assert jira.asked[-1].args["jql"] == f'project = "OPS" AND description ~ "\\"{ID}\\"" ORDER BY created DESC'
    assert "duedate" not in jira.tracker._issue(ticket(due="2026-11-01T13:00:00Z"))["fields"]


def test_what_jira_does_not_find_so_soon_is_no_proof(httpserver: HTTPServer) -> None:
    jira = Jira(httpserver)
    jira.seen = False
    assert "proves nothing" in fault(lambda: jira.tracker.find(ticket())).reason
    jira.clock.tick(minutes=6)
    assert jira.tracker.find(ticket()) is None


def test_hostile_words_stay_within_their_block(httpserver: HTTPServer) -> None:
    hub = Hub(httpserver)
    hub.tracker.create(ticket(title=HOSTILE, owner="@org/team\n\niccon: " + OTHER))
    said = json.loads(hub.asked[0].data)
    assert len(said["title"]) <= 250
    assert "\x1b" not in said["body"]
    lines = said["body"].splitlines()
    fence = lines[0].removesuffix("text")
    assert [line for line in lines if line.strip().startswith(fence)] == [lines[0], fence]
    assert len(fence) == 4
    assert lines[-1] == f"iccon: {ID}"


@pytest.mark.parametrize("kind", [Hub, Jira])
@pytest.mark.parametrize(
    "changes", [{"title": f"iccon: {ID}"}, {"owner": f"iccon: {ID}"}, {"what": "iccon", "title": ID}]
)
def test_a_text_cannot_pass_for_another_ticket(
    httpserver: HTTPServer, kind: type[Kept], changes: dict[str, object]
) -> None:
    kept = kind(httpserver)
    kept.tracker.create(ticket(**{"task": OTHER, **changes}))
    assert kept.tracker.find(ticket(task=OTHER)) is not None
    assert kept.tracker.find(ticket(at=(START - timedelta(hours=1)).isoformat())) is None


@settings(max_examples=50)
@given(text=st.text(max_size=80), owner=st.text(max_size=20), due=st.text(max_size=12), title=st.text(max_size=40))
def test_whatever_is_said_the_mark_is_there_once(text: str, owner: str, due: str, title: str) -> None:
    made = ticket(title=text, owner=owner, due=due, incident_title=title)
    assert body_of(made).splitlines().count(made.mark) == 1
    assert all(line == clean(line, 20_000) for line in made.lines)


def test_github_is_asked_page_by_page_until_the_task_was_noted(httpserver: HTTPServer) -> None:
    hub = Hub(httpserver)
    hub.tracker.create(ticket())
    rows = [{"number": n, "created_at": "2026-11-01T12:30:00Z", "body": None} for n in range(150)]
    pull = {"number": 7, "body": f"iccon: {ID}", "pull_request": {}, "created_at": "2026-11-01T12:30:00Z"}
    hub.issues[:0] = [pull, *rows]
    assert hub.tracker.find(ticket()) == "https://github.com/o/ops/issues/1"
    assert [request.args.get("page") for request in hub.asked[1:]] == ["1", "2"]
    hub.issues[:] = [{**row, "created_at": "2026-10-01T00:00:00Z"} for row in rows]
    assert hub.tracker.find(ticket()) is None
    assert len(hub.asked) == 4
    hub.issues[:] = rows * 8
    assert "look there" in fault(lambda: hub.tracker.find(ticket())).reason


@pytest.mark.parametrize(
    "body", [b"{}", b'{"issues": 3}', b"null", b"<html>", b'{"issues":[{"fields":{"description":[]}}]}']
)
def test_an_answer_of_another_shape_is_no_proof_that_there_is_no_ticket(body: bytes) -> None:
    with serving(http(body)) as server:
        for kind in (Hub, Jira):
            assert fault(lambda kind=kind: of(kind, server.url).find(ticket())).kind is FaultKind.BAD_ANSWER  # type: ignore[misc]


def test_no_token_goes_over_an_open_wire() -> None:
    for kind in (Hub, Jira):
        caught = fault(lambda kind=kind: of(kind, "http://tracker.example").create(ticket()))  # type: ignore[misc]
        assert "https" in caught.reason


def test_the_port_refuses_what_it_cannot_do() -> None:
    port = TrackersPort({})
    assert "no tracker ops is configured (there is: none)" in fault(lambda: port.perform(effect())).reason
    assert "which task" in fault(lambda: ticket(task=None)).reason
    assert "which task" in fault(lambda: ticket(task="@everyone")).reason


def test_a_ticket_of_any_payload() -> None:
    made = ticket_of(Effect("e", "", "trackers", "ops", "push", {"task": ID, "title": "a\x1b[2Jb", "due": 3, "at": []}))
    assert (made.text, made.what, made.due) == ("a␛[2Jb", "task", CleanText("3"))


def test_probes_say_what_can_be_known(httpserver: HTTPServer) -> None:
    assert Hub(httpserver).tracker.probe().startswith("reads o/ops")
    may = {"permissions": {"CREATE_ISSUES": {"id": "11", "havePermission": True}}}
    httpserver.expect_request("/rest/api/3/mypermissions").respond_with_json(may)
    jira = Jira(httpserver)
    assert jira.tracker.probe() == "may make issues in OPS"
    may["permissions"]["CREATE_ISSUES"]["havePermission"] = False
    httpserver.clear()
    httpserver.expect_request("/rest/api/3/mypermissions").respond_with_json(may)
    assert "may not" in fault(jira.tracker.probe).reason
