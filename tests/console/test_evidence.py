"""Evidence: one key keeps what the board or a chart shows; it opens from the journal, with the same values."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from running import Running, config_of, declared, running, setting_in
from test_chart import NOON, Hands, board, opened

from iccon.config import schema
from iccon.console.entryforms import amend
from iccon.console.questions import TextField
from iccon.console.screens.chart import ChartScreen, EvidenceScreen
from iccon.console.screens.incident import IncidentScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.chart import ChartView, Picture
from iccon.console.widgets.timeline import TimelineView
from iccon.feed.model import Source
from iccon.incident.entries import EvidenceTaken
from iccon.incident.evidence import samples_of

SOURCES = [Source("signals", lambda: board(NOON), 3600.0, 30.0)]


def picture(console: Running) -> Picture:
    shown = console.one(ChartView).picture
    assert shown is not None
    return shown


async def open_newest(console: Running) -> None:
    """Open the newest entry of the timeline."""
    console.one(TimelineView).focus()
    await console.settle()
    await console.press("up", "enter")
    await console.until(lambda: isinstance(console.app.screen, EvidenceScreen))
    await console.settle()


async def test_a_chart_is_kept_and_opens_again_offline_with_the_same_values(tmp_path: Path) -> None:
    server = schema.Prometheus(url="https://ann:secret@metrics.example:9090/p")
    config = config_of(prometheus={"main": server})
    clock = Hands()
    incident = declared(setting_in(tmp_path, config, clock))
    async with running(setting_in(tmp_path, config, clock), sources=SOURCES) as console:
        await console.until_incident()
        await opened(console)
        await console.press("o", "plus", "E")
        seen = picture(console)
        assert "kept as evidence: checkout latency and 1 more" in console.notices()
        body = (await console.bodies(EvidenceTaken))[0]
        blob = await console.call(lambda desk: desk.journal.blob(body.sha256))
        kept = [(each.name, each.times, each.values) for each in samples_of(blob.content)]
        assert kept == [(name, s.times, s.values) for name, s in seen.series]
        asked = body.measured
        assert (asked.start.timestamp(), asked.end.timestamp()) == (seen.start, seen.end)
        assert (asked.query, asked.server, asked.step) == ("q", "main", timedelta(seconds=15))
        assert asked.address == "https://metrics.example:9090/p"
        assert asked.fetched_at == datetime.fromtimestamp(NOON, UTC)
        assert any("checkout  750ms at 12:00:00 UTC" in line for line in body.chart)
    clock.at += timedelta(days=3)
    for read_only in (False, True):
        setting = setting_in(tmp_path, config_of(), clock, read_only=read_only)
        async with running(setting, incident=incident) as console:
            await console.until_incident()
            await open_newest(console)
            again = picture(console)
            assert again.series == seen.series
            assert (again.start, again.end, again.step) == (seen.start, seen.end, seen.step)
            assert "EVIDENCE checkout latency" in console.shown()
            assert "fetched 2026-11-24 12:00:00 UTC" in console.shown()
            await console.press("E", "o", "plus")
            assert [name for name, _ in picture(console).series] == ["checkout"]
            assert picture(console).end - picture(console).start == (seen.end - seen.start) / 2
            await console.press("escape")
            assert isinstance(console.app.screen, IncidentScreen)
            assert len(await console.bodies(EvidenceTaken)) == 1


async def test_a_cell_is_kept_from_the_board_and_a_watcher_has_no_key_for_it(tmp_path: Path) -> None:
    clock = Hands()
    declared(setting_in(tmp_path, clock=clock))
    for read_only, kept in ((True, 0), (False, 1)):
        async with running(setting_in(tmp_path, clock=clock, read_only=read_only), sources=SOURCES) as console:
            await console.until_incident()
            await console.until(lambda c=console: c.app.snapshot.slots["signals"].value)
            console.one(BoardView).focus()
            await console.settle()
            await console.press("home", "E")
            found = await console.bodies(EvidenceTaken)
            screen = console.incident_screen
            lines = [line for line in screen.timeline.items() if line.kind == "evidence"]
            forms = [amend(line, screen.ledger.state, screen.form_clock).fields for line in lines]
            assert [field.value for field, _ in forms if isinstance(field, TextField)] == ["checkout latency"][:kept]
            assert [(b.title, b.points) for b in found] == [("checkout latency", 240)][:kept]
            await console.press("enter")
            assert isinstance(console.app.screen, ChartScreen)
            assert ("Evidence" in console.shown().splitlines()[-1]) is not read_only
            await console.press("E")
            assert len(await console.bodies(EvidenceTaken)) == kept * 2
            assert await console.call(lambda desk: desk.journal.verify().bad) is None


async def test_nothing_is_kept_without_samples_a_cell_or_an_incident(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path), sources=SOURCES) as console:
        home = await console.until_home()
        await home.action_evidence()
        await console.until(lambda: "no cell is chosen" in console.notices())
        await opened(console)
        await console.press("E")
        assert "there is no incident to record this in" in console.notices()
        assert await console.entries() == []


async def test_evidence_whose_samples_were_altered_is_not_drawn(tmp_path: Path) -> None:
    import sqlite3

    clock = Hands()
    declared(setting_in(tmp_path, clock=clock))
    setting = setting_in(tmp_path, clock=clock)
    async with running(setting, sources=SOURCES) as console:
        await console.until_incident()
        await opened(console)
        await console.press("E", "escape")
        with sqlite3.connect(setting.journal) as db:
            db.execute("UPDATE blobs SET packed = x'00'")
        db.close()
        console.one(TimelineView).focus()
        await console.settle()
        await console.press("up", "enter")
        assert "this evidence cannot be shown" in console.notices()
        assert isinstance(console.app.screen, IncidentScreen)
