"""How far a metrics server's clock is from ours, and what follows. Pure, but for reading a Date header.

An answer's Date, whole seconds, was written between question and answer; so each answer says between what bounds the
skew lies, and a late one says little. The known value stays as long as an answer allows it, within CLOCK_SLACK: neither
a late answer nor jitter moves a window.
"""

from collections.abc import Sequence
from datetime import datetime

from iccon.net import http_date
from iccon.signals.model import Answer, Samples, Skew
from iccon.text import CleanText

CLOCK_SLACK = 5.0  # seconds a clock may step back, or a sample lie ahead, before it matters
LOOKBACK = 300.0  # seconds that a server carries a sample on by itself; not every one lets us say how long


def seen(date: str, before: datetime, after: datetime) -> Skew | None:
    """Return what an answer's Date header says; `before` and `after` are when it was asked and came, by our clock."""
    there = http_date(date)
    if there is None or after < before:
        return None
    return Skew((there - after).total_seconds(), (there - before).total_seconds() + 1.0)


def learned(known: float, answers: Sequence[Answer], now: float, lookback: float) -> float:
    """Return the skew to go on with after the `answers` of one server, which was asked up to `now` by our clock.

    It stays as `known` where the answers do not contradict it, where they contradict one another (several
    servers behind one address), and where samples are newer than the Date allows: that is then a proxy's. A new
    value is the least possible one, so that no server is asked for its future: some leave the newest point out.
    """
    bounds = [each.skew for each in answers if each.skew is not None]
    low, high = max((b.low for b in bounds), default=known), min((b.high for b in bounds), default=known)
    for fits in (known, 0.0):
        if low - CLOCK_SLACK <= fits <= high + CLOCK_SLACK:
            return fits
    newest = max((s.times[-1] for each in answers for s in each.series.values() if s.times), default=0.0)
    impossible = newest > now + high + max(lookback, LOOKBACK) + CLOCK_SLACK
    return known if low > high or impossible else low


def shifted(series: dict[CleanText, Samples], by: float) -> dict[CleanText, Samples]:
    """Return `series` with `by` seconds added to their times; what had the same times has them still."""
    if not by:
        return series
    moved = {times: tuple(time + by for time in times) for times in {samples.times for samples in series.values()}}
    return {name: Samples(moved[samples.times], samples.values) for name, samples in series.items()}
