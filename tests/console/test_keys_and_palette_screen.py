"""Keys of the configuration, the key bar, help and the palette all come from one registry."""

from pathlib import Path

import pytest
from running import config_of, declared, running, setting_in

from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console import commands
from iccon.console.screens.form import Form
from iccon.console.screens.help import KEYS, LISTS, HelpScreen
from iccon.console.widgets.notebar import NoteBar
from iccon.incident import entries as e


def with_keys(folder: Path, **keys: str) -> Setting:
    return setting_in(folder, config_of(console=schema.Console(zone="UTC", keys=keys)))


async def test_a_key_of_the_configuration_takes_effect_and_is_shown(tmp_path: Path) -> None:
    setting = with_keys(tmp_path, note="ctrl+n")
    declared(setting)
    async with running(setting) as console:
        assert "^n Note" in console.shown().splitlines()[-1]
        await console.press("n")
        assert not console.one(NoteBar).has_class("-open")
        console.burst("ctrl+n", *"by another key", "enter")
        await console.settle()
        assert [b.text for b in await console.bodies(e.Note)] == ["by another key"]
        await console.press("?")
        await console.until_modal(HelpScreen)
        await console.until(lambda: "^n" in console.shown())


async def test_a_wrong_key_of_the_configuration_is_said(tmp_path: Path) -> None:
    setting = with_keys(tmp_path, nonsense="x")
    declared(setting)
    async with running(setting) as console:
        await console.until(lambda: "nonsense" in console.notices())


async def test_two_commands_that_swap_keys_do_each_others(tmp_path: Path) -> None:
    setting = with_keys(tmp_path, severity="p", phase="s")
    declared(setting)
    async with running(setting) as console:
        await console.press("p")
        await console.until_modal(Form)
        assert "Severity (now SEV2)" in console.shown()


async def test_the_palette_runs_a_command(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press(":")
        await console.press(*"Theory")
        await console.until(lambda: "State the current theory" in console.shown())
        await console.press("enter")
        await console.until_modal(Form)
        await console.press(*"a deploy", "enter")
        assert [b.text for b in await console.bodies(e.TheorySet)] == ["a deploy"]


async def test_the_palette_of_a_console_that_only_watches_offers_nothing_that_writes(tmp_path: Path) -> None:
    declared(setting_in(tmp_path))
    async with running(setting_in(tmp_path, read_only=True), size=(120, 99)) as console:
        await console.press("ctrl+p")
        await console.until(lambda: "Ask every source again" in console.shown())
        for command in commands.of(commands.DESK, commands.LIVE):
            assert (command.help in console.shown()) is not command.writes


async def test_help_shows_every_key_of_the_screen_below_it(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, size=(120, 99)) as console:
        await console.press("?")
        await console.until_modal(HelpScreen)
        await console.settle()
        for command in commands.of(commands.DESK, commands.LIVE, commands.APP):
            assert command.help in console.shown()
        await console.press("escape")
        await console.until_incident()


async def test_help_over_a_screen_without_the_board_does_not_tell_of_its_keys(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path)) as console:
        await console.press("P", "?")
        await console.until_modal(HelpScreen)
        await console.settle()
        assert "Back to where it was opened" in console.shown()
        assert "Board:" not in console.shown()


def test_every_line_of_the_help_fits_beside_its_keys_in_80_columns() -> None:
    room = 80 - 10 - KEYS - 2  # the box, its frame, the scroll bar; the gap before the keys
    too_long = [text for _, text in (*LISTS, *(("", each.help) for each in commands.REGISTRY)) if len(text) > room]
    assert not too_long


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_region_that_fills_the_screen_leaves_the_state_the_note_and_the_keys(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, size=size) as console:
        await console.press("tab", "z")
        assert "SEV2" in console.shown()
        assert "? Help" in console.shown()
        await console.press("n", *"disk full")
        assert "disk full" in console.shown()
        await console.press("escape", "z")
        assert console.app.screen.maximized is None
        assert not await console.bodies(e.Note)


async def test_the_focused_region_can_fill_the_screen_and_go_back(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("tab", "z")
        assert console.app.screen.maximized is not None
        await console.press("z")
        assert console.app.screen.maximized is None
        await console.press("z", "escape")
        assert console.app.screen.maximized is None
        await console.until_incident()
