"""The list of incidents on the home screen."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from iccon.console.fit import Span, fit
from iccon.console.widgets.virtual import VirtualList
from iccon.incident import timers
from iccon.incident.ids import short
from iccon.incident.roles import Role
from iccon.incident.state import State
from iccon.when import ago, stamp

WIDE = 100  # from this width on the columns of time and commander are shown


class IncidentList(VirtualList):
    """One row an incident: severity, phase, how long, id, title, and where there is room when and who commands."""

    def __init__(
        self, zone: tzinfo, *, read_only: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._zone = zone
        self._read_only = read_only
        self._states: dict[str, State] = {}
        self._now: datetime | None = None

    def show(self, states: Sequence[State], now: datetime) -> None:
        """Show `states` in the order given; how long they last is as of `now` (aware UTC)."""
        self._now = now
        self._states = {state.incident: state for state in states}
        if list(self._states) == list(self.keys):
            self.touch()
            return
        self.set_rows(list(self._states))
        if self.chosen_key is None and self.has_focus:
            self.choose(0)

    @property
    def chosen(self) -> State | None:
        """The incident a person put the cursor on."""
        return self._states.get(self.chosen_key or "")

    def empty(self, width: int) -> list[list[Span]]:
        """Say what to do first, or what is waited for."""
        if self._read_only:
            return [[(" No incident yet. It is shown here as soon as one is declared.", "dim")]]
        return [
            [(" No incident yet.  ", "dim"), ("d", "strong"), (" declares one; `iccon drill` is for practice.", "dim")]
        ]

    def header(self, width: int) -> list[list[Span]]:
        """Name the columns."""
        if not self._states:
            return []
        when = f"{'declared':<26}{'commander':<18}" if width >= WIDE else ""
        return [[(f"  {'':<6}{'phase':<15}{'lasted':>8}  {'id':<8}{when}title", "head")]]

    def row_spans(self, key: str, width: int) -> list[Span]:
        """One incident."""
        state = self._states[key]
        lasted = ago(timers.elapsed(state, self._now).total_seconds()) if self._now else ""
        look = "strong" if state.active else "dim"
        spans: list[Span] = [
            (" ", ""),
            (f"{state.severity:<5}", "v-bad" if state.active and state.severity in ("SEV1", "SEV2") else look),
            (f" {state.phase:<15}", look),
            (f"{lasted:>8}  ", look),
            (f"{short(key):<8}", "dim"),
        ]
        if width >= WIDE and state.declared_at:
            spans.append((f"{stamp(state.declared_at, self._zone, day=True):<26}", "dim"))
            spans.append((fit(state.holder(Role.COMMANDER) or "(nobody)", 17) + " ", look))
        return [*spans, ("DRILL " if state.drill else "", "v-warn"), (state.title, look)]
