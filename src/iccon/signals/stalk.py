"""What a board says of the signals that are stalked, as a command that writes down what changed. Pure.

An outage of the metrics server changes no verdict here: a cell is taken by what its last value said (`judged`), and the
server's silence is one fact of its own. A cell without a value says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from iccon.incident.commands import Answering, Judged, SeeVerdicts
from iccon.incident.state import State
from iccon.signals.model import Board, Verdict, Window, Windows
from iccon.signals.values import format_value
from iccon.text import clean

SILENT = timedelta(seconds=30)  # a server that misses one poll is not down

Key = tuple[str, str, str]  # service, signal, and the entry that marked them
_JUDGED = (Verdict.OK, Verdict.WARN, Verdict.BAD)


@dataclass
class Memory:
    """What a watcher knows beside the record: each cell's verdict when it was first seen under its mark, and since when
    (aware UTC) a server fails.
    """

    first: dict[Key, str] = field(default_factory=dict)
    failing: dict[str, datetime] = field(default_factory=dict)


def seen(board: Board, state: State, memory: Memory, now: datetime) -> SeeVerdicts | None:
    """Return what is to be written down by now (aware UTC), or None. `memory` is the caller's and is extended here.

    A change is told from what the record says last of a cell, else from what was first seen.
    """
    if board.windows is None or not state.stalks_any():
        return None
    cells, sources = tuple(_cells(board, state, memory.first)), tuple(_sources(board.windows, state, memory, now))
    return SeeVerdicts(cells=cells, sources=sources) if cells or sources else None


def _cells(board: Board, state: State, first: dict[Key, str]) -> Iterator[Judged]:
    for (service, signal), cell in board.cells.items():
        mark = state.stalk(service, signal)
        if mark is None or not mark.on or cell.judged not in _JUDGED or cell.at is None:
            continue
        began = first.setdefault((service, signal, mark.entry), str(cell.judged))
        written = state.verdicts.get((service, signal))
        was = written.word if written else began
        if was != cell.judged:
            value = format_value(cell.value, cell.unit)
            yield Judged(service, signal, was, str(cell.judged), value, datetime.fromtimestamp(cell.at, UTC))


def _sources(windows: Windows, state: State, memory: Memory, now: datetime) -> Iterator[Answering]:
    """A server is down when none of its signals was read for a while; one that never answered is no news."""
    by_server: dict[str, list[Window]] = {}
    for window in windows.signals:
        by_server.setdefault(clean(window.spec.server, 100), []).append(window)
    for server, of_it in by_server.items():
        if all(window.until is None for window in of_it):
            continue
        written = state.metrics.get(server)
        down = written is not None and written.word == "down"
        if not all(window.fault for window in of_it):
            memory.failing.pop(server, None)
            if down:
                yield Answering(server, True, now)
        elif not down and now - memory.failing.setdefault(server, now) >= SILENT:
            yield Answering(server, False, memory.failing[server], of_it[0].fault)
