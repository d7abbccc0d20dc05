"""The chart of one cell of the board over the whole screen. It shows what the snapshot holds and asks nobody."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.app import ComposeResult

from iccon.background import spawn
from iccon.console import commands
from iccon.console.evidence import evidence_of, picture_of_evidence
from iccon.console.recorded import recorded
from iccon.console.safe import set_titles
from iccon.console.screens.base import Surface
from iccon.console.widgets.chart import ChartView, Mark, Picture, picture_of
from iccon.console.widgets.keybar import KeyBar
from iccon.feed.model import Snapshot
from iccon.incident.entries import Entry, EvidenceTaken
from iccon.incident.evidence import Series
from iccon.signals.model import Board
from iccon.when import span_text, stamp

if TYPE_CHECKING:
    from iccon.console.app import IcconApp

SHARES = (1.0, 0.5, 0.25, 0.125)  # of the window that is kept, from the widest zoom on
MISSING = "There are no samples of this signal yet."
NOT_RECORDED = "nothing of this signal was recorded in an incident here"
STEPS = 100  # cursor keys from one end to the other


class Charted(Surface):
    """A chart with its keys. `marks` returns what happened meanwhile, in the order of time."""

    SCOPES: tuple[str, ...] = (commands.CHART,)
    BINDINGS = commands.bindings(*SCOPES)

    def __init__(self, marks: Callable[[], Sequence[Mark]]) -> None:
        super().__init__()
        self._read_marks = marks
        self._marks: tuple[Mark, ...] = ()
        self._told = 0  # the version of the changes that are marked
        self._zoom = 0
        self._others = False
        self._cursor: float | None = None

    # What a subclass gives

    def drawn(self, now: datetime) -> Picture | None:
        """Return what is shown at `now`, without marks and cursor."""
        return None

    def titles(self, picture: Picture | None) -> tuple[str, str]:
        """Return what stands over the chart, left and right."""
        return "", span_text(picture.end - picture.start) if picture else ""

    # What they share

    def compose(self) -> ComposeResult:
        """The chart and its keys."""
        plain = self.console.parts.setting.config.console.ascii
        yield ChartView(self.console.parts.zone, id="chart", classes="region", ascii_only=plain)
        yield KeyBar(self.console.footer(self.SCOPES))

    def on_mount(self) -> None:
        """Draw what is known."""
        self._remark()

    def tick(self, now: datetime) -> None:
        """Time goes on, also while no source answers."""
        self._show(now)

    def fed(self, snapshot: Snapshot) -> None:
        """Draw the new samples, and the changes that were told meanwhile."""
        slot = snapshot.slots.get("changes")
        if slot is not None and slot.version != self._told:
            self._told = slot.version
            self._remark()
        else:
            self._show(self.console.parts.setting.clock.now())

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Draw the new markers, once the screen below has taken the entries in."""
        self.call_later(self._remark)

    def _remark(self) -> None:
        self._marks = tuple(self._read_marks())
        self._show(self.console.parts.setting.clock.now())

    def _picture(self, now: datetime) -> Picture | None:
        made = self.drawn(now)
        return replace(made, marks=self._marks, cursor=self._held(made)) if made else None

    def _held(self, picture: Picture) -> float | None:
        """Return the cursor's instant, kept inside of the window."""
        return None if self._cursor is None else min(max(self._cursor, picture.start), picture.end)

    def _show(self, now: datetime) -> None:
        picture, view = self._picture(now), self.query_one(ChartView)
        set_titles(view, *self.titles(picture))
        view.show(picture, MISSING)

    def action_cursor(self, by: int) -> None:
        """Move the cursor a little earlier or later; it begins at the newest end."""
        picture = self._picture(self.console.parts.setting.clock.now())
        if picture is None:
            return
        start, end = picture.start, picture.end
        at = end if picture.cursor is None else picture.cursor
        self._cursor = min(max(at + by * (end - start) / STEPS, start), end)
        self._show(self.console.parts.setting.clock.now())

    def action_zoom(self, by: int) -> None:
        """Show a shorter time, or a longer."""
        self._zoom = min(max(self._zoom + by, 0), len(SHARES) - 1)
        self._show(self.console.parts.setting.clock.now())

    def action_others(self) -> None:
        """Add the other services, or take them away."""
        self._others = not self._others
        self._show(self.console.parts.setting.clock.now())

    def action_close(self) -> None:
        """Go back to where the chart was opened."""
        self.dismiss()


