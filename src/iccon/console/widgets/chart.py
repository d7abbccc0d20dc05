"""One signal over time: lines, thresholds, markers, a cursor that reads values, axes and a legend."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace
from textual.strip import Strip

from iccon.console.figures import time_text, zone_name
from iccon.console.fit import Span, fit, fit_spans
from iccon.console.widgets.lines import Lines
from iccon.plot import plot, scale
from iccon.signals import baseline
from iccon.signals.board import MOST_POINTS
from iccon.signals.drawing import GAP, SCALE
from iccon.signals.model import Board, Samples, SignalSpec
from iccon.signals.values import format_value
from iccon.text import clean

OTHERS = 5  # most services drawn beside the chosen one
Mark = tuple[float, str]  # an instant, seconds since 1970 UTC, and what happened


class Picture(Struct, frozen=True):
    """What a chart shows: `series` by service, the chosen first; times in seconds since 1970 UTC."""

    spec: SignalSpec
    series: tuple[tuple[str, Samples], ...]
    start: float
    end: float
    step: float
    marks: tuple[Mark, ...] = ()
    cursor: float | None = None
    note: str = ""


def picture_of(
    board: Board | None, service: str, signal: str, now: float, share: float, others: bool
) -> Picture | None:
    """Return the newest `share` of what `board` knows of a service's signal at `now`; None where it has no samples.

    The end lies on a whole step, so that the chart moves once a step. `others`: with the worst other services. A
    baseline is the last line, moved to the present; the thresholds are those that hold now.
    """
    windows = board.windows if board else None
    window = next((w for w in windows.signals if w.spec.name == signal), None) if windows else None
    if board is None or windows is None or window is None:
        return None
    step = max(windows.step, windows.span / MOST_POINTS)
    end = (now // step + 1) * step
    start = end - windows.span * share
    beside = [name for name in board.services if name != service and name in window.series] if others else []
    names = [service, *beside[:OTHERS]]
    lines = [(name, window.series.get(clean(name))) for name in names]
    base = baseline.series(window, clean(service))
    lines += [(f"{window.spec.baseline} ago", base)] if base is not None else []
    series = tuple((name, between(samples, start, end)) for name, samples in lines)
    cell = board.cells.get((service, signal))
    spec = replace(window.spec, warn=cell.warn, bad=cell.bad) if cell else window.spec
    return Picture(spec, series, start, end, step, note=window.fault)


def between(samples: Samples | None, start: float, end: float) -> Samples:
    """Return the samples from `start` to `end`; None has none."""
    if samples is None:
        return Samples((), ())
    cut = slice(bisect_left(samples.times, start), bisect_right(samples.times, end))
    return Samples(samples.times[cut], samples.values[cut])


def view(picture: Picture, zone: tzinfo, width: int, height: int, ascii_only: bool = False) -> list[list[Span]]:
    """Return `height` lines of `width` cells: the chart, its time axis, what the cursor reads, the legend."""
    tail = [_axis(picture, zone, width), _reading(picture, zone), _legend(picture, zone)][: max(height - 2, 0)]
    rows = max(height - len(tail), 0)
    limits = [(value, style) for _, value, style in _limits(picture.spec)]
    lines = [(samples.times, samples.values) for _, samples in picture.series]
    drawn = plot(
        lines,
        (picture.start, picture.end),
        (width - SCALE, rows),
        gap=picture.step * GAP,
        limits=limits,
        marks=[at for at, _ in picture.marks],
        cursor=picture.cursor,
        ascii_only=ascii_only,
    )
    low, high = scale(lines, limits)
    label = {rows - 1: format_value(low, picture.spec.unit), 0: format_value(high, picture.spec.unit)}
    body = [[(fit(label.get(y, ""), SCALE - 1, right=True) + " ", "dim"), *row] for y, row in enumerate(drawn)]
    return [fit_spans(row, max(width, 0)) for row in [*body, *tail]]


def _limits(spec: SignalSpec) -> list[tuple[str, float, str]]:
    """Return name, value and style of each threshold."""
    return [(name, v, f"v-{name}") for name, v in (("warn", spec.warn), ("bad", spec.bad)) if v is not None]


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _axis(picture: Picture, zone: tzinfo, width: int) -> list[Span]:
    first, last = _instant(picture.start), _instant(picture.end)
    left, right = time_text(first, zone), f"{time_text(last, zone)} {zone_name(zone, last)}"
    if zone_name(zone, first) != zone_name(zone, last):
        left += f" {zone_name(zone, first)}"
    middle = time_text(_instant((picture.start + picture.end) / 2), zone)
    room = max(width - SCALE - len(left) - len(middle) - len(right), 2)
    before = min(max((width - SCALE - len(middle)) // 2 - len(left), 1), room - 1)
    return [(" " * SCALE + left + " " * before + middle + " " * (room - before) + right, "dim")]


def at_or_before(samples: Samples, at: float, within: float) -> float | None:
    """Return the value of the last sample at or before `at`, if it is at most `within` seconds older."""
    place = bisect_right(samples.times, at) - 1
    return samples.values[place] if place >= 0 and at - samples.times[place] <= within else None


def _reading(picture: Picture, zone: tzinfo) -> list[Span]:
    """Return the values and the marker at the cursor; without a cursor, what is wrong."""
    note: list[Span] = [(f" ! {clean(picture.note, 300)}", "v-error")] if picture.note else []
    if picture.cursor is None:
        return note
    at = _instant(picture.cursor)
    words = f" {time_text(at, zone)} {zone_name(zone, at)}"
    for name, samples in picture.series:
        value = at_or_before(samples, picture.cursor, picture.step * GAP)
        read = "no sample" if value is None else format_value(value, picture.spec.unit)
        words += f"   {clean(name, 30)} {read}"
    near = [mark for mark in picture.marks if abs(mark[0] - picture.cursor) <= (picture.end - picture.start) / 60]
    nearest = sorted(near, key=lambda mark: abs(mark[0] - (picture.cursor or 0)))[:1]
    return [
        (words, "strong"),
        *((f"   | {time_text(_instant(t), zone)} {clean(s, 80)}", "head") for t, s in nearest),
        *note,
    ]


def _legend(picture: Picture, zone: tzinfo) -> list[Span]:
    """Return each service's last value and when that was, and the thresholds."""
    unit = picture.spec.unit
    shown: list[Span] = []
    for index, (name, samples) in enumerate(picture.series):
        last = format_value(samples.values[-1], unit) if samples.values else "no data"
        at = f" at {time_text(_instant(samples.times[-1]), zone)}" if samples.times and not index else ""
        shown.append((f" {clean(name, 30)} {last}{at}  ", "dim" if index else "strong"))
    return [*shown, *((f" {name} {format_value(v, unit)} ", style) for name, v, style in _limits(picture.spec))]


class ChartView(Lines):
    """Shows a Picture; without one, why there is none."""

    def __init__(self, zone: tzinfo, *, id: str | None = None, classes: str | None = None, ascii_only: bool) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.zone = zone
        self.picture: Picture | None = None
        self._missing = ""
        self._made: tuple[object, Sequence[list[Span]]] = (None, ())

    def show(self, picture: Picture | None, missing: str = "") -> None:
        """Show `picture` instead; `missing` is said where it is None."""
        self.picture, self._missing = picture, clean(missing, 300)
        self.repaint_changed()

    def line(self, y: int) -> Strip:
        """Return one line of the chart."""
        width, height = self.area
        if self.picture is None:
            return self.paint([(f" {self._missing}", "dim")] if y == 0 else [], width)
        key = (self.picture, width, height)
        if self._made[0] != key:
            self._made = key, view(self.picture, self.zone, width, height, self.ascii_only)
        rows = self._made[1]
        return self.paint(rows[y] if y < len(rows) else [], width)
