"""Objectives and how fast their error budget goes: burn rates, what is left, what an incident has spent. Pure.

The formulas are those of Google's Site Reliability Workbook, chapter 5, "Alerting on SLOs"
(https://sre.google/workbook/alerting-on-slos/). An error ratio is the share of requests that failed.

- The budget is `1 - target`: the share of requests that may fail over the objective's window.
- The burn rate of a span is its error ratio over the budget: at 1 the budget is gone exactly when the window is over.
- "More than a share of the budget within `long`" is a burn above `share * window / long`: for 2 % in an hour of 30
  days 14.4, for 10 % in six hours 12. Derived, so that it holds for every window; never below 1.
- A rule fires while both `long` and `short` burn above that: the long span says that it matters, the short one that it
  still goes on.
- What is left is 1 less the window's own burn; below zero the budget is exhausted.
- What an incident spent is the integral of the error ratio over it, in minutes in which everything failed; the whole
  budget is `(1 - target) * window`. This takes traffic as even: weighted by requests it would need their number.

What cannot be known is None, with the word that says why, and never a number: a rule whose spans are not both known is
undecided, unless the known one alone rules it out, and an objective is never called well on what is missing.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from iccon.signals.model import Answer, Instant, Verdict
from iccon.text import CleanText, clean

PLACEHOLDER = "$window"
PARTS = 5  # points of the kept series in one tile of it
MOST_POINTS = 1_440  # of the kept series: a day where the shortest span is five minutes
ROUNDING = 1e-6  # how far beyond 0 or 1 a ratio may lie for arithmetic alone
_WORST = (Verdict.BAD, Verdict.ERROR, Verdict.WARN, Verdict.STALE, Verdict.NOT_A_NUMBER, Verdict.NO_DATA, Verdict.OK)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


class Rule(Struct, frozen=True):
    """Says `verdict` when more than `share` of the budget goes within `long` seconds, and still does in `short`."""

    long: int
    short: int
    share: float
    verdict: Verdict = Verdict.BAD


class Objective(Struct, frozen=True):
    """At least `target` of the requests succeed over `window` seconds. `query` gives the error ratio over `$window`."""

    name: str
    service: CleanText
    target: float
    window: int
    query: str
    server: str
    rules: tuple[Rule, ...]

    @property
    def spans(self) -> tuple[int, ...]:
        """Every span that must be asked for, the shortest first."""
        return tuple(sorted({self.window, *(span for rule in self.rules for span in (rule.long, rule.short))}))

    @property
    def tile(self) -> int:
        """The span of one point of the kept series, in seconds."""
        return min(rule.short for rule in self.rules)

    @property
    def minutes(self) -> float:
        """The whole budget, in minutes in which everything fails."""
        return (1 - self.target) * self.window / 60

    def filled(self, span: int) -> str:
        """Return the query over `span` seconds."""
        return self.query.replace(PLACEHOLDER, span_name(span))

    def limit(self, rule: Rule) -> float:
        """Return the burn rate above which `rule` fires; never below 1, at which the budget just lasts."""
        return max(rule.share * self.window / rule.long, 1.0)

    def burn(self, ratio: float) -> float:
        """Return the burn rate of an error ratio."""
        return ratio / (1 - self.target)


class Reading(Struct, frozen=True):
    """The error ratio over one span, and when it was read (seconds since 1970 UTC).

    With a `refusal` it is not known now: `verdict` says of which kind, and `ratio` is at most an old one. `absurd`: the
    query gives no error ratio at all.
    """

    ratio: float | None = None
    at: float | None = None
    refusal: CleanText = CleanText("")
    verdict: Verdict = Verdict.OK
    absurd: bool = False

    @property
    def known(self) -> float | None:
        """The ratio, where it may be computed with."""
        return None if self.refusal else self.ratio


NOT_ASKED = Reading(refusal=CleanText("not asked yet"), verdict=Verdict.NO_DATA)


class Series(Struct, frozen=True):
    """Error ratios by the number of their place on a grid, each over the tile that ends there; `step` in seconds.

    `until` is up to when it was asked; `refusal` why it is not to be computed with.
    """

    step: float
    points: dict[int, float] = {}
    until: float | None = None
    refusal: CleanText = CleanText("")


class Burn(Struct, frozen=True):
    """One rule as it stands: the burn of its spans, None where not known. `fires` None: undecided."""

    rule: Rule
    limit: float
    long: float | None
    short: float | None
    fires: bool | None


class Standing(Struct, frozen=True):
    """One objective as it stands. `left` is the share of the budget that is left, below zero when exhausted.

    `left` may be an old one, read at `left_at`. `at` is when the oldest of the short spans was read; the whole is
    stale `stale_after` seconds later. `why` says what is not known.
    """

    objective: Objective
    verdict: Verdict
    burns: tuple[Burn, ...]
    left: float | None
    left_at: float | None
    series: Series
    at: float | None = None
    why: CleanText = CleanText("")
    stale_after: float = 120.0

    def verdict_at(self, now: float) -> Verdict:
        """Return the verdict, or STALE where the objective was read too long before `now`, or the clock went back."""
        return Verdict.STALE if self.at is not None and abs(now - self.at) > self.stale_after else self.verdict

    @property
    def burning(self) -> Burn | None:
        """The rule nearest to its limit, or beyond it furthest; None where no burn is known."""
        known = [(burn.long / burn.limit, burn) for burn in self.burns if burn.long is not None]
        return max(known, key=lambda pair: pair[0])[1] if known else None


class SloBoard(Struct, frozen=True):
    """Every objective as it stands, in the configured order, and the servers' warnings."""

    standings: tuple[Standing, ...]
    warnings: tuple[CleanText, ...] = ()

    def by_service(self) -> dict[str, tuple[Standing, ...]]:
        """Return the objectives of each service, the one that needs a person most first."""
        found: dict[str, list[Standing]] = {}
        for each in self.standings:
            found.setdefault(each.objective.service, []).append(each)
        return {service: tuple(sorted(mine, key=_urgency)) for service, mine in found.items()}


