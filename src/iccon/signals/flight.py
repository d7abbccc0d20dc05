"""The board's windows as chunks for the flight recorder, and chunks as windows again. Pure.

Times are seconds since 1970 UTC. The newest sample of a window is replaced until it has aged a step, so it is recorded
with the ones after it; only when the incident ends it is taken as it is.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from iccon.journal.flight import Chunk, Stretch
from iccon.signals.model import GOLDEN, Samples, SignalSpec, Unit, Window, Windows
from iccon.text import CleanText, clean

AT_ONCE = 20_000  # samples of one signal in one chunk: more waits for the next, so that no key waits

SAID = clean("from the flight recorder")  # of whatever is made of it
Ends = dict[str, float]  # the time of the last sample recorded, by service


def newer(window: Window, step: float, ends: Ends, floor: float, closing: bool) -> tuple[Chunk | None, Ends, bool]:
    """Return what `window` has beyond `ends` (beyond `floor` where a service has none), the new ends, and if it is all.

    `closing`: with the newest samples, which may still be replaced.
    """
    most = max(AT_ONCE // max(len(window.series), 1), 1)
    groups: dict[tuple[float, ...], dict[str, Sequence[float]]] = {}
    after, whole = dict(ends), True
    for name, samples in window.series.items():
        begin = bisect_right(samples.times, ends.get(name, floor))
        known = len(samples.times) - (0 if closing else 1)
        end = min(known, begin + most)
        whole = whole and end == max(known, end)
        if begin < end:
            groups.setdefault(tuple(samples.times[begin:end]), {})[name] = samples.values[begin:end]
            after[name] = samples.times[end - 1]
    if not groups:
        return None, after, whole
    stretches = tuple(Stretch.of(times, rows) for times, rows in groups.items())
    spec = window.spec
    chunk = Chunk(spec.name, str(spec.unit), spec.query, spec.server, step, spec.warn, spec.bad, spec.worse, stretches)
    return chunk, after, whole


def windows_of(chunks: Iterable[Chunk], span: float = math.inf) -> Windows | None:
    """Return the newest `span` seconds of what was recorded, as the board's windows; None where nothing was.

    Raises BadFlight.
    """
    by_signal: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        by_signal.setdefault(chunk.signal, []).append(chunk)
    if not by_signal:
        return None
    last = max(chunk.last for found in by_signal.values() for chunk in found)
    oldest = max(last - span, min(chunk.first for found in by_signal.values() for chunk in found))
    order = sorted(by_signal, key=lambda name: (GOLDEN.index(name) if name in GOLDEN else len(GOLDEN), name))
    signals = tuple(_window(by_signal[name], oldest) for name in order)
    step = max(found[-1].step for found in by_signal.values())
    return Windows(signals, last - oldest + step, step)


def _window(chunks: list[Chunk], oldest: float) -> Window:
    """Join the chunks of one signal; where two consoles recorded the same instant, once."""
    points: dict[str, dict[float, float]] = {}
    for chunk in chunks:
        for stretch in chunk.stretches:
            for name, values in stretch.values().items():
                points.setdefault(name, {}).update(zip(stretch.times, values, strict=True))
    series: dict[CleanText, Samples] = {}
    for name, found in points.items():
        kept = sorted((time, value) for time, value in found.items() if time >= oldest)
        series[clean(name, 100)] = Samples(tuple(t for t, _ in kept), tuple(v for _, v in kept))
    return Window(_spec(chunks[-1]), series, chunks[-1].last, warnings=(SAID,))


def _spec(chunk: Chunk) -> SignalSpec:
    unit = Unit(chunk.unit) if chunk.unit in set(Unit) else Unit.NUMBER
    name = clean(chunk.signal, 100)
    return SignalSpec(name, chunk.query, chunk.server, unit, warn=chunk.warn, bad=chunk.bad, worse=chunk.worse)
