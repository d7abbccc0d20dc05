"""The whole console in process: keys in, journal entries and screens out."""

import asyncio
import os
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from running import Running, config_of, declared, do_before, running, setting_in

from iccon import bootstrap
from iccon.config.setting import Setting
from iccon.console.screens.form import Form
from iccon.console.screens.incident import IncidentScreen
from iccon.console.widgets.notebar import NoteBar
from iccon.console.widgets.timeline import TimelineView
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.roles import Role
from iccon.incident.severity import Phase, Severity


async def answer(console: Running, key: str, *keys: str) -> None:
    """Open a form, press keys in it, and wait until it is gone."""
    await console.press(key)
    await console.until_modal(Form)
    await console.press(*keys)
    await console.until(lambda: not isinstance(console.app.screen, Form))


def on_disk(setting: Setting) -> set[str]:
    """Return the ids that another process finds in the journal."""
    desk = bootstrap.open_desk(setting)
    try:
        return {entry.id for entry in desk.journal.entries()}
    finally:
        desk.journal.close()


async def test_declaring_takes_a_key_a_title_and_enter(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path)) as console:
        await answer(console, "d", *"Checkout fails", "enter")
        await console.until(lambda: isinstance(console.app.screen, IncidentScreen))
        states = await console.call(lambda desk: desk.active())
        assert [s.title for s in states] == ["Checkout fails"]
        assert states[0].severity == "SEV2"
        assert states[0].holder(Role.COMMANDER) == "kim"


async def test_the_arrows_choose_the_severity_while_the_title_is_typed(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path)) as console:
        await answer(console, "d", *"All is down", "up", "enter")
        await console.until_incident()
        assert (await console.state()).severity == "SEV1"


async def test_an_empty_title_is_refused_inside_the_form(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path)) as console:
        await console.press("d")
        await console.until_modal(Form)
        await console.press("enter")
        assert "Title is empty" in console.shown()
        assert await console.entries() == []


async def test_a_drill_declares_drills(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path, drill=True)) as console:
        assert "DRILL" in console.shown()
        await answer(console, "d", *"Practice", "enter")
        await console.until_incident()
        assert (await console.state()).drill
        assert "DRILL" in console.shown()


