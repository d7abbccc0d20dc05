"""Thresholds beside a baseline: what a signal was at the same time a day or a week earlier. Pure.

The baseline is a window of its own whose samples are moved to the present, and which reaches LEAD seconds beyond it:
so it is asked for once in PERIOD seconds, one query a signal, and only for what is newer. For the rest it is the
answer of a server whose clock is a day behind.
"""

import math
from bisect import bisect_left, bisect_right
from statistics import median_low

from msgspec.structs import replace

from iccon.signals.model import NO_SAMPLES, Samples, SignalSpec, Window
from iccon.signals.skew import CLOCK_SLACK
from iccon.text import CleanText

BACK = {"1d": 86_400.0, "1w": 604_800.0}  # seconds
PERIOD, LEAD, RETRY = 300.0, 600.0, 60.0  # seconds between two questions, beyond the present, after a failure
AROUND = 300.0  # seconds on both sides of an instant: what is usual then is their median, so that one peak says little
TAKEN = 15  # most samples of a median


def skew_of(spec: SignalSpec, skew: float) -> float:
    """Return the skew of the baseline of `spec`, whose server's clock is `skew` seconds ahead of ours."""
    return skew - BACK[spec.baseline]


def is_due(window: Window, now: float, skew: float) -> bool:
    """Say whether the baseline of `window` must be asked for; never where its signal has none."""
    if not window.spec.baseline:
        return False
    known = window.base
    if known is None or known.until is None or known.skew != skew_of(window.spec, skew):
        return True
    return not -CLOCK_SLACK <= now + LEAD - known.until < PERIOD


def usual(window: Window, service: CleanText, at: float) -> float | None:
    """Return what a service's signal was about `at`, moved to the present; None where that is not known."""
    samples = window.base.series.get(service, NO_SAMPLES) if window.base else NO_SAMPLES
    first, last = bisect_left(samples.times, at - AROUND), bisect_right(samples.times, at + AROUND)
    values = [v for v in samples.values[first : last : (last - first) // TAKEN + 1] if math.isfinite(v)]
    return median_low(values) if values else None  # one that was: the middle of two could overflow


def limits(spec: SignalSpec, base: float | None) -> SignalSpec:
    """Return `spec` with the thresholds that hold beside `base`: its ratios of it, else the fixed ones.

    A ratio of nothing, of zero or less says nothing.
    """
    if not base or base < 0:
        return spec
    warn = spec.warn if spec.warn_ratio is None else spec.warn_ratio * base
    return replace(spec, warn=warn, bad=spec.bad if spec.bad_ratio is None else spec.bad_ratio * base)


def series(window: Window, service: CleanText) -> Samples | None:
    """Return the baseline of a service, moved to the present; None where its signal has none."""
    if not window.spec.baseline:
        return None
    return window.base.series.get(service, NO_SAMPLES) if window.base else NO_SAMPLES
