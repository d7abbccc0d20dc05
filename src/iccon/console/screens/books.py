"""All runbooks over the whole screen: those that fit what is chosen first; `/` searches the texts of all."""

import asyncio
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from iccon.background import in_thread, spawn
from iccon.console import commands, runbooks
from iccon.console.safe import set_titles
from iccon.console.screens.overlay import Overlay
from iccon.console.widgets.books import BooksView
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.notebar import SearchBar
from iccon.incident.steps import progress
from iccon.runbooks.matching import Wanted
from iccon.runbooks.model import Match

if TYPE_CHECKING:
    from iccon.console.screens.live import LiveSurface

NO_SOURCE = 'No runbooks are configured.  In config.toml:  runbooks.folders = ["~/runbooks"]'
NONE = "No runbook was found in the configured places; `iccon check` says what is there."
WAITING = "Looking."
SILENT = "The runbook folders do not answer."
DEADLINE = 30.0  # seconds for all that is known; the first look at thousands of files is among it


class BookSearch(SearchBar):
    """What is looked for in all runbooks."""

    HINT = "words; Enter, then choose; Esc ends the search"


class BooksScreen(Overlay):
    """The runbooks for `below`, on which the chosen one is opened; `page` says what fits there."""

    SCOPES = (commands.BOOKS,)
    BINDINGS = commands.bindings(*SCOPES)

    def __init__(self, below: "LiveSurface", page: Wanted) -> None:
        super().__init__()
        self._below = below
        self._page = page
        self._said = WAITING
        self._found: list[Match] = []
        self._looking: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """The list, the line to search in, and the keys."""
        plain = self.console.parts.setting.config.console.ascii
        view = BooksView(self._sought, id="books", classes="region", ascii_only=plain)
        yield view
        yield BookSearch(view, self.console.save_draft)
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Show what is known."""
        self.query_one(BooksView).focus()
        self._sought("")

    def tick(self, now: datetime) -> None:
        """Show what was found last."""
        view = self.query_one(BooksView)
        title = f"Runbooks: {view.words}" if view.words else "Runbooks"
        set_titles(view, title, f"{len(self._found):,}" if self._found else "")
        state = self._below.stalked
        view.show(self._found, self._said, {n: progress(marks) for n, marks in state.steps.items()} if state else {})

    def _sought(self, words: str) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looking = spawn(self._look(words), "runbook search")

    async def _look(self, words: str) -> None:
        """Look off the loop; what is typed meanwhile takes its place."""
        library = self.console.parts.library
        none = f"No runbook has all of: {words}" if words else NONE if library.sources else NO_SOURCE
        look = partial(library.search, words) if words else partial(library.fitting, self._page)
        try:
            self._found, self._said = await in_thread(look, "runbook search", DEADLINE), none
        except TimeoutError:
            self._found, self._said = [], SILENT
        if self.is_mounted:
            self.show_now()
            self.query_one(BooksView).choose(0)

    def action_find(self) -> None:
        """Search the texts of all runbooks."""
        view = self.query_one(BooksView)
        self.query_one(BookSearch).open("", view.words, len(view.words))

    async def action_open(self) -> None:
        """Open the chosen runbook."""
        chosen = self.query_one(BooksView).chosen
        if chosen is None:
            self.console.say("no runbook is chosen: move to one", "warning")
            return
        await self.dismiss()
        await runbooks.open_match(self._below, chosen)

    @on(BooksView.Activated)
    async def _opened(self, event: BooksView.Activated) -> None:
        event.stop()
        await self.action_open()
