"""What a watcher saw of stalked signals, as the entries that the record lacks. Pure; instants are aware UTC.

Decided on the record, not on what the watcher saw before, so that two consoles which saw the same write it once.
"""

from datetime import datetime, timedelta

from iccon.incident.commands import Answering, Judged, SeeVerdicts
from iccon.incident.entries import STALK_SOURCE, Body, Draft, SourceSeen, VerdictChanged
from iccon.incident.state import Stalk, State, Written

HOLD = timedelta(minutes=1)  # a cell that flaps has at most one entry in so long


def unwritten(state: State, seen: SeeVerdicts, now: datetime) -> tuple[Draft, ...]:
    """Return what is to be written: changes of stalked cells, and of servers while anything is stalked."""
    drafts = [_changed(state, cell, now) for cell in seen.cells]
    drafts += [_answering(state, source, now) for source in seen.sources]
    return tuple(draft for draft in drafts if draft is not None)


def _changed(state: State, cell: Judged, now: datetime) -> Draft | None:
    mark = state.stalk(cell.service, cell.signal)
    written = state.verdicts.get((cell.service, cell.signal))
    was = written.word if written else cell.was
    if mark is None or not mark.on or was == cell.now or _held(written, now):
        return None
    body = VerdictChanged(service=cell.service, signal=cell.signal, was=was, now=cell.now, value=cell.value)
    return _draft(state, body, min(cell.at, now), f"{cell.service}:{cell.signal}", written, mark)


def _answering(state: State, source: Answering, now: datetime) -> Draft | None:
    written = state.metrics.get(source.source)
    known = written is None or written.word == "up"
    mark = next((mark for mark in state.stalks.values() if mark.on), None)
    if mark is None or known == source.answers or _held(written, now):
        return None
    body = SourceSeen(source=source.source, answers=source.answers, reason=source.reason)
    return _draft(state, body, min(source.at, now), f"source:{source.source}", written, mark)


def _held(written: Written | None, now: datetime) -> bool:
    return written is not None and abs(now - written.at) < HOLD


def _draft(state: State, body: Body, at: datetime, what: str, written: Written | None, mark: Stalk) -> Draft:
    """Each change follows the entry before it, and so has a name of its own, the same wherever it is seen."""
    source = f"{STALK_SOURCE}{what}:{written.entry if written else mark.entry}"
    return Draft(state.incident, body, at, "iccon", source)
