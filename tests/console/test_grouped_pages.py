"""A storm on the screen: a handful of rows, every page reachable, the choice and the marks stay where they were."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from running import running, setting_in
from test_pages_on_screen import Pager, chosen, page

from iccon.console.screens.page import PageScreen
from iccon.console.widgets.page_rows import PageRows, group_spans
from iccon.console.widgets.pages import PagesView
from iccon.incident import entries as e
from iccon.pages.grouping import MOST
from iccon.pages.model import Page, PageStatus
from iccon.text import clean

SERVICES = ("checkout", "cart", "search")


def storm(count: int) -> list[Page]:
    return [page(f"P{n}", f"{SERVICES[n % 3]} is slow on node {n}", SERVICES[n % 3]) for n in range(count)]


def text(view: PagesView, key: str, width: int = 76) -> str:
    return "".join(part for part, _ in view.row_spans(key, width))


async def test_a_storm_is_three_rows_that_unfold_to_every_page(tmp_path: Path) -> None:
    pager = Pager(*storm(60))
    async with running(setting_in(tmp_path), (120, 36), sources=[pager.source], ports=pager.ports) as console:
        view = console.one(PagesView)
        await console.until(lambda: len(view.keys) == 3)
        assert "60 pages by service and alert" in console.shown() or "60 pages by" in console.shown()
        view.focus()
        await console.press("home")
        assert "20 trig" in text(view, view.keys[0])
        await console.press("enter")
        assert len(view.keys) == 23
        await console.press("down", "enter")
        await console.until(lambda: isinstance(console.app.screen, PageScreen))
        await console.press("escape")
        await console.press("up", "enter")
        assert len(view.keys) == 3
        await console.press("G")
        assert len(view.keys) == 60
        await console.press("G")
        assert len(view.keys) == 3


async def test_on_a_group_a_key_takes_all_its_pages_and_space_marks_them(tmp_path: Path) -> None:
    pager = Pager(*storm(MOST + 3))
    async with running(setting_in(tmp_path), (120, 36), sources=[pager.source], ports=pager.ports) as console:
        view = console.one(PagesView)
        await console.until(lambda: len(view.keys) == 3)
        view.focus()
        await console.press("home", "space")
        assert len(view.marks) == 5
        assert f"5 of {MOST + 3} marked" in console.shown()
        await console.press("space")
        assert not view.marks
        group = view.rows_of.groups[view.keys[0]]
        await console.press("a")
        acted = await console.bodies(e.PageActed)
        assert sorted(body.page.id for body in acted) == sorted(each.id for each in group.pages)


async def test_a_chosen_page_stays_in_sight_when_the_storm_begins(tmp_path: Path) -> None:
    few = storm(5)
    pager = Pager(*few)
    async with running(setting_in(tmp_path), (120, 36), sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, *(each.id for each in few))
        await console.press("down")
        before = view.chosen_key
        pager.pages = tuple(storm(90))
        console.app.parts.feed.refresh("pages")
        await console.until(lambda: len(view.pages) == 90)
        assert view.chosen_key == before
        assert before in view.keys
        assert len(view.keys) < 40


def test_rows_are_grouped_anew_only_for_other_pages() -> None:
    rows, pages = PageRows(), storm(30)
    keys = rows.take(pages, ())
    groups = rows.groups
    assert rows.take(pages, ()) == keys
    assert rows.groups is groups


def test_a_group_of_one_is_that_page_and_an_acknowledged_group_that_gets_a_new_page_is_loud() -> None:
    now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    since, acked = now - timedelta(minutes=5), PageStatus.ACKNOWLEDGED
    quiet = [Page("pd", f"P{n}", clean("disk full"), clean("db"), acked, clean("high"), since) for n in range(20)]
    new = Page("pd", "new", clean("disk full"), clean("db"), PageStatus.TRIGGERED, clean("high"), now)
    alone = Page("pd", "alone", clean("cart is slow"), clean("cart"), PageStatus.TRIGGERED, clean("high"), now)
    rows = PageRows()
    keys = rows.take([new, alone, *quiet], ())
    assert [key for key in keys if key == "pd:alone"] == ["pd:alone"]
    (group,) = rows.groups.values()
    spans = group_spans(group, 80, now, unfolded=False)
    assert "1 trig, 20 ack" in spans[0][0]
    assert spans[0][1] == "v-bad"
