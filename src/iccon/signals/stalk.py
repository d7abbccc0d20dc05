"""What a board says of the signals that are stalked, as a command that writes down what changed. Pure.

An outage of the metrics server changes no verdict here: a cell is taken by what its last value said (`judged`), and the
server's silence is one fact of its own. A cell without a value says nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from iccon.incident.commands import Answering, Judged, SeeVerdicts
from iccon.incident.state import State
from iccon.signals.model import Board, Verdict, Window, Windows
from iccon.signals.values import format_value
from iccon.text import clean

SILENT = timedelta(seconds=30)  # a server that misses one poll is not down

Key = tuple[str, str, str]  # service, signal, and the entry that marked them
_JUDGED = (Verdict.OK, Verdict.WARN, Verdict.BAD)


def seen(board: Board, state: State, first: dict[Key, str], now: datetime) -> SeeVerdicts | None:
    """Return what is to be written down by now (aware UTC), or None.

    `first` is the caller's memory, extended here: the verdict of each stalked cell when it was first seen under its
    mark. A change is told from that, or from what the record says last.
    """
    if board.windows is None or not state.stalks_any():
        return None
    cells, sources = tuple(_cells(board, state, first)), tuple(_sources(board.windows, state, now))
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


def _sources(windows: Windows, state: State, now: datetime) -> Iterator[Answering]:
    """A server is down when none of its signals was read for a while; one that never answered is no news."""
    by_server: dict[str, list[Window]] = {}
    for window in windows.signals:
        by_server.setdefault(window.spec.server, []).append(window)
    for server, of_it in by_server.items():
        last = max((window.until for window in of_it if window.until is not None), default=None)
        if last is None:
            continue
        since, fails = datetime.fromtimestamp(last, UTC), all(window.fault for window in of_it)
        written = state.metrics.get(server)
        down = written is not None and written.word == "down"
        if fails and not down and now - since >= SILENT:
            yield Answering(clean(server, 100), False, since, of_it[0].fault)
        elif down and not fails:
            yield Answering(clean(server, 100), True, since)
