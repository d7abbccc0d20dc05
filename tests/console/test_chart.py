"""The chart of a cell: what is drawn, and the way to it and back in the real console."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from running import Running, config_of, declared, running, setting_in

from iccon.config import schema
from iccon.console.fit import length
from iccon.console.screens.chart import ChartScreen
from iccon.console.screens.incident import IncidentScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.chart import ChartView, Mark, Picture, at_or_before, picture_of, view
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident.severity import Severity
from iccon.signals.board import failed, judge
from iccon.signals.model import Board, Samples, SignalSpec, Unit, Window, Windows
from iccon.text import clean

SPAN, STEP = 3600.0, 15.0
SPEC = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=1.0)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp()


def board(now: float, last: float = 0.75) -> Board:
    """Two services with an hour of samples."""
    times = tuple(now - STEP * i for i in reversed(range(240)))
    calm = Samples(times, tuple(0.2 for _ in times))
    worse = Samples(times, (*(0.25 for _ in times[1:]), last))
    window = Window(SPEC, {clean("cart"): calm, clean("checkout"): worse}, now)
    return judge(Windows((window,), SPAN, STEP), now)


def text(picture: Picture, width: int = 100, height: int = 20, ascii_only: bool = False) -> str:
    return "\n".join("".join(t for t, _ in row) for row in view(picture, UTC, width, height, ascii_only))


def drawn(share: float = 1.0, others: bool = False) -> Picture:
    picture = picture_of(board(NOON), "checkout", "latency", NOON, share, others)
    assert picture is not None
    return picture


def test_the_legend_has_the_last_value_its_time_and_the_thresholds():
    legend = text(drawn()).splitlines()[-1]
    assert "checkout 750ms at 12:00:00" in legend
    assert "warn 500ms" in legend
    assert "bad 1s" in legend


def test_a_baseline_is_a_line_of_its_own_and_the_thresholds_are_those_beside_it():
    times = tuple(NOON - STEP * i for i in reversed(range(240)))
    spec = replace(SPEC, baseline="1d", warn_ratio=1.5, bad_ratio=2.0)
    base = Window(spec, {clean("cart"): Samples(times, tuple(0.1 for _ in times))}, NOON)
    window = Window(spec, {clean("cart"): Samples(times, tuple(0.2 for _ in times))}, NOON, base=base)
    picture = picture_of(judge(Windows((window,), SPAN, STEP), NOON), "cart", "latency", NOON, 0.5, False)
    assert picture is not None
    rows = text(picture, ascii_only=True).splitlines()
    assert "cart 200ms at 12:00:00   1d ago 100ms   warn 150ms  bad 200ms" in rows[-1]
    assert any("..." in row for row in rows) and any("***" in row for row in rows)


def test_the_time_axis_names_its_zone_and_a_zoom_shortens_it():
    assert "11:00:15" in text(drawn()) and "12:00:15 UTC" in text(drawn())
    assert "11:52:45" in text(drawn(0.125)) and "12:00:15 UTC" in text(drawn(0.125))


def test_others_stand_beside_the_chosen_one():
    assert "cart" not in text(drawn())
    assert [name for name, _ in drawn(others=True).series] == ["checkout", "cart"]
    assert "cart 200ms" in text(drawn(others=True))


def test_a_signal_or_a_board_without_samples_has_no_picture():
    assert picture_of(None, "checkout", "latency", NOON, 1.0, False) is None
    assert picture_of(board(NOON), "checkout", "traffic", NOON, 1.0, False) is None
    assert picture_of(Board((), (), {}), "checkout", "latency", NOON, 1.0, False) is None
    unknown = picture_of(board(NOON), "nobody", "latency", NOON, 1.0, False)
    assert unknown is not None and "nobody no data" in text(unknown)


def test_a_signal_that_alone_fails_says_so_over_its_old_samples():
    whole = board(NOON).windows
    assert whole is not None
    broken = judge(replace(whole, signals=(failed(whole.signals[0], clean("rejected: bad query")),)), NOON)
    picture = picture_of(broken, "checkout", "latency", NOON, 1.0, False)
    assert picture is not None and "! rejected: bad query" in text(picture)


def test_a_value_is_read_at_the_last_sample_before_and_never_over_a_gap():
    samples = Samples((10.0, 20.0), (1.0, 2.0))
    assert at_or_before(samples, 5.0, 30.0) is None
    assert at_or_before(samples, 19.0, 30.0) == 1.0
    assert at_or_before(samples, 20.0, 30.0) == 2.0
    assert at_or_before(samples, 51.0, 30.0) is None


@given(st.integers(0, 130), st.integers(0, 30), st.booleans(), st.booleans(), st.floats(0, 4e9), st.integers(0, 4))
def test_every_line_has_the_width_asked_for(width, height, ascii_only, others, cursor, kinds):
    base = drawn(others=others)
    marks = tuple((NOON - 600 * i, f"severity SEV{i}") for i in range(kinds))
    made = Picture(base.spec, base.series, base.start, base.end, base.step, marks, cursor, "timeout: no answer")
    rows = view(made, UTC, width, height, ascii_only)
    assert len(rows) >= height
    assert all(length(row) == width for row in rows)
    assert not ascii_only or width < 60 or all(t.replace("…", "").isascii() for row in rows for t, _ in row)


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime.fromtimestamp(NOON, UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


async def opened(console: Running) -> None:
    """Open the chart of the first cell: checkout is the worst."""
    await console.until(lambda: console.app.snapshot.slots["signals"].value)
    console.one(BoardView).focus()
    await console.settle()
    await console.press("home", "enter")
    assert isinstance(console.app.screen, ChartScreen)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("read_only", [False, True])
async def test_enter_on_a_cell_opens_its_chart_with_the_incident_marked(
    tmp_path: Path, read_only: bool, plain: bool
) -> None:
    clock = Hands()
    clock.at -= timedelta(minutes=30)
    config = config_of(console=schema.Console(zone="UTC", ascii=plain))
    declared(setting_in(tmp_path, config, clock), level=Severity.SEV2)
    clock.at += timedelta(minutes=30)
    setting = setting_in(tmp_path, config, clock, read_only=read_only)
    async with running(setting, sources=[Source("signals", lambda: board(NOON), 3600.0, 30.0)]) as console:
        await console.until_incident()
        await opened(console)
        shown = console.shown()
        assert "checkout latency" in shown
        assert "checkout 750ms at 12:00:00" in shown
        assert ("|" if plain else "│") in chart_line(console)
        await console.press(*["left"] * 51)
        assert "declared SEV2: Checkout fails" in console.shown()
        assert "checkout 250ms" in console.shown()
        await console.press("plus")
        assert "11:30:15" in console.shown()
        await console.press("minus", "o")
        assert "cart 200ms" in console.shown()
        await console.press("escape")
        assert isinstance(console.app.screen, IncidentScreen)


def chart_line(console: Running) -> str:
    return console.one(ChartView).line(1).text


def marks(console: Running) -> tuple[Mark, ...]:
    picture = console.one(ChartView).picture
    return picture.marks if picture else ()


async def test_new_samples_and_a_change_of_severity_appear_while_it_is_open(tmp_path: Path) -> None:
    clock, values = Hands(), [0.75]

    def poll() -> Board:
        return board(clock.at.timestamp(), values[0])

    incident = declared(setting_in(tmp_path, clock=clock))
    async with running(setting_in(tmp_path, clock=clock), sources=[Source("signals", poll, 3600.0, 30.0)]) as console:
        await console.until_incident()
        await opened(console)
        values[0] = 3.0
        await console.press("f5")
        await console.until(lambda: "checkout 3s at" in console.shown())
        await console.app.act(c.SetSeverity(level=Severity.SEV1, reason="it spreads"), incident)
        await console.until(lambda: len(marks(console)) == 2)
        assert marks(console)[1][1] == "severity SEV1: it spreads"


async def test_without_a_chosen_cell_or_samples_it_says_so(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    bare = Board((clean("checkout"),), ("latency",), {})
    async with running(setting, sources=[Source("signals", lambda: bare, 3600.0, 30.0)]) as console:
        home = await console.until_home()
        await home.action_chart()
        await console.until(lambda: "no cell is chosen" in console.notices())
        await opened(console)
        assert "no samples of this signal" in console.shown()
        await console.press("?")
        assert "Show a shorter time" in console.shown()
