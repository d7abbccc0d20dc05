"""The chart of one cell of the board over the whole screen. It shows what the snapshot holds and asks nobody."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace
from textual.app import ComposeResult

from iccon.console import commands
from iccon.console.safe import set_titles
from iccon.console.screens.base import Surface
from iccon.console.widgets.chart import ChartView, Mark, Picture, picture_of
from iccon.console.widgets.keybar import KeyBar
from iccon.feed.model import Snapshot
from iccon.incident.entries import Entry
from iccon.when import span_text

SHARES = (1.0, 0.5, 0.25, 0.125)  # of the window that is kept, from the widest zoom on
MISSING = "There are no samples of this signal yet."
STEPS = 100  # cursor keys from one end to the other


class ChartScreen(Surface):
    """One signal of one service. `marks` returns what happened meanwhile, in the order of time."""

    SCOPES = (commands.CHART,)
    BINDINGS = commands.bindings(*SCOPES)

    def __init__(self, service: str, signal: str, marks: Callable[[], Sequence[Mark]]) -> None:
        super().__init__()
        self._service = service
        self._signal = signal
        self._read_marks = marks
        self._marks: tuple[Mark, ...] = ()
        self._zoom = 0
        self._others = False
        self._cursor: float | None = None

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
        """Draw the new samples."""
        self._show(self.console.parts.setting.clock.now())

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """Draw the new markers, once the screen below has taken the entries in."""
        self.call_later(self._remark)

    def _remark(self) -> None:
        self._marks = tuple(self._read_marks())
        self._show(self.console.parts.setting.clock.now())

    def _picture(self, now: datetime) -> Picture | None:
        slot = self.console.snapshot.slots.get("signals")
        board = slot.value if slot else None
        made = picture_of(board, self._service, self._signal, now.timestamp(), SHARES[self._zoom], self._others)
        trouble = f"{slot.trouble.kind}: {slot.trouble.reason}" if slot and slot.trouble else ""
        return replace(made, marks=self._marks, cursor=self._held(made), note=trouble or made.note) if made else None

    def _held(self, picture: Picture) -> float | None:
        """Return the cursor's instant, kept inside of the window."""
        return None if self._cursor is None else min(max(self._cursor, picture.start), picture.end)

    def _show(self, now: datetime) -> None:
        picture, view = self._picture(now), self.query_one(ChartView)
        long = span_text(picture.end - picture.start) if picture else ""
        set_titles(view, f"{self._service} {self._signal}", long)
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
        """Add the worst of the other services, or take them away."""
        self._others = not self._others
        self._show(self.console.parts.setting.clock.now())

    def action_close(self) -> None:
        """Go back to where the chart was opened."""
        self.dismiss()
