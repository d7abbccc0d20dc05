"""A metrics server whose clock is off: what an answer's date tells, and a board that stays right all the same."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.cli.main import main
from iccon.clock import SystemClock
from iccon.config.schema import Prometheus
from iccon.drill.scenario_file import find
from iccon.drill.world import World
from iccon.signals.model import Answer, Board, Samples, SignalSpec, Unit, Verdict
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.skew import learned, seen
from iccon.signals.source import BoardSource
from iccon.text import CleanText

NOW = 1_800_000_000.0
API = CleanText("api")
MINUTES = 600.0  # seconds
Measured = tuple[float, float, float]  # the true skew, seconds until the server answered, and from then on


def answer(*measured: Measured, newest: float = 0.0) -> list[Answer]:
    """Answers that a server dated, in whole seconds, and samples up to `newest` in all of them."""
    asked, found = datetime.fromtimestamp(NOW, UTC), []
    for skew, there, back in measured:
        dated = (asked + timedelta(seconds=there + skew)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        bounds = seen(dated, asked, asked + timedelta(seconds=there + back))
        found.append(Answer({API: Samples((newest,), (1.0,))} if newest else {}, skew=bounds))
    return found


SKEWS, WAYS = st.floats(-90_000, 90_000), st.floats(0, 30)


@given(SKEWS, st.lists(st.tuples(WAYS, WAYS), min_size=1, max_size=4))
def test_what_is_known_is_kept_by_every_answer_that_agrees_however_late(
    skew: float, ways: list[tuple[float, float]]
) -> None:
    assert learned(skew, answer(*((skew, *way) for way in ways)), NOW, 60) == skew


@given(SKEWS, st.floats(0, 0.5), st.floats(0, 0.5))
def test_another_skew_is_learned_to_a_second(skew: float, there: float, back: float) -> None:
    found = learned(200_000.0, answer((skew, there, back)), NOW, 60)
    assert abs(found - skew) <= (6.5 if found == 0 else 2.0)


def test_a_few_seconds_are_none() -> None:
    assert learned(0.0, answer((4.0, 0.01, 0.01)), NOW, 60) == 0.0
    assert learned(MINUTES, answer((4.0, 0.01, 0.01)), NOW, 60) == 0.0


def test_answers_that_contradict_one_another_and_none_at_all_change_nothing() -> None:
    assert learned(0.0, answer((MINUTES, 0.1, 0.1), (0.0, 0.1, 0.1)), NOW, 60) == 0.0
    assert learned(MINUTES, [Answer({})], NOW, 60) == MINUTES
    assert learned(MINUTES, [], NOW, 60) == MINUTES


def test_a_date_that_samples_contradict_is_a_proxys() -> None:
    behind = (-MINUTES, 0.1, 0.1)
    assert learned(0.0, answer(behind, newest=NOW), NOW, 60) == 0.0
    assert learned(0.0, answer(behind, newest=NOW - MINUTES), NOW, 60) == pytest.approx(-MINUTES, abs=2)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 10:00:00 GMT"])
def test_a_date_that_is_none_says_nothing(date: str) -> None:
    assert seen(date, datetime.fromtimestamp(NOW, UTC), datetime.fromtimestamp(NOW, UTC)) is None


class OffClock(SystemClock):
    """The clock of another machine, `off` seconds ahead."""

    off = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.off)


@pytest.fixture
def there() -> OffClock:
    return OffClock()


@pytest.fixture
def world(there: OffClock, request: pytest.FixtureRequest) -> Iterator[World]:
    there.off = request.param
    with World(find(), clock=there) as running:
        yield running


class Noting(PrometheusBackend):
    """Notes how many seconds were asked for."""

    asked: tuple[float, ...] = ()

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        self.asked += (end - start,)
        return super().range(spec, start, end, step)


def backend(world: World) -> Noting:
    return Noting("main", Prometheus(world.prometheus.url))


def source(server: PrometheusBackend) -> BoardSource:
    spec = SignalSpec("traffic", "drill:requests:rate1m", "main", Unit.PER_SECOND)
    return BoardSource([spec], {"main": server}, SystemClock(), 900, 15)


def right(board: Board, now: float) -> bool:
    """Say whether every cell has a sample from now, and its window is whole and holds no time to come."""
    assert board.windows is not None
    found = [samples.times for samples in board.windows.signals[0].series.values()]
    whole = all(times[0] < now - 800 and times[-1] <= now + 2 and len(times) >= 60 for times in found)
    return bool(found) and whole and all(cell.verdict is Verdict.OK for cell in board.cells.values())


@pytest.mark.parametrize("world", [MINUTES, -MINUTES], indirect=True)
def test_ages_are_right_and_the_skew_is_said_from_the_first_look_on(world: World, there: OffClock) -> None:
    board, clock = (asked := source(backend(world))).poll(), SystemClock()
    assert right(board, clock.now().timestamp())
    assert all(abs(clock.now().timestamp() - (cell.at or 0)) < 3 for cell in board.cells.values())
    way = "ahead" if there.off > 0 else "behind"
    assert board.warnings in [(f"main: its clock is {each} s {way}",) for each in (599, 600, 601, 602)]
    assert board.windows is not None
    assert abs(board.windows.signals[0].skew - there.off) < 3
    assert asked.poll().warnings == board.warnings


@pytest.mark.parametrize("world", [0.0], indirect=True)
def test_a_clock_that_is_put_right_or_wrong_meanwhile_is_followed(world: World, there: OffClock) -> None:
    server, clock = backend(world), SystemClock()
    asked = source(server)
    assert asked.poll().warnings == asked.poll().warnings == ()
    assert server.asked == (900, 0)
    for off, count in ((MINUTES, 1), (-MINUTES, 1), (0.0, 0)):
        there.off = off
        board = asked.poll()
        assert right(board, clock.now().timestamp())
        assert len(board.warnings) == count
        assert server.asked[-1] == 900  # what is known lies at the wrong times


@pytest.mark.parametrize("world", [MINUTES, -MINUTES], indirect=True)
def test_the_command_line_gives_right_ages_and_says_the_skew(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICCON_HOME", str(tmp_path))
    traffic = 'query = "drill:requests:rate1m", unit = "per_second"'
    config = f'prometheus.url = "{world.prometheus.url}"\n[signals]\nwindow = 900\ntraffic = {{ {traffic} }}\n'
    (tmp_path / "config.toml").write_text(config)
    assert main(["signals", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    cells = [row["signals"]["traffic"] for row in told["services"]]
    assert cells and all(cell["verdict"] == "ok" and 0 <= cell["age_seconds"] < 5 for cell in cells)
    assert "its clock is" in told["warnings"][0]
