"""Pages: the key acts on the row under the cursor as it is pressed, and the row says how the write ended."""

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from running import Running, config_of, declared, running, setting_in
from textual.widgets import Input

from iccon.clock import SystemClock
from iccon.console.screens.form import Form
from iccon.console.widgets.pages import PagesView
from iccon.effects import EffectPort
from iccon.faults import FaultKind, SourceFault, SourceTrouble
from iccon.feed.model import Source
from iccon.incident import entries as e
from iccon.incident.effects import Effect
from iccon.incident.severity import Severity
from iccon.pages.model import Page, Pages, PageStatus
from iccon.text import clean

SINCE = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def page(ident: str, title: str = "", service: str = "checkout") -> Page:
    return Page(
        "pagerduty", ident, clean(title or f"Page {ident}"), clean(service), PageStatus.TRIGGERED, clean("high"), SINCE
    )


class Pager:
    """A source whose pages the test sets, and a port that answers as the test says."""

    def __init__(self, *pages: Page) -> None:
        self.pages = pages
        self.fault: SourceFault | None = None
        self.kept: bool | None = None  # what reading back tells; None: nobody can tell
        self.sent: list[str] = []

    @property
    def source(self) -> Source:
        return Source("pages", lambda: Pages(self.pages, at=SystemClock().now()), 3600.0, 5.0)

    def perform(self, effect: Effect) -> str:
        self.sent.append(effect.payload["page"])
        if self.fault is not None:
            raise self.fault
        return "acknowledged"

    def read_back(self, effect: Effect) -> str | None:
        if self.kept is None:
            raise SourceFault(FaultKind.REFUSED, "connection refused")
        return "acknowledged" if self.kept else None

    @property
    def ports(self) -> dict[str, EffectPort]:
        return {"pages": self}


async def shows(console: Running, *idents: str) -> PagesView:
    view = console.one(PagesView)
    await console.until(lambda: [p.id for p in view.pages.values()] == list(idents))
    return view


async def chosen(console: Running, *idents: str) -> PagesView:
    """Wait for the pages and put the cursor on the first."""
    view = await shows(console, *idents)
    view.focus()
    await console.pilot.pause()
    await console.press("home")
    assert view.chosen is not None and view.chosen.id == idents[0]
    return view


@pytest.mark.parametrize("seed", range(3))
async def test_the_key_acts_on_the_page_under_the_cursor_whatever_the_refreshes_do(tmp_path: Path, seed: int) -> None:
    rng, setting = random.Random(seed), setting_in(tmp_path)
    declared(setting)
    pager = Pager(*(page(f"P{i}") for i in range(6)))
    wanted: list[str] = []
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, *(p.id for p in pager.pages))
        for _ in range(40):
            move = rng.random()
            if move < 0.4:
                pager.pages = tuple(page(f"P{i}") for i in rng.sample(range(9), rng.randint(0, 7)))
                console.app.parts.feed.refresh("pages")
                await shows(console, *(p.id for p in pager.pages))
            elif move < 0.6:
                await console.press(rng.choice(["up", "down"]))
            else:
                before = view.chosen
                wanted += [before.id] if before else []
                await console.press("a")
        assert [b.page.id for b in await console.bodies(e.PageActed)] == wanted
        await console.until(lambda: sorted(pager.sent) == sorted(wanted))