async def test_a_note_is_on_the_record_before_its_row_is_on_the_screen(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        view, extend, seen = console.one(TimelineView), TimelineView.extend, list[str]()

        def watched(fresh: Iterable[e.Entry]) -> None:
            fresh = list(fresh)
            seen.extend(entry.id for entry in fresh if entry.id in on_disk(setting))
            extend(view, fresh)

        view.extend = watched  # type: ignore[method-assign]
        await console.press("n", *"Restarted the pods")
        assert "•" not in console.shown()
        await console.press("enter")
        await console.until(lambda: seen)
        assert seen == [entry.id for entry in await console.entries(e.Note)]
        assert "Restarted the pods" in console.shown()
        assert not console.one(NoteBar).has_class("-open")


async def test_after_a_note_the_focus_is_where_it_was(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        console.one(TimelineView).focus()
        await console.pilot.pause()
        for end in ("enter", "escape"):
            await console.press("n", *"seen", end)
            await console.settle()
            assert console.app.focused is console.one(TimelineView)


async def test_a_refused_note_keeps_field_and_text(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("n", "space", "space", "enter")
        await console.settle()
        assert "the note is empty" in console.notices()
        assert console.one(NoteBar).has_class("-open")
        assert console.one(NoteBar).field.has_focus
        await console.press(*"now with text", "enter")
        await console.settle()
        assert [b.text for b in await console.bodies(e.Note)] == ["now with text"]


async def test_a_downgrade_without_a_reason_is_refused_inside_the_form(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("s")
        await console.until_modal(Form)
        await console.press("4", "enter")
        assert "is a downgrade" in console.shown()
        await console.press("tab", *"fewer users", "enter")
        await console.until_incident()
        assert await console.bodies(e.SeveritySet) == [e.SeveritySet(level=Severity.SEV4, reason="fewer users")]
        assert "SEV4" in console.shown()


async def test_phase_role_theory_and_title(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await answer(console, "p", "down", "tab", *"it is the database", "enter")
        await answer(console, "o", "down", "tab", *(["backspace"] * 3), *"alex", "enter")
        await answer(console, "t", *"a bad deploy", "enter")
        await answer(console, "t", "down", "enter")
        await answer(console, "T", *" for many", "enter")
        state = await console.state()
        assert state.phase == Phase.IDENTIFIED
        assert "alex" in {held.person for held in state.roles.values()}
        assert state.theory is not None and state.theory.text == "a bad deploy" and state.theory.confirmed
        assert state.title == "Checkout fails for many"
        assert "Checkout fails for many" in console.shown()


async def test_impact_is_started_and_stopped_with_the_same_key(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await answer(console, "i", *"EU customers", "enter")
        opened = (await console.state()).open_impact
        assert opened is not None and opened.scope == "EU customers"
        await console.press("i")
        await console.until_modal(Form)
        assert "EU customers" in console.shown()
        await console.press("enter")
        await console.until_incident()
        assert (await console.state()).open_impact is None


async def test_resolving_ends_open_impact_and_reopening_needs_a_reason(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(
        setting,
        c.Declare(title="Checkout fails", severity=Severity.SEV2),
        c.StartImpact(scope="EU"),
        c.AddNote(text="x"),
    )
    async with running(setting) as console:
        await console.press("R")
        await console.until_modal(Form)
        assert "impact is still open" in console.shown()
        assert "open: public post closed after mitigation (mitigated is not set)" in console.shown()
        assert "unknown: signals in range" in console.shown()
        await console.press(*"rolled back", "enter")
        assert "not met: customer impact stopped (running: EU)" in " ".join(console.shown().split())
        await console.press("tab", *"by phone", "enter")
        await console.until_incident()
        state = await console.state()
        assert state.phase == Phase.RESOLVED
        assert state.open_impact is None
        assert "RESOLVED" in console.shown()
        await console.press("R")
        await console.until_modal(Form)
        await console.press("enter")
        assert "is empty" in console.shown()
        await console.press(*"it came back", "enter")
        await console.until_incident()
        assert (await console.state()).active


async def test_amend_and_strike_the_chosen_entry(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    title = c.Declare(title="Checkout fails", severity=Severity.SEV2)
    do_before(setting, title, c.AddNote(text="db1 is full"), c.AddNote(text="wrong room"))
    async with running(setting) as console:
        console.one(TimelineView).focus()
        await console.press("e")
        assert "no timeline entry is chosen" in console.notices()
        await console.press("up")
        await answer(console, "x", *"not ours", "enter")
        await console.press("up")
        await answer(console, "e", *(["backspace"] * 11), *"db2 is full", "ctrl+s")
        notes = {entry.body.text: entry.id for entry in await console.entries(e.Note) if isinstance(entry.body, e.Note)}
        assert await console.bodies(e.Struck) == [e.Struck(target=notes["wrong room"], reason="not ours")]
        assert [(b.target, b.text) for b in await console.bodies(e.Amended)] == [(notes["db1 is full"], "db2 is full")]
        await console.settle()
        assert "db2 is full" in console.shown()


async def test_the_export_is_a_file_and_its_place_is_said(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("X")
        await console.until(lambda: "written" in console.notices())
        (file,) = (setting.folders.data / "exports").iterdir()
        assert str(file) in console.notices()
        assert "Checkout fails" in file.read_text()


async def test_home_and_back(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        screen = await console.until_incident()
        await console.press("h")
        await console.until_home()
        assert "Checkout fails" in console.shown()
        await console.press("enter")
        assert (await console.until_incident()).incident == screen.incident
        await console.press("escape")
        await console.until_home()


async def test_several_active_incidents_open_the_home_screen(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    first, second = declared(setting, "One"), declared(setting, "Two")
    async with running(setting) as console:
        await console.until_home()
        assert "One" in console.shown() and "Two" in console.shown()
        assert "no incident is active" not in console.shown()
        await console.press("down", "enter")
        assert (await console.until_incident()).incident == first
    async with running(setting, incident=second) as console:
        assert (await console.until_incident()).incident == second


async def test_nothing_active_opens_the_home_screen(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    do_before(setting, c.Declare(title="Old", severity=Severity.SEV3), c.Resolve(override="over"))
    async with running(setting) as console:
        await console.until_home()
        assert "no incident is active" in console.shown()
        assert "Old" in console.shown()


async def test_a_console_that_only_watches_has_no_key_that_writes(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    ident = declared(setting)
    watching = setting_in(tmp_path, read_only=True)
    async with running(watching) as console:
        screen = await console.until_incident()
        assert "READ-ONLY" in console.shown()
        assert "Note" not in console.shown().splitlines()[-1]
        for key in "nausIpiotexRTdAmD":
            await console.press(key)
            assert console.app.screen is screen
        await console.press("question_mark")
        await console.pilot.pause()
        assert "Write a note" not in console.shown()
        assert len(await console.entries(incident=ident)) == 2


async def test_a_resolved_incident_takes_no_severity_but_takes_notes(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    ident = do_before(setting, c.Declare(title="Old", severity=Severity.SEV3), c.Resolve(override="over"))[0]
    async with running(setting, incident=ident) as console:
        await console.press("s")
        await console.until_modal(Form)
        await console.press("1", "enter")
        assert "reopen it first" in console.shown()
        await console.press("escape")
        await console.until_incident()
        await console.press("n", *"afterthought", "enter")
        await console.settle()
        assert [b.text for b in await console.bodies(e.Note)] == ["afterthought"]


async def test_another_process_on_the_same_journal_appears_within_a_second(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    ident = declared(setting)
    async with running(setting) as console:
        await console.until_incident()
        env = {**os.environ, "ICCON_HOME": str(tmp_path)}
        args = ("-m", "iccon", "note", "--incident", ident, "from a script")
        ended = await asyncio.create_subprocess_exec(sys.executable, *args, env=env)
        assert await ended.wait() == 0
        await console.until(lambda: "from a script" in console.shown(), 1.0)


async def test_what_another_process_declares_appears_on_the_home_screen(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of())
    async with running(setting) as console:
        await console.until_home()
        declared(setting, "Found elsewhere")
        await console.until(lambda: "Found elsewhere" in console.shown(), 1.0)


async def test_the_reader_is_not_moved_by_new_entries(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    notes = [c.AddNote(text=f"note {i}") for i in range(40)]
    ident = do_before(setting, c.Declare(title="Long", severity=Severity.SEV3), *notes)[0]
    async with running(setting) as console:
        view = console.one(TimelineView)
        view.focus()
        await console.press("home")
        chosen, top = view.chosen_key, view.scroll_offset.y
        await console.call(lambda desk: desk.do(c.AddNote(text="fresh"), ident))
        await console.until(lambda: view.unseen)
        assert (view.chosen_key, view.scroll_offset.y) == (chosen, top)


async def test_the_newest_entry_is_in_view_when_the_console_opens(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    incident = declared(setting)
    desk = bootstrap.open_desk(setting)
    desk.journal.append([e.Draft(incident, e.Note(text=f"note {n}"), desk.clock.now(), "kim") for n in range(1, 400)])
    desk.journal.close()
    async with running(setting) as console:
        await console.until(lambda: len(console.one(TimelineView).keys) >= 399)
        await console.settle()
        assert "note 399" in console.shown()
        await console.pilot.resize_terminal(120, 50)
        await console.settle()
        assert "note 399" in console.shown()
        assert console.one(TimelineView).following


async def test_a_milestone_is_set_with_a_time_of_earlier(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, (80, 24)) as console:
        await console.press("M")
        await console.until_modal(Form)
        assert "began" in console.shown()
        await console.press("tab", *"-12m", "enter")
        (set_one,) = await console.entries(e.MilestoneSet)
        assert set_one.body.milestone == "began"
        assert set_one.recorded_at - set_one.happened_at > timedelta(minutes=11)