def _urgency(standing: Standing) -> tuple[int, float]:
    return _WORST.index(standing.verdict), 2.0 if standing.left is None else standing.left


class Spent(Struct, frozen=True):
    """What an incident spent of a budget: minutes, and their share of it; None with the reason in `why`.

    `covered` is the share of the incident that has samples: below 1 it is "at least". `until` is how far they reach.
    """

    minutes: float | None = None
    share: float | None = None
    covered: float = 0.0
    until: float | None = None
    why: CleanText = CleanText("")


def span_name(span: int) -> str:
    """Return a span as PromQL and the names of recording rules write it: 5m, 1h, 3d."""
    size, letter = next(unit for unit in _UNITS if span % unit[0] == 0)
    return f"{span // size}{letter}"


def read(found: Instant, at: float) -> Reading:
    """Return an answer as an error ratio, or as the refusal of what is none."""
    if not found.values:
        return Reading(None, at, CleanText("no data"), Verdict.NO_DATA)
    if len(found.values) > 1:
        return _absurd(f"{len(found.values)} series instead of one: let the query aggregate", at)
    ratio = found.values[0]
    if math.isnan(ratio):
        return Reading(None, at, CleanText("not a number, as without traffic"), Verdict.NOT_A_NUMBER)
    if not -ROUNDING <= ratio <= 1 + ROUNDING:
        return _absurd(f"{_wrong(ratio)}: no error ratio", at)
    return Reading(min(max(ratio, 0.0), 1.0), at)


def _absurd(why: str, at: float) -> Reading:
    return Reading(None, at, clean(why), Verdict.ERROR, absurd=True)


def _wrong(ratio: float) -> str:
    if math.isinf(ratio):
        return "infinite"
    return "below 0" if ratio < 0 else "above 1"


def standing(
    objective: Objective, readings: Mapping[int, Reading], series: Series, stale_after: float = 120.0
) -> Standing:
    """Return how `objective` stands by the readings of its spans."""
    given = {span: readings.get(span, NOT_ASKED) for span in objective.spans}
    burns = tuple(_burn(objective, rule, given) for rule in objective.rules)
    over, tile = given[objective.window], given[objective.tile]
    left = None if over.ratio is None else 1 - objective.burn(over.ratio)
    decided = [(burn.rule.verdict, burn.fires) for burn in burns]
    decided.append((Verdict.WARN, None if left is None or over.refusal else left < 0))
    missing = [(span, each) for span, each in given.items() if each.refusal]
    verdict = _verdict(decided, [each.verdict for _, each in missing])
    at = min((each for rule in objective.rules if (each := given[rule.short].at) is not None), default=None)
    kept = replace(series, refusal=tile.refusal) if tile.absurd else series
    return Standing(objective, verdict, burns, left, over.at, kept, at, _why(missing), stale_after)


