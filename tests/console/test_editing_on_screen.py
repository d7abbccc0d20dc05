"""Editing the timeline: an entry's text and time in one form, its history, a note in between, what is written twice."""

from datetime import timedelta
from pathlib import Path

from running import declared, do_before, running, setting_in

from iccon.clock import SystemClock
from iccon.console.screens.form import Form
from iccon.console.screens.history import HistoryScreen
from iccon.console.widgets.timeline import TimelineView
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.severity import Severity

TOLD = c.Declare(title="Checkout fails", severity=Severity.SEV2)


async def test_text_and_time_are_amended_in_one_form_and_both_are_told(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, TOLD, c.AddNote(text="three nodes"))
    async with running(setting, (120, 36)) as console:
        view = console.one(TimelineView)
        view.focus()
        await console.press("up", "e")
        await console.until_modal(Form)
        await console.press("ctrl+s")
        assert "nothing is changed" in console.shown()
        await console.press(*"!", "tab", *(["backspace"] * 40), *"-3m", "enter")
        (amended,) = await console.bodies(e.Amended)
        assert amended.text == "three nodes!"
        assert amended.happened_at is not None
        await console.settle()
        assert view.chosen is not None and view.chosen.text == "three nodes!"
        await console.press("V")
        await console.until(lambda: isinstance(console.app.screen, HistoryScreen))
        assert "written by kim" in console.shown()
        assert "amended by kim" in console.shown()
        await console.press("escape")
        await console.press("y")
        await console.until(lambda: "not copied: there is no terminal" in console.notices())
        assert "three nodes!" in (setting.folders.data / "exports" / "copied.txt").read_text()


async def test_an_entry_is_pinned_and_a_note_is_made_a_task(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, TOLD, c.AddNote(text="page the vendor"))
    async with running(setting, (80, 24)) as console:
        view = console.one(TimelineView)
        view.focus()
        await console.press("up", "asterisk")
        await console.until(lambda: "[pinned]" in console.shown())
        await console.press("e", "tab", "tab", "4", "tab", *"lee", "enter")
        await console.until_incident()
        await console.until(lambda: "action: page the vendor (lee)" in console.shown())
        assert [task.owner for task in (await console.state()).tasks] == ["lee"]
        await console.press("asterisk")
        await console.until(lambda: "[pinned" not in console.shown())


async def test_a_note_in_between_has_a_time_in_between(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    early = SystemClock().now() - timedelta(seconds=40)
    do_before(
        setting, TOLD, c.AddNote(text="first", at=early), c.AddNote(text="last", at=early + timedelta(seconds=20))
    )
    async with running(setting, (120, 36)) as console:
        view = console.one(TimelineView)
        view.focus()
        await console.press("home")
        assert view.chosen is not None and view.chosen.text == "first"
        await console.press("I", *"between", "enter")
        await console.until(lambda: len(view.order) == 5)
        assert [view.timeline.item(entry).text for entry in view.order[:3]] == ["first", "between", "last"]


async def test_a_line_that_was_written_a_moment_ago_is_asked_about(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("n", *"disk full", "enter")
        await console.press("n", *"disk full", "enter")
        assert "you wrote the same" in console.notices()
        assert len(await console.bodies(e.Note)) == 1
        await console.press("enter")
        assert len(await console.bodies(e.Note)) == 2


async def test_the_order_is_by_the_time_of_record_and_back(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    now = SystemClock().now()
    notes = [c.AddNote(text=text, at=now - timedelta(minutes=ago)) for text, ago in (("b", 20), ("a", 30), ("c", 10))]
    do_before(setting, TOLD, *notes)
    async with running(setting, (120, 36)) as console:
        view = console.one(TimelineView)

        def order() -> list[str]:
            assert view.timeline is not None
            return [item.text for item in map(view.timeline.item, view.order) if item.kind == "note"]

        view.focus()
        await console.press("home")
        assert order() == ["a", "b", "c"]
        await console.press("b")
        assert order() == ["b", "a", "c"]
        assert view.chosen is not None and view.chosen.text == "a"
        assert "recorded in" in console.shown()
        await console.app.act(c.AddNote(text="d", at=now - timedelta(hours=1)), console.incident_screen.incident)
        await console.until(lambda: order() == ["b", "a", "c", "d"])
        await console.press("b")
        assert order() == ["d", "a", "b", "c"]
        assert view.chosen.text == "a"
