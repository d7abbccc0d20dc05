"""Status updates given so far: to whom, when, what, and whether each outlet took it."""

from datetime import tzinfo

from iccon.console.fit import Span
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.effects import EffectState
from iccon.incident.state import Issued, State
from iccon.text import clean
from iccon.when import stamp

MARKS = {
    EffectState.QUEUED: ("queued", "v-stale"),
    EffectState.SENDING: ("sending", "v-stale"),
    EffectState.SENT: ("sent", "v-ok"),
    EffectState.FAILED: ("FAILED", "v-bad"),
    EffectState.UNKNOWN: ("UNKNOWN", "v-warn"),
}


class UpdatesView(VirtualList):
    """One row an update, newest first."""

    def __init__(self, zone: tzinfo, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._zone = zone
        self._state = State("")
        self._updates: dict[str, Issued] = {}

    def show(self, state: State) -> None:
        """Show the updates of `state`."""
        if state is self._state:
            return
        self._state = state
        self._updates = {issued.entry: issued for issued in reversed(state.updates)}
        self.set_rows(list(self._updates))

    def empty(self, width: int) -> list[list[Span]]:
        """Say how the first one is written."""
        return [[(" No update was sent yet.  ", "dim"), ("u", "strong"), (" composes one.", "dim")]]

    def row_spans(self, key: str, width: int) -> list[Span]:
        """Time, audience, outcome of each outlet, text."""
        issued = self._updates[key]
        spans: list[Span] = [(f"{stamp(issued.at, self._zone)} ", "dim"), (f"{issued.audience} ", "strong")]
        for outlet, effect in issued.effects.items():
            outcome = self._state.outcomes.get(effect)
            word, look = MARKS[outcome.state if outcome else EffectState.QUEUED]
            spans += [(f"{clean(outlet, 20)} ", "dim"), (f"{word} ", look)]
        return [*spans, (clean(issued.text, width), "")]
