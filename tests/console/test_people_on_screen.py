"""Who is on call, on the screen: now first, numbers in view, the copy when the pager is down."""

from datetime import timedelta
from pathlib import Path

from running import Running, running, setting_in

from iccon.clock import SystemClock
from iccon.console.screens.people import PeopleScreen
from iccon.console.widgets.people import PeopleView
from iccon.faults import FaultKind, SourceFault
from iccon.feed.model import Source
from iccon.pages.people import Duty, Person, Roster
from iccon.text import clean


def roster() -> Roster:
    now = SystemClock().now()
    people = {"A": Person("A", clean("Ada"), clean("ada@example.com"), (clean("+44 1632960001"),), now)}
    people |= {"B": Person("B", clean("Bob"), clean("bob@example.com"))}
    soon = now + timedelta(hours=5, minutes=30)
    duties = (Duty("B", clean("Web"), 1, start=soon), Duty("A", clean("Web"), 1, end=soon))
    return Roster(now - timedelta(hours=3), duties, people)


def source(fault: SourceFault | None = None) -> Source:
    def poll() -> Roster:
        if fault is not None:
            raise fault
        return roster()

    return Source("oncall", poll, 600.0, 5.0)


async def opened(console: Running) -> PeopleView:
    await console.press("P")
    await console.until(lambda: isinstance(console.app.screen, PeopleScreen))
    return console.app.screen.query_one(PeopleView)


def text(view: PeopleView) -> list[str]:
    return ["".join(part for part, _ in view.row_spans(key, 78)) for key in view.keys]


async def test_who_is_on_call_now_stands_first_with_the_number(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path), (80, 24), sources=[source()]) as console:
        view = await opened(console)
        await console.until(lambda: view.keys)
        first, second = text(view)
        assert "Ada" in first and "+44 1632960001" in first and "5h" in first and "left" in first
        assert "Bob" in second and "no number known" in second and "in 5h" in second
        await console.press("escape")
        assert not isinstance(console.app.screen, PeopleScreen)


async def test_the_copy_is_shown_with_why_it_is_old(tmp_path: Path) -> None:
    fault = SourceFault(FaultKind.REFUSED, "nothing listens", partial=roster())
    async with running(setting_in(tmp_path), (80, 24), sources=[source(fault)]) as console:
        view = await opened(console)
        await console.until(lambda: view.keys)
        head = "".join(part for line in view.header(78) for part, _ in line)
        assert head.startswith(" ! refused since ")
        assert ": nothing listens" in head
        assert "3h" in str(view.border_subtitle) + str(view.border_title)


async def test_without_a_pager_the_key_says_what_to_configure(tmp_path: Path) -> None:
    async with running(setting_in(tmp_path), (80, 24), sources=[]) as console:
        view = await opened(console)
        assert "pagerduty.token" in "".join(part for line in view.empty(78) for part, _ in line)
