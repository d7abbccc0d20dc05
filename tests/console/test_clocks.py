"""Clocks that jump: a suspended machine, a clock that is set, summer time. Ages stay right; nothing old looks fresh."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rawserver import RawServer, json_answer, serving
from running import Running, config_of, do_before, running, setting_in

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.console.screens.chart import ChartScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.chart import ChartView
from iccon.console.widgets.pages import PagesView
from iccon.faults import FaultKind, SourceFault
from iccon.feed import scheduler
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident.severity import Severity
from iccon.pages.model import Page, Pages, PageStatus
from iccon.text import clean

HOURS = 5 * 3600.0


class MovedClock(SystemClock):
    """The machine's clocks, and how far a test has moved each, in seconds."""

    def __init__(self, start: datetime | None = None) -> None:
        self.wall = (start - super().now()).total_seconds() if start else 0.0
        self.steady = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.wall)

    def monotonic(self) -> float:
        return super().monotonic() + self.steady


class Metrics:
    """A Prometheus that knows one value, of its present moment; `silent` lets it answer nothing."""

    def __init__(self, clock: MovedClock) -> None:
        self.clock = clock
        self.talks = threading.Event()
        self.talks.set()

    @contextmanager
    def serving(self) -> Iterator[RawServer]:
        def answer(connection: object) -> None:
            self.talks.wait(20)
            points = [(self.clock.now().timestamp() - 15 * i, "0.25") for i in range(240)]
            series = [{"metric": {"service": "checkout"}, "values": points}]
            data = {"status": "success", "data": {"resultType": "matrix", "result": series}}
            connection.sendall(json_answer(json.dumps(data).encode()))  # type: ignore[attr-defined]

        with serving(answer) as server:
            yield server


