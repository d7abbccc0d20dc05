"""The list of changes in the real console: what is shown, what is put on the timeline, and what is said instead."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, do_before, running, setting_in
from test_chart import board

from iccon.changes.model import Change, Changes
from iccon.clock import SystemClock
from iccon.console.screens.changes import ChangesScreen
from iccon.console.screens.chart import ChartScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.changes import ChangesView
from iccon.console.widgets.chart import ChartView
from iccon.faults import FaultKind, SourceFault, SourceTrouble
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident.entries import NO_INCIDENT, ChangeSeen
from iccon.text import CleanText, clean

NOW = SystemClock().now()


def change(key: str, minutes: int, service: str = "checkout", **more: str) -> Change:
    facts = {name: clean(text) for name, text in more.items()}
    at = NOW - timedelta(minutes=minutes)
    return replace(Change(key, at, clean(f"{key} went out"), (clean(service),), clean("ci")), **facts)


DEPLOY, FLAG = change("v2", 12, who="ann", url="https://ci.example.com/4711"), change("flag", 5, "search")


def source(*items: Change, fault: SourceFault | None = None, down: str = "") -> Source:
    def poll() -> Changes:
        if fault is not None:
            raise fault
        trouble = (SourceTrouble("hub", FaultKind.REFUSED, clean(down), NOW),) if down else ()
        return Changes(items, NOW, trouble, (CleanText("ci: line 3: no text"),) if down else ())

    return Source("changes", poll, 60.0, 5.0)


async def opened(console: Running, rows: int = 0) -> ChangesView:
    await console.press("c")
    await console.until(lambda: isinstance(console.app.screen, ChangesScreen))
    view = console.one(ChangesView)
    await console.until(lambda: len(view.keys) >= rows)
    return view


async def test_changes_of_feed_and_journal_are_listed_newest_first(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, c.Declare(title="x", severity="SEV2"), c.TellChange(text="by hand", at=NOW, services=("a", "b")))
    async with running(setting, (120, 30), sources=[source(FLAG, DEPLOY)]) as console:
        view = await opened(console, 3)
        assert [view._changes[key].text for key in view.keys] == ["by hand", "flag went out", "v2 went out"]
        shown = console.shown()
        assert "time UTC" in shown and "a, b" in shown and "3 in 24 hours" in shown
        await console.press("escape")
        assert not isinstance(console.app.screen, ChangesScreen)


async def test_a_change_told_by_another_process_appears_while_it_is_open(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    async with running(setting, sources=[source()]) as console:
        view = await opened(console)
        assert "No change is known" in console.shown()
        await console.call(lambda desk: desk.do(c.TellChange(text="deployed meanwhile")))
        await console.until(lambda: len(view.keys) == 1)


async def test_enter_shows_all_that_is_known_and_f_the_service_alone(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path), (80, 24), sources=[source(FLAG, DEPLOY)]) as console:
        view = await opened(console, 2)
        await console.press("down", "enter")
        shown = console.shown()
        assert "https://ci.example.com/4711" in shown and "by ann" in shown and "told by ci" in shown
        await console.press("f")
        assert view.keys == ("v2",) and view.chosen == DEPLOY
        assert "Changes of checkout" in console.shown()
        await console.press("f", "enter")
        assert len(view.keys) == 2 and "https://" not in console.shown()


async def test_a_chosen_change_goes_on_the_timeline_once_with_its_link(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    incident = declared(setting)
    async with running(setting, sources=[source(FLAG, DEPLOY)]) as console:
        await console.until_incident()
        view = await opened(console, 2)
        assert await console.bodies(ChangeSeen) == []  # nothing goes there by itself
        await console.press("down", "t")
        await console.until(lambda: "v2" in view._pinned)
        await console.press("t")
        assert "already" in console.notices()
        (entry,) = await console.entries(ChangeSeen)
        assert (entry.incident, entry.happened_at) == (incident, DEPLOY.at)
        assert entry.body.url == "https://ci.example.com/4711"
        assert len(view.keys) == 2  # the same change, told twice, is there once
        await console.press("escape")
        await console.until(lambda: "change of checkout by ann: v2" in console.shown())


async def test_what_was_told_before_the_declaration_can_be_put_on_the_timeline(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, c.Declare(title="x", severity="SEV2"), c.Resolve(override="over"))
    async with running(setting, sources=[]) as console:
        await console.call(lambda desk: desk.do(c.TellChange(text="deployed")))
        (told,) = await console.entries(ChangeSeen)
        assert told.incident == NO_INCIDENT
        incident = (await console.call(lambda desk: desk.do(c.Declare(title="y", severity="SEV2")))).incident
        await console.app.open_incident(incident)
        await console.until_incident()
        view = await opened(console, 1)
        await console.press("t")
        await console.until(lambda: view._pinned)
        assert [entry.incident for entry in await console.entries(ChangeSeen)] == [NO_INCIDENT, incident]
        assert len(view.keys) == 1


async def test_without_an_incident_or_a_change_the_key_says_so(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path), sources=[source(DEPLOY)]) as console:
        await opened(console, 1)
        await console.press("t")
        assert "no incident is open" in console.notices()
        assert await console.bodies(ChangeSeen) == []


async def test_a_console_that_watches_lists_and_cannot_put(tmp_path: Path) -> None:
    declared(setting_in(tmp_path))
    async with running(setting_in(tmp_path, read_only=True), sources=[source(DEPLOY)]) as console:
        await console.until_incident()
        await opened(console, 1)
        assert "To the timeline" not in console.shown()
        await console.press("t")
        await console.app.run_action("screen.pin")
        assert await console.bodies(ChangeSeen) == []


@pytest.mark.parametrize("items", [(), (DEPLOY,)], ids=["none", "one"])
async def test_a_source_that_fails_is_said_in_place_and_the_others_are_shown(
    items: tuple[Change, ...], tmp_path: Path
) -> None:
    async with running(setting_in(tmp_path), sources=[source(*items, down="nothing listens")]) as console:
        await opened(console, len(items))
        await console.until(lambda: "hub: refused since" in console.shown())
        assert "nothing listens; ci: line 3: no text" in console.shown()


async def test_all_sources_down_and_none_configured_are_said(tmp_path: Path) -> None:
    fault = SourceFault(FaultKind.TIMEOUT, "hub: no complete answer", partial=Changes((DEPLOY,), NOW))
    async with running(setting_in(tmp_path), sources=[source(fault=fault)]) as console:
        await opened(console, 1)
        await console.until(lambda: "timeout since" in console.shown())
        assert "v2 went out" in console.shown()
    async with running(setting_in(tmp_path / "none"), sources=[]) as console:
        await opened(console)
        assert "iccon change" in console.shown()


async def test_the_cursor_begins_on_the_service_under_the_board_s(tmp_path: Path) -> None:
    now = NOW.timestamp()
    signals = Source("signals", lambda: board(now), 60.0, 5.0)
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, sources=[signals, source(FLAG, DEPLOY)]) as console:
        await console.until_incident()
        await console.until(lambda: console.one(BoardView).keys)
        console.one(BoardView).focus()
        console.one(BoardView).choose_key("checkout")
        view = await opened(console, 2)
        assert view.chosen == DEPLOY


async def test_changes_of_the_service_are_marked_on_its_chart(tmp_path: Path) -> None:
    now = NOW.timestamp()
    signals = Source("signals", lambda: board(now), 60.0, 5.0)
    setting = setting_in(tmp_path, config_of())
    declared(setting)
    async with running(setting, sources=[signals, source(FLAG, DEPLOY)]) as console:
        await console.until_incident()
        await console.until(lambda: console.one(BoardView).keys)
        console.one(BoardView).focus()
        console.one(BoardView).choose_key("checkout")
        await console.press("enter")
        await console.until(lambda: isinstance(console.app.screen, ChartScreen))
        await console.until(lambda: console.one(ChartView).picture is not None)
        picture = console.one(ChartView).picture
        assert picture is not None
        assert (DEPLOY.at.timestamp(), "change: v2 went out") in picture.marks
        assert not any("flag" in words for _, words in picture.marks)
        await console.call(lambda desk: desk.do(c.TellChange(text="of every service", pinned=True)))
        await console.until(
            lambda: any("of every service" in words for _, words in console.one(ChartView).picture.marks)
        )
