"""The board against a real Prometheus that scrapes a real service, as that service breaks and heals."""

import time
from collections.abc import Callable, Iterator

import pytest
import real_prometheus
from instrumented_service import CALM, FAILING, SLOW, serving
from instrumented_service import Service as Instrumented

from iccon.clock import SystemClock
from iccon.config.schema import Prometheus, Service
from iccon.faults import FaultKind, SourceFault
from iccon.signals import up
from iccon.signals.board import recent
from iccon.signals.model import Board, Cell, SignalSpec, Unit, Verdict
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.source import BoardSource

pytestmark = [
    pytest.mark.skipif(not real_prometheus.installed(), reason="the program prometheus is not installed"),
]

SPECS = [
    SignalSpec("latency", real_prometheus.LATENCY, "main", Unit.SECONDS, warn=0.05, bad=0.2, stale_after=10),
    SignalSpec("traffic", real_prometheus.TRAFFIC, "main", Unit.PER_SECOND, stale_after=10),
    SignalSpec("errors", real_prometheus.ERRORS, "main", Unit.RATIO, warn=0.01, bad=0.05, stale_after=10),
    SignalSpec("saturation", real_prometheus.SATURATION, "main", Unit.NUMBER, bad=50, stale_after=10),
]


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[Instrumented, Instrumented]]:
    with serving("checkout") as checkout, serving("search") as search:
        yield checkout, search


@pytest.fixture(scope="module")
def url(services: tuple[Instrumented, Instrumented]) -> Iterator[str]:
    with real_prometheus.running({each.name: each.address for each in services}) as prometheus:
        yield prometheus.url


NAMES = ("checkout", "search", "payments")


def board_source(url: str) -> BoardSource:
    backends = {"main": PrometheusBackend("main", Prometheus(url))}
    return BoardSource(SPECS, backends, SystemClock(), 60, 1, dict.fromkeys(NAMES, Service()), hold=0)


def poll_until(source: BoardSource, ready: Callable[[Board], bool]) -> Board:
    """Poll twice a second until the board is as expected; after 40 s return it as it is, for the assertion."""
    until = time.monotonic() + 40
    board = source.poll()
    while not ready(board) and time.monotonic() < until:
        time.sleep(0.5)
        board = source.poll()
    return board


def errors(board: Board, service: str = "checkout") -> Cell:
    return board.cells[service, "errors"]


def test_values_and_verdicts_follow_the_service(services: tuple[Instrumented, Instrumented], url: str) -> None:
    source = board_source(url)
    calm = poll_until(source, lambda board: errors(board).value == 0)
    assert errors(calm).verdict is Verdict.OK
    assert calm.cells["checkout", "saturation"].verdict is Verdict.OK
    assert CALM <= (calm.cells["checkout", "latency"].value or 0) < 0.2
    assert 5 < (calm.cells["checkout", "traffic"].value or 0) < 35
    assert errors(calm, "payments").verdict is Verdict.NO_DATA
    assert calm.warnings == ()

    services[0].broken.set()
    try:
        broken = poll_until(
            source,
            lambda board: (
                errors(board).verdict is Verdict.BAD and board.cells["checkout", "latency"].verdict is Verdict.BAD
            ),
        )
    finally:
        services[0].broken.clear()
    assert errors(broken).verdict is Verdict.BAD
    assert 0.05 <= (errors(broken).value or 0) < FAILING * 4
    assert SLOW / 2 <= (broken.cells["checkout", "latency"].value or 0) <= 0.5
    assert broken.services[0] == "checkout"
    assert errors(broken, "search").verdict is Verdict.OK
    assert broken.windows and len(recent(broken.windows, "checkout", "errors")) > 5

    healed = poll_until(source, lambda board: errors(board).value == 0)  # the window of the rate has run out
    assert errors(healed).verdict is Verdict.OK


def test_a_whole_window_and_pieces_of_it_agree(url: str) -> None:
    pieces = board_source(url)
    for _ in range(4):
        pieces.poll()
        time.sleep(1.1)
    whole, joined = board_source(url).poll(), pieces.poll()
    traffic = [board.cells["search", "traffic"].value or 0 for board in (whole, joined)]
    assert traffic[0] == pytest.approx(traffic[1], rel=0.5)


def test_a_query_with_a_mistake_is_one_marked_signal_in_the_servers_words(url: str) -> None:
    broken = SignalSpec("latency", "sum by (service) (rate(x[1m])", "main", Unit.SECONDS)
    backends = {"main": PrometheusBackend("main", Prometheus(url))}
    board = BoardSource([broken, SPECS[1]], backends, SystemClock(), 60, 1).poll()
    assert board.cells["search", "latency"].verdict is Verdict.ERROR
    assert "parse error" in board.cells["search", "latency"].fault
    assert board.cells["search", "traffic"].verdict is Verdict.OK


def test_what_is_no_range_of_series_is_refused(url: str) -> None:
    backend = PrometheusBackend("main", Prometheus(url))
    with pytest.raises(SourceFault) as caught:
        backend.range(SignalSpec("x", '"text"', "main", Unit.NUMBER), 0, 15, 15)
    assert caught.value.kind is FaultKind.REJECTED


def test_a_long_window_in_small_steps_is_accepted(url: str) -> None:
    now = SystemClock().now().timestamp()
    PrometheusBackend("main", Prometheus(url)).range(SPECS[3], now - 604_800, now, 1)


@pytest.mark.parametrize(("query", "share"), [("avg by (service) (up)", 1.0), ("0 * avg by (service) (up)", 0.0)])
def test_the_share_of_targets_that_are_up(url: str, query: str, share: float) -> None:
    targets, clock = SignalSpec("up", query, "main", Unit.RATIO), SystemClock()
    backends = {"main": PrometheusBackend("main", Prometheus(url))}
    source = BoardSource(SPECS[1:2], backends, clock, 60, 1, targets=targets)
    for _ in range(2):
        board, now = source.poll(), clock.now().timestamp()
        found = [up.share(board.windows, name, now) for name in NAMES]
        assert found == [share, share, None]
        assert board.warnings == ()


def test_probe_names_the_version(url: str) -> None:
    backend = PrometheusBackend("main", Prometheus(url))
    assert backend.probe().startswith("version ")
    assert abs(backend.facts().skew or 99) < 2
