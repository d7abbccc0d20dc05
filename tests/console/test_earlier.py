"""Earlier incidents with the same kind of page, from the journal alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace
from running import Running, declared, do_before, running, setting_in
from test_pages_on_screen import Pager

from iccon import bootstrap
from iccon.console.widgets.pages import PagesView
from iccon.desk import Desk, Receipt
from iccon.earlier import MOST, earlier, helped
from iccon.incident import commands as c
from iccon.incident.ids import short
from iccon.incident.severity import Severity
from iccon.incident.steps import StepOutcome
from iccon.pages.events import events
from iccon.pages.model import Page, Pages, PageStatus
from iccon.text import clean

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def page(title: str, service: str = "checkout", ident: str = "P1") -> Page:
    return Page("pagerduty", ident, clean(title), clean(service), PageStatus.TRIGGERED, clean("high"), AT)


def incident_with(desk: Desk, page: Page, end: str = "") -> str:
    receipt = desk.do(c.Declare(title=f"Incident of {page.title}", severity=Severity.SEV2))
    assert isinstance(receipt, Receipt)
    incident = receipt.incident
    desk.do(c.Capture(events=events(None, Pages((page,)))), incident)
    if end:
        desk.do(c.Resolve(summary=end, override="over"), incident)
    return incident


def test_the_same_service_and_kind_of_title_is_told_with_how_it_ended(tmp_path: Path) -> None:
    desk = bootstrap.open_desk(setting_in(tmp_path))
    first = incident_with(desk, page("Latency of pod 17 is 2.4s"), "pool was full")
    incident_with(desk, page("Latency of pod 17 is 2.4s", "cart"), "other service")
    incident_with(desk, page("Disk is full"), "other alert")
    last = incident_with(desk, page("Latency of pod 3 is 9s"))
    found = earlier(desk, page("Latency of pod 99 is 1s"))
    assert [each.incident for each in found] == [last, first]
    assert (found[1].how, found[1].ended is not None, found[0].ended) == ("pool was full", True, None)
    assert found[1].words.startswith("SEV2 Incident of Latency of pod 17 is 2.4s; resolved: pool was full  [")
    assert [each.incident for each in earlier(desk, page("Latency of pod 1 is 1s"), besides=last)] == [first]
    assert earlier(desk, page("never seen")) == ()
    desk.journal.close()


def test_the_newest_few_are_named_each_once(tmp_path: Path) -> None:
    desk = bootstrap.open_desk(setting_in(tmp_path))
    made = [incident_with(desk, page(f"Latency {n}", ident=f"P{n}"), "done") for n in range(MOST + 3)]
    later = replace(page("Latency 1000", ident="PX"), created_at=AT + timedelta(hours=1))
    desk.do(c.Capture(events=events(None, Pages((later,)))), made[-1])
    assert [each.incident for each in earlier(desk, page("Latency 5"))] == made[::-1][:MOST]
    desk.journal.close()


def test_runbooks_whose_steps_were_done_in_such_incidents_helped(tmp_path: Path) -> None:
    desk = bootstrap.open_desk(setting_in(tmp_path))
    made = [incident_with(desk, page(f"Latency {n}", ident=f"P{n}")) for n in range(2)]
    other = incident_with(desk, page("Disk is full"))
    elsewhere = incident_with(desk, page("Latency 7", "cart"))
    step = c.MarkStep(path="books:pool.md", digest="", step="a", text="x", outcome=StepOutcome.DONE)
    for incident in (*made, elsewhere):
        desk.do(step, incident)
    desk.do(replace(step, path="books:disk.md"), other)
    desk.do(replace(step, path="books:useless.md", outcome=StepOutcome.FAILED), made[0])
    assert helped(desk, "checkout", "Latency 99") == {"books:pool.md": 2}
    assert helped(desk, "checkout", "Latency 99", besides=made[0]) == {"books:pool.md": 1}
    assert helped(desk, "checkout", "") == {"books:pool.md": 2, "books:disk.md": 1}
    assert helped(desk, "", "") == {}
    desk.journal.close()


def test_a_journal_without_pages_has_none(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    do_before(setting, c.Declare(title="x", severity=Severity.SEV3), c.AddNote(text="y"))
    desk = bootstrap.open_desk(setting)
    assert earlier(desk, page("Latency 5")) == ()
    desk.journal.close()


async def test_the_details_of_a_page_name_them_with_the_id_to_open(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    desk = bootstrap.open_desk(setting)
    before = incident_with(desk, page("Latency of pod 17 is 2.4s"), "pool was full")
    desk.journal.close()
    pager = Pager(page("Latency of pod 3 is 1s"))
    async with running(setting, sources=[pager.source]) as console:
        await chosen_page(console)
        await console.press("enter")
        await console.until(lambda: "Earlier incidents with such a page" in console.shown())
        assert f"resolved: pool was full  [{short(before)}]" in console.shown()


async def chosen_page(console: Running) -> None:
    view = console.one(PagesView)
    await console.until(lambda: len(view.pages) == 1)
    view.focus()
    await console.pilot.pause()
    await console.press("home")