def config(url: str, zone: str = "UTC") -> schema.Config:
    latency = schema.Signal("q", "seconds", bad=1.0)
    return config_of(
        prometheus={"main": schema.Prometheus(url, timeout=20.0)},
        signals=schema.Signals(latency=latency, refresh=3600.0),
        console=schema.Console(zone=zone),
    )


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed looks at the clock often, so that no test waits for it."""
    monkeypatch.setattr(scheduler, "_LONGEST_SLEEP", 0.05)


def row(console: Running) -> str:
    view = console.one(BoardView)
    return next((line for y in range(view.area.height) if "checkout" in (line := view.line(y).text)), "")


def page(at: datetime) -> Page:
    title, service, urgency = clean("checkout fails"), clean("checkout"), clean("high")
    return Page("pagerduty", "P1", title, service, PageStatus.TRIGGERED, urgency, at)


@pytest.mark.parametrize("steady", [0.0, HOURS], ids=["monotonic stands still", "monotonic goes on"])
@pytest.mark.parametrize("wall", [HOURS, 90.0, -HOURS], ids=["slept hours", "slept a while", "set back"])
async def test_after_a_jump_nothing_old_is_fresh_and_all_is_asked_at_once(
    wall: float, steady: float, tmp_path: Path
) -> None:
    clock = MovedClock()
    metrics = Metrics(clock)
    with metrics.serving() as server:
        async with running(setting_in(tmp_path, config(server.url), clock), (160, 36)) as console:
            await console.until(lambda: "✓ ok" in row(console))
            asked = len(server.requests)
            metrics.talks.clear()
            clock.wall, clock.steady = wall, steady
            console.app._tick()
            assert "◷ stale" in row(console)
            assert "✓ ok" not in row(console)
            await console.until(lambda: len(server.requests) > asked)
            assert "◷ stale" in row(console)
            metrics.talks.set()
            await console.until(lambda: "✓ ok" in row(console))


async def test_pages_say_from_when_they_are_until_the_pager_has_answered_again(tmp_path: Path) -> None:
    clock, talks = MovedClock(), threading.Event()
    talks.set()

    def poll() -> Pages:
        assert talks.wait(20)
        return Pages((page(clock.now() - timedelta(minutes=2)),), (), (), clock.now())

    async with running(setting_in(tmp_path, clock=clock), sources=[Source("pages", poll, 3600, 30)]) as console:
        view = console.one(PagesView)
        await console.until(lambda: view.pages)
        at = clock.now()
        assert "as of" not in console.shown()
        talks.clear()
        clock.wall = HOURS
        console.app._tick()
        await console.pilot.pause()
        assert f"as of {at:%H:%M} UTC (5h)" in console.shown()
        assert "5h checkout" in console.shown()  # the page's own age
        talks.set()
        await console.until(lambda: "as of" not in console.shown() and " 2m checkout" in console.shown())


async def test_before_the_first_answer_no_page_is_not_said(tmp_path: Path) -> None:
    hang = threading.Event()
    async with running(setting_in(tmp_path), sources=[Source("pages", lambda: hang.wait(9), 9, 9)]) as console:
        await console.settle()
        assert "Waiting for the first answer." in console.shown()
        assert "No page is open." not in console.shown()
        hang.set()


async def test_a_long_wait_that_a_server_asked_for_ends_with_the_suspension(tmp_path: Path) -> None:
    clock, calls = MovedClock(), []

    def poll() -> None:
        calls.append(clock.now())
        raise SourceFault(FaultKind.RATE_LIMITED, "later", retry_after=600)

    async with running(setting_in(tmp_path, clock=clock), sources=[Source("pages", poll, 10, 30)]) as console:
        await console.until(lambda: calls and console.app.snapshot.slots["pages"].trouble)
        clock.wall = HOURS
        await console.until(lambda: len(calls) == 2)


async def test_a_question_that_the_suspension_cut_off_is_asked_again_at_once(tmp_path: Path) -> None:
    clock, calls, cut = MovedClock(), [], threading.Event()

    def poll() -> None:
        calls.append(clock.now())
        cut.wait(20)
        raise SourceFault(FaultKind.TIMEOUT, "no answer")

    async with running(setting_in(tmp_path, clock=clock), sources=[Source("pages", poll, 600, 30)]) as console:
        await console.until(lambda: calls)
        clock.wall = HOURS
        feed = console.app.parts.feed
        await console.until(lambda: feed._lines["pages"].again)
        cut.set()
        await console.until(lambda: len(calls) >= 2)


async def test_a_pause_outlasts_a_suspension(tmp_path: Path) -> None:
    clock, calls = MovedClock(), []
    async with running(
        setting_in(tmp_path, clock=clock), sources=[Source("pages", lambda: calls.append(1), 600, 30)]
    ) as console:
        await console.until(lambda: calls)
        await console.press("f6")
        looked = console.app.parts.feed._looked
        clock.wall = HOURS
        await console.until(lambda: console.app.parts.feed._looked > looked + timedelta(hours=1))
        assert len(calls) == 1
        await console.press("f6")
        await console.until(lambda: len(calls) == 2)


# A zone, the instant of a change, and what the clocks there show a quarter of an hour before and after it.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC), "01:45:00 CET", "03:15:00 CEST"),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC), "02:45:00 CEST", "02:15:00 CET"),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC), "01:45:00 EST", "03:15:00 EDT"),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC), "01:45:00 EDT", "01:15:00 EST"),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC), "01:45:00 +11", "01:45:00 +1030"),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC), "01:45:00 +1030", "02:45:00 +11"),
]
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(("zone", "change", "before", "after"), CHANGES)
async def test_a_change_of_summer_time_moves_no_age_and_every_axis_names_both_zones(
    zone: str, change: datetime, before: str, after: str, tmp_path: Path
) -> None:
    clock = MovedClock(change - QUARTER)
    metrics = Metrics(clock)
    assert f"{clock.now().astimezone(ZoneInfo(zone)):%H:%M}" == before[:5]
    with metrics.serving() as server:
        setting = setting_in(tmp_path, config(server.url, zone), clock)
        ident = do_before(setting, c.Declare(title="Checkout fails", severity=Severity.SEV2), c.AddNote(text="a"))[0]
        clock.wall += QUARTER.total_seconds() * 2
        async with running(setting, (160, 40), incident=ident) as console:
            assert await console.app.act(c.AddNote(text="b"), ident) is None
            await console.until(lambda: "✓ ok" in row(console))
            console.app._tick()
            await console.settle()
            shown = console.shown()
            old, new = before.split()[1], after.split()[1]
            assert "elapsed 0:30:0" in shown
            assert after[:6] in shown and f" {new}" in shown
            assert f"times in {old} then {new}" in shown
            console.one(BoardView).focus()
            await console.press("down", "enter")
            await console.until(lambda: isinstance(console.app.screen, ChartScreen))
            view = console.one(ChartView)
            axis = "\n".join(view.line(y).text for y in range(view.area.height))
            assert f" {old} " in axis and f" {new}" in axis
