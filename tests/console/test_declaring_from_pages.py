"""Declared from pages: what their pager logged, before and after, is in the timeline once; a note only where wanted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running, config_of, running, setting_in

from iccon.config import schema
from iccon.console import stories
from iccon.console.screens.form import Form
from iccon.console.widgets.pages import PagesView
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.incident import entries as e

TOKEN = "t"


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN) as server:
        for number in range(2):
            incident = server.account.incidents[server.trigger(f"Latency on node {number}", "checkout")]
            server.account.note(incident, f"seen on {number}", server.clock.now(), server.account.person("bob@x.org"))
        yield server


def account(server: PagerDutyServer) -> schema.Config:
    return config_of(pagerduty=schema.PagerDuty(token=schema.Secret(literal=TOKEN), url=server.url))


async def declare(console: Running, *keys: str) -> None:
    """Mark both pages, declare from them, and wait for the incident."""
    view = console.one(PagesView)
    await console.until(lambda: len(view.pages) == 2)
    view.focus()
    await console.pilot.pause()
    await console.press("home", "space", "down", "space", "d")
    await console.until_modal(Form)
    assert "this page and 1 more comes into the timeline" in console.shown()
    await console.press(*keys, "enter")
    await console.until_incident()


async def logged(console: Running) -> list[str]:
    return sorted(body.what for body in await console.bodies(e.PageLogged))


async def test_the_logs_of_the_marked_pages_are_in_the_timeline_once_also_by_a_second_look(
    tmp_path: Path, server: PagerDutyServer
) -> None:
    async with running(setting_in(tmp_path, account(server))) as console:
        await declare(console)
        pages = list(console.one(PagesView).pages.values())
        for _ in range(100):
            if len(await logged(console)) == 2:
                break
            await console.settle()
        assert [words.split(": ")[-1] for words in await logged(console)] == ["seen on 0", "seen on 1"]
        before = await console.entries()
        await stories.tell(console.app, pages, console.incident_screen.incident)  # as another console would
        assert len(await console.entries()) == len(before)
        sources = [entry.source for entry in before if entry.source]
        assert len(set(sources)) == len(sources)
        assert len([b for b in await console.bodies(e.PageSeen) if b.status == "triggered"]) == 2
    assert not [call for call in server.calls if call.method != "GET"]


async def test_the_note_that_links_is_written_where_it_is_ticked(tmp_path: Path, server: PagerDutyServer) -> None:
    async with running(setting_in(tmp_path, account(server))) as console:
        await declare(console, "tab", "tab", "tab", "2")
        await console.until(lambda: sum(call.method == "POST" for call in server.calls) == 2)
        notes = [incident.events[-1].text for incident in server.incidents()]
        assert all("was declared from this page: Latency on node" in text for text in notes), notes


async def test_a_log_that_cannot_be_read_is_said(tmp_path: Path, server: PagerDutyServer) -> None:
    server.fail(Fault("answer", path="log_entries", status=403, times=None))
    async with running(setting_in(tmp_path, account(server))) as console:
        await declare(console)
        await console.until(lambda: "not in the timeline, of the pages' logs" in console.notices())
        assert "forbidden" in console.notices()
