"""A storm that moves between any two keys: groups fold, unfold and change, marks and forms are open, text is typed.

Whatever is done to a page is done to one that was on the screen under the cursor, or marked, as its key was pressed.
"""

import random
from pathlib import Path

import pytest
from running import Running, declared, running, setting_in
from test_page_actions import number_of
from test_pages_on_screen import Pager, page

from iccon.console.screens.form import Form
from iccon.console.screens.page import PageScreen
from iccon.console.widgets.pages import PagesView
from iccon.incident import entries as e
from iccon.pages.model import Page

SERVICES = ("checkout", "cart", "search", "pay")
TEXT = "aANGd R?xP"  # every letter is a shortcut where no text is typed


def storm(rng: random.Random) -> tuple[Page, ...]:
    """Return some of sixty pages in any order: at times a storm, at times a few."""
    numbers = rng.sample(range(60), rng.choice([0, 3, 20, 20, 40, 40]))
    return tuple(page(f"P{n}", f"{SERVICES[n % 4]} is slow on node {n}", SERVICES[n % 4]) for n in numbers)


class Walk:
    """One console under random keys and refreshes, and what may have been done so far."""

    def __init__(self, rng: random.Random, console: Running, pager: Pager) -> None:
        self.rng, self.console, self.pager = rng, console, pager
        self.view = console.one(PagesView)
        self.done = 0
        self.notes: list[str] = []

    async def step(self) -> None:
        move = self.rng.random()
        if move < 0.25:
            self.refresh()
            if self.rng.random() < 0.7:
                await self.settled()
        elif move < 0.65:
            keys = ["up", "down", "down", "home", "end", "space", "backspace", "G"]
            await self.console.press(self.rng.choice(keys))
        elif move < 0.75 and self.view.chosen_key:
            await self.fold()
        elif move < 0.85:
            await self.type()
        elif move < 0.93:
            await self.acted("acknowledge", ["a"])
        else:
            await self.from_menu()

    async def settled(self) -> None:
        await self.console.until(lambda: [*self.view.pages.values()] == [*self.pager.pages])

    def refresh(self) -> None:
        self.pager.pages = storm(self.rng)
        self.console.app.parts.feed.refresh("pages")

    async def fold(self) -> None:
        await self.console.press("enter")
        if isinstance(self.console.app.screen, PageScreen):
            self.refresh()
            await self.console.press("escape")
            await self.console.until_incident()

    async def type(self) -> None:
        """Type a note of shortcuts while the list moves."""
        text = f"{TEXT}{len(self.notes)}"  # what is written twice at once is asked about
        await self.console.press("n", *text[:4])
        self.refresh()
        await self.console.press(*text[4:], "enter")
        self.notes.append(text)

    async def from_menu(self) -> None:
        """Go through both forms, or leave them; the list moves behind them."""
        await self.settled()
        may, escaped = self.here(), self.rng.random() < 0.4
        if not may:
            return
        await self.console.press("A")
        await self.console.until_modal(Form)
        self.refresh()
        if escaped:
            await self.console.press("escape")
        else:
            await self.console.press(number_of("urgency", min(len(may), 2)), "enter")
            await self.console.until(lambda: "Urgency" in str(self.console.app.screen.query_one("#box").border_title))
            await self.console.press("enter")
        await self.console.until_incident()
        await self.check("urgency", set() if escaped else may, exactly=True)

    async def acted(self, verb: str, keys: list[str]) -> None:
        await self.settled()
        moving, may = self.rng.random() < 0.5, self.here()
        group = self.view.chosen_key in self.view.rows_of.groups and not self.view.marks
        if moving:
            self.refresh()
        await self.console.press(*keys)
        if moving and group:
            await self.settled()
            may |= {p.id for p in self.view.selected}  # the group had these already if its refresh was faster
        await self.check(verb, may, exactly=not moving)

    def here(self) -> set[str]:
        """Return what an action may hit now, by what the screen shows."""
        view, found = self.view, {p.id for p in self.view.selected}
        key = view.chosen_key or ""
        if view.marks:
            assert found == {key.split(":")[1] for key in view.marks}
        elif view.gone:
            assert not found
        elif key in view.rows_of.groups:
            row = "".join(part for part, _ in view.row_spans(key, 100))
            assert f" {len(found)} trig" in row
            assert found == {p.id for p in view.rows_of.groups[key].pages}
        else:
            assert found == ({key.split(":")[1]} if key else set())
        return found

    async def check(self, verb: str, may: set[str], *, exactly: bool) -> None:
        acts = [(b.verb, b.page.id) for b in await self.console.bodies(e.PageActed)]
        fresh, self.done = acts[self.done :], len(acts)
        assert {name for name, _ in fresh} <= {verb}
        assert len({ident for _, ident in fresh}) == len(fresh)
        assert {ident for _, ident in fresh} <= may
        if exactly:
            assert {ident for _, ident in fresh} == may


async def walk(folder: Path, seed: int, steps: int) -> None:
    rng, setting = random.Random(seed), setting_in(folder)
    declared(setting)
    pager = Pager(*(storm(random.Random(1))))
    async with running(setting, sources=[pager.source], ports=pager.ports) as console:
        here = Walk(rng, console, pager)
        await console.until(lambda: len(here.view.pages) == len(pager.pages))
        here.view.focus()
        await console.pilot.pause()
        for _ in range(steps):
            await here.step()
        assert [b.text for b in await console.bodies(e.Note)] == here.notes
        assert {b.verb for b in await console.bodies(e.PageActed)} <= {"acknowledge", "urgency"}
        assert await console.bodies(e.PageMarked) == []


async def test_no_action_hits_what_was_not_under_the_cursor_as_its_key_was_pressed(tmp_path: Path) -> None:
    await walk(tmp_path, 1, 40)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
async def test_the_same_for_long(tmp_path: Path, seed: int) -> None:
    await walk(tmp_path, seed, 300)
