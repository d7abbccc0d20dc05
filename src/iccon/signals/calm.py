"""Since when a golden signal is in range, as far as its samples tell. Pure; seconds since 1970 UTC."""

import math
from bisect import bisect_left

from msgspec import Struct

from iccon.incident.exit_criteria import CALM
from iccon.signals import baseline
from iccon.signals.board import verdict_of
from iccon.signals.model import NO_SAMPLES, Samples, Verdict, Window, Windows
from iccon.text import CleanText

_TROUBLE = (Verdict.WARN, Verdict.BAD)


class InRange(Struct, frozen=True):
    """Every sample from `since` on is in range, without a gap. `after`: it was out of range just before.

    Not `after`: nobody knows what was before, as there was no number, or there are no samples.
    """

    since: float
    after: bool


def in_range(windows: Windows, service: str, signal: str, earliest: float = -math.inf) -> InRange | None:
    """Return since when a cell is in range, looking back to `earliest`; None where its newest sample is not."""
    window = next(each for each in windows.signals if each.spec.name == signal)
    samples = window.series.get(CleanText(service), NO_SAMPLES)
    end = len(samples.times)
    first = bisect_left(samples.times, earliest)
    at, broken = _calm_from(window, CleanText(service), samples, first)
    gap = _gap_before(samples.times, at, max(window.spec.stale_after, 2 * windows.step))
    if gap is not None:
        at, broken = gap, None
    return InRange(samples.times[at], broken in _TROUBLE) if at < end else None


def _calm_from(window: Window, service: CleanText, samples: Samples, first: int) -> tuple[int, Verdict | None]:
    """Return from which sample on, `first` at the earliest, all are in range; and what the one before it was."""
    spec, values = window.spec, samples.values
    if not spec.baseline and first < len(values):  # fixed thresholds: the worst value says it for all
        worst = (min if spec.worse == "lower" else max)(values[first:])
        if math.isfinite(sum(values[first:])) and verdict_of(spec, worst) in CALM:
            return first, None
    for number in range(len(values) - 1, first - 1, -1):
        usual = baseline.usual(window, service, samples.times[number]) if spec.baseline else None
        found = verdict_of(baseline.limits(spec, usual) if spec.baseline else spec, values[number])
        if found not in CALM:
            return number + 1, found
    return first, None


def _gap_before(times: tuple[float, ...], first: int, longest: float) -> int | None:
    """Return the sample after the last gap of more than `longest` seconds, from `first` on, or None."""
    pairs = range(len(times) - 1, max(first - 1, 0), -1)
    return next((number for number in pairs if times[number] - times[number - 1] > longest), None)
