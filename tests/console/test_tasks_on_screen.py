"""Tasks on the screen: one typed line makes one, the strip counts down, zero is said, and it is settled by a key."""

from datetime import timedelta
from pathlib import Path

import pytest
from rawserver import http, serving
from running import config_of, declared, running, setting_in

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.console.screens.form import Form
from iccon.console.screens.tasks import TasksScreen
from iccon.console.widgets.tasks import TasksView
from iccon.incident import entries as e

DAY = (SystemClock().now() + timedelta(days=200)).date()


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


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_task_becomes_a_ticket_by_a_key_and_its_row_says_where(tmp_path: Path, size: tuple[int, int]) -> None:
    made = http(b'{"number": 12, "html_url": "https://github.com/o/ops/issues/12"}', "201 Created")
    with serving(made) as server:
        ops = schema.Tracker("github", url=server.url, repository="o/ops", token=schema.Secret(literal="t"), timeout=2)
        setting = setting_in(tmp_path, config_of(trackers={"ops": ops}))
        declared(setting)
        async with running(setting, size) as console:
            await console.press("n", *f"todo test the failover @kim due {DAY}", "enter", "w")
            await console.until(lambda: str(DAY) in console.shown())
            await console.press("t")
            await console.until_modal(Form)
            assert "It becomes a ticket in ops" in console.shown()
            await console.press("enter")
            await console.until(lambda: "ops sent: https://github.com/o/ops/issues/12" in console.shown())
            assert "test the failover  ops sent" in console.shown()
            await console.press("t", "enter")
            assert "in ops already" in console.shown()
            assert len(server.requests) == 1


async def test_a_push_that_fails_is_said_and_of_several_trackers_one_is_chosen(tmp_path: Path) -> None:
    with serving(http(b'{"message": "no issues here"}', "410 Gone")) as server:
        hook = schema.Tracker("webhook", url=server.url, timeout=2)
        setting = setting_in(tmp_path, config_of(trackers={"first": hook, "second": hook}))
        declared(setting)
        async with running(setting, (120, 36)) as console:
            await console.press("n", *"todo write it up", "enter", "w")
            await console.until(lambda: "write it up" in console.shown())
            await console.press("t")
            await console.until_modal(Form)
            await console.press("2", "enter")
            await console.until(lambda: "second failed: " in console.shown())
            (body,) = await console.bodies(e.TaskPushed)
            assert (body.tracker, body.what) == ("second", "todo")
            assert "no issues here" in console.notices()


async def test_without_a_tracker_the_key_says_what_is_missing(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting, (120, 36)) as console:
        await console.press("w", "t")
        assert "[trackers.NAME]" in console.notices()
        await console.press("n")
        await console.until_modal(Form)
        await console.press(*"write it up", "tab", "tab", "tab", *str(DAY), "enter")
        (body,) = await console.bodies(e.TaskNoted)
        assert (body.day and body.day.date, body.minutes) == (DAY, None)


async def test_the_form_asks_about_what_was_noted_a_moment_ago_and_then_takes_it(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        for _ in range(2):
            await console.press("W", *"page the vendor", "enter")
        assert "you wrote the same" in console.shown()
        assert len(await console.bodies(e.TaskNoted)) == 1
        await console.press("enter")
        await console.until_incident()
        assert len(await console.bodies(e.TaskNoted)) == 2
