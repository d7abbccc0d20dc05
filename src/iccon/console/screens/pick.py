"""One of many, chosen from a list that gets shorter as is typed."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from iccon.console.safe import SafeLabel, SafeOptions, set_titles
from iccon.console.screens.base import Modal

SHOWN = 300  # rows at once: more are found by typing


class PickScreen(Modal[str | None]):
    """Dismissed with the id of the row that was chosen, with None on Escape. `rows` are (id, words)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", show=False, priority=True),
        Binding("enter", "choose", "Choose", show=False, priority=True),
    ]

    def __init__(self, title: str, rows: Sequence[tuple[str, str]], chosen: str) -> None:
        super().__init__()
        self._title = title
        self._rows = rows
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """A field and the rows that fit what is typed into it."""
        with Vertical(id="box") as box:
            set_titles(box, f"{self._title} ({len(self._rows):,})")
            yield Input(placeholder="type to find", id="filter")
            at = next((n for n, (key, _) in enumerate(self._rows) if key == self._chosen), 0)
            first = max(min(at - SHOWN // 2, len(self._rows) - SHOWN), 0)
            yield SafeOptions(self._rows[first : first + SHOWN], chosen=self._chosen)
            yield SafeLabel("↑ ↓ choose   enter go   esc cancel", id="hint")

    @property
    def _options(self) -> SafeOptions:
        return self.query_one(SafeOptions)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        found = [row for row in self._rows if all(word in row[1].lower() for word in words)]
        self._options.set_pairs(found[:SHOWN])
        if self._options.highlighted is None and found:
            self._options.highlighted = 0

    def on_key(self, event: events.Key) -> None:
        """Arrows move in the list while one types."""
        options, count = self._options, self._options.option_count
        steps = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if not options.has_focus and event.key in steps and count:
            options.highlighted = max(0, min((options.highlighted or 0) + steps[event.key], count - 1))
            event.stop()

    def action_choose(self) -> None:
        """Take the row under the highlight; stay where there is none."""
        if self._options.chosen is not None:
            self.dismiss(self._options.chosen)

    @on(SafeOptions.OptionSelected)
    def _clicked(self) -> None:
        self.action_choose()
