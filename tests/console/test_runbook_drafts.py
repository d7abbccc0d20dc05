"""Filling in the gap: from the viewer and from the timeline into a patch that git applies."""

import stat
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, do_before, running, setting_in

from iccon.config import schema
from iccon.console import runbooks
from iccon.console.screens.form import Form
from iccon.console.screens.reader import Reader
from iccon.console.widgets.runbook import RunbookView
from iccon.console.widgets.timeline import TimelineView
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.severity import Severity
from iccon.runbooks.matching import Wanted

BOOK = "---\nowner: kim\n---\n# Disk full\n\n## Diagnosis\n\n1. Look at `df -h`\n\n## Mitigation\n\n1. Delete\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "repo" / "books").mkdir(parents=True)
    (tmp_path / "repo" / "books" / "disk.md").write_text(BOOK)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "repo", check=True)
    return tmp_path


def config(folder: Path, **console: object) -> schema.Config:
    shown = schema.Console(zone="UTC", **console)
    return replace(config_of(console=shown), runbooks=schema.Runbooks((str(folder / "repo" / "books"),)))


async def opened(console: Running) -> RunbookView:
    await runbooks.open_for(await console.until_incident(), Wanted("disk", title="Disk full"))
    await console.until(lambda: console.app.screen.query(RunbookView))
    view = console.one(RunbookView)
    await console.until(lambda: view.steps)
    return view


def patched(folder: Path, console: Running) -> str:
    """Apply the one draft there is to the checkout; return the runbook then."""
    (draft,) = (folder / "data" / "drafts").rglob("*.patch")
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700
    subprocess.run(["git", "apply", str(draft)], cwd=folder / "repo", check=True)
    found = (folder / "repo" / "books" / "disk.md").read_text()
    subprocess.run(["git", "apply", "-R", str(draft)], cwd=folder / "repo", check=True)
    return found


async def to_entry(console: Running, words: str) -> None:
    """Put the timeline's cursor on an entry."""
    view = console.one(TimelineView)
    view.focus()
    await console.until(lambda: view.has_focus)
    await console.press("home")
    for _ in range(20):
        if view.chosen is not None and words in view.chosen.text:
            return
        await console.press("down")
    raise AssertionError(words)


async def test_from_the_viewer_and_from_the_timeline(folder: Path) -> None:
    setting = setting_in(folder, config(folder))
    do_before(setting, c.Declare(title="Disk", severity=Severity.SEV2), c.AddNote(text="the cache is safe to delete"))
    async with running(setting, (160, 50)) as console:
        await opened(console)
        await console.press("right", "F")
        await console.until_modal(Form)
        assert "Mitigation" in console.shown()
        await console.press(*"$ rm -r /var/cache/x", "ctrl+s")
        await console.until(lambda: "in the draft" in console.notices())
        assert "## Mitigation\n\n1. Delete\n\n```sh\nrm -r /var/cache/x\n```\n" in patched(folder, console)
        await to_entry(console, "the cache is safe")
        await console.press("F")
        await console.until_modal(Form)
        assert "the cache is safe to delete" in console.shown()
        await console.press("tab", "down", "ctrl+s")
        await console.until(lambda: not isinstance(console.app.screen, Form))
        await console.until(lambda: "the cache" in patched(folder, console))
        first, second = await console.bodies(e.DraftAdded)
        assert (first.heading, first.place, second.sha256) == ("Mitigation", "books/disk.md", first.sha256)
        assert second.target
        assert "proposed for the runbook Disk full under Mitigation: ```sh …" in console.shown()


async def test_what_is_typed_survives_and_the_same_twice_is_refused(folder: Path) -> None:
    setting = setting_in(folder, config(folder, layout="scribe"))
    declared(setting)
    async with running(setting, (80, 24)) as console:
        await opened(console)
        assert isinstance(console.app.screen, Reader)
        await console.press("F")
        await console.until_modal(Form)
        await console.press(*"look at inodes too", "enter", *"and more", "escape", "F")
        await console.until_modal(Form)
        assert "look at inodes too" in console.shown()
        assert "esc leave" in console.shown()
        await console.press("ctrl+s")
        await console.until(lambda: isinstance(console.app.screen, Reader))
        await console.press("F")
        await console.until_modal(Form)
        await console.press(*"look at inodes too", "enter", *"and more", "ctrl+s")
        await console.until(lambda: "in the draft already" in console.shown())
        (added,) = await console.bodies(e.DraftAdded)
        assert added.text == "look at inodes too\nand more"


async def test_where_nothing_can_be_proposed(folder: Path) -> None:
    setting = setting_in(folder, config(folder))
    declared(setting)
    async with running(setting, (120, 36)) as console:
        await console.until_incident()
        await to_entry(console, "declared")
        await console.press("F")
        await console.until(lambda: "no runbook was opened" in console.notices())
        (folder / "repo" / "books" / "disk.md").write_bytes("# Disk full\n\n1. x\n".encode("utf-16"))
        await opened(console)
        await console.press("F")
        await console.until(lambda: "no UTF-8 text" in console.notices())
    async with running(setting_in(folder, config(folder), read_only=True), (120, 36)) as console:
        await opened(console)
        await console.press("F")
        assert not isinstance(console.app.screen, Form)
