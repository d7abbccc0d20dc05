"""The steps of a runbook on the screen: signs, keys, progress, and the version an incident goes on with."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, running, setting_in

from iccon.config import schema
from iccon.console.screens.form import Form
from iccon.console.screens.reader import Reader
from iccon.console.widgets.runbook import RunbookView
from iccon.incident import entries as e
from iccon.runbooks.matching import Wanted

BOOK = "# Disk full\n\n1. Look at `df -h`\n2. Find what grows\n\n```sh\ndu -x /var\n```\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "disk.md").write_text(BOOK)
    return tmp_path


def config(folder: Path) -> schema.Config:
    return replace(config_of(), runbooks=schema.Runbooks((str(folder / "books"),)))


async def opened(console: Running, region: bool = True) -> RunbookView:
    """Open the runbook as for a page, and wait for its steps."""
    from iccon.console import runbooks

    screen = await console.until_incident()
    await runbooks.open_for(screen, Wanted("disk", title="Disk full"))
    if not region:
        await console.until(lambda: isinstance(console.app.screen, Reader))
    view = console.one(RunbookView)
    await console.until(lambda: view.steps)
    return view


async def test_steps_are_marked_by_keys_and_the_next_commander_goes_on(folder: Path) -> None:
    setting = setting_in(folder, config(folder))
    declared(setting)
    async with running(setting, (160, 50)) as console:
        view = await opened(console)
        assert view.border_title is not None
        assert "0 of 3" in str(view.border_title)
        assert "○ 1. Look at" in console.shown()
        await console.press("D")
        await console.until(lambda: "1 of 3" in str(view.border_title))
        assert "✓ 1. Look at" in console.shown()
        assert view.chosen is not None
        assert view.chosen.text == "Find what grows"
        await console.press("right", "K")
        await console.until_modal(Form)
        await console.press(*"no room", "tab", "3", "tab", *"kim", "enter")
        await console.until(lambda: "2 of 3" in str(view.border_title))
        last = (await console.bodies(e.StepMarked))[-1]
        assert (last.text, last.outcome, last.note, last.owner) == ("du -x /var", "failed", "no room", "kim")
        assert "✗ failed by kim: no room (" in console.shown()
        await console.press("left", "left", "D")
        assert "already" in console.notices()
    async with running(setting, (160, 50)) as console:
        view = await opened(console)
        await console.until(lambda: view.chosen is not None and view.chosen.text == "Find what grows")
        assert "2 of 3" in str(view.border_title)


async def test_no_step_is_marked_that_is_out_of_view(folder: Path) -> None:
    (folder / "books" / "disk.md").write_text("# Disk full\n\n" + "Read this first.\n\n" * 60 + "1. Look at `df -h`\n")
    setting = setting_in(folder, config(folder))
    declared(setting)
    async with running(setting, (160, 50)) as console:
        await opened(console)
        assert "Look at df" not in console.shown()
        await console.press("D")
        assert "out of view" in console.notices()
        assert "○ 1. Look at df" in console.shown()
        assert await console.bodies(e.StepMarked) == []
        await console.press("D")
        assert len(await console.bodies(e.StepMarked)) == 1


async def test_an_incident_goes_on_with_the_version_it_read_first(folder: Path) -> None:
    setting = setting_in(folder, config(folder))
    declared(setting)
    async with running(setting, (160, 50)) as console:
        await opened(console)
        await console.until(lambda: console.incident_screen.ledger.state.runbooks)
        (folder / "books" / "disk.md").write_text("# Disk full\n\n1. Call the vendor\n")
        view = await opened(console)
        await console.until(lambda: len(view.steps) == 3)
        assert "as read first, changed since (V)" in str(view.border_title)
        await console.press("V")
        await console.until(lambda: len(view.steps) == 1)
        assert "as it is now" in str(view.border_title)
        assert "Call the vendor" in console.shown()
        await console.press("V")
        await console.until(lambda: len(view.steps) == 3)


async def test_without_a_region_and_in_ascii(folder: Path) -> None:
    console_in = schema.Console(zone="UTC", ascii=True, layout="scribe")
    setting = setting_in(folder, replace(config(folder), console=console_in))
    declared(setting)
    async with running(setting, (80, 24)) as console:
        view = await opened(console, region=False)
        assert "o 1. Look at" in console.shown()
        await console.press("D")
        await console.until(lambda: "1 of 3" in str(view.border_title))
        assert "+ 1. Look at" in console.shown()
        await console.press("K")
        await console.until_modal(Form)


async def test_a_console_that_watches_marks_nothing(folder: Path) -> None:
    setting = setting_in(folder, config(folder))
    declared(setting)
    async with running(setting_in(folder, config(folder), read_only=True), (160, 50)) as console:
        view = await opened(console)
        await console.press("D", "K")
        assert not isinstance(console.app.screen, Form)
        assert "0 of 3" in str(view.border_title)
        assert await console.bodies(e.StepMarked) == []
