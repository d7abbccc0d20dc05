"""A note names what is chosen elsewhere, and opens it again."""

from pathlib import Path

from running import do_before, running, setting_in
from test_chart import NOON, board
from test_pages_on_screen import Pager, chosen, page

from iccon.console.screens.changes import ChangesScreen
from iccon.console.screens.form import Form
from iccon.console.screens.page import PageScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.timeline import TimelineView
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.ids import short
from iccon.incident.severity import Severity


async def test_a_note_names_what_is_chosen_and_opens_it(tmp_path: Path) -> None:
    setting, pager = setting_in(tmp_path), Pager(page("P1"))
    do_before(setting, c.Declare(title="Checkout fails", severity=Severity.SEV2), c.AddNote(text="first"))
    sources = [pager.source, Source("signals", lambda: board(NOON), 3600.0, 30.0)]
    async with running(setting, (120, 36), sources=sources) as console:
        await console.press("n", "ctrl+l")
        assert "nothing is chosen" in console.notices()
        await console.press("escape")
        await chosen(console, "P1")
        await console.press("n", *"seen in", "ctrl+l", *"first", "enter")
        cells = console.one(BoardView)
        await console.until(lambda: cells.keys)
        cells.focus()
        await console.press("home", "n", *"slow:", "ctrl+l", "enter")
        texts = [body.text for body in await console.bodies(e.Note)]
        assert texts == ["first", "seen in page:P1 first", "slow: service:checkout"]

        view = console.one(TimelineView)
        view.focus()
        await console.press("end", "up", "enter")
        await console.until(lambda: cells.has_focus and cells.chosen_service == "checkout")
        view.focus()
        await console.press("up")
        assert "enter opens what it names" in console.shown()
        await console.press("enter")
        await console.until(lambda: isinstance(console.app.screen, PageScreen))
        await console.press("escape")


async def test_of_several_one_is_chosen_and_what_is_not_known_is_said(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(
        setting,
        c.Declare(title="Checkout fails", severity=Severity.SEV2),
        c.TellChange(text="deploy 4711", key="ci/4711", services=("checkout",), pinned=True),
        c.AddNote(text="since change:ci/4711, see evidence:abcdef"),
    )
    async with running(setting, (120, 36)) as console:
        view = console.one(TimelineView)
        view.focus()
        await console.press("up", "enter")
        await console.until_modal(Form)
        await console.press("2", "enter")
        await console.until(lambda: "evidence:abcdef: nothing of that name" in console.notices())
        await console.press("enter")
        await console.until_modal(Form)
        await console.press("enter")
        await console.until_incident()
        await console.until(lambda: view.chosen is not None and view.chosen.kind == "change_seen")
        await console.press("n", "ctrl+l")
        await console.settle()
        assert view.chosen is not None and f"change:{short(view.chosen.id)}" in console.shown()
        await console.press("escape")
        (told,) = await console.bodies(e.ChangeSeen)
        assert await console.incident_screen.show_change(told.key)
        assert isinstance(console.app.screen, ChangesScreen)
        await console.press("escape")
        assert not await console.incident_screen.show_change("none")
