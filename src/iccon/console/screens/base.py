"""What every screen of the console can reach: the application, typed, and the clock tick."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from textual import events
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.strip import Strip
from textual.widget import Widget

from iccon.console import questions
from iccon.console.commands import REGISTRY, key_name
from iccon.console.figures import age_text, time_text, zone_name
from iccon.console.fit import Span
from iccon.console.widgets.kept import Kept
from iccon.console.widgets.keybar import KeyBar
from iccon.feed.model import Slot, Snapshot
from iccon.incident.entries import Entry
from iccon.incident.exit_criteria import Calm, Sight
from iccon.incident.state import State

if TYPE_CHECKING:
    from iccon.console.app import IcconApp

SMALL = (100, 30)  # cells and lines
WRITES = frozenset(command.action for command in REGISTRY if command.writes)


class Surface(Screen[None]):
    """A screen that shows live data. The application calls `tick`, `fed` and `appended`; each may do nothing."""

    SCOPES: tuple[str, ...] = ()
    _since: tuple[object, object, Mapping[tuple[str, str], Calm]] | None = None  # of which board and incident
    # Who gets or loses the focus is painted for it; Textual would paint the whole screen once more.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._kept = Kept(self, super().render_lines)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines that Textual asks for."""
        return self._kept.lines(crop)

    @property
    def console(self) -> "IcconApp":
        """The application."""
        return cast("IcconApp", self.app)

    def on_mount(self) -> None:
        """Take the keys that write away from a console that only watches: they are not bound, not merely refused."""
        if self.console.parts.setting.read_only:
            bound = self._bindings.key_to_bindings
            kept = {key: [b for b in each if b.action not in WRITES] for key, each in bound.items()}
            self._bindings.key_to_bindings = {key: each for key, each in kept.items() if each}
        now, below = (
            self.console.parts.setting.clock.now(),
            [each for each in self.app.screen_stack if each is not self],
        )
        self.count_down(next((each.runs_out(now) for each in below if isinstance(each, Surface)), None))

    def on_resize(self, event: events.Resize) -> None:
        """Do without frames in a small terminal, where they cost more than they give."""
        self.set_class(event.size.width < SMALL[0] or event.size.height < SMALL[1], "-small")

    def _compositor_refresh(self) -> None:
        """Paint; while changes are collected only note that it is due: Textual paints then too, and throws it away."""
        if self.app._batch_count:
            self.refresh()
        else:
            super()._compositor_refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Refuse what writes on a read-only console, whoever asks: the palette, a click, a keymap."""
        if self.console.parts.setting.read_only and action in WRITES:
            return False
        return super().check_action(action, parameters)

    def runs_out(self, now: datetime) -> Span | None:
        """Return what runs out first as of `now` (aware UTC), for the screens over this one; None for nothing."""
        return None

    def count_down(self, span: Span | None) -> None:
        """Show in the bar of keys what runs out first, where a screen over the incident's hides its strip."""
        for bar in self.query(KeyBar):
            bar.count_down(span)

    def tick(self, now: datetime) -> None:
        """A second has passed; `now` is aware UTC."""

    def fed(self, snapshot: Snapshot) -> None:
        """A source has news."""

    def appended(self, entries: tuple[Entry, ...]) -> None:
        """The journal has new entries, this console's or another process's."""

    def sight(self, state: State, now: datetime) -> Sight:
        """Return what board and pages show of the exit criteria of an incident as of `now` (aware UTC)."""
        from iccon.recorder import calm, sight  # only where it is asked for
        from iccon.signals.board import aged

        board, slot = self.console.board, self.console.snapshot.slots.get("pages")
        asked = state.services, state.severity
        if self._since is None or self._since[0] is not board or self._since[1] != asked:
            self._since = board, asked, calm(board, state, self.console.parts.policy)
        pages = slot.value if slot and not slot.trouble else None
        return sight(aged(board, now.timestamp()) if board else None, pages, self._since[2], now)

    @property
    def form_clock(self) -> questions.Clock:
        """How forms read times now."""
        return questions.Clock(self.console.parts.setting.clock.now, self.console.parts.zone)

    # What is wrong with a source

    def trouble_note(self, slot: Slot | None, missing: str) -> str:
        """Return what is wrong with a source and when it is tried again; `missing` where none is configured."""
        return missing if slot is None else "; ".join(filter(None, (self._paused(), self.trouble_text(slot))))

    def trouble_text(self, slot: Slot) -> str:
        """Return why a source does not answer, since when and until when; the empty text where it does."""
        trouble = slot.trouble
        if trouble is None:
            return ""
        return f"{trouble.kind}{self.since_text(trouble.since)}{self._again(trouble.next_try)}: {trouble.reason}"

    def partial_note(self, slot: Slot | None) -> str:
        """Return which of several sources do not answer, and what the others have to say: of pages, of changes."""
        if slot is None or slot.value is None:
            return ""
        down = (
            f"{t.source}: {t.kind}{self.since_text(t.since)}{self._again(t.next_try)}: {t.reason}"
            for t in slot.value.trouble
        )
        return "; ".join([*down, *slot.value.notices])

    def _paused(self) -> str:
        """Say that nothing is asked, and the key that goes on: a paused board grows stale with nothing wrong."""
        keys = self.console.parts.keys.get("pause", ())
        hint = f" ({key_name(keys[0])} goes on)" if keys else ""
        return f"paused, nothing is asked{hint}" if self.console.snapshot.paused else ""

    def _again(self, next_try: datetime | None) -> str:
        """Count down to the next try, in the clock's seconds; while paused, or where it is not known, there is none."""
        if self.console.snapshot.paused or next_try is None:
            return ""
        left = math.ceil((next_try - self.console.parts.setting.clock.now()).total_seconds())
        return f", again in {age_text(left)}" if left > 0 else ", asking"

    def since_text(self, at: datetime | None) -> str:
        """Return ` since 14:03 UTC`, or the empty text."""
        return f" since {self.clock_text(at)}" if at else ""

    def clock_text(self, at: datetime) -> str:
        """Return `14:03 UTC`, in the zone of the screen."""
        zone = self.console.parts.zone
        return f"{time_text(at, zone, seconds=False)} {zone_name(zone, at)}"


class Modal(ModalScreen[ScreenResultType]):
    """A box over a screen."""

    @property
    def console(self) -> "IcconApp":
        """The application."""
        return cast("IcconApp", self.app)
