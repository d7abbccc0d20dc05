"""The flight recorder: what the board had while an incident was open is there later, without a server."""

from datetime import timedelta
from pathlib import Path

from running import Running, declared, do_before, running, setting_in
from test_chart import NOON, Hands, board, opened

from iccon.console.screens.chart import ChartScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.chart import ChartView, Picture
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident.entries import EvidenceTaken
from iccon.journal.flight import chunk_of
from iccon.recorder import FLIGHT_EVERY
from iccon.signals.flight import windows_of
from iccon.signals.model import Board


def picture(console: Running) -> Picture:
    shown = console.one(ChartView).picture
    assert shown is not None
    return shown


async def chunks(console: Running, incident: str) -> int:
    return len(await console.call(lambda desk: desk.journal.flight(incident)))


async def test_the_board_of_an_open_incident_is_there_later_offline_labelled_recorded(tmp_path: Path) -> None:
    clock = Hands()

    def poll() -> Board:
        return board(clock.at.timestamp(), 0.75 if clock.at.timestamp() == NOON else 3.0)

    incident = declared(setting_in(tmp_path, clock=clock))
    sources = [Source("signals", poll, 3600.0, 30.0)]
    async with running(setting_in(tmp_path, clock=clock), sources=sources) as console:
        await console.until_incident()
        await console.until(lambda: console.app.board)
        await console.app.parts.desk.call(lambda _: None)
        flight = console.app.parts.flight
        assert flight is not None
        await console.until(lambda: not flight._busy and flight._tapes)
        assert await chunks(console, incident) == 1
        before = console.app.snapshot
        await console.press("f5")
        await console.until(lambda: console.app.snapshot is not before)
        assert await chunks(console, incident) == 1  # nothing new: nothing is written
        clock.at += timedelta(seconds=FLIGHT_EVERY)
        await console.app.act(c.Resolve(override="over"), incident)
        await console.press("f5")
        await console.until(lambda: not flight._busy and not flight._tapes)
        assert await chunks(console, incident) == 2
        stored = await console.call(lambda desk: desk.journal.flight(incident))
    windows = windows_of(map(chunk_of, stored))
    live = poll().windows
    assert windows is not None and live is not None
    for name, samples in live.signals[0].series.items():
        kept = windows.signals[0].series[name]
        assert (
            list(zip(kept.times, kept.values, strict=True))[-240:-5]
            == list(zip(samples.times, samples.values, strict=True))[:-5]
        )
        assert (kept.times[-1], kept.values[-1]) == (samples.times[-1], samples.values[-1])
    clock.at += timedelta(days=2)
    for read_only in (True, False):
        async with running(setting_in(tmp_path, clock=clock, read_only=read_only), incident=incident) as console:
            screen = await console.until_incident()
            await console.until(lambda s=screen: s.recorded)
            await console.settle()
            assert "recorded up to 2026-11-24 12:01:00 UTC" in console.shown()
            assert "stale" in console.shown()
            console.one(BoardView).focus()
            await console.settle()
            await console.press("home", "enter")
            assert isinstance(console.app.screen, ChartScreen)
            await console.until(lambda s=console: s.one(ChartView).picture)
            await console.settle()
            assert "recorded, " in console.shown()
            assert "checkout 3s at 12:01:00" in console.shown()
            if not read_only:
                await console.press("E")
                assert [b.measured.warnings for b in await console.bodies(EvidenceTaken)] == [
                    ("from the flight recorder",)
                ]
                assert [b.points for b in await console.bodies(EvidenceTaken)] == [
                    len(windows.signals[0].series[name].times)
                ]


async def test_the_key_shows_the_whole_incident_and_goes_back(tmp_path: Path) -> None:
    clock = Hands()
    incident = declared(setting_in(tmp_path, clock=clock))
    async with running(
        setting_in(tmp_path, clock=clock), sources=[Source("signals", lambda: board(NOON), 3600.0, 30.0)]
    ) as console:
        await console.until_incident()
        await opened(console)
        flight = console.app.parts.flight
        assert flight is not None
        await console.until(lambda: not flight._busy and flight._tapes)
        assert await chunks(console, incident) == 1
        await console.press("w")
        assert "recorded, " in console.shown()
        await console.press("w")
        assert "recorded, " not in console.shown()


async def test_a_watching_console_records_nothing_and_nothing_is_recorded_without_an_incident(tmp_path: Path) -> None:
    clock = Hands()
    sources = [Source("signals", lambda: board(NOON), 3600.0, 30.0)]
    async with running(setting_in(tmp_path, clock=clock), sources=sources) as console:
        await console.until(lambda: console.app.board)
        flight = console.app.parts.flight
        assert flight is not None
        await console.until(lambda: flight._until == NOON and not flight._busy)
        assert flight._tapes == {}
    incident = do_before(setting_in(tmp_path, clock=clock), c.Declare(title="t", severity="SEV2"))[0]
    async with running(setting_in(tmp_path, clock=clock, read_only=True), sources=sources) as console:
        await console.until_incident()
        await opened(console)
        assert console.app.parts.flight is None
        await console.press("w")
        assert "nothing of this signal was recorded" in console.notices()
        assert await chunks(console, incident) == 0
