"""The request budget of a pager: what its headers say, shared by all, the last of it kept for what people do."""

import time

import pytest
from pagerduty_case import TOKEN, backend, fault_of, writes

from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.faults import FaultKind
from iccon.pages.budget import Budget, budget_of
from iccon.pages.model import Act


def said(left: object, limit: object = 100, reset: object = 30) -> dict[str, str]:
    return {"ratelimit-limit": str(limit), "ratelimit-remaining": str(left), "ratelimit-reset": str(reset)}


def test_reading_stops_at_the_reserve_and_writing_at_the_end() -> None:
    budget = Budget()
    budget.admit(poll=True)  # nothing is known
    budget.note(200, said(12))
    budget.admit(poll=True)
    budget.admit(poll=True)
    caught = fault_of(lambda: budget.admit(poll=True))
    assert caught.kind is FaultKind.RATE_LIMITED
    assert "the 10 that are left are kept for actions" in caught.reason
    assert caught.retry_after is not None and 29 < caught.retry_after <= 30
    for _ in range(10):
        budget.admit(poll=False)
    assert "kept" not in fault_of(lambda: budget.admit(poll=False)).reason


@pytest.mark.parametrize(
    ("left", "low"), [(100, ""), (26, ""), (25, "25 of 100 requests left"), (0, "0 of 100 requests left")]
)
def test_a_person_is_told_when_little_is_left(left: int, low: str) -> None:
    budget = Budget()
    budget.note(200, said(left))
    assert budget.low() == low
    assert budget.said() == f"{left} of 100 requests left"


@pytest.mark.parametrize("headers", [{}, said("x"), said(5, 0), said(5, 100, "soon"), said("-1"), said("9" * 50)])
def test_headers_that_say_nothing_stop_nothing(headers: dict[str, str]) -> None:
    budget = Budget()
    budget.note(200, headers)
    budget.admit(poll=True)
    assert budget.said() == ""


def test_a_count_that_ended_is_forgotten() -> None:
    budget = Budget()
    budget.note(200, said(0, reset=0.05))
    fault_of(lambda: budget.admit(poll=False))
    time.sleep(0.06)
    budget.admit(poll=False)
    assert budget.low() == ""


def test_it_is_one_for_a_server_and_a_token() -> None:
    mine, same, other = budget_of("u", "a"), budget_of("u", "a"), budget_of("u", "b")
    assert mine is same
    assert mine is not other


def test_polls_leave_an_action_its_requests() -> None:
    with PagerDutyServer(token=TOKEN, limit=20) as server:
        key = server.trigger("disk", "db")
        poller, hand = backend(server), backend(server)
        for _ in range(18):
            poller.list()
        caught = fault_of(poller.list)
        assert caught.kind is FaultKind.RATE_LIMITED
        assert caught.retry_after
        assert len(server.calls) == 18  # the rest was not asked for
        hand.act(Act("acknowledge", key))  # looks first, then writes
        assert writes(server) == 1
        assert "kept" not in fault_of(lambda: hand.act(Act("resolve", key))).reason


def test_the_list_says_when_little_is_left() -> None:
    with PagerDutyServer(token=TOKEN, limit=11) as server:
        pager = backend(server)
        found = [pager.listing().notices for _ in range(6)]  # and what the account can do, once
        assert found[0] == ()
        assert found[-1] == ("2 of 11 requests left",)


def test_after_a_429_nobody_asks_until_its_time_is_over() -> None:
    with PagerDutyServer(token=TOKEN) as server:
        pager = backend(server)
        server.fail(Fault("answer", status=429, headers={"ratelimit-reset": "30"}))
        fault_of(pager.list)
        assert fault_of(pager.list).kind is FaultKind.RATE_LIMITED
        assert len(server.calls) == 1
