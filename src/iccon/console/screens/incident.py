"""The command screen: one incident, everything an Incident Commander looks at, in regions placed by a layout."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from iccon.background import in_thread
from iccon.config.layout import Layout
from iccon.console import commands, questions
from iccon.console.screens.base import Surface
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.notebar import NoteBar
from iccon.console.widgets.pages import PagesView
from iccon.console.widgets.runbook import RunbookView
from iccon.console.widgets.strip import StateStrip
from iccon.console.widgets.timeline import TimelineView
from iccon.console.widgets.updates import UpdatesView
from iccon.feed.model import Slot, Snapshot
from iccon.incident import commands as c
from iccon.incident.effects import EffectState
from iccon.incident.entries import Entry, PageActed, PageRef
from iccon.incident.fold import Ledger
from iccon.incident.severity import DEFAULT_POLICY
from iccon.incident.timeline import Item, Timeline
from iccon.pages.model import Page
from iccon.runbooks.library import RunbookFault
from iccon.runbooks.model import Document, Match

W = TypeVar("W", bound=Widget)


class IncidentScreen(Surface):
    """Regions, their data, and what the keys do with them."""

    SCOPE = commands.DESK
    BINDINGS = commands.bindings(commands.DESK)

    def __init__(self, incident: str, entries: Sequence[Entry], layout: Layout) -> None:
        super().__init__()
        self.incident = incident
        self.ledger = Ledger(incident)
        self.ledger.extend(entries)
        self.timeline = Timeline(self.ledger)
        self.layout_file = layout
        self._acts: dict[str, str] = {}  # effect id -> page key
        self._note_acts(self.ledger.entries)

    # -- composition ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Place the regions as the layout says; note line and keys below."""
        for row in self.layout_file.rows:
            with Horizontal(classes="row") as box:
                box.styles.height = row.height
                for region in row.regions:
                    widget = self._region(region.name)
                    widget.styles.width = region.width
                    yield widget
        yield NoteBar(self.console.save_draft)
        yield KeyBar(self.console.footer(self.SCOPE))

    def _region(self, name: str) -> Widget:
        zone = self.console.parts.zone
        makers: dict[str, Callable[[], Widget]] = {
            "state": lambda: StateStrip(zone, DEFAULT_POLICY, id="state"),
            "signals": lambda: BoardView(id="signals", classes="region"),
            "pages": lambda: PagesView(id="pages", classes="region"),
            "timeline": lambda: TimelineView(zone, id="timeline", classes="region"),
            "runbook": lambda: RunbookView(id="runbook", classes="region"),
            "updates": lambda: UpdatesView(zone, id="updates", classes="region"),
        }
        return makers[name]()

    def on_mount(self) -> None:
        """Fill every region from what is known already, before the first paint."""
        self._each(TimelineView, lambda view: view.show(self.timeline))
        self.fed(self.console.snapshot)
        self.tick(self.console.parts.setting.clock.now())
        self.call_after_refresh(self._restore_note)

    def _each(self, kind: type[W], act: Callable[[W], object]) -> None:
        for view in self.query(kind):
            act(view)

    # -- data down -----------------------------------------------------------------------------------

    def tick(self, now: datetime) -> None:
        """Clocks and ages."""
        troubles = [slot for slot in self.console.snapshot.slots.values() if slot.trouble]
        setting = self.console.parts.setting
        self._each(
            StateStrip,
            lambda strip: strip.show(
                self.ledger.state,
                now,
                troubles=troubles,
                environment=setting.config.environment,
                read_only=setting.read_only,
                record_trouble=self.console.record_trouble,
            ),
        )
        self._show_board(now)
        self._show_pages(now)
        self._each(UpdatesView, lambda view: view.show(self.ledger.state, now))

    def fed(self, snapshot: Snapshot) -> None:
        """Show what the sources say now."""
        now = self.console.parts.setting.clock.now()
        self._show_board(now)
        self._show_pages(now)

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Extend the timeline without moving the reader."""
        fresh = self.ledger.extend(e for e in entries if e.incident == self.incident)
        if not fresh:
            return
        self._note_acts(fresh)
        self.timeline.extend(fresh)
        self._each(TimelineView, lambda view: view.extend(fresh))
        self.tick(self.console.parts.setting.clock.now())

    def _show_board(self, now: datetime) -> None:
        slot = self.console.snapshot.slots.get("signals")
        note = _note(slot, "No Prometheus is configured.  Add one:  prometheus.url = \"http://…:9090\"")
        board = self.console.parts.judge(now) if slot else None
        self._each(BoardView, lambda view: view.show(board, now.timestamp(), note))

    def _show_pages(self, now: datetime) -> None:
        slot = self.console.snapshot.slots.get("pages")
        note = _note(slot, "No pager is configured.  Add one:  pagerduty.token = { env = \"PAGERDUTY_TOKEN\" }")
        pages = slot.value.pages if slot and slot.value else None
        self._each(PagesView, lambda view: view.show(pages, now, note, self._pending()))

    def _note_acts(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.body, PageActed):
                self._acts[entry.body.effect] = f"{entry.body.page.source}:{entry.body.page.id}"

    def _pending(self) -> dict[str, str]:
        outcomes = self.ledger.state.outcomes
        shown = {EffectState.QUEUED: "ack sending", EffectState.FAILED: "ack failed", EffectState.UNKNOWN: "ack unknown"}
        return {
            page: shown[outcomes[effect].state]
            for effect, page in self._acts.items()
            if effect in outcomes and outcomes[effect].state in shown
        }

    # -- what the keys do ----------------------------------------------------------------------------

    async def _act(self, command: c.Command) -> bool:
        return await self.console.act(command, self.incident) is None

    async def _ask(self, question: questions.Question) -> None:
        await self.console.ask(question, self.incident)

    async def action_severity(self) -> None:
        """Ask for the severity."""
        await self._ask(questions.severity(self.ledger.state))

    async def action_phase(self) -> None:
        """Ask for the phase."""
        await self._ask(questions.phase(self.ledger.state))

    async def action_role(self) -> None:
        """Ask who holds which role."""
        await self._ask(questions.role(self.ledger.state, self.console.parts.setting.actor))

    async def action_impact(self) -> None:
        """Start or stop customer impact."""
        await self._ask(questions.impact(self.ledger.state))

    async def action_theory(self) -> None:
        """Ask for the current theory."""
        await self._ask(questions.theory(self.ledger.state))

    async def action_retitle(self) -> None:
        """Ask for another title."""
        await self._ask(questions.retitle(self.ledger.state))

    async def action_resolve(self) -> None:
        """Resolve, or reopen."""
        await self._ask(questions.resolve(self.ledger.state))

    async def action_declare(self) -> None:
        """Declare another incident, with the service of the chosen page if there is one."""
        page = self._chosen_page()
        setting = self.console.parts.setting
        title, service = (page.title, page.service) if page else ("", "")
        await self.console.ask(questions.declare(setting.actor, title, service, setting.drill), None)

    async def action_amend(self) -> None:
        """Correct the entry under the timeline's cursor."""
        if item := self._chosen_item():
            await self._ask(questions.amend(item))

    async def action_strike(self) -> None:
        """Strike the entry under the timeline's cursor."""
        if item := self._chosen_item():
            await self._ask(questions.strike(item))

    def _chosen_item(self) -> Item | None:
        view = next(iter(self.query(TimelineView)), None)
        item = view.chosen if view else None
        if item is None:
            self.console.say("no timeline entry is chosen: go to the timeline and move to one", "warning")
        return item

    def _chosen_page(self) -> Page | None:
        view = next(iter(self.query(PagesView)), None)
        return view.chosen if view else None

    async def action_acknowledge(self) -> None:
        """Acknowledge the page that was under the cursor when the key was pressed."""
        page = self._chosen_page()
        if page is None:
            self.console.say("no page is chosen: go to the pages and move to one", "warning")
            return
        ref = PageRef(page.source, page.id, page.title, page.service)
        await self.console.act(c.ActOnPage(page=ref, verb="acknowledge"), self.incident)

    async def action_note(self) -> None:
        """Open the note line with what was typed before."""
        text, cursor = await self.console.draft(self._note_key)
        self.query_one(NoteBar).open(self._note_key, text, cursor)

    @property
    def _note_key(self) -> str:
        return f"note:{self.incident}"

    async def _restore_note(self) -> None:
        text, cursor = await self.console.draft(self._note_key)
        if text and not self.console.parts.setting.read_only:
            self.query_one(NoteBar).open(self._note_key, text, cursor)

    @on(Input.Submitted, "#note")
    async def _note_typed(self, event: Input.Submitted) -> None:
        bar = self.query_one(NoteBar)
        text = event.value
        bar.busy(True)
        refused = await self.console.act(c.AddNote(text=text), self.incident, drop_draft=self._note_key)
        bar.busy(False)
        if refused is None:
            bar.close()

    async def action_update(self) -> None:
        """Open the composer."""
        from iccon.console.screens.composer import Composer  # noqa: PLC0415  (its text area is not on the first screen)

        await self.app.push_screen(Composer(self.ledger.state, self.incident))

    async def action_runbook(self) -> None:
        """Open the runbook that fits the chosen page, else the chosen service."""
        page = self._chosen_page()
        view = next(iter(self.query(BoardView)), None)
        service = page.service if page else (view.chosen_service if view else "") or ""
        library = self.console.parts.library
        alert, url, title = (page.alert, page.runbook_url, page.title) if page else ("", "", "")
        try:
            found = await in_thread(lambda: library.match(alert, service, url, title), "runbook match", 10)
        except (TimeoutError, RunbookFault) as fault:
            self.console.say(f"runbooks: {fault or 'the folder does not answer'}", "error")
            return
        if not found:
            wanted = alert or title or service or "nothing chosen"
            self.console.say(f"no runbook fits {wanted}", "warning")
            return
        await self._read(found[0])

    async def _read(self, match: Match) -> None:
        library = self.console.parts.library
        try:
            document = await in_thread(lambda: library.read(match.runbook), "runbook", 10)
        except (TimeoutError, RunbookFault) as fault:
            self.console.say(f"{match.runbook.path}: {fault or 'the folder does not answer'}", "error")
            return
        await self._show_runbook(document)
        if not self.console.parts.setting.read_only and self.ledger.state.active:
            runbook = match.runbook
            await self._act(
                c.OpenRunbook(path=runbook.path, title=runbook.title, digest=document.digest, why=match.why)
            )

    async def _show_runbook(self, document: Document) -> None:
        view = next(iter(self.query(RunbookView)), None)
        if view is not None:
            view.show(document)
            view.focus()
            return
        from iccon.console.screens.reader import Reader  # noqa: PLC0415  (only layouts without a runbook region need it)

        await self.app.push_screen(Reader(document))

    async def action_export(self) -> None:
        """Write the record as Markdown into the exports folder."""
        await self.console.export(self.incident)

    def action_zoom(self) -> None:
        """Let the focused region fill the screen, or put it back."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused)

    async def action_home(self) -> None:
        """Leave the zoom, else go to the list of incidents."""
        if self.maximized is not None:
            self.minimize()
        else:
            await self.console.open_home()


def _note(slot: Slot | None, missing: str) -> str:
    if slot is None:
        return missing
    if slot.trouble:
        return f"{slot.trouble.kind}: {slot.trouble.reason}"
    return ""
