"""The viewer's keys: headings, search, links, code; and that v is the state from there too."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, running, setting_in

from iccon.config import schema
from iccon.console import leaving, runbooks
from iccon.console.screens.form import Form
from iccon.console.screens.help import HelpScreen
from iccon.console.screens.pick import PickScreen
from iccon.console.screens.reader import Reader
from iccon.console.screens.standing import StandingScreen
from iccon.console.widgets.runbook import RunbookView
from iccon.incident import entries as e
from iccon.runbooks.matching import Wanted

FILLER = "\n\n".join(f"Line {n} of what is to be known." for n in range(40))
BOOK = f"""# Disk full

See [the net](net.md#mend), [web](https://wiki.example/disk), [out](../../etc/passwd), [script](mend.sh), [gone](no.md).

1. Look at **disk** space

   ```sh
   df -h
   ```

{FILLER}

## Mend

```bash
rm -r /tmp/cache
```

The Disk is mended.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    books = tmp_path / "books"
    books.mkdir()
    (books / "disk.md").write_text(BOOK)
    (books / "net.md").write_text(f"# Net\n\n{FILLER}\n\n## Mend\n\n1. Pull the plug\n")
    (books / "mend.sh").write_text("#!/bin/sh\necho ``` mended\n")
    os.mkfifo(books / "no.md")
    return tmp_path


def setting(folder: Path, **console: object):
    layout = schema.Console(zone="UTC", **console)
    return setting_in(folder, replace(config_of(console=layout), runbooks=schema.Runbooks((str(folder / "books"),))))


async def opened(console: Running) -> RunbookView:
    await runbooks.open_for(await console.until_incident(), Wanted("disk", title="Disk full"))
    view = console.one(RunbookView)
    await console.until(lambda: view.steps)
    return view


async def picked(console: Running, words: str) -> None:
    await console.until_modal(PickScreen)
    await console.press(*words)
    await console.press("enter")
    await console.until(lambda: not isinstance(console.app.screen, PickScreen))


async def test_headings_search_and_code(folder: Path) -> None:
    made = setting(folder)
    declared(made)
    async with running(made, (120, 36)) as console:
        view = await opened(console)
        await console.press("y")
        assert "df -h" in console.notices()
        assert "not copied: there is no terminal. Also in the file" in console.notices()
        assert (folder / "data" / "exports" / "copied.txt").read_text() == "df -h\n"
        await console.press("number_sign")
        await picked(console, "mend")
        assert "## Mend" in console.shown()
        await console.press("g", "slash", *"disk")
        await console.until(lambda: "/disk: 1 of " in str(view.border_title))
        await console.press("enter", "n")
        count = len(view._hits)
        assert f"/disk: 2 of {count}" in str(view.border_title)
        await console.press("N", "N")
        assert f"/disk: {count} of {count}" in str(view.border_title)
        assert "The Disk is mended" in console.shown()
        await console.press("slash", *"Disk", "x")
        await console.until(lambda: "not found" in str(view.border_title))
        await console.press("backspace")
        await console.until(lambda: "/Disk: " in str(view.border_title))
        await console.press("enter", "escape")
        assert "/" not in str(view.border_title)
        await console.press("n")
        await console.until(lambda: console.app.screen.query("NoteBar.-open"))
        await console.press("escape", "v")
        await console.until(lambda: isinstance(console.app.screen, StandingScreen))


async def test_links_stay_in_the_folder_and_the_web_is_shown_first(folder: Path) -> None:
    made = setting(folder)
    declared(made)
    async with running(made, (120, 36)) as console:
        view = await opened(console)
        await console.press("enter")
        await picked(console, "net.md")
        await console.until(lambda: view.document is not None and view.document.runbook.path == "net.md")
        await console.until(lambda: view.steps)
        assert "## Mend" in console.shown()
        await console.press("D")
        await console.until(lambda: "1 of 1" in str(view.border_title))
        assert [b.why for b in await console.bodies(e.RunbookOpened)][-1] == "link from Disk full"
        await console.press("backspace")
        assert "Runbook: Disk full" in str(view.border_title)
        for name, said in (("passwd", "it leads out of the runbook folder"), ("no.md", "not a file (a pipe")):
            await console.press("enter")
            await picked(console, name)
            await console.until(lambda said=said: said in console.notices())
        await console.press("enter")
        await picked(console, "mend.sh")
        await console.until(lambda: "File: mend.sh" in str(view.border_title))
        assert "echo ``` mended" in console.shown()
        await console.press("backspace", "enter")
        await picked(console, "wiki")
        await console.until_modal(Form)
        assert "It leads to wiki.example:" in console.shown()
        assert "https://wiki.example/disk" in console.shown()


async def test_what_opens_the_web() -> None:
    assert leaving.opener({}, "linux") is None
    assert leaving.opener({"DISPLAY": ":0"}, "win32") in (None, "/usr/bin/xdg-open")


async def test_a_reader_over_the_screen_has_the_same_keys(folder: Path) -> None:
    made = setting(folder, layout="scribe", ascii=True)
    declared(made)
    async with running(made, (80, 24)) as console:
        view = await opened(console)
        assert isinstance(console.app.screen, Reader)
        await console.press("slash", *"mended", "enter")
        await console.until(lambda: "/mended: 1 of 1" in str(view.border_title))
        await console.press("escape")
        assert isinstance(console.app.screen, Reader)
        await console.press("v")
        await console.until(lambda: isinstance(console.app.screen, StandingScreen))
        await console.press("v")
        await console.until(lambda: isinstance(console.app.screen, Reader))
        await console.press("question_mark")
        await console.until(lambda: isinstance(console.app.screen, HelpScreen))
        await console.press("escape")
        await console.until(lambda: isinstance(console.app.screen, Reader))
        await console.press("escape")
        await console.until_incident()
