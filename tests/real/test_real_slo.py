"""Objectives against a real Prometheus: a service fails and heals, and queries that give no error ratio."""

import time
from collections.abc import Callable, Iterator

import pytest
import real_prometheus
from instrumented_service import Service, serving

from iccon.clock import SystemClock
from iccon.config.schema import Burn, Prometheus, Slo
from iccon.signals.model import Verdict
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.slo import Standing, spent
from iccon.signals.slosource import SloSource, objectives_of

pytestmark = [
    pytest.mark.skipif(not real_prometheus.installed(), reason="the program prometheus is not installed"),
]

RATIO = 'sum(rate(http_requests_total{code=~"5.."}[$window])) / sum(rate(http_requests_total[$window]))'
RULE = Burn(10, 5, 0.05)  # of 60 s: a burn of 0.3, held at 1


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving("checkout") as checkout:
        yield checkout


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    with real_prometheus.running({service.name: service.address}) as prometheus:
        yield prometheus.url


def source(url: str, *queries: str) -> SloSource:
    config = {q: Slo("checkout", 0.9, q, 60 / 86_400, "main", (RULE,)) for q in queries}
    return SloSource(objectives_of(config), {"main": PrometheusBackend("main", Prometheus(url))}, SystemClock(), 1.0)


def poll_until(made: SloSource, ready: Callable[[Standing], bool]) -> Standing:
    """Poll twice a second until the objective is as expected; after 40 s return it as it is, for the assertion."""
    until = time.monotonic() + 40
    found = made.poll().standings[0]
    while not ready(found) and time.monotonic() < until:
        time.sleep(0.5)
        found = made.poll().standings[0]
    return found


def test_an_objective_burns_with_its_service_and_the_minutes_are_counted(service: Service, url: str) -> None:
    made = source(url, RATIO)
    calm = poll_until(made, lambda found: found.verdict is Verdict.OK)
    assert (calm.verdict, calm.left, calm.why) == (Verdict.OK, 1, "")
    began = SystemClock().now().timestamp()
    service.broken.set()
    try:
        burning = poll_until(made, lambda found: found.verdict is Verdict.BAD and (found.left or 0) < 0.9)
    finally:
        service.broken.clear()
    assert burning.verdict is Verdict.BAD
    assert burning.burns[0].fires
    poll_until(made, lambda found: found.verdict is not Verdict.BAD)
    now = SystemClock().now().timestamp()
    found = spent(poll_until(made, lambda _: True), began, None, now)
    assert found.covered == pytest.approx(1)
    assert 0 < (found.minutes or 0) < (now - began) / 60


def test_what_is_no_error_ratio_is_refused_by_its_own_word(url: str) -> None:
    hostile = {
        "sum(rate(nothing_total[$window]))": "no data",
        "0 * sum(rate(http_requests_total[$window])) / 0": "not a number",
        "sum(rate(http_requests_total[$window])) / 0": "infinite",
        "-1 * sum(count_over_time(up[$window]))": "below 0",
        "sum(count_over_time(up[$window])) + 1": "above 1",
        "rate(prometheus_http_requests_total[$window]) or rate(http_requests_total[$window])": "series instead of one",
        "scalar(sum(rate(http_requests_total[$window])))": "scalar instead of a vector",
        "http_requests_total[$window]": "matrix instead of a vector",
        "no_function(up[$window])": "no_function",
    }
    board = source(url, *hostile).poll()
    for standing, word in zip(board.standings, hostile.values(), strict=True):
        assert word in standing.why
        assert (standing.left, standing.burning) == (None, None)
        assert standing.verdict not in (Verdict.OK, Verdict.WARN, Verdict.BAD)
        assert spent(standing, 0.0, None, SystemClock().now().timestamp()).minutes is None
