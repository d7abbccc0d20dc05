"""What is typed is on disk while it is typed, and comes back at the same cursor after the console was dropped."""

from collections.abc import Callable
from pathlib import Path

from running import Running, declared, running, setting_in
from textual.widgets import TextArea

from iccon import bootstrap
from iccon.config.setting import Setting
from iccon.console.drafts import DraftInput
from iccon.console.screens.composer import Composer
from iccon.console.screens.form import Form
from iccon.console.widgets.notebar import NoteBar
from iccon.incident import entries as e
from iccon.journal.drafts import TypedDraft, note_key


def on_disk(setting: Setting, key: str) -> TypedDraft | None:
    """Read a draft as another process would."""
    desk = bootstrap.open_desk(setting)
    try:
        return desk.journal.draft(key)
    finally:
        desk.journal.close()


def holds(setting: Setting, key: str, text: str, cursor: int) -> Callable[[], bool]:
    def check() -> bool:
        found = on_disk(setting, key)
        return found is not None and (found.text, found.cursor) == (text, cursor)

    return check


async def typed_note(console: Running, key: str) -> None:
    await console.press("n", *"disk full on db1", "left", "left", "left")
    await console.until(holds(console.setting, key, "disk full on db1", 13), 1.0)


async def test_a_note_comes_back_at_its_cursor_after_the_console_was_dropped(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = note_key(declared(setting))
    async with running(setting) as dropped:
        await typed_note(dropped, key)
        async with running(setting) as console:
            await console.until(lambda: console.one(NoteBar).field.value)
            field = console.one(NoteBar).field
            assert (field.value, field.cursor_position) == ("disk full on db1", 13)
            await console.until(lambda: field.has_focus)
            await console.press("X", "enter")
            await console.settle()
            assert [b.text for b in await console.bodies(e.Note)] == ["disk full on Xdb1"]


async def test_escape_keeps_the_note_and_enter_drops_it(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = note_key(declared(setting))
    async with running(setting) as console:
        await console.press("n", *"first half", "escape")
        await console.settle()
        assert holds(setting, key, "first half", 10)()
        await console.press("n", *" second", "enter")
        await console.settle()
        assert on_disk(setting, key) is None
        await console.pilot.pause(0.4)  # longer than a draft waits to be written
        assert on_disk(setting, key) is None
        assert [b.text for b in await console.bodies(e.Note)] == ["first half second"]


async def test_a_cursor_that_only_moved_is_kept_too(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = note_key(declared(setting))
    async with running(setting) as console:
        await console.press("n", *"abc")
        await console.until(holds(setting, key, "abc", 3), 1.0)
        await console.press("home")
        await console.until(holds(setting, key, "abc", 0), 1.0)


async def test_a_refused_note_stays_a_draft(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = note_key(declared(setting))
    async with running(setting) as console:
        await console.press("n", "space", "enter")
        await console.settle()
        assert holds(setting, key, " ", 1)()


async def test_a_title_being_declared_comes_back(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    async with running(setting) as dropped:
        await dropped.press("d")
        await dropped.until_modal(Form)
        await dropped.press(*"Checkout", "home")
        await dropped.until(holds(setting, "declare#title", "Checkout", 0), 1.0)
        async with running(setting) as console:
            await console.press("d")
            await console.until_modal(Form)
            field = console.one(DraftInput)
            assert (field.value, field.cursor_position) == ("Checkout", 0)
            await console.press("escape")
            await console.until_home()
            assert on_disk(setting, "declare#title") is not None
            await console.press("d")
            await console.until_modal(Form)
            await console.press("enter")
            await console.until_incident()
            assert on_disk(setting, "declare#title") is None


async def test_an_update_being_written_comes_back_at_its_cursor(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = f"update:{declared(setting)}"
    async with running(setting) as dropped:
        await dropped.press("u")
        await dropped.until_modal(Composer)
        await dropped.settle()
        area = dropped.one(TextArea)
        area.text = ""
        await dropped.press(*"ab", "enter", *"cde", "left", "left")
        assert area.cursor_location == (1, 1)
        await dropped.until(holds(setting, key, "ab\ncde", 4), 1.0)
        async with running(setting) as console:
            await console.press("u")
            await console.until_modal(Composer)
            await console.settle()
            area = console.one(TextArea)
            assert (area.text, area.cursor_location) == ("ab\ncde", (1, 1))
            await console.press("escape")
            await console.until_incident()
            assert holds(setting, key, "ab\ncde", 4)()


async def test_a_template_nobody_touched_is_no_draft(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = f"update:{declared(setting)}"
    async with running(setting) as console:
        await console.press("u")
        await console.until_modal(Composer)
        await console.press("escape")
        await console.until_incident()
        assert on_disk(setting, key) is None


async def test_an_update_that_is_refused_is_a_draft_to_its_last_letter(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    key = f"update:{declared(setting)}"
    async with running(setting) as console:
        await console.press("u")
        await console.until_modal(Composer)
        await console.settle()
        console.one(TextArea).text = ""
        console.burst(*"db-01 is down", "ctrl+s")
        await console.settle()
        assert await console.bodies(e.UpdateIssued) == []
        await console.until(lambda: (found := on_disk(setting, key)) and found.text == "db-01 is down", 1.0)
