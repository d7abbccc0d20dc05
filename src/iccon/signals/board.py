"""The board as a fold: windows of samples, kept up to date piece by piece, judged against the clock. Pure.

Times are seconds since 1970 UTC. Decisions, each with its reason:

- A window's points lie at least a step apart, except the newest, which is replaced until it has aged so far. So the
  latest value is from now, not from a grid line up to a step ago, and a window stays bounded.
- `NaN` is NOT_A_NUMBER always: an error ratio without traffic is no zero. An infinity on the worse side of a threshold
  is judged (more than any limit is bad); any other infinity is NOT_A_NUMBER.
- After a failed poll a cell is ERROR with its value kept, then STALE with the fault as its reason, as soon as the value
  is older than `stale_after`: an hour-old value is first of all old. Without a value it stays ERROR.
- Services stand worst first by what their values last said, so that an outage of the metrics server moves no row;
  ties keep the configured order, then the alphabet. A row therefore moves only when a verdict changes.
"""

import math
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from iccon.signals.model import Answer, Board, Cell, Samples, SignalSpec, Verdict, VerdictChange, Window, Windows
from iccon.signals.skew import CLOCK_SLACK, shifted
from iccon.text import CleanText, clean

MOST_POINTS = 1_000  # of one series in one window; a wider step is asked for beyond
RECENT = 60  # most values of a spark

_RANK = {Verdict.BAD: 0, Verdict.WARN: 1, Verdict.NOT_A_NUMBER: 2, None: 3, Verdict.OK: 4}


class Asked(Struct, frozen=True):
    """A range to ask for, by our clock; the server's is `skew` seconds later. `whole`: the window starts anew."""

    start: float
    end: float
    step: float
    whole: bool
    skew: float = 0.0


def to_ask(window: Window, now: float, span: float, step: float, skew: float = 0.0) -> Asked:
    """Return the range that brings `window` up to `now`: what is newer than it, or everything.

    Everything at first, after a gap longer than the window, after our clock went back, and with another `skew`.
    """
    step = max(step, span / MOST_POINTS)
    age = math.inf if window.until is None else now - window.until
    whole = age > span or age < -CLOCK_SLACK or skew != window.skew
    points = math.floor(span / step) if whole else max(0, math.ceil(age / step) - 1)
    return Asked(now - points * step, now, step, whole, skew)


def merged(window: Window, asked: Asked, answer: Answer, span: float) -> Window:
    """Return `window` with the answer to `asked` taken in, trimmed to `span` seconds."""
    ours = {n: shifted(s, -asked.skew) for n, s in answer.series.items()} if asked.skew else answer.series
    new, ahead = _without_future(ours, asked.end + CLOCK_SLACK)
    old = {} if asked.whole else window.series
    oldest = asked.end - span
    names = dict.fromkeys([*old, *new])
    joined = {name: _joined(old.get(name), new.get(name), oldest, asked.step) for name in names}
    kept = {name: samples for name, samples in joined.items() if samples.times}
    warned = (clean(f"{ahead} samples lie in the future and were left out: check the clocks"),) if ahead else ()
    return Window(window.spec, kept, asked.end, CleanText(""), answer.warnings + warned, asked.skew)


def failed(window: Window, reason: CleanText) -> Window:
    """Return `window` as it stands after a poll that failed: everything kept, and the reason."""
    return replace(window, fault=reason or CleanText("failed"))


def _without_future(series: dict[CleanText, Samples], latest: float) -> tuple[dict[CleanText, Samples], int]:
    ahead = sum(time > latest for samples in series.values() for time in samples.times)
    if not ahead:
        return series, 0
    kept = {name: _taken(zip(s.times, s.values, strict=True), -math.inf, latest) for name, s in series.items()}
    return kept, ahead


def _taken(points: Iterable[tuple[float, float]], after: float, until: float) -> Samples:
    taken = [point for point in points if after < point[0] <= until]
    return Samples(tuple(time for time, _ in taken), tuple(value for _, value in taken))


def _joined(old: Samples | None, new: Samples | None, oldest: float, step: float) -> Samples:
    """Join two pieces so that points lie at least a step apart, and less than two where both have them.

    Where they overlap the new piece holds. The newest old point goes unless it has aged into the grid, and so does
    the first new one that comes too soon after it; the newest of all always stays.
    """
    points = list(zip(old.times, old.values, strict=True)) if old else []
    if new and new.times:
        least = step * 0.999
        points = [point for point in points if point[0] < new.times[0]]
        if len(points) > 1 and points[-1][0] - points[-2][0] < least:
            points.pop()
        soon = bool(points) and len(new.times) > 1 and new.times[0] - points[-1][0] < least
        points += list(zip(new.times, new.values, strict=True))[soon:]
    return _taken(points, oldest - step, math.inf)


