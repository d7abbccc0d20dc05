"""Finding in the timeline: as is typed, with a count, through what arrives, and back to the whole of it."""

from pathlib import Path

from running import Running, declared, do_before, running, setting_in

from iccon.console.widgets.timeline import TimelineView
from iccon.incident.commands import AddNote, Declare, Strike
from iccon.incident.severity import Severity

NOTES = ("disk full on db-1", "cache is cold", "disk is free again", "all quiet")
TOLD = Declare(title="Checkout fails", severity=Severity.SEV2)


async def found(console: Running, count: int) -> TimelineView:
    view = console.one(TimelineView)
    await console.until(lambda: view.filtered and len(view.order) == count)
    await console.settle()
    return view


async def test_what_is_typed_filters_and_esc_shows_all_again(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, TOLD, *(AddNote(text=text) for text in NOTES))
    async with running(setting, (120, 36)) as console:
        await console.until(lambda: "all quiet" in console.shown())
        await console.press("slash", *"disk")
        view = await found(console, 2)
        assert "2 with disk" in console.shown()
        assert "cache is cold" not in console.shown()
        await console.press("enter", "up", "up")
        assert view.chosen is not None and view.chosen.text == NOTES[0]
        await console.press("slash", *"nowhere")
        await found(console, 0)
        assert view.chosen is None
        await console.press("ctrl+u", *"full", "enter", "up")
        await found(console, 1)
        await console.press("escape")
        assert not view.filtered
        assert view.chosen is not None and view.chosen.text == NOTES[0]
        assert "cache is cold" in console.shown()
        await console.press("slash", *"disk", "enter", "escape", "f3")
        assert view.chosen.text == NOTES[2]
        await console.press("shift+f3")
        assert view.chosen.text == NOTES[0]


async def test_the_words_come_back_and_the_first_key_replaces_them(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, TOLD, *(AddNote(text=text) for text in NOTES))
    async with running(setting) as console:
        await console.press("slash", *"cache", "escape")
        view = console.one(TimelineView)
        await console.until(lambda: not view.filtered)
        await console.press("slash")
        await found(console, 1)
        await console.press(*"disk")
        await found(console, 2)
        await console.press("backspace", "backspace", "backspace", "backspace")
        await console.until(lambda: not view.filtered)


async def test_what_arrives_is_found_and_what_is_struck_reads_so(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    incident = declared(setting)
    async with running(setting, (120, 36)) as console:
        await console.press("slash", *"disk", "enter")
        view = await found(console, 0)
        assert "No entry has all" in console.shown()
        for text in NOTES:
            await console.app.act(AddNote(text=text), incident)
        await found(console, 2)
        await console.app.act(Strike(target=view.order[0].id, reason="another machine"), incident)
        await console.press("slash", *"is:struck", "enter")
        await found(console, 1)
        assert "disk full on db-1" in console.shown()


async def test_one_who_only_watches_finds_too(tmp_path: Path) -> None:
    do_before(setting_in(tmp_path), TOLD, *(AddNote(text=text) for text in NOTES))
    async with running(setting_in(tmp_path, read_only=True), (120, 36)) as console:
        await console.press("slash", *"disk", "enter")
        await found(console, 2)
        await console.press("escape")
        assert not console.one(TimelineView).filtered
