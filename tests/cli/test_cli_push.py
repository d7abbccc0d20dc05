"""`push`: a task to a tracker, once; what became of it in `tasks`, `show`, `export` and `outbox`."""

import json
from datetime import timedelta

import pytest
from rawserver import http, reset, serving

from iccon.clock import SystemClock

CONFIG = """
[trackers.ops]
kind = "github"
repository = "o/ops"
url = "{url}"
token = "t0ken"
timeout = 2
"""
DUE = str((SystemClock().now() + timedelta(days=200)).date())
MADE = http(b'{"number": 12, "html_url": "https://github.com/o/ops/issues/12"}', "201 Created")
URL = "https://github.com/o/ops/issues/12"


@pytest.fixture
def task(iccon, incident) -> str:
    iccon("todo", "test the failover", "--owner", "kim", "--due", DUE)
    (noted,) = iccon("tasks", "--json").json["tasks"]
    return str(noted["short"])


def test_a_task_is_pushed_once_and_its_ticket_is_shown_everywhere(iccon, configure, task):
    with serving(MADE) as server:
        configure(CONFIG.format(url=server.url))
        ran = iccon("push", task, "--json")
        assert (ran.code, ran.json["outcomes"][0]["state"], ran.json["outcomes"][0]["receipt"]) == (0, "sent", URL)
        assert ran.json["outcomes"][0]["task"].endswith(task)
        again = iccon("push", task)
        assert (again.code, len(server.requests)) == (3, 1)
        assert URL in again.err
    assert f"due: {DUE}".encode() in server.requests[0]
    (shown,) = iccon("tasks", "--json").json["tasks"]
    assert (shown["due_date"], shown["pushed"]["tracker"], shown["pushed"]["receipt"]) == (DUE, "ops", URL)
    text = iccon("tasks").out
    assert DUE in text
    assert f"ops sent: {URL}" in text
    assert iccon("show", "--json").json["tasks"][0]["pushed"]["state"] == "sent"
    export = iccon("export").out
    assert "ops sent: https" in export
    assert DUE in export


def test_a_lost_answer_is_read_back_before_anything_else(iccon, configure, task):
    noted = iccon("tasks", "--json").json["tasks"][0]["id"]
    there = [{"number": 12, "html_url": URL, "body": f"x\n\niccon: {noted}", "created_at": "2026-11-01T00:00:00Z"}]
    with serving(reset, http(json.dumps(there).encode())) as server:
        configure(CONFIG.format(url=server.url))
        ran = iccon("push", task, "--json")
    assert (ran.code, ran.json["outcomes"][0]["state"], ran.json["outcomes"][0]["receipt"]) == (0, "sent", URL)
    assert [request.split()[0] for request in server.requests] == [b"POST", b"GET"]


def test_what_nobody_can_tell_stays_unknown_and_is_not_sent_again(iccon, configure, task):
    with serving(reset, http(b"{}", "500 No")) as server:
        configure(CONFIG.format(url=server.url))
        ran = iccon("push", task, "--json")
        assert (ran.code, ran.json["outcomes"][0]["state"]) == (1, "unknown")
        again = iccon("push", task)
        assert again.code == 3
        assert "unknown" in again.err
        assert len(server.requests) == 2
    assert "ops unknown" in iccon("tasks").out


@pytest.mark.parametrize("status", ["401 No", "403 No", "404 No", "422 No", "429 No"])
def test_what_was_not_taken_may_be_pushed_again(iccon, configure, task, status):
    with serving(http(b'{"message": "why not"}', status), http(b"[]"), MADE) as server:
        configure(CONFIG.format(url=server.url))
        ran = iccon("push", task)
        assert ran.code == 1
        assert "failed" in ran.out
        assert "t0ken" not in ran.out
        assert iccon("push", task).code == 0
    assert [request.split()[0] for request in server.requests] == [b"POST", b"GET", b"POST"]


def test_which_tracker_is_never_guessed(iccon, configure, task):
    ran = iccon("push", task)
    assert (ran.code, "[trackers.NAME]" in ran.err) == (3, True)
    configure(CONFIG.format(url="http://127.0.0.1:9") + '[trackers.hook]\nkind = "webhook"\nurl = "http://127.0.0.1:9"')
    ran = iccon("push", task)
    assert (ran.code, "ops, hook" in ran.err) == (3, True)
    assert iccon("push", task, "--to", "nope").code == 3
    ran = iccon("push", task, "--to", "hook", "--json")
    assert (ran.code, ran.json["outcomes"][0]["target"], ran.json["outcomes"][0]["state"]) == (1, "hook", "failed")
    assert iccon("push", "nope", "--to", "hook").code == 3
    assert iccon("todo", "x", "--due", "soon").code == 2
    assert iccon("todo", "x", "--due", "2001-01-01").code == 2


def test_check_tries_the_trackers(iccon, configure):
    with serving(http(b'{"full_name": "o/ops", "has_issues": false}')) as server:
        configure(CONFIG.format(url=server.url))
        found = [c for c in iccon("check", "--json").json["checks"] if c["kind"] == "tracker"]
    assert [(c["name"], c["ok"]) for c in found] == [("ops", False)]
    assert "switched off" in found[0]["detail"]


def test_a_token_that_cannot_be_had_is_said_and_nothing_is_sent(iccon, configure, task, monkeypatch):
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    configure(CONFIG.format(url="http://127.0.0.1:9").replace('"t0ken"', '{ env = "NO_SUCH_TOKEN" }'))
    ran = iccon("push", task)
    assert (ran.code, "NO_SUCH_TOKEN" in ran.out) == (1, True)
