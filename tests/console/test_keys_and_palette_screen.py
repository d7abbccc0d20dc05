"""Keys of the configuration, the key bar, help and the palette all come from one registry."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from running import config_of, declared, running, setting_in

from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console import commands, screens
from iccon.console.app import IcconApp
from iccon.console.palette import RegistryProvider
from iccon.console.screens.base import Surface
from iccon.console.screens.form import Form
from iccon.console.screens.help import KEYS, LISTS, HelpScreen
from iccon.console.screens.incident import IncidentScreen
from iccon.console.screens.roles import RolesScreen
from iccon.console.screens.standing import StandingScreen
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


OF_LISTS = {"scroll_view", "chart", "page_detail"}  # what a widget's own keys lead to


def surfaces() -> list[type[Surface]]:
    """Every screen with live data that there is."""
    for module in iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    found, left = [], [Surface]
    while left:
        found.append(left.pop())
        left += found[-1].__subclasses__()
    return [each for each in found if each.__module__.startswith("iccon.") and each.SCOPES]


def test_every_command_has_a_screen_that_does_it_and_every_action_of_a_screen_is_a_command() -> None:
    for command in commands.REGISTRY:
        homes: list[type[Any]] = [each for each in surfaces() if command.scope in each.SCOPES]
        homes = [IcconApp] if command.scope == commands.APP else homes
        assert homes, command.id
        name = command.action.partition("(")[0]
        for home in [IcconApp] if name.startswith("app.") else homes:
            assert callable(getattr(home, f"action_{name.removeprefix('app.')}", None)), (home, command.id)
    known = {command.action.partition("(")[0] for command in commands.REGISTRY}
    for screen in surfaces():
        own = {name for cls in screen.__mro__ if cls.__module__.startswith("iccon.") for name in vars(cls)}
        assert {name.removeprefix("action_") for name in own if name.startswith("action_")} <= known | OF_LISTS, screen


@pytest.mark.parametrize(("keys", "screen"), [("", IncidentScreen), ("v", StandingScreen), ("vb", RolesScreen)])
async def test_the_palette_of_a_screen_has_all_its_commands(tmp_path: Path, keys: str, screen: type[Surface]) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press(*keys)
        await console.until(lambda: isinstance(console.app.screen, screen))
        offered = [(each.title, each.help) for each in RegistryProvider(console.app.screen).offers()]
        wanted = [each for each in commands.of(*screen.SCOPES, commands.APP) if each.id != "palette"]
        assert set(offered[: len(wanted)]) == {(each.title, each.help) for each in wanted}
        named = {
            binding.description
            for widget in console.app.screen.query("*")
            for bound in widget._bindings.key_to_bindings.values()
            for binding in bound
            if binding.id
        }
        assert {title for title, _ in offered[len(wanted) :]} == named
        assert len(set(offered[len(wanted) :])) == len(offered) - len(wanted)


async def test_the_palette_does_what_a_key_of_a_list_does_without_its_focus(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press(":")
        await console.press(*"By time of record")
        await console.until(lambda: "In the timeline" in console.shown())
        await console.press("enter")
        await console.until(lambda: console.incident_screen.timeline.by_recorded)


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
