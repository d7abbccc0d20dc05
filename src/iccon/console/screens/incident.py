"""The command screen: one incident, everything an Incident Commander looks at, in regions placed by a layout."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from iccon.background import in_thread, spawn
from iccon.config.layout import Layout
from iccon.console import commands, handovers, questions
from iccon.console.fit import Span
from iccon.console.safe import set_titles
from iccon.console.screens.base import Surface
from iccon.console.screens.editing import EditingSurface
from iccon.console.screens.live import NO_CELL
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.kept import Kept
from iccon.console.widgets.keybar import KeyBar, countdown
from iccon.console.widgets.lines_of_time import Rows, rows_both_ways
from iccon.console.widgets.pages import PagesView
from iccon.console.widgets.runbook import Reading, RunbookView
from iccon.console.widgets.strip import StateStrip
from iccon.console.widgets.timeline import TimelineView
from iccon.console.widgets.updates import UpdatesView
from iccon.incident import commands as c
from iccon.incident import timers
from iccon.incident.entries import (
    Declared,
    Entry,
    EvidenceTaken,
    ImpactStarted,
    ImpactStopped,
    MilestoneSet,
    PhaseSet,
    SeveritySet,
)
from iccon.incident.evidence import BadSamples, series_of
from iccon.incident.fold import Ledger
from iccon.incident.handovers import run_out
from iccon.incident.milestones import began
from iccon.incident.state import State
from iccon.incident.timeline import Timeline
from iccon.incident.timers import hurting_since
from iccon.journal.faults import JournalFault

if TYPE_CHECKING:
    from iccon.console.widgets.chart import Mark
    from iccon.console.widgets.notebar import NoteBar

MARKED = (Declared, SeveritySet, PhaseSet, MilestoneSet, ImpactStarted, ImpactStopped)  # what a chart shows
TITLES = {"signals": "Signals", "pages": "Pages", "timeline": "Timeline", "runbook": "Runbook", "updates": "Updates"}


class Row(Horizontal):
    """Regions side by side."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(classes=classes)
        self._kept = Kept(self, super().render_lines)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines that Textual asks for."""
        return self._kept.lines(crop)


class IncidentScreen(EditingSurface):
    """Regions, their data, and what the keys do with them."""

    SCOPES = (commands.DESK, commands.LIVE, commands.STEPS)
    BINDINGS = commands.bindings(*SCOPES)
    ESCAPE_TO_MINIMIZE = False  # it closes the note line first; `action_home` leaves the zoom

    def __init__(self, incident: str, entries: Sequence[Entry], layout: Layout) -> None:
        super().__init__(Ledger(incident, entries))
        self._acts.take(entries)
        self._pinned: tuple[int, frozenset[str]] = (0, frozenset())  # of so many entries, the keys of changes
        self._placed = layout
        self._looked_at: datetime | None = None
        self._run_out = ""  # the newest hand-over for which that was noted

    def compose(self) -> ComposeResult:
        """Place the regions as the layout says; note line and keys below."""
        for row in self._placed.rows:
            with Row(classes="row state" if [r.name for r in row.regions] == ["state"] else "row") as box:
                box.styles.height = row.height.css()
                for region in row.regions:
                    widget = self._region(region.name)
                    widget.styles.width = region.width.css()
                    if region.name in TITLES:
                        set_titles(widget, TITLES[region.name])
                    yield widget
        yield KeyBar(self.console.footer(self.SCOPES))

    def _region(self, name: str) -> Widget:
        zone, plain = self.console.parts.zone, self.console.parts.setting.config.console.ascii
        wall = self._placed.turn > 0
        makers: dict[str, Callable[[], Widget]] = {
            "state": lambda: StateStrip(zone, self.console.parts.policy, id="state", ascii_only=plain),
            "signals": lambda: BoardView(id="signals", classes="region", ascii_only=plain, wall=wall),
            "pages": lambda: PagesView(id="pages", classes="region", ascii_only=plain),
            "timeline": lambda: TimelineView(zone, id="timeline", classes="region", ascii_only=plain),
            "runbook": lambda: RunbookView(id="runbook", classes="region", ascii_only=plain),
            "updates": lambda: UpdatesView(zone, id="updates", classes="region"),
        }
        return makers[name]()

    def on_mount(self) -> None:
        """Fill every region from what is known already, before the first paint."""
        self.each(TimelineView, lambda view: view.show(self.timeline))
        self.tick(self.console.parts.setting.clock.now())
        self.app.call_after_refresh(self._painted)  # the screen's own would come before the frame is out

    async def _painted(self) -> None:
        """Add what the first frame does not show: the style sheet of a text field alone takes as long as all others."""
        if not self.console.parts.setting.read_only:
            await self._note_bar()
            await self._restore_note()
        spawn(self._complete(), "whole record")

    async def _complete(self) -> None:
        """Read the whole record, off the loop: the first frame has the state and the newest entries only."""
        entries = await self.console.parts.desk.call(lambda desk: desk.entries(self.incident))
        if len(entries) > len(self.ledger.entries):
            whole, rows = await in_thread(lambda: _whole(self.incident, entries), "fold", 60)
            whole.extend(whole.ledger.extend(self.ledger.entries))
            if self.timeline.by_recorded:
                whole.turn()
            self.ledger, self.timeline = whole.ledger, whole
            self._acts.take(entries)
            self.each(TimelineView, lambda view: view.complete(self.timeline, rows))
        if self.console.board is None:
            await self._read_recorded()

    async def _read_recorded(self) -> None:
        """Show what the flight recorder has, each value with its age, until a server answers."""
        from iccon.console.recorded import recorded  # nothing for the first frame

        parts = self.console.parts
        self.recorded = await recorded(parts.desk, self.incident, span=parts.setting.config.signals.window)
        self.tick(parts.setting.clock.now())

    # Data down

    def tick(self, now: datetime) -> None:
        """Clocks and ages."""
        super().tick(now)
        setting = self.console.parts.setting
        troubles = [slot for slot in self.console.snapshot.slots.values() if slot.trouble]
        self.each(
            StateStrip,
            lambda strip: strip.show(
                self.ledger.state,
                now,
                troubles=troubles,
                environment="" if setting.drill else setting.config.environment,
                read_only=setting.read_only,
                record_trouble=self.console.record_trouble,
                actor=setting.actor,
            ),
        )
        self.each(UpdatesView, lambda view: view.show(self.ledger.state))
        self._prompt(now)
        self._note_run_out(now)
        if isinstance(top := self.app.screen, Surface) and top is not self:
            top.count_down(self.runs_out(now))

    def runs_out(self, now: datetime) -> Span | None:
        """Return what runs out first, for the screens over this one."""
        return countdown(self.ledger.state, self.console.parts.policy, now)

    def _note_run_out(self, now: datetime) -> None:
        """Have it written down, once, that a hand-over ran out: it counts as over without that entry too."""
        late = run_out(self.ledger.state.handovers, now)
        if late and self._run_out != late[-1].id and not self.console.parts.setting.read_only:
            self._run_out = late[-1].id
            spawn(self.console.act(c.SeeHandovers(), self.incident), "hand-over")

    def _prompt(self, now: datetime) -> None:
        """Say what has just run out, with the bell; what ran out before this screen was open stands in the strip."""
        before, self._looked_at = self._looked_at, now
        if before is None:
            return
        for timer in timers.running(self.ledger.state, self.console.parts.policy):
            if before < timer.due <= now:
                self.console.call_out(f"DUE: {timer.label}{f' ({timer.owner})' if timer.owner else ''}")

    @property
    def began(self) -> float | None:
        """When the trouble began, seconds since 1970 UTC: as set, else the declaration."""
        at = began(self.ledger.state)
        return None if at is None else at.timestamp()

    @property
    def stalked(self) -> State:
        """The incident's state."""
        return self.ledger.state

    @property
    def lasted(self) -> tuple[float | None, float | None]:
        """Between which its errors count as spent by it, seconds since 1970 UTC."""
        first, last = hurting_since(self.ledger.state), self.ledger.state.resolved_at
        return first.timestamp() if first else None, last.timestamp() if last else None

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Extend the timeline without moving the reader."""
        super().appended(entries)
        fresh = self.ledger.extend(e for e in entries if e.incident == self.incident)
        if fresh:
            self.each(TimelineView, lambda view: view.extend(fresh))
            self.tell_marks(fresh)
            self.tick(self.console.parts.setting.clock.now())

    def marks(self) -> Sequence["Mark"]:
        """Return the declaration, changes of severity and phase, and customer impact, in the order of time."""
        lines = (self.timeline.item(entry) for entry in self.timeline.order if isinstance(entry.body, MARKED))
        return sorted((line.happened_at.timestamp(), line.text) for line in lines if line.struck is None)

    @on(TimelineView.Activated, "#timeline")
    async def _entry_opened(self, event: TimelineView.Activated) -> None:
        """Open the chart of evidence from the journal, or what another entry names."""
        found = self.ledger.by_id.get(event.key)
        if found is None:
            return
        if isinstance(found.body, EvidenceTaken):
            await self.open_evidence(found)
            return
        from iccon.console import links  # not on the first frame

        await links.follow(self, self.timeline.item(found).own)

    async def open_evidence(self, entry: Entry) -> None:
        """Open the chart of the evidence that `entry` took."""
        body = self.ledger.effective(entry).body
        assert isinstance(body, EvidenceTaken)
        from iccon.console.screens.chart import EvidenceScreen  # not on the first screen

        try:
            blob = await self.console.parts.desk.call(lambda desk: desk.journal.blob(body.sha256))
            series = series_of(body.measured, blob.content)
        except (JournalFault, BadSamples) as fault:
            self.console.say(f"this evidence cannot be shown: {fault}", "error")
            return
        await self.app.push_screen(EvidenceScreen(body, series, self.marks))

    async def show_change(self, key: str) -> bool:
        """Show the change of that key among those of the last hours; say whether it is one of them."""
        known, slot = await self._know_changes(), self.console.snapshot.slots.get("changes")
        listed = known.listed(slot.value if slot else None, self.console.parts.setting.clock.now())
        if key not in (change.key for change in listed):
            return False
        from iccon.console.screens.changes import ChangesScreen  # not on the first screen

        await self.app.push_screen(ChangesScreen(known, self.incident, self.pinned, key=key))
        return True

    async def on_note_bar_linked(self, message: "NoteBar.Linked") -> None:
        """Name in the note what is chosen."""
        from iccon.console import links  # not on the first frame

        link = links.candidate(self, message.before)
        if link is None:
            self.console.say("nothing is chosen that a note can name: a page, a service, evidence, a change", "warning")
        else:
            (await self._note_bar()).insert(link.words)

    def pinned(self) -> Collection[str]:
        """Return the keys of the changes on this timeline, read off its entries when there are more of them."""
        from iccon.changes.told import told  # not on the first frame

        count = len(self.ledger.entries)
        if self._pinned[0] != count:
            self._pinned = count, frozenset(change.key for change in told(self.ledger.entries))
        return self._pinned[1]

    # Questions

    async def action_severity(self) -> None:
        """Ask for the severity."""
        await self._ask(questions.severity(self.ledger.state, self.console.parts.policy))

    async def action_phase(self) -> None:
        """Ask for the phase."""
        await self._ask(questions.phase(self.ledger.state))

    async def action_milestone(self) -> None:
        """Ask which milestone was reached, and when."""
        await self._ask(questions.milestone(self.ledger.state, self.form_clock))

    async def action_role(self) -> None:
        """Ask who holds which role."""
        await self._ask(questions.role(self.ledger.state, self.console.parts.setting.actor))

    async def action_handover(self) -> None:
        """Propose a hand-over, withdraw the one that waits, or answer it with the briefing below the question."""
        setting, policy = self.console.parts.setting, self.console.parts.policy
        now = setting.clock.now()
        if handovers.asked(self.ledger.state, setting.actor, now):
            await self.action_briefing()
        await self._ask(handovers.question(self.ledger.state, setting.actor, now, self.clock_text, policy))

    async def action_briefing(self) -> None:
        """Show one page for whoever takes over, from the record alone."""
        from iccon.console.briefing import document  # not on the first frame
        from iccon.console.screens.reader import Reader

        parts, ledger = self.console.parts, self.ledger
        now = parts.setting.clock.now()
        made = await in_thread(lambda: document(ledger, parts.zone, parts.policy, now), "briefing", 10)
        await self.app.push_screen(Reader(made, Reading(ledger.state.title, kind="Briefing")))

    async def action_impact(self) -> None:
        """Start or stop customer impact."""
        await self._ask(questions.impact(self.ledger.state, self.form_clock))

    async def action_theory(self) -> None:
        """Ask for the current theory."""
        await self._ask(questions.theory(self.ledger.state))

    async def action_retitle(self) -> None:
        """Ask for another title."""
        await self._ask(questions.retitle(self.ledger.state))

    async def action_resolve(self) -> None:
        """Resolve, or reopen."""
        state, policy, clock = self.ledger.state, self.console.parts.policy, self.form_clock
        await self._ask(questions.resolve(state, policy, self.sight(state, clock.now), clock))

    async def action_stalk(self) -> None:
        """Ask what is stalked: the cell under the board's cursor, its service, everything."""
        board = self.first(BoardView)
        if board is None or board.chosen is None:
            self.console.say(NO_CELL, "warning")
            return
        await self._ask(questions.stalk(self.ledger.state, *board.chosen))

    # Elsewhere

    async def action_tasks(self) -> None:
        """Show what is open: decisions to come back to, questions, actions, todos."""
        from iccon.console.screens.tasks import TasksScreen  # not on the first screen

        await self.app.push_screen(TasksScreen(self.incident, lambda: self.ledger.state))

    async def action_state(self) -> None:
        """Show how it stands."""
        from iccon.console.screens.standing import StandingScreen  # not on the first screen

        await self.app.push_screen(StandingScreen(self.incident, lambda: self.ledger.state))

    async def action_callout(self) -> None:
        """Record the call-out, or put it off."""
        policy, asks = self.console.parts.policy, await self.console.callout_asks()
        await self._ask(questions.callout(self.ledger.state, policy, self.form_clock, asks))

    async def action_update(self) -> None:
        """Open the composer."""
        from iccon.console.screens.composer import Composer  # its text area is not on this screen

        await self.app.push_screen(Composer(self.ledger.state, self.incident))

    async def action_export(self) -> None:
        """Write the record as Markdown into the exports folder."""
        await self.console.export(self.ledger)

    async def action_home(self) -> None:
        """Leave what was found, or the zoom, else go to the list of incidents."""
        view = self.first(TimelineView)
        if view is not None and view.filtered:
            view.show_all()
        elif self.maximized is not None:
            self.minimize()
        else:
            await self.console.open_home()


def _whole(incident: str, entries: Sequence[Entry]) -> tuple[Timeline, dict[tuple[bool, bool], Rows]]:
    """Return the timeline of all entries with its rows: half a second for 100,000."""
    timeline = Timeline(Ledger(incident, entries))
    return timeline, rows_both_ways(timeline)
