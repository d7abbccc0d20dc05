"""What machines report goes into the timeline of the incident at hand, each event once.

Knows no screen: the console and a headless drill both hand it what they see.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from iccon.incident.commands import Capture, Command
from iccon.incident.state import State
from iccon.pages.events import events
from iccon.pages.model import Pages
from iccon.signals.model import Board, Windows
from iccon.signals.stalk import Key, seen

Do = Callable[[Command, str], Awaitable[object]]


class Recorder:
    """Remembers what was captured last, so that a poll without news costs nothing. `do` hands a command to the desk."""

    def __init__(self, do: Do) -> None:
        self._do = do
        self._seen: dict[str, Pages] = {}
        self._first: dict[str, dict[Key, str]] = {}
        self._windows: Windows | None = None

    async def take(self, incident: str, pages: Pages) -> None:
        """Capture what changed on the pages since the last call for `incident`; at the first, all that are open."""
        before = self._seen.get(incident)
        if before is not None and before.at == pages.at:
            return
        if found := events(before, pages):
            await self._do(Capture(events=found), incident)
        self._seen[incident] = pages  # only now: what could not be written is captured again

    async def stalk(self, state: State, board: Board, now: datetime) -> None:
        """Write down what changed on the board in what is stalked, once for each new answer; see signals/stalk.py."""
        if board.windows is self._windows:
            return
        self._windows = board.windows
        if command := seen(board, state, self._first.setdefault(state.incident, {}), now):
            await self._do(command, state.incident)