def judge(windows: Windows, now: float) -> Board:
    """Return the board as it is at `now`."""
    names = _services(windows)
    cells: dict[tuple[str, str], Cell] = {
        (name, window.spec.name): _cell(window, name, now, windows) for window in windows.signals for name in names
    }
    signals = tuple(window.spec.name for window in windows.signals)
    warnings = tuple(clean(f"{w.spec.name}: {text}", 200) for w in windows.signals for text in w.warnings)
    return Board(_worst_first(names, signals, cells), signals, cells, warnings, windows)


def _services(windows: Windows) -> tuple[CleanText, ...]:
    """Return configured services first, then the others by name."""
    found = sorted({name for window in windows.signals for name in window.series})
    return tuple(dict.fromkeys([*windows.services, *found]))


def _worst_first(
    names: tuple[CleanText, ...], signals: tuple[str, ...], cells: dict[tuple[str, str], Cell]
) -> tuple[CleanText, ...]:
    worst = {name: min((_RANK.get(cells[name, s].judged, 3) for s in signals), default=3) for name in names}
    return tuple(sorted(names, key=worst.__getitem__))


def _cell(window: Window, service: CleanText, now: float, windows: Windows) -> Cell:
    spec, samples = window.spec, window.series.get(service)
    cell = Cell(service, spec.name, spec.unit, Verdict.NO_DATA, warn=spec.warn, bad=spec.bad, fault=window.fault)
    cell = replace(cell, stale_after=spec.stale_after)
    if samples is None or not samples.times:
        return replace(cell, verdict=Verdict.ERROR) if window.fault else cell
    value, judged = samples.values[-1], verdict_of(spec, samples.values[-1])
    shown = Verdict.ERROR if window.fault else judged
    recent = _recent(samples, spec, now, windows)
    return _aged(replace(cell, verdict=shown, judged=judged, value=value, at=samples.times[-1], recent=recent), now)


def verdict_of(spec: SignalSpec, value: float) -> Verdict:
    """Return what the thresholds of `spec` say of `value`."""
    if math.isnan(value):
        return Verdict.NOT_A_NUMBER
    sign = -1.0 if spec.worse == "lower" else 1.0
    for limit, verdict in ((spec.bad, Verdict.BAD), (spec.warn, Verdict.WARN)):
        if limit is not None and value * sign >= limit * sign:
            return verdict
    return Verdict.OK if math.isfinite(value) else Verdict.NOT_A_NUMBER


def _recent(samples: Samples, spec: SignalSpec, now: float, windows: Windows) -> tuple[float, ...]:
    """Return the worst value of each stretch of time; on fixed instants, so that a spark does not shimmer."""
    width = max(windows.span / RECENT, 2 * windows.step)
    last = math.floor(now / width)
    count = min(RECENT, max(1, round(windows.span / width)))
    worst = min if spec.worse == "lower" else max
    found = [math.nan] * count
    for time, value in zip(samples.times, samples.values, strict=True):
        index = math.floor(time / width) - last + count - 1
        if 0 <= index < count and not math.isnan(value):
            found[index] = value if math.isnan(found[index]) else worst(found[index], value)
    return tuple(found)


def aged(board: Board, now: float) -> Board:
    """Return `board` with every value that has become too old marked STALE; the same board where none has.

    Cheap: for every tick of a screen, also while no poll succeeds.
    """
    fresh = {key: cell for key, old in board.cells.items() if (cell := _aged(old, now)) is not old}
    return replace(board, cells=board.cells | fresh) if fresh else board


def _aged(cell: Cell, now: float) -> Cell:
    """Mark a cell whose sample is too old, or so far ahead that the clock must have gone back."""
    old = cell.at is not None and abs(now - cell.at) > cell.stale_after
    return replace(cell, verdict=Verdict.STALE) if old and cell.verdict is not Verdict.STALE else cell


def verdict_changes(old: Board | None, new: Board) -> tuple[VerdictChange, ...]:
    """Return the cells whose verdict changed, in the order shown. A cell that was not there was NO_DATA.

    For the timeline: an outage of the metrics server changes every cell to ERROR or STALE at once, so a
    recorder wants the changes between OK, WARN and BAD, and the outage as one entry.
    """
    return tuple(_changes(old, new))


def _changes(old: Board | None, new: Board) -> Iterator[VerdictChange]:
    for service in new.services:
        for signal in new.signals:
            cell = new.cells[service, signal]
            known = old.cells.get((service, signal)) if old else None
            before = known.verdict if known else Verdict.NO_DATA
            if before is not cell.verdict:
                yield VerdictChange(service, signal, cell.unit, before, cell.verdict, cell.value, cell.at, cell.fault)
