"""The way from the outbox to the trackers: an effect of the port "trackers" becomes one ticket."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.incident.tasks import TaskKind
from iccon.net.wire import instant, text
from iccon.text import CleanText, clean
from iccon.trackers.model import Ticket, Tracker

_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class TrackersPort:
    """Performs and reads back effects by the trackers, which are named as in the configuration. Blocking."""

    def __init__(self, trackers: Mapping[str, Tracker], drill: bool = False) -> None:
        self._trackers = dict(trackers)
        self._drill = drill

    def perform(self, effect: Effect) -> str:
        """Make the ticket and return its address. Raises SourceFault; LOST where the outcome is unknown."""
        return self._tracker(effect).create(ticket_of(effect, self._drill))

    def read_back(self, effect: Effect) -> str | None:
        """Return the address of a ticket that is there, None where it is not. Raises SourceFault."""
        return self._tracker(effect).find(ticket_of(effect, self._drill))

    def _tracker(self, effect: Effect) -> Tracker:
        tracker = self._trackers.get(effect.target)
        if tracker is None:
            known = ", ".join(sorted(self._trackers)) or "none"
            raise SourceFault(FaultKind.REJECTED, f"no tracker {effect.target} is configured (there is: {known})")
        if effect.verb != "push":
            raise SourceFault(FaultKind.REJECTED, f"a tracker cannot {effect.verb}")
        return tracker


def ticket_of(effect: Effect, drill: bool = False) -> Ticket:
    """Return the ticket that an effect asks for. Raises SourceFault where it does not say which task is meant."""
    said = effect.payload
    task, what = text(said.get("task")), text(said.get("what"))
    if not _ID.fullmatch(task):
        raise SourceFault(FaultKind.REJECTED, "the effect does not say which task is meant")
    at = instant(said.get("at")) or _UNKNOWN_TIME
    return Ticket(
        task=task,
        what=what if what in [str(kind) for kind in TaskKind] else CleanText("task"),
        text=clean(said.get("title"), 20_000),
        owner=text(said.get("owner")),
        due=text(said.get("due")),
        incident=clean(effect.incident),
        incident_title=text(said.get("incident_title")),
        severity=text(said.get("severity")),
        noted=instant(said.get("noted")) or at,
        at=at,
        drill=drill or bool(said.get("drill")),
        again=bool(said.get("again")),
    )
