"""The board as a fold: windows of samples, kept up to date piece by piece, judged against the clock. Pure.

Times are seconds since 1970 UTC. Decisions, each with its reason:

- A window's points lie at least a step apart, except the newest, which is replaced until it has aged so far. So the
  latest value is from now, not from a grid line up to a step ago, and a window stays bounded.
- `NaN` is NOT_A_NUMBER always: an error ratio without traffic is no zero. An infinity on the worse side of a threshold
  is judged (more than any limit is bad); any other infinity is NOT_A_NUMBER.
- A signal with a baseline and no thresholds of its own is NO_BASELINE where that is missing: never OK by silence.
- A verdict becomes worse at once, and better only when the value has not become worse for `hold` seconds: one that
  hovers about a threshold flaps once a minute at most, and the end of a steady outage is seen at once.
- After a failed poll a cell is ERROR with its value kept, then STALE with the fault as its reason, as soon as the value
  is older than `stale_after`: an hour-old value is first of all old. Without a value it stays ERROR.
- Services stand worst first by what their values last said, so that an outage of the metrics server moves no row;
  ties go by tier, then keep the configured order, then the alphabet. A row therefore moves only when a verdict changes.
- Targets that are down count like a warning, and like bad where all are; a service known by them alone gets a row.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from iccon.signals import baseline, up
from iccon.signals.model import (
    NO_SAMPLES,
    About,
    Answer,
    Board,
    Cell,
    Samples,
    SignalSpec,
    Verdict,
    Window,
    Windows,
    packed,
)
from iccon.signals.skew import CLOCK_SLACK, shifted
from iccon.text import CleanText, clean

MOST_POINTS = 1_000  # of one series in one window; a wider step is asked for beyond
RECENT = 60  # most values of a spark

_SEVERITY = {Verdict.OK: 0, Verdict.WARN: 1, Verdict.BAD: 2}
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
    new, ahead = _without_future(shifted(answer.series, -asked.skew), asked.end + CLOCK_SLACK)
    old = {} if asked.whole else window.series
    joins = _Joins(asked.end - span - asked.step, asked.step * 0.999)
    joined = {name: joins.joined(old.get(name, NO_SAMPLES), new.get(name, NO_SAMPLES)) for name in {**old, **new}}
    kept = {name: samples for name, samples in joined.items() if samples.times}
    warned = (clean(f"{ahead} samples lie in the future and were left out: check the clocks"),) if ahead else ()
    return Window(window.spec, kept, asked.end, CleanText(""), answer.warnings + warned, asked.skew, window.base)


def failed(window: Window, reason: CleanText) -> Window:
    """Return `window` as it stands after a poll that failed: everything kept, and the reason."""
    return replace(window, fault=reason or CleanText("failed"))


def _without_future(series: dict[CleanText, Samples], latest: float) -> tuple[dict[CleanText, Samples], int]:
    late = {name: s for name, s in series.items() if s.times and s.times[-1] > latest}
    cuts = {name: bisect_right(s.times, latest) for name, s in late.items()}
    kept = {name: Samples(s.times[: cuts[name]], s.values[: cuts[name]]) for name, s in late.items()}
    return series | kept, sum(len(s.times) - cuts[name] for name, s in late.items())


class _Join(Struct, frozen=True):
    """How two pieces become one: its times, and what it takes of the old values and of the new."""

    times: tuple[float, ...]
    old: slice
    new: slice


class _Joins:
    """Joins pieces so that points lie at least `least` seconds apart, and less than two where both have them.

    Most series of an answer have the same times: how to join is worked out once for all of these, and they share one
    tuple of times. Points up to `oldest` go.
    """

    def __init__(self, oldest: float, least: float) -> None:
        self._oldest, self._least = oldest, least
        self._known: dict[tuple[int, tuple[float, ...]], _Join] = {}
        self._times: dict[tuple[float, ...], tuple[float, ...]] = {}

    def joined(self, old: Samples, new: Samples) -> Samples:
        """Return both as one; the very same `old` where nothing changed."""
        key = id(old.times), new.times  # the old window keeps its tuples alive
        join = self._known.get(key)
        if join is None:
            join = self._known[key] = self._made(old.times, new.times)
        if not new.times and len(join.times) == len(old.times):
            return old
        return Samples(join.times, packed(old.values)[join.old] + packed(new.values)[join.new])

    def _made(self, old: tuple[float, ...], new: tuple[float, ...]) -> _Join:
        """Where they overlap the new piece holds. The newest old point goes unless it has aged into the grid, and so
        does the first new one that comes too soon after it; the newest of all always stays.
        """
        end, soon = len(old), False
        if new:
            end = bisect_left(old, new[0])
            end -= end > 1 and old[end - 1] - old[end - 2] < self._least
            soon = end > 0 and len(new) > 1 and new[0] - old[end - 1] < self._least
        kept = slice(min(bisect_right(old, self._oldest), end), end)
        taken = slice(max(bisect_right(new, self._oldest), soon), len(new))
        times = old[kept] + new[taken]
        self._times.setdefault(old, old)  # what comes to nothing new keeps it, and others may come to the same
        return _Join(self._times.setdefault(times, times), kept, taken)


def judge(
    windows: Windows, now: float, before: Board | None = None, give_way: Callable[[], object] = lambda: None
) -> Board:
    """Return the board as it is at `now`; `before` is what was said last. Calls `give_way` between services."""
    down = up.down(windows, now)
    names = tuple(dict.fromkeys([*_services(windows), *sorted(down)]))
    known = before.cells if before else {}
    cells: dict[tuple[str, str], Cell] = {
        key: _cell(window, name, now, known.get(key), windows.hold)
        for name in names
        if give_way() is None
        for window in windows.signals
        if (key := (name, window.spec.name))
    }
    signals = tuple(window.spec.name for window in windows.signals)
    asked = [*windows.signals, *([windows.targets] if windows.targets else [])]
    warnings = tuple(clean(f"{w.spec.name}: {text}", 200) for w in asked for text in _warnings(w, windows))
    order = _worst_first(names, signals, cells, windows, down)
    return Board(order, signals, cells, warnings, windows, _fresh(cells.values()))


def _warnings(window: Window, windows: Windows) -> Iterator[str]:
    """Yield the server's own warnings, and what failed without being a cell's fault."""
    yield from window.warnings
    if window.base and window.base.fault:
        yield f"baseline of {window.spec.baseline} ago: {window.base.fault}"
    if window is windows.targets and window.fault:
        yield window.fault


def _services(windows: Windows) -> tuple[CleanText, ...]:
    """Return configured services first, then the others by name."""
    found = sorted({name for window in windows.signals for name in window.series})
    return tuple(dict.fromkeys([*windows.about, *found]))


def _worst_first(
    names: tuple[CleanText, ...],
    signals: tuple[str, ...],
    cells: dict[tuple[str, str], Cell],
    windows: Windows,
    down: dict[CleanText, float],
) -> tuple[CleanText, ...]:
    ranks, last = {name: about.rank for name, about in windows.about.items()}, About().rank
    worst = {name: min((_RANK.get(cells[name, s].judged, 3) for s in signals), default=3) for name in names}
    worst |= {name: min(worst[name], _RANK[Verdict.WARN if share else Verdict.BAD]) for name, share in down.items()}
    return tuple(sorted(names, key=lambda name: (worst[name], ranks.get(name, last))))


def _cell(window: Window, service: CleanText, now: float, before: Cell | None, hold: float) -> Cell:
    spec, fault, samples = window.spec, window.fault, window.series.get(service)
    value = at = judged = base = worsened = None
    held = False
    verdict = Verdict.NO_DATA
    if samples is not None and samples.times:
        value, at = samples.values[-1], samples.times[-1]
        value = math.nan if math.isnan(value) else value  # one NaN, so that equal boards compare equal
        if spec.baseline:
            base = baseline.usual(window, service, at)
            spec = baseline.limits(spec, base)
        verdict, worsened, held = _settled(verdict_of(spec, value), at, before, hold)
        judged = verdict
    if fault:
        verdict = Verdict.ERROR
    if at is not None and _is_old(at, spec.stale_after, now):
        verdict = Verdict.STALE
    return Cell(
        service,
        spec.name,
        spec.unit,
        verdict,
        value,
        at,
        spec.warn,
        spec.bad,
        fault,
        judged,
        spec.stale_after,
        earlier=spec.baseline,
        baseline=base,
        worsened=worsened,
        held=held,
    )


def _settled(found: Verdict, at: float, before: Cell | None, hold: float) -> tuple[Verdict, float, bool]:
    """Return what to say of a sample at `at`, when that last became worse, and whether it is what was said `before`."""
    if before is None or before.judged is None or before.worsened is None:
        return found, at, False
    now, was = _SEVERITY.get(found), _SEVERITY.get(before.judged)
    change = 0 if now is None or was is None else now - was
    if change < 0 and 0 <= at - before.worsened < hold:
        return before.judged, before.worsened, True
    worse = change > 0 or (before.held and found is before.judged)
    return found, at if worse else before.worsened, False


def verdict_of(spec: SignalSpec, value: float) -> Verdict:
    """Return what the thresholds of `spec` say of `value`."""
    if math.isnan(value):
        return Verdict.NOT_A_NUMBER
    sign = -1.0 if spec.worse == "lower" else 1.0
    for limit, verdict in ((spec.bad, Verdict.BAD), (spec.warn, Verdict.WARN)):
        if limit is not None and value * sign >= limit * sign:
            return verdict
    if spec.baseline and spec.warn is None and spec.bad is None:
        return Verdict.NO_BASELINE
    return Verdict.OK if math.isfinite(value) else Verdict.NOT_A_NUMBER


def recent(windows: Windows, service: str, signal: str) -> tuple[float, ...]:
    """Return the newest values of a cell for a spark: the worst of each stretch of time, NaN where there is no number.

    The stretches lie on fixed instants, so that a spark does not shimmer. For cells in view: it costs as much as ten
    verdicts.
    """
    window = next(each for each in windows.signals if each.spec.name == signal)
    samples, worst = window.series.get(CleanText(service), NO_SAMPLES), min if window.spec.worse == "lower" else max
    width = max(windows.span / RECENT, 2 * windows.step)
    count = min(RECENT, max(1, round(windows.span / width)))
    cuts = _cuts(samples.times, width, math.floor((window.until or 0) / width) - count + 1, count)
    parts: list[Sequence[float]] = [samples.values[a:b] for a, b in pairwise(cuts)]
    if math.isnan(sum(samples.values)):
        parts = [[value for value in part if not math.isnan(value)] for part in parts]
    return tuple(worst(part, default=math.nan) for part in parts)


@lru_cache(maxsize=8)  # most cells have the same times
def _cuts(times: tuple[float, ...], width: float, first: int, count: int) -> tuple[int, ...]:
    """Return where in `times` each of `count` stretches of `width` seconds begins, and the last one ends."""
    return tuple(bisect_left(times, edge * width) for edge in range(first, first + count + 1))


def aged(board: Board, now: float) -> Board:
    """Return `board` with every value that has become too old marked STALE; the same board where none has.

    Costs nothing until then: for every tick of a screen, also while no poll succeeds.
    """
    if board.fresh[0] <= now <= board.fresh[1]:
        return board
    stale = {
        key: replace(cell, verdict=Verdict.STALE)
        for key, cell in board.cells.items()
        if cell.verdict is not Verdict.STALE and cell.at is not None and _is_old(cell.at, cell.stale_after, now)
    }
    if not stale:
        return board
    cells = board.cells | stale
    return replace(board, cells=cells, fresh=_fresh(cells.values()))


def _is_old(at: float, stale_after: float, now: float) -> bool:
    """Say whether a sample is too old, or so far ahead that the clock must have gone back."""
    return abs(now - at) > stale_after


def _fresh(cells: Iterable[Cell]) -> tuple[float, float]:
    """Return between which instants no value becomes stale."""
    live = {(cell.at, cell.stale_after) for cell in cells if cell.at is not None and cell.verdict is not Verdict.STALE}
    first = max((at - stale_after for at, stale_after in live), default=-math.inf)
    return first, min((at + stale_after for at, stale_after in live), default=math.inf)