class ChartScreen(Charted):
    """The chart of one signal of one service, as the board has it. Evidence goes into `incident`, "" for none."""

    SCOPES = (commands.CHART, commands.BOARD_CHART)
    BINDINGS = commands.bindings(commands.BOARD_CHART)

    def __init__(self, service: str, signal: str, marks: Callable[[], Sequence[Mark]], incident: str) -> None:
        super().__init__(marks)
        self._service = service
        self._signal = signal
        self._incident = incident
        self._recorded: Board | None = None
        self._asked = False  # for what was recorded, though a server may answer

    def on_mount(self) -> None:
        """Where no server has answered, show what was recorded."""
        if self.console.board is None and self._incident:
            spawn(self._read_recorded(), "recorded samples")

    async def _read_recorded(self) -> None:
        self._recorded = await recorded(self.console.parts.desk, self._incident, self._signal)
        if self.is_attached:
            self._show(self.console.parts.setting.clock.now())

    @property
    def _past(self) -> Board | None:
        """What was recorded, where it is shown."""
        return self._recorded if self._asked or self.console.board is None else None

    def drawn(self, now: datetime) -> Picture | None:
        """Return what the board knows, or what was recorded; what is wrong with its source is said."""
        slot, windows = self.console.snapshot.slots.get("signals"), self._past and self._past.windows
        at = windows.until if windows else now.timestamp()
        made = picture_of(
            self._past or self.console.board, self._service, self._signal, at, SHARES[self._zoom], self._others
        )
        trouble = f"{slot.trouble.kind}: {slot.trouble.reason}" if slot and slot.trouble else ""
        return replace(made, note=trouble or made.note) if made else None

    def titles(self, picture: Picture | None) -> tuple[str, str]:
        """Return whose chart it is, and how long a time it shows; what was recorded is called so."""
        past = "recorded, " if self._past else ""
        return f"{self._service} {self._signal}", past + super().titles(picture)[1]

    async def action_recorded(self) -> None:
        """Show the whole incident as the flight recorder has it, or what the server says now."""
        self._asked = not self._asked
        if self._asked:
            await self._read_recorded()
            if self._recorded is None:
                self._asked = False
                self.console.say(NOT_RECORDED, "warning")
        self._show(self.console.parts.setting.clock.now())

    async def action_evidence(self) -> None:
        """Keep the samples shown as evidence."""
        picture = self.drawn(self.console.parts.setting.clock.now())
        await keep_evidence(self.console, picture, self._past or self.console.board, self._incident)


class EvidenceScreen(Charted):
    """The chart of an evidence entry, from the journal alone."""

    def __init__(self, body: EvidenceTaken, series: tuple[Series, ...], marks: Callable[[], Sequence[Mark]]) -> None:
        super().__init__(marks)
        self._body = body
        self._series = series
        self._others = True

    def drawn(self, now: datetime) -> Picture | None:
        """Return what was kept."""
        series = self._series if self._others else self._series[:1]
        return picture_of_evidence(self._body, series, SHARES[self._zoom])

    def titles(self, picture: Picture | None) -> tuple[str, str]:
        """Say that it is evidence, and of when."""
        fetched = stamp(self._body.measured.fetched_at, self.console.parts.zone, day=True)
        return f"EVIDENCE {self._body.title}", f"fetched {fetched}"


async def keep_evidence(console: "IcconApp", picture: Picture | None, board: Board | None, incident: str) -> None:
    """Keep what `picture` shows of `board` as evidence in `incident` ("": the single active one), and say so."""
    if picture is None or board is None:
        console.say(MISSING, "warning")
        return
    command = evidence_of(picture, board, console.parts.setting.config, console.parts.zone)
    if await console.act(command, incident or None) is None:
        console.say(f"kept as evidence: {command.title}")
