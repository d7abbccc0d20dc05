"""Tasks on the screen: one typed line makes one, the strip counts down, zero is said, and it is settled by a key."""

from datetime import timedelta
from pathlib import Path

from running import config_of, declared, running, setting_in

from iccon.clock import SystemClock
from iccon.console.screens.form import Form
from iccon.console.screens.tasks import TasksScreen
from iccon.console.widgets.tasks import TasksView
from iccon.incident import entries as e


async def test_a_typed_line_makes_a_decision_that_the_strip_counts_down_to(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, (120, 36)) as console:
        await console.press("n", *"! roll back 4711 @sam 10m", "enter")
        (body,) = await console.bodies(e.TaskNoted)
        assert (body.what, body.text, body.owner, body.minutes) == ("decision", "roll back 4711", "sam", 10)
        await console.until(lambda: "decision: roll back 4711 (sam)" in console.shown())
        await console.press("w")
        await console.until(lambda: isinstance(console.app.screen, TasksScreen))
        assert "roll back 4711" in console.shown()
        await console.press("enter")
        await console.until_modal(Form)
        await console.press("enter")
        assert "by how it came out" in console.shown()
        await console.press(*"errors are down", "enter")
        (ended,) = await console.bodies(e.TaskSettled)
        assert ended.outcome == "errors are down"
        await console.until(lambda: "Nothing is open" in console.shown())


async def test_a_line_with_a_wrong_time_stays_in_the_field(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("n", *"25:99 too late", "enter")
        assert "25:99" in console.shown()
        assert await console.bodies(e.Note) == []


async def test_what_runs_out_is_said_once(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, (120, 36)) as console:
        await console.press("n", *"> page the vendor @kim 5m", "enter")
        await console.until(lambda: "page the vendor" in console.shown())
        now = SystemClock().now()
        said: list[str] = []
        console.app.say = lambda text, severity="information": said.append(text)  # type: ignore[method-assign]
        screen = console.app.screen
        for minutes in (4, 6, 7):
            screen.tick(now + timedelta(minutes=minutes))
        assert [text for text in said if "vendor" in text] == ["DUE: action: page the vendor (kim)"]
        assert " DUE " in console.shown() or "1 DUE" in console.shown()


async def test_postponing_asks_for_a_reason_and_a_watcher_has_no_such_keys(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of())
    declared(setting)
    async with running(setting, (80, 24)) as console:
        await console.press("w", "n")
        await console.until_modal(Form)
        await console.press(*"who owns the cache", "enter")
        await console.until(lambda: isinstance(console.app.screen, TasksScreen))
        view = console.app.screen.query_one(TasksView)
        await console.until(lambda: view.keys)
        await console.press("p")
        await console.until_modal(Form)
        await console.press("tab", *"asleep", "enter")
        (body,) = await console.bodies(e.TaskPostponed)
        assert (body.minutes, body.reason) == (10, "asleep")
