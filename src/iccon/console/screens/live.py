"""What the home and the incident screen share: the board, the pages, and what can be done from them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from textual.widget import Widget

from iccon.background import spawn
from iccon.console import commands, questions
from iccon.console.figures import age_text
from iccon.console.safe import set_titles
from iccon.console.screens.base import Surface
from iccon.console.slo import Objectives
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.pages import PagesView
from iccon.console.widgets.runbook import RunbookView
from iccon.feed.model import Snapshot
from iccon.incident import commands as c
from iccon.incident.effects import EffectState
from iccon.incident.entries import Amended, EffectEnded, Entry, PageActed, PageMarked, StepMarked, StepRun, Struck
from iccon.incident.state import State
from iccon.journal.faults import JournalFault
from iccon.pages.model import Page, Pages
from iccon.signals.board import aged
from iccon.signals.model import Board
from iccon.when import stamp

if TYPE_CHECKING:
    from iccon.console.known import KnownChanges
    from iccon.console.widgets.chart import Mark

W = TypeVar("W", bound=Widget)

NO_SERVER = 'No Prometheus is configured.  In config.toml:  prometheus.url = "http://…:9090"'
NO_PAGER = 'No pager is configured.  In config.toml:  pagerduty.token = { env = "PAGERDUTY_TOKEN" }'
OLD = 120.0  # seconds after which a list of pages says from when it is: nobody asked, or the answer hangs
NO_CELL = "no cell is chosen: go to the signals (tab) and move to one (↓)"
TOLD = (StepMarked, StepRun, EffectEnded, Amended, Struck)  # what a runbook shows of its steps
PENDING = {
    EffectState.QUEUED: "sending",
    EffectState.SENDING: "sending",
    EffectState.FAILED: "FAILED",
    EffectState.UNKNOWN: "UNKNOWN",
}


class Acts:
    """Which page verbs are under way, by page key, read off the entries that pass."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[str, str]] = {}  # effect id -> page key, word for the verb
        self._states: dict[str, EffectState] = {}
        self.worth: dict[str, bool] = {}  # page key -> actionable, else noise

    def take(self, entries: Iterable[Entry]) -> None:
        """Take note of acts and of how they ended."""
        for entry in entries:
            body = entry.body
            if isinstance(body, PageActed):
                word = "ack" if body.verb == "acknowledge" else body.verb.replace("_", " ")
                self._pages[body.effect] = f"{body.page.source}:{body.page.id}", word
                self._states.setdefault(body.effect, EffectState.QUEUED)
            elif isinstance(body, EffectEnded) and body.effect in self._pages:
                self._states[body.effect] = EffectState(body.state)
            elif isinstance(body, PageMarked):
                self.worth[f"{body.page.source}:{body.page.id}"] = body.actionable

    def pending(self) -> dict[str, str]:
        """Return the words for each page whose last act has not succeeded."""
        last = {page: (word, self._states[effect]) for effect, (page, word) in self._pages.items()}
        return {page: f"{word} {PENDING[state]}" for page, (word, state) in last.items() if state in PENDING}


