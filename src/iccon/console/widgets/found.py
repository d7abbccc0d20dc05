"""What a person looks for in a timeline, and what was found: looked through in slices, so that keys come between."""

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable

from iccon.background import spawn
from iccon.console.widgets.lines_of_time import Rows
from iccon.incident.entries import Entry
from iccon.incident.finding import Query
from iccon.incident.timeline import Timeline, is_line

CHUNK = 25  # entries
SLICE = 0.002  # seconds of looking between two turns of the loop
REST = 0.0005  # seconds between two slices: the threads that read keys and write lines want the interpreter too
HOLD = 0.03  # seconds after a key in which nobody looks: its answer takes many turns of the loop


class Found:
    """The entries in which all that was asked for holds, in the timeline's order, each a row of its own.

    What was found before stays until all entries were looked at; then `done` is called. `asked.rules` is empty where
    nothing is looked for. `quiet` returns the seconds since the last key.
    """

    def __init__(self, done: Callable[[], None], quiet: Callable[[], float]) -> None:
        self.asked = Query("")
        self.entries: list[Entry] = []
        self.rows = Rows()
        self._done = done
        self._quiet = quiet
        self._looking: asyncio.Task[None] | None = None
        self._arrived: list[Entry] = []  # while looking

    def look(self, asked: Query, timeline: Timeline) -> None:
        """Look for something else, or again."""
        self.stop()
        self.asked, self._arrived = asked, []
        if asked.rules:
            self._looking = spawn(self._look(timeline), "find")

    def stop(self) -> None:
        """Look no further."""
        if self._looking is not None:
            self._looking.cancel()
        self._looking = None

    async def _look(self, timeline: Timeline) -> None:
        found, rows, order = list[Entry](), Rows(unfolded=True), list(timeline.order)
        until = asyncio.get_running_loop().time() + SLICE  # what is done in one goes before the next key
        for start in range(0, len(order), CHUNK):
            found += [entry for entry in order[start : start + CHUNK] if self.asked.finds(entry, timeline)]
            if asyncio.get_running_loop().time() > until:
                rows.update(found)
                until = await self._turn()
        rows.update(found)
        self.entries, self.rows, self._looking = found, rows, None
        self.take(self._arrived, timeline)
        self._done()

    async def _turn(self) -> float:
        """Let the loop do what waits, and a key be answered; return until when to look then, in the loop's time."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(HOLD - self._quiet(), REST))
        return loop.time() + SLICE

    def turn(self, timeline: Timeline) -> None:
        """Put what was found into another order of the timeline."""
        if not self.asked.rules:
            return
        found = {entry.id for entry in self.entries}
        self.entries = [entry for entry in timeline.order if entry.id in found]
        self.rows.rebuild(self.entries)
        self.look(self.asked, timeline)

    def take(self, fresh: Iterable[Entry], timeline: Timeline) -> None:
        """Take in entries that have just come into `timeline`."""
        if self._looking is not None:
            self._arrived += fresh
            return
        for entry in fresh:
            if is_line(entry) and self.asked.finds(entry, timeline):
                insort(self.entries, entry, key=timeline.key)
        self.rows.update(self.entries)

    def beside(self, chosen: Entry | None, by: int, timeline: Timeline) -> Entry | None:
        """Return the next of those found (`by` 1) or the previous (-1), from `chosen`, or from the end."""
        if chosen is None:
            place = len(self.entries) + min(by, 0)
        elif by > 0:
            place = bisect_right(self.entries, timeline.key(chosen), key=timeline.key)
        else:
            place = bisect_left(self.entries, timeline.key(chosen), key=timeline.key) - 1
        return self.entries[place] if 0 <= place < len(self.entries) else None
