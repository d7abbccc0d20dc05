"""While nothing changes nothing is painted, but the clocks."""

from pathlib import Path
from typing import Any

import pytest
from running import Running, declared, running, setting_in
from textual.geometry import Region
from textual.widget import Widget

from iccon.console.safe import SafeLabel
from iccon.console.widgets.notebar import NoteBar
from iccon.console.widgets.strip import StateStrip

Painted = list[tuple[Widget, tuple[Region, ...]]]


async def painted_by_ticks(console: Running, monkeypatch: pytest.MonkeyPatch) -> Painted:
    """Let three seconds pass and return which parts of which widgets are to be painted again."""
    painted: Painted = []
    refresh = Widget.refresh

    def noted(widget: Widget, *regions: Region, **how: Any) -> Widget:
        painted.append((widget, regions))
        return refresh(widget, *regions, **how)

    await console.settle()
    monkeypatch.setattr(Widget, "refresh", noted)
    for _ in range(3):
        console.app._tick()
        await console.pilot.pause()
    monkeypatch.undo()
    return painted


async def test_the_home_screen_is_painted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(setting_in(tmp_path)) as console:
        assert await painted_by_ticks(console, monkeypatch) == []


async def test_of_an_incident_only_lines_of_the_strip_are_painted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        for widget, regions in await painted_by_ticks(console, monkeypatch):
            assert isinstance(widget, StateStrip)
            assert regions and all(region.height == 1 for region in regions)


async def test_a_label_that_says_something_else_is_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(setting_in(tmp_path)) as console:
        console.app.parts.desk.trouble = "the disk is full"
        painted = await painted_by_ticks(console, monkeypatch)
        assert {widget.id for widget, _ in painted} >= {"banner"}
        assert "RECORD NOT KEPT: the disk is full" in console.shown()
        assert str(console.app.screen.query_one("#banner", SafeLabel).content).startswith("iccon")


async def test_the_note_line_comes_and_goes_without_moving_anything(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.until(lambda: console.app.screen.query(NoteBar))
        await console.settle()
        compositor = console.app.screen._compositor
        before = dict(compositor.full_map)
        await console.press("n")
        bar = console.one(NoteBar)
        changed = compositor.full_map.items() ^ before.items()
        assert {widget for widget, _ in changed} == {bar, *bar.children}
        await console.press("escape")
        assert compositor.full_map == before
