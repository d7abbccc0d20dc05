"""Where a golden signal went since an instant: better, worse or flat. Pure.

Two medians are compared, of a few samples before the instant and of the newest few, so that one odd sample changes
nothing. The change counts in parts of the greater of both and of the threshold: what is small beside the threshold is
flat. It must pass ENTER to be called better or worse, and fall below LEAVE to be called flat again.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum
from statistics import median

from iccon.signals.model import Samples, SignalSpec

ENTER, LEAVE = 0.2, 0.1  # parts
TAKEN, LEAST = 5, 3  # samples of each median: at most, at least


class Direction(StrEnum):
    """Which way trouble goes. UNKNOWN: too few samples, or no threshold says which side is worse."""

    BETTER = "better"
    WORSE = "worse"
    FLAT = "flat"
    UNKNOWN = "unknown"


def direction(spec: SignalSpec, samples: Samples, since: float, before: Direction = Direction.UNKNOWN) -> Direction:
    """Return where `samples` went since `since` (seconds since 1970 UTC); `before` is what was said last.

    Where the window begins later than `since`, its first samples stand for it.
    """
    at = max(bisect_right(samples.times, since), TAKEN)
    then, now = _finite(samples.values[at - TAKEN : at]), _finite(samples.values[at:][-TAKEN:])
    limit = spec.warn if spec.warn is not None else spec.bad
    if limit is None or min(len(then), len(now)) < LEAST:
        return Direction.UNKNOWN
    return _judged(_change(median(then), median(now), limit) * (-1 if spec.worse == "lower" else 1), before)


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _change(then: float, now: float, limit: float) -> float:
    scale = max(abs(then), abs(now), abs(limit))
    return (now - then) / scale if scale else 0.0


def _judged(change: float, before: Direction) -> Direction:
    if change > (LEAVE if before is Direction.WORSE else ENTER):
        return Direction.WORSE
    if -change > (LEAVE if before is Direction.BETTER else ENTER):
        return Direction.BETTER
    return Direction.FLAT
