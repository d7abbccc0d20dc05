"""A signal judged beside what was usual a day or a week earlier."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from iccon.cli.main import main
from iccon.drill.scenario_file import find
from iccon.drill.world import World
from iccon.faults import FaultKind, SourceFault
from iccon.signals.baseline import AROUND, PERIOD, RETRY, limits, usual
from iccon.signals.board import verdict_of
from iccon.signals.model import Answer, Board, Cell, Samples, SignalSpec, Unit, Verdict, Window
from iccon.signals.source import BoardSource
from iccon.text import CleanText

DAY, SPAN, STEP = 86_400.0, 3600.0, 15.0
API = CleanText("api")
START = datetime(2026, 11, 10, tzinfo=UTC)


def spec(**changes: Any) -> SignalSpec:
    fields: dict[str, Any] = {"baseline": "1d", "warn_ratio": 1.5, "bad_ratio": 3.0, **changes}
    return SignalSpec("latency", "q", "main", Unit.SECONDS, **fields)


@pytest.mark.parametrize(
    ("value", "base", "changes", "verdict"),
    [
        (0.4, 0.3, {}, Verdict.OK),
        (0.45, 0.3, {}, Verdict.WARN),
        (0.9, 0.3, {}, Verdict.BAD),
        (0.9, None, {}, Verdict.NO_BASELINE),
        (0.9, 0.0, {}, Verdict.NO_BASELINE),
        (0.9, None, {"warn": 0.5}, Verdict.WARN),
        (0.4, None, {"warn": 0.5}, Verdict.OK),
        (0.9, 0.0, {"bad": 0.9}, Verdict.BAD),
        (0.6, 0.5, {"bad_ratio": None, "bad": 0.6}, Verdict.BAD),
        (40.0, 100.0, {"worse": "lower", "warn_ratio": 0.5, "bad_ratio": 0.1}, Verdict.WARN),
        (9.0, 100.0, {"worse": "lower", "warn_ratio": 0.5, "bad_ratio": 0.1}, Verdict.BAD),
        (90.0, 100.0, {"worse": "lower", "warn_ratio": 0.5, "bad_ratio": 0.1}, Verdict.OK),
        (math.nan, 0.3, {}, Verdict.NOT_A_NUMBER),
        (math.nan, None, {}, Verdict.NOT_A_NUMBER),
    ],
)
def test_the_ratio_of_the_usual_value_judges_and_else_the_fixed_threshold(
    value: float, base: float | None, changes: dict[str, Any], verdict: Verdict
) -> None:
    assert verdict_of(limits(spec(**changes), base), value) is verdict


@given(st.lists(st.tuples(st.floats(-1000, 1000), st.floats()), max_size=80))
@example([(0.0, 8.9e307), (0.0, 9.1e307)])
def test_what_is_usual_is_a_number_of_about_then_or_nothing(points: list[tuple[float, float]]) -> None:
    times, values = zip(*sorted(points), strict=True) if points else ((), ())
    found = usual(Window(spec(), base=Window(spec(), {API: Samples(times, values)})), API, 0.0)
    near = [value for time, value in points if abs(time) <= AROUND and math.isfinite(value)]
    assert found is None or min(near) <= found <= max(near)
    assert usual(Window(spec()), API, 0.0) is None


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class History:
    """A server whose value follows from the time alone; it gives none of its future."""

    name = "main"

    def __init__(self, clock: HandClock, value: Callable[[float], float]) -> None:
        self.clock, self.value = clock, value
        self.asked: list[tuple[float, float]] = []  # seconds after the start
        self.broken = False

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        began, now = START.timestamp(), self.clock.now().timestamp()
        self.asked.append((start - began, end - began))
        if self.broken and start < now - SPAN - 60:
            raise SourceFault(FaultKind.TIMEOUT, "too much history")
        times = [start + n * step for n in range(round((end - start) / step) + 1)]
        past = tuple(time for time in times if time <= now)
        return Answer({API: Samples(past, tuple(self.value(time - began) for time in past))})


def then_and_now(seconds: float) -> float:
    """A day ago half a second and slowly more; since the start four times as much."""
    return 0.5 + (seconds + DAY) / 10_000 if seconds < -DAY / 2 else 4 * (0.5 + seconds / 10_000)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def server(clock: HandClock) -> History:
    return History(clock, then_and_now)


def source(server: History, **changes: Any) -> BoardSource:
    return BoardSource([spec(**changes)], {"main": server}, server.clock, SPAN, STEP)


def cell(board: Board) -> Cell:
    return board.cells[API, "latency"]


def test_the_first_look_judges_already_and_the_baseline_is_asked_for_seldom(clock: HandClock, server: History) -> None:
    asked = source(server)
    for number in range(91):
        clock.seconds = 10.0 * number
        shown = cell(asked.poll())
        assert shown.verdict is Verdict.BAD
        assert shown.baseline == pytest.approx((shown.value or 0) / 4, rel=0.01)
        assert shown.bad == pytest.approx(3 * (shown.baseline or 0))
    old = [(start, end) for start, end in server.asked if end < -DAY / 2]
    assert len(server.asked) == 91 + len(old)
    assert len(old) == 1 + 900 // PERIOD
    assert all(end - start < 2 * PERIOD for start, end in old[1:])  # only what is newer


def test_after_a_night_asleep_the_baseline_is_that_of_now(clock: HandClock, server: History) -> None:
    asked = source(server)
    asked.poll()
    clock.seconds = 8 * 3600
    shown = cell(asked.poll())
    assert shown.baseline == pytest.approx((shown.value or 0) / 4, rel=0.01)


def test_a_baseline_that_fails_leaves_the_signal_alone_and_is_not_asked_at_every_look(
    clock: HandClock, server: History
) -> None:
    server.broken, asked = True, source(server)
    board = asked.poll()
    assert (cell(board).verdict, cell(board).fault) == (Verdict.NO_BASELINE, "")
    assert board.warnings == ("latency: baseline of 1d ago: timeout: too much history",)
    clock.seconds = RETRY - 1
    asked.poll()
    assert len([end for _, end in server.asked if end < -DAY / 2]) == 1
    server.broken, clock.seconds = False, RETRY + 1
    board = asked.poll()
    assert (cell(board).verdict, board.warnings) == (Verdict.BAD, ())


def test_a_service_without_a_past_is_judged_by_fixed_thresholds_or_by_none(clock: HandClock) -> None:
    server = History(clock, lambda seconds: math.nan if seconds < -DAY / 2 else 2.0)
    assert cell(source(server).poll()).verdict is Verdict.NO_BASELINE
    shown = cell(source(server, warn=1.0, bad=9.0).poll())
    assert (shown.verdict, shown.warn, shown.bad, shown.baseline) == (Verdict.WARN, 1.0, 9.0, None)


def test_the_command_line_says_what_it_judged_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICCON_HOME", str(tmp_path))
    table = 'query = "drill:requests:rate1m", unit = "per_second", worse = "lower"'
    with World(find()) as world:
        (tmp_path / "config.toml").write_text(
            f'prometheus.url = "{world.prometheus.url}"\n[signals]\nwindow = 900\n'
            f'traffic = {{ {table}, baseline = "1w", bad_ratio = 0.01 }}\n'
        )
        assert main(["signals", "--json"]) == 0
    cells = [row["signals"]["traffic"] for row in json.loads(capsys.readouterr().out)["services"]]
    assert cells and all(each["verdict"] == "ok" and each["baseline_ago"] == "1w" for each in cells)
    assert all(each["bad"] == pytest.approx(each["baseline"] * 0.01) for each in cells)
    assert all(each["warn"] is None for each in cells)
