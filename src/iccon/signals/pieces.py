"""A long range asked in pieces of time, the newest first, so that every answer fits. Pure."""

import math
from array import array
from collections.abc import Callable, Sequence
from itertools import chain

from iccon.signals.model import Answer, Samples

FIRST = 30  # points asked for at first, while nobody knows of how many series
MOST = 150_000  # samples of one answer, as far as can be known: 4 to 6 MB of JSON


def in_pieces(ask: Callable[[float, float], Answer], start: float, end: float, step: float) -> Answer:
    """Return what `ask(first, last)` gives for every `step` from `start` to `end`; times in seconds.

    A short range is one question. A longer one begins with its newest points, which say how many series there are: 10
    services take two questions, 5,000 services nine for an hour at 15 s.
    """
    found: list[Answer] = []
    last = max(math.floor((end - start) / step + 1e-6), 0)
    while last >= 0:
        series = max((len(each.series) for each in found), default=0)
        first = max(last + 1 - max(FIRST, MOST // series if series else 0), 0)
        found.append(ask(start + first * step, start + last * step if found else end))
        last = first - 1
    return _together(found[::-1])


def _together(pieces: Sequence[Answer]) -> Answer:
    """Return one answer from several, the oldest first."""
    if len(pieces) == 1:
        return pieces[0]
    series, grids = {}, dict[tuple[float, ...], tuple[float, ...]]()
    for name in dict.fromkeys(chain.from_iterable(each.series for each in pieces)):
        parts = [each.series[name] for each in pieces if name in each.series]
        times = tuple(chain.from_iterable(part.times for part in parts))
        values = array("d", chain.from_iterable(part.values for part in parts))
        series[name] = Samples(grids.setdefault(times, times), values)
    warnings = dict.fromkeys(chain.from_iterable(each.warnings for each in pieces))
    return Answer(series, tuple(warnings), pieces[-1].skew)