def _burn(objective: Objective, rule: Rule, readings: Mapping[int, Reading]) -> Burn:
    limit = objective.limit(rule)
    ratios = [readings[span].known for span in (rule.long, rule.short)]
    long, short = (None if ratio is None else objective.burn(ratio) for ratio in ratios)
    below = any(burn is not None and burn <= limit for burn in (long, short))
    fires = False if below else None if long is None or short is None else True
    return Burn(rule, limit, long, short, fires)


def _verdict(decided: Sequence[tuple[Verdict, bool | None]], missing: Sequence[Verdict]) -> Verdict:
    """Return the worst that is certain; OK only where nothing is missing: who has no metrics may not be well."""
    for verdict in (Verdict.BAD, Verdict.WARN):
        if (verdict, True) in decided:
            return verdict
    return min(missing, key=_WORST.index, default=Verdict.OK)


def _why(missing: Iterable[tuple[int, Reading]]) -> CleanText:
    """Say what is missing, spans with one reason together."""
    spans: dict[str, list[str]] = {}
    for span, reading in missing:
        spans.setdefault(reading.refusal, []).append(span_name(span))
    return clean("; ".join(f"{', '.join(names)}: {why}" for why, names in spans.items()), 200)


def unasked(objective: Objective) -> Series:
    """Return the series of an objective before the first answer."""
    return Series(objective.tile / PARTS, refusal=NOT_ASKED.refusal)


def to_ask(series: Series, now: float) -> tuple[float, float]:
    """Return the range that brings `series` up to `now`: what is newer than it, or all that is kept.

    On fixed instants, so that pieces asked at different times fit; the newest known one is asked for again.
    """
    end = math.floor(now / series.step)
    oldest = end - MOST_POINTS + 1
    known = oldest if series.until is None else round(series.until / series.step)
    start = max(oldest, known) if known <= end else oldest  # the clock went back
    return start * series.step, end * series.step


def merged(series: Series, asked: tuple[float, float], answer: Answer) -> Series:
    """Return `series` with the answer to `asked` taken in; what is no ratio stays missing."""
    start, end = (round(each / series.step) for each in asked)
    points = {place: value for place, value in series.points.items() if end - MOST_POINTS < place < start}
    for samples in answer.series.values():
        for time, value in zip(samples.times, samples.values, strict=True):
            place = round(time / series.step)
            if start <= place <= end and -ROUNDING <= value <= 1 + ROUNDING:
                points[place] = min(max(value, 0.0), 1.0)
    return Series(series.step, points, asked[1])


def failed(series: Series, why: CleanText) -> Series:
    """Return `series` after a query that failed: what it has stays, and what it lacks shows as not covered."""
    return series if series.points else replace(series, refusal=why)


def spent(found: Standing, began: float, ended: float | None, now: float) -> Spent:
    """Return what an incident from `began` to `ended` (None: it goes on) spent, in seconds since 1970 UTC.

    Each point stands for the tile before it; tiles are laid from the newest point backwards, so none counts twice.
    Seconds without a point add nothing: the answer is then a lower bound, and `covered` below 1 says so. The newest
    seconds, up to a tile, are not known yet and not called missing: `until` says where the answer ends.
    """
    series, tile = found.series, found.objective.tile
    if series.refusal or not series.points:
        return Spent(why=series.refusal or CleanText("no data since the incident began"))
    newest = max(series.points)
    last, end = newest * series.step, now if ended is None else min(ended, now)
    end = last if 0 <= end - last <= tile else end
    if end <= began:
        return Spent(why=CleanText("not known yet"))
    tiles = list(_tiles(series, newest, tile, began, end))
    seconds = sum(length for length, _ in tiles)
    if not seconds:
        return Spent(why=CleanText("no data since the incident began"))
    minutes = sum(length * ratio for length, ratio in tiles) / 60
    share = minutes / found.objective.minutes
    return Spent(minutes, share, min(seconds / (end - began), 1.0), min(end, last))


def _tiles(series: Series, newest: int, tile: int, began: float, end: float) -> Iterator[tuple[float, float]]:
    """Yield for each tile that has a point its seconds within the incident, and its error ratio."""
    place, first = newest, min(series.points)
    while place >= first and place * series.step > began:
        known = place in series.points
        close = place * series.step
        if known and close - tile < end:
            yield min(close, end) - max(close - tile, began), series.points[place]
        place -= PARTS if known else 1