async def test_a_refresh_between_two_keys_of_a_burst_moves_no_choice(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(page("P1"), page("P2"))
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1", "P2")
        pager.pages = (page("P9"), page("P2"), page("P1"))
        console.app.parts.feed.refresh("pages")
        console.burst("a")
        await console.settle()
        await shows(console, "P9", "P2", "P1")
        await console.press("a")
        assert [b.page.id for b in await console.bodies(e.PageActed)] == ["P1", "P1"]


async def test_no_page_chosen_is_said(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.press("a")
        assert "no page is chosen" in console.notices()
        assert await console.bodies(e.PageActed) == []


@pytest.mark.parametrize(
    ("kind", "kept", "word", "outcome"),
    [
        (FaultKind.REJECTED, None, "ack FAILED", "failed"),
        (FaultKind.LOST, None, "ack UNKNOWN", "unknown"),
        (FaultKind.LOST, False, "ack FAILED", "failed"),
    ],
)
async def test_a_pager_that_refuses_or_loses_the_answer_is_said_on_the_row(
    tmp_path: Path, kind: FaultKind, kept: bool | None, word: str, outcome: str
) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(page("P1"))
    pager.fault, pager.kept = SourceFault(kind, "the pager said no"), kept
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1")
        await console.press("a")
        await console.until(lambda: word in console.shown())
        await console.until(lambda: outcome.upper() in console.notices())
        assert len(await console.bodies(e.PageActed)) == 1
        assert (await console.bodies(e.EffectEnded))[-1].state == outcome
        assert pager.sent == ["P1"]


async def test_an_answer_that_was_lost_and_is_read_back_is_no_trouble(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(page("P1"))
    pager.fault, pager.kept = SourceFault(FaultKind.LOST, "cut off"), True
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, "P1")
        await console.press("a")
        await console.until(lambda: not view.pending)
        ended = await console.bodies(e.EffectEnded)
        assert [b.state for b in ended] == ["unknown", "sent"]
        assert pager.sent == ["P1"]


async def test_without_an_incident_a_page_can_be_acknowledged(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    pager = Pager(page("P1"))
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1")
        await console.press("a")
        assert [(x.incident, x.kind) for x in await console.entries(e.PageActed)] == [("", "page_acted")]


async def test_declaring_from_a_page_takes_its_title_and_service(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    pager = Pager(page("P1", "Checkout latency", "checkout"), page("P2", "Queue grows", "orders"))
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1", "P2")
        await console.press("d", *" is bad", "escape")
        await console.press("down", "d")
        await console.until_modal(Form)
        assert "Queue grows" in console.shown()
        assert "Checkout latency is bad" not in console.shown()
        await console.press("enter")
        await console.until_incident()
        (body,) = await console.bodies(e.Declared)
        assert (body.title, body.services) == ("Queue grows", ("orders",))
        reached = {x.body.milestone: x.happened_at for x in await console.entries(e.MilestoneSet)}
        assert reached == {"began": SINCE, "detected": SINCE}


async def test_a_page_of_low_urgency_proposes_a_lower_severity_and_a_wrong_time_is_refused(tmp_path: Path) -> None:
    low = replace(page("P1"), urgency=clean("low"))
    pager = Pager(low)
    async with running(setting_in(tmp_path), sources=[pager.source], ports=pager.ports) as console:
        await chosen(console, "P1")
        await console.press("d")
        await console.until_modal(Form)
        console.app.screen.query_one("#field-began", Input).value = "soonish"
        await console.press("enter")
        assert "not a time" in console.shown()
        console.app.screen.query_one("#field-began", Input).value = "-3m"
        await console.press("enter")
        await console.until_incident()
        (body,) = await console.bodies(e.Declared)
        assert body.severity is Severity.SEV3


async def test_hostile_titles_are_shown_as_written(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of())
    declared(setting)
    pager = Pager(page("P1", "disk [/dev/sda1] is 95%"), page("P2", "[@click=app.quit]x[/]"))
    async with running(setting, sources=[pager.source], ports=pager.ports, size=(200, 50)) as console:
        await chosen(console, "P1", "P2")
        await console.until(lambda: "disk [/dev/sda1] is 95%" in console.shown())
        assert "[@click=app.quit]x[/]" in console.shown()


async def test_one_key_says_that_a_page_was_noise_and_again_that_it_was_not(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    pager = Pager(page("P1"), page("P2"))
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        view = await chosen(console, "P1", "P2")
        await console.press("N")
        await console.until(lambda: "noise" in console.shown())
        await console.press("N")
        marked = await console.bodies(e.PageMarked)
        assert [(m.page.id, m.actionable) for m in marked] == [("P1", False), ("P1", True)]
        await console.until(lambda: view.worth == {"pagerduty:P1": True})
        assert pager.sent == []


async def test_a_pager_that_asks_for_patience_is_counted_down_to_beside_one_that_answers(tmp_path: Path) -> None:
    until = SystemClock().now() + timedelta(seconds=90)
    limited = SourceTrouble("pagerduty", FaultKind.RATE_LIMITED, clean("its limit of requests is reached"), None, until)
    told = Pages((page("P1"),), trouble=(limited,), budgets={"jsm": clean("7 of 60 requests left")})
    source = Source("pages", lambda: told, 3600.0, 5.0)
    async with running(setting_in(tmp_path), sources=[source], size=(80, 24)) as console:
        await console.until(lambda: "pagerduty: rate limited, again in 1m" in console.shown())
        assert "Pages - 7 of 60 requests left" in console.shown()
        await console.until(lambda: re.search(r"again in (1m2[0-8]s|1m1|1m0|[0-5])", console.shown()), 20.0)


async def test_what_was_said_of_a_page_is_known_to_the_next_console(tmp_path: Path) -> None:
    setting, pager = setting_in(tmp_path), Pager(page("P1"), page("P2"))
    for said in ("noise", "actionable"):
        async with running(setting, sources=[pager.source], ports=pager.ports) as console:
            await chosen(console, "P1", "P2")
            await console.press("N")
            await console.until(lambda said=said: said in console.shown())
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        await console.until(lambda: "actionable" in console.shown())
