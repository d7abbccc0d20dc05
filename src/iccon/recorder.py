"""What machines report goes into the timeline of the incident at hand, each event once; samples to the flight recorder.

Knows no screen: the console and a headless drill both hand it what they see.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from iccon.background import in_thread
from iccon.desk import Desk
from iccon.incident.commands import Capture, Command
from iccon.incident.exit_criteria import Calm, Sight, is_ours
from iccon.incident.ids import short
from iccon.incident.severity import Policy
from iccon.incident.state import State
from iccon.journal.faults import JournalFault
from iccon.pages.events import events
from iccon.pages.model import Pages
from iccon.signals.calm import in_range
from iccon.signals.model import Board, Windows
from iccon.signals.stalk import Memory, seen

if TYPE_CHECKING:
    from iccon.journal.flight import Row
    from iccon.signals.flight import Ends

Do = Callable[[Command, str], Awaitable[object]]
Call = Callable[[Callable[[Desk], Any]], Awaitable[Any]]
AT_ONCE = 100  # events in one write: a storm's would keep a note waiting, and the screen
FLIGHT_EVERY = 60.0  # seconds of samples in one write to the disk


class Recorder:
    """Remembers what was captured last, so that a poll without news costs nothing. `do` hands a command to the desk."""

    def __init__(self, do: Do) -> None:
        self._do = do
        self._seen: dict[str, Pages] = {}
        self._taking: set[str] = set()
        self._stalked: dict[str, Memory] = {}
        self._windows: Windows | None = None

    async def take(self, incident: str, pages: Pages) -> None:
        """Capture what changed on the pages since the last call for `incident`; at the first, all that are open."""
        before = self._seen.get(incident)
        if incident in self._taking or (before is not None and before.at == pages.at):
            return
        self._taking.add(incident)
        try:
            found = await in_thread(lambda: events(before, pages), "events", 60)
            for at in range(0, len(found), AT_ONCE):
                await self._do(Capture(events=found[at : at + AT_ONCE]), incident)
            self._seen[incident] = pages  # only now: what could not be written is captured again
        finally:
            self._taking.discard(incident)

    async def stalk(self, state: State, board: Board, now: datetime) -> None:
        """Write down what changed on the board in what is stalked, once for each new answer; see signals/stalk.py."""
        if board.windows is self._windows:
            return
        self._windows = board.windows
        if command := seen(board, state, self._stalked.setdefault(state.incident, Memory()), now):
            await self._do(command, state.incident)


def sight(board: Board | None, pages: Pages | None, calm: Mapping[tuple[str, str], Calm], at: datetime) -> Sight:
    """Return what board and pages say of the exit criteria as of `at` (aware UTC); `calm` is the board's.

    Pages of a pager that does not answer are not known.
    """
    verdicts = {key: str(cell.verdict) for key, cell in board.cells.items()} if board else None
    known = [(page.service, str(page.status)) for page in pages.pages] if pages and not pages.trouble else None
    return Sight(verdicts, known, calm, at)


def calm(board: Board | None, state: State, policy: Policy) -> dict[tuple[str, str], Calm]:
    """Return since when the signals of the incident's services are in range; where they are many, as far as it counts.

    Costs a look at every sample of theirs: once an answer.
    """
    if board is None or board.windows is None:
        return {}
    back = policy.levels[state.severity].in_range * 60 + 2 * board.windows.step
    earliest = -math.inf if state.services else board.windows.until - back
    cells = (cell for cell in board.cells if is_ours(state, cell[0]))
    found = {cell: in_range(board.windows, *cell, earliest) for cell in cells}
    return {cell: Calm(datetime.fromtimestamp(i.since, UTC), i.after) for cell, i in found.items() if i is not None}


class Tape:
    """Up to where the samples of one incident are recorded: by signal and service, and by signal what was written."""

    def __init__(self) -> None:
        self.ends: dict[str, Ends] = {}
        self.written: dict[str, float] = {}


class FlightRecorder:
    """Keeps the board's samples of every open incident, a minute at a time, off the event loop and off the desk.

    `call` runs work on the desk's thread. What a console that is killed had not written yet is read again from the
    server by the next one. An incident that has its full measure is recorded no further, which is said once.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._tapes: dict[str, Tape] = {}
        self._full: set[str] = set()
        self._until = -math.inf
        self._whole = True
        self._busy = False

    def due(self, windows: Windows) -> bool:
        """Say whether there is something to write: a minute of samples, or what was too much for the last time."""
        return not self._busy and (not self._whole or windows.until >= self._until + FLIGHT_EVERY)

    async def take(self, windows: Windows, say: Callable[[str], object]) -> None:
        """Record what is new in `windows`. A journal that cannot be written is tried again at the next call."""
        if self._busy:
            return
        self._busy = True
        try:
            with suppress(JournalFault, TimeoutError):  # the desk has said that the record is not being kept
                await self._take(windows, say)
        finally:
            self._busy = False

    async def _take(self, windows: Windows, say: Callable[[str], object]) -> None:
        found: dict[str, dict[str, float]] = await self._call(_open)
        over = self._tapes.keys() - found.keys()
        whole = True
        for incident in [*found, *over]:
            if incident not in self._full:
                whole = await self._record(incident, windows, found.get(incident), say) and whole
        for incident in over:
            del self._tapes[incident]
        self._whole, self._until = whole, windows.until

    async def _record(
        self, incident: str, windows: Windows, known: dict[str, float] | None, say: Callable[[str], object]
    ) -> bool:
        """Record one incident (`known` is None where it is over: then to the last sample); say whether it was all."""
        tape = self._tapes.setdefault(incident, Tape())
        rows, after, whole = await in_thread(lambda: _newer(windows, tape, known), "flight recorder", 30)
        if rows and not await self._call(lambda desk: desk.journal.record_flight(incident, rows)):
            self._full.add(incident)
            say(f"the flight recorder is full for {short(incident)}: no more samples are kept of this incident")
            return True
        self._tapes[incident] = after
        return whole


def _open(desk: Desk) -> dict[str, dict[str, float]]:
    """Return the open incidents, and up to when each of their signals is recorded, by whichever console."""
    return {state.incident: desk.journal.flight_ends(state.incident) for state in desk.active()}


def _newer(windows: Windows, tape: Tape, known: dict[str, float] | None) -> "tuple[list[Row], Tape, bool]":
    from iccon.journal.flight import row  # nothing that a first frame needs
    from iccon.signals.flight import newer

    after, rows, all_of_it = Tape(), [], True
    for window in windows.signals:
        name = window.spec.name
        written = tape.written.get(name, -math.inf)
        floor = max((known or {}).get(name, -math.inf), written)
        ends = tape.ends.get(name, {})
        if floor > written:  # another console records too, or did before this one was started
            ends = {service: max(end, floor) for service, end in ends.items()}
        chunk, after.ends[name], whole = newer(window, windows.step, ends, floor, known is None)
        after.written[name] = chunk.last if chunk else floor
        all_of_it = all_of_it and whole
        if chunk:
            rows.append(row(chunk))
    return rows, after, all_of_it
