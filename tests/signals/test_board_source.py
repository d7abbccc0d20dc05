"""BoardSource over fake backends: one signal fails alone, a whole outage keeps what was known."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.signals.model import GOLDEN, Answer, Samples, SignalSpec, Unit, Verdict
from iccon.signals.source import BoardSource, specs_of
from iccon.text import CleanText


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 10, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Backend:
    """Gives one service a constant; fails for the signals in `broken`."""

    name = "main"

    def __init__(self) -> None:
        self.broken: dict[str, Exception] = {}
        self.asked: list[tuple[str, float, float]] = []

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        self.asked.append((spec.name, start, end))
        if spec.name in self.broken:
            raise self.broken[spec.name]
        return Answer({CleanText("api"): Samples((end,), (1.0,))}, (CleanText("mind the gap"),))


def spec(name: str, server: str = "main") -> SignalSpec:
    return SignalSpec(name, "q", server, Unit.NUMBER, bad=0.5)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def source(backend: Backend, clock: HandClock) -> BoardSource:
    specs = [spec("latency"), spec("errors")]
    return BoardSource(specs, {"main": backend}, clock, 3600, 15, {"api": schema.Service(), "web": schema.Service()})


REFUSED = SourceFault(FaultKind.REFUSED, "nothing listens")


def test_a_poll_gives_the_board(source: BoardSource) -> None:
    board = source.poll()
    assert board.signals == ("latency", "errors")
    assert board.services == ("api", "web")
    assert board.cells["api", "latency"].verdict is Verdict.BAD
    assert board.cells["web", "latency"].verdict is Verdict.NO_DATA
    assert board.warnings == ("latency: mind the gap", "errors: mind the gap")


def test_one_signal_failing_leaves_the_other(source: BoardSource, backend: Backend, clock: HandClock) -> None:
    source.poll()
    clock.seconds, backend.broken = 10, {"errors": REFUSED}
    board = source.poll()
    assert board.cells["api", "latency"].verdict is Verdict.BAD
    failed = board.cells["api", "errors"]
    assert (failed.verdict, failed.value, failed.fault) == (Verdict.ERROR, 1.0, "refused: nothing listens")


def test_an_outage_raises_and_the_board_stays_readable(source: BoardSource, backend: Backend, clock: HandClock) -> None:
    source.poll()
    clock.seconds = 10
    backend.broken = {"latency": REFUSED, "errors": SourceFault(FaultKind.RATE_LIMITED, "slow", 30)}
    with pytest.raises(SourceFault) as caught:
        source.poll()
    assert (caught.value.kind, caught.value.retry_after) == (FaultKind.REFUSED, 30)
    assert caught.value.partial == source.last
    assert source.last.cells["api", "latency"].verdict is Verdict.ERROR
    clock.seconds = 100
    cell = source.last.cells["api", "latency"]
    assert (cell.verdict, cell.value, cell.fault) == (Verdict.STALE, 1.0, "refused: nothing listens")


def test_the_time_of_an_outage_is_asked_for_afterwards(source: BoardSource, backend: Backend, clock: HandClock) -> None:
    source.poll()
    start, backend.broken = clock.now().timestamp(), {"latency": REFUSED}
    clock.seconds = 60
    source.poll()
    clock.seconds, backend.broken, backend.asked = 120, {}, []
    source.poll()
    ranges = {name: (first - start, last - start) for name, first, last in backend.asked}
    assert ranges == {"latency": (15, 120), "errors": (75, 120)}


def test_a_mistake_in_a_backend_is_a_marked_cell(
    source: BoardSource, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.broken = {"errors": ZeroDivisionError("secret detail")}
    cell = source.poll().cells["api", "errors"]
    assert cell.verdict is Verdict.ERROR
    assert "ZeroDivisionError" in cell.fault
    assert "secret detail" in caplog.text


def test_an_unknown_server_is_said(clock: HandClock, backend: Backend) -> None:
    specs = [spec("latency", "elsewhere"), spec("errors")]
    board = BoardSource(specs, {"main": backend}, clock, 3600, 15).poll()
    assert "elsewhere" in board.cells["api", "latency"].fault


def test_signals_are_asked_at_once(clock: HandClock) -> None:
    class Meeting(Backend):
        meet = threading.Barrier(2, timeout=10)

        def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
            self.meet.wait()
            return super().range(spec, start, end, step)

    BoardSource([spec("latency"), spec("errors")], {"main": Meeting()}, clock, 3600, 15).poll()


def test_no_signals_are_an_empty_board(clock: HandClock) -> None:
    board = BoardSource([], {}, clock, 3600, 15, {"api": schema.Service()}).poll()
    assert (board.services, board.cells) == (("api",), {})


def test_specs_of_a_configuration() -> None:
    signals = schema.Signals(
        label="job",
        errors=schema.Signal("e", "ratio", server="eu", bad=0.1),
        latency=schema.Signal("l", "seconds", worse="lower"),
    )
    first, second = specs_of(signals, {"us": None, "eu": None})
    assert (first.name, first.server, first.unit, first.worse, first.label) == (
        "latency",
        "us",
        Unit.SECONDS,
        "lower",
        "job",
    )
    assert (second.name, second.server, second.bad) == ("errors", "eu", 0.1)


def test_a_server_and_no_signals_give_all_four_from_the_server_called_main() -> None:
    specs = specs_of(schema.Signals(), {"eu": None, "main": None})
    assert [(spec.name, spec.server) for spec in specs] == [(name, "main") for name in GOLDEN]
    assert specs_of(schema.Signals(), {}) == ()
