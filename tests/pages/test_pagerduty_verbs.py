"""The PagerDuty adapter writes once, knows what it does not know, and says whose token it has."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pagerduty_case import HTML, TOKEN, backend, fault_of, writes

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.faults import FaultKind
from iccon.pages.model import Act


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN, read_only="looks") as server:
        yield server


@pytest.mark.parametrize(("verb", "status"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_a_verb_is_done_once_with_the_persons_name(server: PagerDutyServer, verb: str, status: str) -> None:
    key = server.trigger("t", "s")
    done = backend(server).act(Act(verb, key))
    assert done.receipt.startswith(f"{status} by Ada at 20")
    assert done.receipt.endswith("UTC")
    assert server.incident(key)["status"] == status
    assert writes(server) == 1
    assert backend(server).read_back(Act(verb, key)) == done


def test_somebody_else_was_first(server: PagerDutyServer) -> None:
    taken, over = server.trigger("t", "s"), server.trigger("t", "s")
    server.acknowledge(taken, "bob@example.com")
    server.resolve(over, "bob@example.com")
    assert backend(server).act(Act("acknowledge", taken)).receipt.startswith("already acknowledged by Bob at 20")
    caught = fault_of(lambda: backend(server).act(Act("acknowledge", over)))
    assert caught.kind is FaultKind.REJECTED
    assert "resolved already by Bob" in caught.reason
    assert server.incident(over)["status"] == "resolved"  # not reopened
    assert writes(server) == 0


@pytest.mark.parametrize("kind", ["reset after", "hang after"])
def test_a_lost_answer_is_unknown_until_read_back(server: PagerDutyServer, kind: str) -> None:
    key = server.trigger("t", "s")
    server.fail(Fault(kind, method="PUT"))
    timeout = 0.5 if kind == "hang after" else 5.0
    caught = fault_of(lambda: backend(server, timeout=timeout).act(Act("acknowledge", key)))
    assert caught.kind is FaultKind.LOST
    done = backend(server).read_back(Act("acknowledge", key))
    assert done is not None
    assert done.receipt.startswith("acknowledged by Ada")
    assert writes(server) == 1
    acknowledgements = [e for e in server.incidents()[0].events if e.type == "acknowledge_log_entry"]
    assert len(acknowledgements) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset", method="PUT"),
        Fault("answer", method="PUT", status=500),
        Fault("answer", method="PUT", status=504, body=HTML),
        Fault("answer", method="PUT", status=200, body=HTML),
        Fault("answer", method="PUT", status=200, body=b"{}"),
    ],
)
def test_an_unclear_answer_is_lost_and_read_back_says_no(server: PagerDutyServer, fault: Fault) -> None:
    key = server.trigger("t", "s")
    server.fail(fault)
    assert fault_of(lambda: backend(server).act(Act("acknowledge", key))).kind is FaultKind.LOST
    assert backend(server).read_back(Act("acknowledge", key)) is None
    assert writes(server) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FaultKind.REJECTED),
        (403, FaultKind.FORBIDDEN),
        (404, FaultKind.NOT_FOUND),
        (429, FaultKind.RATE_LIMITED),
    ],
)
def test_a_refused_write_is_known_not_to_be_done(server: PagerDutyServer, status: int, kind: FaultKind) -> None:
    key = server.trigger("t", "s")
    server.fail(Fault("answer", method="PUT", status=status))
    assert fault_of(lambda: backend(server).act(Act("acknowledge", key))).kind is kind
    assert writes(server) == 1


def test_read_back_finds_what_others_have_covered(server: PagerDutyServer) -> None:
    key = server.trigger("t", "s")
    backend(server).act(Act("acknowledge", key))
    server.resolve(key)
    done = backend(server).read_back(Act("acknowledge", key))
    assert done is not None
    assert done.receipt.startswith("acknowledged by Ada")
    other = server.trigger("t", "s")
    server.resolve(other)
    assert backend(server).read_back(Act("acknowledge", other)) is None


@pytest.mark.parametrize(
    ("verb", "key", "email", "token", "words"),
    [
        ("teleport", "{}", "ada@example.com", TOKEN, "no verb"),
        ("acknowledge", "{}", "", TOKEN, "[me] email"),
        ("acknowledge", "../users/me", "ada@example.com", TOKEN, "not the id"),
        ("acknowledge", "", "ada@example.com", TOKEN, "not the id"),
        ("acknowledge", "PNONE", "ada@example.com", TOKEN, "no such incident"),
        ("acknowledge", "{}", "ada@example.com", "looks", "may not do this"),
        ("acknowledge", "{}", "ada@example.com", "wrong", "not accepted"),
    ],
)
def test_what_cannot_be_done_is_said(
    server: PagerDutyServer, verb: str, key: str, email: str, token: str, words: str
) -> None:
    page = key.format(server.trigger("t", "s"))
    caught = fault_of(lambda: backend(server, email=email, token=token).act(Act(verb, page)))
    assert words in caught.reason
    assert caught.kind is not FaultKind.LOST
    assert server.incidents()[0].status == "triggered"


def test_polls_and_verbs_run_at_once(server: PagerDutyServer) -> None:
    """A poll that hangs does not hold up an acknowledgement."""
    key = server.trigger("t", "s")
    same = backend(server)
    server.fail(Fault("hang", method="GET", path="/incidents"))
    threading.Thread(target=lambda: fault_of(same.list), daemon=True).start()
    while not server.calls:
        time.sleep(0.01)
    assert same.act(Act("acknowledge", key)).receipt.startswith("acknowledged by Ada")


def test_probe_says_whose_token_it_is(server: PagerDutyServer) -> None:
    said = backend(server).probe()
    assert said.startswith("token of Robin Doe (role user); may read incidents; acts as ada@example.com; ")
    assert said.endswith("; 957 of 960 requests left; clocks agree")
    assert "[me] email" in backend(server, email="").probe()
    server.account_token = True
    assert backend(server).probe().startswith("token of the account")


def test_probe_says_how_far_the_clocks_differ() -> None:
    class Slow(SystemClock):
        def now(self) -> datetime:
            return super().now() - timedelta(minutes=5)

    with PagerDutyServer(token=TOKEN, clock=Slow()) as server:
        assert re.search(r"its clock is 30\d s behind$", backend(server).probe())


def test_probe_knows_a_name_from_an_id(server: PagerDutyServer) -> None:
    caught = fault_of(backend(server, services=("S1", "checkout")).probe)
    assert "'checkout'" in caught.reason
    assert "id" in caught.reason


def test_probe_refuses_a_bad_token(server: PagerDutyServer) -> None:
    assert fault_of(backend(server, token="wrong").probe).kind is FaultKind.UNAUTHORIZED