class LiveSurface(Surface):
    """A screen with a board and pages. `incident` is the incident whose record its acts go into, "" for none."""

    incident = ""
    ALLOW_IN_MAXIMIZED_VIEW = "#banner, .state, NoteBar, KeyBar"

    def __init__(self) -> None:
        super().__init__()
        self._acts = Acts()
        self.recorded: Board | None = None  # by the flight recorder, for while the feed has nothing
        self._known: KnownChanges | None = None
        self._told: Board | None = None  # by the feed
        self._board: Board | None = None  # the same, aged

    def each(self, kind: type[W], act: Callable[[W], object]) -> None:
        """Do something to every widget of a kind: a layout may have left it out."""
        for view in self.query(kind):
            act(view)

    def first(self, kind: type[W]) -> W | None:
        """Return the widget of a kind, if the layout has one."""
        return next(iter(self.query(kind)), None)

    # Data down

    def tick(self, now: datetime) -> None:
        """Ages grow."""
        self._show_board(now)
        self._show_pages(now)

    def fed(self, snapshot: Snapshot) -> None:
        """Show what the sources say now."""
        self.tick(self.console.parts.setting.clock.now())

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Show what is under way on the pages."""
        self._acts.take(entries)
        self.each(PagesView, lambda view: view.mark_pending(self._acts.pending(), self._acts.worth))
        if self._known is not None:
            self._known.take(entries)

    def _show_board(self, now: datetime) -> None:
        slot = self.console.snapshot.slots.get("signals")
        board = self._aged(self.known, now.timestamp())
        slo = self.console.snapshot.slots.get("slo")
        lost = f"slo: {self.trouble_text(slo)}" if slo and slo.trouble and slo.value is None else ""
        note = self._past() + "; ".join(filter(None, (self.trouble_note(slot, NO_SERVER), lost)))
        shown = Objectives(slo.value if slo else None, *self.lasted)
        self.each(BoardView, lambda view: view.show(board, now.timestamp(), note, self.began, self.stalked, shown))
        self.each(BoardView, self._say_order)

    def on_mount(self) -> None:
        """Show what was said of pages before; turn the board's pages where the layout is one that nobody sits at."""
        spawn(self._remember_worth(), "what was said of pages")
        if seconds := self.console.parts.layout.turn:
            self.set_interval(seconds, lambda: self.each(BoardView, self._turn))

    async def _remember_worth(self) -> None:
        from iccon.earlier import worth  # not for the first frame

        self._acts.worth = await self.console.parts.desk.call(worth) | self._acts.worth
        self.each(PagesView, lambda view: view.mark_pending(self._acts.pending(), self._acts.worth))

    def _turn(self, view: BoardView) -> None:
        view.turn()
        self._say_order(view)

    def _say_order(self, view: BoardView) -> None:
        """Say in the border which rows are in view, and how they stand where that is not simply worst first."""
        keys = self.console.parts.keys.get("order", ())
        hint = f" ({commands.key_name(keys[0])})" if keys else ""
        waiting = f"order held: {view.waiting} would move{hint}" if view.waiting else ""
        page = view.page if self.console.parts.layout.turn else ""
        words = " - ".join(filter(None, ("Signals", page, "by tier" if view.by_tier else "", waiting)))
        set_titles(view, words)

    @property
    def known(self) -> Board | None:
        """The golden signals as they were last answered, else as the flight recorder has them."""
        return self.console.board or self.recorded

    def _past(self) -> str:
        """Say that the board shows what was recorded, and up to when."""
        windows = self.recorded.windows if self.recorded and self.known is self.recorded else None
        if windows is None:
            return ""
        until = datetime.fromtimestamp(windows.until, UTC)
        return f"recorded up to {stamp(until, self.console.parts.zone, day=True)}; "

    def _aged(self, told: Board | None, now: float) -> Board | None:
        """Return the board at `now`: the same object until a value becomes stale or another answer comes."""
        if told is not self._told:
            self._told = self._board = told
        self._board = aged(self._board, now) if self._board else None
        return self._board

    @property
    def began(self) -> float | None:
        """When the incident shown began, seconds since 1970 UTC; None where there is none."""
        return None

    @property
    def stalked(self) -> State | None:
        """The state that says which cells are stalked; None where no incident is shown."""
        return None

    @property
    def lasted(self) -> tuple[float | None, float | None]:
        """From when to when the incident shown spends budgets, seconds since 1970 UTC; None: none, or it goes on."""
        return None, None

    def _show_pages(self, now: datetime) -> None:
        slot = self.console.snapshot.slots.get("pages")
        told: Pages | None = slot.value if slot else None
        found, made = (told.pages, told.grouping) if told else (None, None)
        note = self.trouble_note(slot, NO_PAGER) or self.partial_note(slot)
        if slot and slot.at and abs(age := (now - slot.at).total_seconds()) > OLD:
            note = "; ".join(filter(None, (f"as of {self.clock_text(slot.at)} ({age_text(age)})", note)))
        self.each(PagesView, lambda view: view.show(found, now, note, self._acts.pending(), made))
        self.each(PagesView, lambda view: view.say_budgets(told.budgets if told else {}))

    # What the keys do

    def chosen_page(self) -> Page | None:
        """Return the page under the cursor."""
        view = self.first(PagesView)
        return view.chosen if view else None

    async def action_acknowledge(self) -> None:
        """Acknowledge the pages that are marked, or the one under the cursor, as the key is pressed."""
        if pages := self._selected_pages():
            acts = [c.ActOnPage(page=page.ref, verb="acknowledge") for page in pages]
            if await self.console.act_on_pages(acts, self.incident or None) is None:
                self.unmark()

    async def action_noise(self) -> None:
        """Say that what is selected was noise; once it was said, that it was actionable after all."""
        for page in self._selected_pages():
            actionable = self._acts.worth.get(page.key) is False
            await self.console.act(c.MarkPage(page=page.ref, actionable=actionable), self.incident or None)

    async def action_page_act(self) -> None:
        """Ask what is done to the pages that are marked, or to the one under the cursor, as the key is pressed."""
        if pages := self._selected_pages():
            from iccon.console.pagemenu import PageMenu  # not on the first screen

            await PageMenu(self.console, pages, self.incident or None, self.unmark).open()

    async def action_page_detail(self) -> None:
        """Show all about the page under the cursor."""
        page = self.chosen_page()
        if page is None:
            self.console.say("no page is chosen: move to one", "warning")
            return
        from iccon.console.screens.page import PageScreen  # not on the first screen

        await self.app.push_screen(PageScreen(page, self.incident or None))

    def unmark(self) -> None:
        """Take the marks off the pages: what was to be done to them is done."""
        self.each(PagesView, lambda view: view.action_unmark())

    def _selected_pages(self) -> tuple[Page, ...]:
        view = self.first(PagesView)
        pages = view.selected if view else ()
        if not pages:
            self.console.say("no page is chosen: go to the pages and move to one", "warning")
        return pages

    async def action_declare(self) -> None:
        """Declare an incident; the pages that are chosen propose its title, severity and beginning, and tell of it."""
        from iccon.console.stories import Declaring  # not on the first screen

        view, setting, clock = self.first(PagesView), self.console.parts.setting, self.form_clock
        slot = self.console.snapshot.slots.get("pages")
        declaring = Declaring(
            self.console, view.selected if view else (), slot.value.verbs if slot and slot.value else {}
        )
        found = declaring.proposal(clock.now)
        question = questions.declare(setting.actor, clock, found, setting.drill, self.console.parts.policy)
        await self.console.ask(question, None, declaring.done)

    def marks(self) -> Sequence["Mark"]:
        """Return what a chart marks: instant and words; nothing where there is no incident."""
        return ()

    async def action_chart(self) -> None:
        """Open the chart of the cell under the board's cursor."""
        board = self.first(BoardView)
        if board is None or board.chosen is None:
            self.console.say(NO_CELL, "warning")
            return
        from iccon.console.screens.chart import ChartScreen  # not on the first screen

        service, signal = board.chosen
        await self._know_changes()
        await self.app.push_screen(ChartScreen(service, signal, lambda: self._marks_of(service), self.incident))

    async def action_evidence(self) -> None:
        """Keep the samples of the cell under the board's cursor as evidence."""
        board = self.first(BoardView)
        if board is None or board.chosen is None:
            self.console.say(NO_CELL, "warning")
            return
        from iccon.console.screens.chart import keep_evidence  # not on the first screen
        from iccon.console.widgets.chart import picture_of

        now = self.console.parts.setting.clock.now().timestamp()
        picture = picture_of(self.known, *board.chosen, now, 1.0, False)
        await keep_evidence(self.console, picture, self.known, self.incident)

    async def _know_changes(self) -> "KnownChanges":
        """Return what is known of changes; the journal is asked when the first screen wants it."""
        if self._known is None:
            from iccon.console.known import KnownChanges, held  # not on the first frame

            try:
                found = await self.console.parts.desk.call(held)
            except JournalFault as fault:
                self.console.say(f"the changes told here cannot be read: {fault}", "error")
                return KnownChanges(())
            self._known = self._known or KnownChanges(found)
        return self._known

    def _marks_of(self, service: str) -> Sequence["Mark"]:
        """Return what a chart of `service` marks: what `marks` does, and the changes of that service or of none."""
        slot, now = self.console.snapshot.slots.get("changes"), self.console.parts.setting.clock.now()
        listed = self._known.listed(slot.value if slot else None, now) if self._known else ()
        near = [each for each in listed if service in each.services or not each.services]
        return sorted([*self.marks(), *((each.at.timestamp(), f"change: {each.text}") for each in near)])

    def pinned(self) -> Collection[str]:
        """Return the keys of the changes on the timeline of the incident shown."""
        return ()

    async def action_changes(self) -> None:
        """Show what was changed, with the cursor on the service that is under the board's."""
        from iccon.console.screens.changes import ChangesScreen  # not on the first screen

        known, board = await self._know_changes(), self.first(BoardView)
        service = board.chosen_service or "" if board is not None and board.has_focus else ""
        await self.app.push_screen(ChangesScreen(known, self.incident, self.pinned, service))

    async def action_people(self) -> None:
        """Show who is on call."""
        from iccon.console.screens.people import PeopleScreen  # not on the first screen

        await self.app.push_screen(PeopleScreen())

    async def action_runbook(self) -> None:
        """Open the runbook that fits the chosen page, else the chosen service."""
        from iccon.console import runbooks  # not on the first screen

        await runbooks.open_for(self, await runbooks.wanted(self))

    async def action_library(self) -> None:
        """Show all runbooks, those that fit the chosen page or service first."""
        from iccon.console import runbooks  # not on the first screen
        from iccon.console.screens.books import BooksScreen

        await self.app.push_screen(BooksScreen(self, await runbooks.wanted(self)))

    def tell_marks(self, fresh: Iterable[Entry]) -> None:
        """Show what came of runbook steps, where `fresh` entries of the incident say anything about it."""
        if self.stalked and any(isinstance(entry.body, TOLD) for entry in fresh):
            from iccon.console import runbooks  # not on the first screen

            runbooks.tell_marks(self.console, self.stalked)

    async def action_step_done(self) -> None:
        """Mark the step under the runbook's cursor as done."""
        from iccon.console import runbooks  # not on the first screen

        await runbooks.done(self.console, self.incident, self.first(RunbookView))

    async def action_step_run(self) -> None:
        """Show what the step under the runbook's cursor would run."""
        from iccon.console import runs  # not on the first screen

        await runs.open_step(self.console, self.incident, self.first(RunbookView))

    async def action_step_mark(self) -> None:
        """Ask what came of the step under the runbook's cursor."""
        from iccon.console import runbooks  # not on the first screen

        await runbooks.ask(self.console, self.incident, self.first(RunbookView))

    def action_order(self) -> None:
        """Let rows that are held move; where none is, order by tier, or worst first again."""
        self.each(BoardView, lambda view: view.next_order())
        self.each(BoardView, self._say_order)

    def action_zoom(self) -> None:
        """Let the focused region fill the screen, or put it back."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused)
