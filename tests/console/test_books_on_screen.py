"""All runbooks on the screen: the fitting ones first, searched as is typed, opened on the screen below."""

from pathlib import Path

from msgspec.structs import replace
from rawserver import http, serving
from running import config_of, declared, do_before, running, setting_in

from iccon.config import schema
from iccon.console import runbooks
from iccon.console.screens.books import BooksScreen
from iccon.console.widgets.books import BooksView
from iccon.console.widgets.runbook import RunbookView
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.severity import Severity
from iccon.incident.steps import StepOutcome
from iccon.runbooks.matching import Wanted


async def test_all_are_listed_searched_as_is_typed_and_opened(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    for name in ("apple", "disk", "queue"):
        (folder / f"{name}.md").write_text(f"# The {name}\n\nHow to mend a {name} [/] that was growing.\n")
    setting = setting_in(tmp_path, replace(config_of(), runbooks=schema.Runbooks((str(folder),))))
    mark = c.MarkStep(path="books:apple.md", digest="d", step="s", text="x", outcome=StepOutcome.DONE, total=4)
    do_before(setting, c.Declare(title="Checkout fails", severity=Severity.SEV2), mark)
    async with running(setting, (80, 24)) as console:
        await console.until_incident()
        await console.press("L")
        await console.until(lambda: isinstance(console.app.screen, BooksScreen))
        view = console.one(BooksView)
        await console.until(lambda: len(view.keys) == 3)
        await console.until(lambda: "The apple" in console.shown())
        assert "steps 1 of 4" in console.shown()
        await console.press("slash", *"grows disk")
        await console.until(lambda: list(view.keys) == ["books:disk.md"])
        assert "mend a disk [/] that was growing" in console.shown()
        assert "books:disk.md" in console.shown()
        await console.press("x")
        await console.until(lambda: not view.keys)
        assert "No runbook has all of: grows diskx" in console.shown()
        await console.press("escape")
        await console.until(lambda: len(view.keys) == 3)
        await console.press("slash", *"queue", "enter")
        await console.until(lambda: list(view.keys) == ["books:queue.md"])
        await console.press("enter")
        await console.until(lambda: any(v.document for v in console.app.screen.query(RunbookView)))
        assert "The queue" in console.shown()
        opened = await console.bodies(e.RunbookOpened)
        assert [(each.path, each.why) for each in opened] == [("books:queue.md", "text")]


async def test_without_a_source_it_says_how_to_have_one(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, (80, 24)) as console:
        await console.until_incident()
        await console.press("L")
        await console.until(lambda: "runbooks.folders" in console.shown())


async def test_the_runbook_url_of_a_page_is_fetched_where_that_is_allowed_and_said_where_not(tmp_path: Path) -> None:
    text = http(b"# Disk from the web\n\nLook at it.\n", "200 OK", "Content-Type: text/markdown")
    with serving(text) as server:
        docs = schema.RunbookSource("web", url=f"{server.url}/docs")
        setting = setting_in(tmp_path, replace(config_of(), runbooks=schema.Runbooks(sources={"docs": docs})))
        declared(setting)
        async with running(setting, (120, 36)) as console:
            screen = await console.until_incident()
            await runbooks.open_for(screen, Wanted("Disk", url="http://other.example.org/x"))
            await console.until(lambda: "is no place to fetch from" in console.notices())
            await runbooks.open_for(screen, Wanted("Disk", url=f"{server.url}/docs/disk.md"))
            await console.until(lambda: "Disk from the web" in console.shown())
            (opened,) = await console.bodies(e.RunbookOpened)
            assert opened.path == "docs:disk.md"
            assert opened.why.startswith("runbook URL; copy of ")
