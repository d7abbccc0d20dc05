"""The web sources of changes against a server that answers with exact bytes: what is read, and what may go wrong."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rawserver import closed_port, drip, flood, http, json_answer, serving

from iccon.changes.github import GitHubChanges
from iccon.changes.grafana import GrafanaChanges
from iccon.changes.model import Change, ChangeSource, Found
from iccon.changes.pagerduty import PagerDutyChanges
from iccon.config.schema import ChangeFeed, Secret
from iccon.faults import FaultKind, SourceFault

UNTIL = datetime(2026, 11, 24, 14, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=24)
AT = UNTIL - timedelta(hours=1)
HOSTILE = "v2 \x1b]0;owned\x07[red]\u202e" + "x" * 1_000_000


def source(kind: str, url: str, **config: Any) -> ChangeSource:
    given = {"timeout": 2.0, "token": Secret(literal="s3cret"), "url": url} | config
    if kind == "pagerduty":
        return PagerDutyChanges("pd", ChangeFeed(kind, **given))
    if kind == "grafana":
        return GrafanaChanges("g", ChangeFeed(kind, **given))
    return GitHubChanges("gh", ChangeFeed(kind, repository="shop/checkout", **given))


def row(kind: str, number: int, at: datetime = AT, **more: Any) -> dict[str, Any]:
    if kind == "pagerduty":
        return {"id": f"C{number}", "timestamp": at.isoformat(), "summary": "v2", **more}
    if kind == "grafana":
        return {"id": number, "time": int(at.timestamp() * 1000), "text": "v2", **more}
    return {"id": number, "created_at": at.isoformat(), "sha": "a1b2c3", "ref": "v2", "environment": "prod", **more}


def body(kind: str, *rows: Any, more: bool = False) -> bytes:
    return json_answer(json.dumps({"change_events": rows, "more": more} if kind == "pagerduty" else rows).encode())


def ask(kind: str, *answers: Any, **config: Any) -> Found:
    with serving(*answers) as server:
        return source(kind, server.url, **config).changes(SINCE, UNTIL)


def fault(kind: str, answer: Any, **config: Any) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        ask(kind, answer, **config)
    return caught.value


every_kind = pytest.mark.parametrize("kind", ["pagerduty", "grafana", "github"])


def test_a_change_event_of_pagerduty_says_what_matters() -> None:
    details = {"user": "ann", "service": "not asked: the reference names it"}
    links = [{"href": "javascript:x"}, {"href": "https://ci/1"}]
    services = [{"id": "P1", "type": "service_reference", "summary": "Checkout"}, {"id": "P2"}]
    (change,) = ask(
        "pagerduty", body("pagerduty", row("pagerduty", 1, custom_details=details, links=links, services=services))
    ).items
    assert change == Change("pd:C1", AT, "v2", ("Checkout", "P2"), "pd", "ann", "https://ci/1")
    (bare,) = ask("pagerduty", body("pagerduty", row("pagerduty", 2, custom_details={"service": "search"}))).items
    assert bare.services == ("search",)


def test_an_annotation_of_grafana_says_what_matters() -> None:
    tags = ["deploy", "service:checkout", "service=search"]
    given = row("grafana", 7, tags=tags, login="ann", dashboardUID="abc_1")
    with serving(body("grafana", given)) as server:
        (change,) = source("grafana", server.url, tags=("deploy", "prod")).changes(SINCE, UNTIL).items
        assert change == Change("g:7", AT, "v2", ("checkout", "search"), "g", "ann", f"{server.url}/d/abc_1")
    query = parse_qs(urlsplit(server.requests[0].split()[1].decode()).query)
    assert query["tags"] == ["deploy", "prod"]
    assert (query["from"], query["to"]) == ([f"{SINCE.timestamp() * 1000:.0f}"], [f"{UNTIL.timestamp() * 1000:.0f}"])
    assert b"Authorization: Bearer s3cret" in server.requests[0]


def test_a_deployment_of_github_says_what_matters() -> None:
    given = row("github", 9, sha="a1b2c3d4e5f6a7b8", description="hot fix", creator={"login": "ann"}, task="deploy")
    with serving(body("github", given)) as server:
        (change,) = source("github", server.url + "/api/v3", environment="prod").changes(SINCE, UNTIL).items
        assert change.text == "deploy v2 to prod (a1b2c3d4e5f6): hot fix"
        assert (change.key, change.at, change.services, change.who) == ("gh:9", AT, ("checkout",), "ann")
        assert change.url == f"{server.url}/shop/checkout/commit/a1b2c3d4e5f6a7b8"
    target = server.requests[0].split()[1].decode()
    assert target == "/api/v3/repos/shop/checkout/deployments?per_page=100&page=1&environment=prod"


@every_kind
def test_hostile_and_broken_rows_are_cleaned_or_left_out(kind: str) -> None:
    words = {"summary": HOSTILE, "text": HOSTILE, "description": HOSTILE}
    odd = [None, 3, [], {}, {"id": 1}, row(kind, 2) | {"timestamp": "x", "time": "x", "created_at": [1]}]
    extra = {"services": "x", "links": [1], "tags": {"a": 1}, "creator": "x", "custom_details": [], "dashboardUID": 3}
    found = ask(kind, body(kind, *odd, row(kind, 5, **words, **extra)))
    (change,) = found.items
    assert len(change.text) <= 500
    assert not set(change.text) & {"\x1b", "\x07", "\u202e"}


PAGES = {"pagerduty": 100, "grafana": 500, "github": 100}


@every_kind
@pytest.mark.parametrize("extra", [0, 1])
def test_pages_are_joined_exactly(kind: str, extra: int) -> None:
    count = PAGES[kind] + extra
    rows = [row(kind, number, UNTIL - timedelta(seconds=number)) for number in range(1, count + 1)]
    second = rows[PAGES[kind] - (kind == "grafana") :]  # Grafana gives the one at the boundary again
    answers = [body(kind, *rows[: PAGES[kind]], more=bool(extra)), body(kind, *second)]
    found = ask(kind, *answers)
    assert sorted(change.key for change in found.items) == sorted({change.key for change in found.items})
    assert (len(found.items), found.notices) == (count, ())


@every_kind
def test_pages_without_end_end_and_are_said(kind: str) -> None:
    same = [row(kind, number, UNTIL - timedelta(seconds=number)) for number in range(PAGES[kind])]
    found = ask(kind, body(kind, *same, more=True))
    assert len(found.items) == PAGES[kind]
    assert len(found.notices) == 1


@every_kind
def test_endless_new_rows_are_bounded(kind: str) -> None:
    numbers = iter(range(100_000))

    def answer(connection: Any) -> None:
        rows = [row(kind, n := next(numbers), UNTIL - timedelta(seconds=n)) for _ in range(PAGES[kind])]
        connection.sendall(body(kind, *rows, more=True))

    found = ask(kind, answer, timeout=10.0)
    assert len(found.items) == 1_000
    assert "only the newest 1,000" in found.notices[0]


def test_github_is_asked_no_further_than_the_hours_that_are_shown() -> None:
    rows = [row("github", n, UNTIL - timedelta(minutes=20 * n)) for n in range(100)]
    with serving(body("github", *rows)) as server:
        source("github", server.url).changes(SINCE, UNTIL)
    assert len(server.requests) == 1


WRONG: list[tuple[bytes | Callable[[Any], None], FaultKind]] = [
    (http(b"<!doctype html><title>Sign in</title>"), FaultKind.BAD_ANSWER),
    (json_answer(b'{"ok": true}'), FaultKind.BAD_ANSWER),
    (json_answer(b"[" * 100_000), FaultKind.BAD_ANSWER),
    (json_answer(b""), FaultKind.BAD_ANSWER),
    (http(b"{}", "401 Unauthorized"), FaultKind.UNAUTHORIZED),
    (http(b"{}", "404 Not Found"), FaultKind.NOT_FOUND),
    (http(b"{}", "302 Found", "Location: http://evil.example/"), FaultKind.BAD_ANSWER),
    (http(b"{}", "429 Too Many Requests", "Retry-After: 7"), FaultKind.RATE_LIMITED),
    (http(b"{}", "403 Forbidden", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 7"), FaultKind.RATE_LIMITED),
    (http(b"{}", "403 Forbidden"), FaultKind.FORBIDDEN),
    (http(b"{}", "502 Bad Gateway"), FaultKind.SERVER),
    (json_answer(b'"' + b"x" * 9_000_000 + b'"'), FaultKind.TOO_LARGE),
]


@every_kind
@pytest.mark.parametrize(("answer", "expected"), WRONG, ids=range(len(WRONG)))
def test_each_fault_has_its_word(kind: str, answer: bytes, expected: FaultKind) -> None:
    raised = fault(kind, answer)
    assert raised.kind is expected
    # A source with two requests may be told to wait by what the first one's host still holds: some milliseconds less.
    assert raised.retry_after == (pytest.approx(7.0, abs=1.0) if expected is FaultKind.RATE_LIMITED else None)
    assert "s3cret" not in raised.reason


def test_an_answer_that_never_ends_is_cut_off_and_slow_pages_share_one_deadline() -> None:
    stop = threading.Event()
    try:
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["
        assert fault("grafana", flood(start, b"0," * 50_000, stop), timeout=10.0).kind is FaultKind.TOO_LARGE
        assert fault("grafana", drip(start, b"0,", stop), timeout=0.3).kind is FaultKind.TIMEOUT
    finally:
        stop.set()


def test_a_server_that_is_down_and_a_secret_that_is_not_there() -> None:
    with pytest.raises(SourceFault) as caught:
        source("github", f"http://127.0.0.1:{closed_port()}").changes(SINCE, UNTIL)
    assert caught.value.kind is FaultKind.REFUSED
    missing = fault("github", body("github"), token=Secret(env="NO_SUCH_TOKEN_OF_ICCON"))
    assert missing.kind is FaultKind.UNAUTHORIZED
    assert "NO_SUCH_TOKEN_OF_ICCON" in missing.reason


def test_pagerduty_s_token_is_never_sent_in_the_clear() -> None:
    with pytest.raises(SourceFault, match="https"):
        source("pagerduty", "http://pagerduty.example.com").changes(SINCE, UNTIL)


def test_a_renewed_token_is_read_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "old")
    with serving(http(b"{}", "401 Unauthorized"), body("github")) as server:
        asked = source("github", server.url, token=Secret(env="A_TOKEN"))
        with pytest.raises(SourceFault):
            asked.changes(SINCE, UNTIL)
        monkeypatch.setenv("A_TOKEN", "new")
        asked.changes(SINCE, UNTIL)
    assert b"Bearer old" in server.requests[0]
    assert b"Bearer new" in server.requests[1]
