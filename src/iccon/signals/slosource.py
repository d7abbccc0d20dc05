"""The source of the objectives: each span asked for as often as its value can move, each query able to fail alone.

How many queries a poll makes depends on how many objectives there are, and on nothing else: a query for each span that
is due, and one for the newer part of the series that an incident's minutes are taken from. At most LANES of them run
at once on a server, and none is begun after `patience` seconds: what is left over comes first in the next poll.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from iccon.background import side_by_side
from iccon.clock import Clock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault, as_fault
from iccon.signals.model import Answer, Instant, InstantBackend, SignalSpec, Unit, Verdict
from iccon.signals.skew import LOOKBACK, learned, shifted
from iccon.signals.slo import (
    NOT_ASKED,
    PARTS,
    Objective,
    Reading,
    Rule,
    SloBoard,
    Standing,
    failed,
    merged,
    read,
    standing,
    to_ask,
    unasked,
)
from iccon.text import CleanText, clean

LANES = 2  # queries at once on one server, beside the board's
SHARE = 1 / 60  # of a span: how old its value may become
SELDOM = 1 / 8_640  # of the objective's window: no value becomes older; five minutes of 30 days
PATIENT = 0.8  # of that age counts as gone when a query failed: it is asked again sooner than usual
_SERIES = 0  # stands for the series where a span stands otherwise
_GONE = (FaultKind.REFUSED, FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN, FaultKind.RATE_LIMITED, FaultKind.TLS)

Key = tuple[str, int]  # the objective's name, and a span or _SERIES
Came = Instant | Answer | SourceFault


def objectives_of(config: Mapping[str, schema.Slo]) -> tuple[Objective, ...]:
    """Return the configured objectives."""
    return tuple(
        Objective(
            name,
            clean(slo.service, 100),
            slo.target,
            round(slo.days * 86_400),
            slo.query,
            slo.server,
            tuple(Rule(burn.long, burn.short, burn.budget, Verdict(burn.says)) for burn in slo.burn),
        )
        for name, slo in config.items()
    )


class SloSource:
    """Keeps what is known of every objective and gives the board. Used by one thread at a time, as the feed does.

    `backends` by name; `every` is how often it is polled, `patience` for how long a poll begins queries, in seconds.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        backends: Mapping[str, InstantBackend],
        clock: Clock,
        every: float,
        patience: float = 10.0,
    ) -> None:
        self._objectives = {each.name: each for each in objectives}
        self._backends = backends
        self._clock = clock
        self._every = every
        self._patience = patience
        self._readings: dict[Key, Reading] = {}
        self._series = {each.name: unasked(each) for each in objectives}
        self._asked: dict[Key, float] = {}
        self._warnings: dict[Key, tuple[CleanText, ...]] = {}
        self._skews: dict[str, float] = {}  # seconds by which a server's clock is ahead of ours, by its name

    @property
    def last(self) -> SloBoard:
        """Every objective by what is known."""
        warnings = dict.fromkeys(f"{name}: {text}" for (name, _), said in self._warnings.items() for text in said)
        standings = tuple(self._standing(each) for each in self._objectives.values())
        return SloBoard(standings, tuple(clean(each, 200) for each in warnings))

    def poll(self) -> SloBoard:
        """Ask for what is due and return the board; a query that fails is marked, the others go on.

        Raises SourceFault when all fail; the board with its old values, marked, is in `partial`.
        """
        until, skews = self._clock.monotonic() + self._patience, dict(self._skews)
        came = self._round(until)
        if any(skew != skews.get(name, 0.0) for name, skew in self._skews.items()):  # asked by the wrong clock
            came |= self._round(until)
        faults = [answer for answer in came.values() if isinstance(answer, SourceFault)]
        if faults and len(faults) == len(came):
            waits = [fault.retry_after for fault in faults if fault.retry_after is not None]
            raise SourceFault(faults[0].kind, faults[0].reason, max(waits, default=None), self.last)
        return self.last

    def _round(self, until: float) -> dict[Key, Came]:
        """Ask for what is due, and take it in."""
        now, skews = self._clock.now().timestamp(), dict(self._skews)
        came: dict[Key, Came] = {}
        lanes = [partial(self._lane, lane, now, until) for lane in self._lanes(self._due(now))]
        for each in side_by_side(lanes, "slo"):
            if isinstance(each, Exception):
                raise each
            came |= each
        for key, answer in came.items():
            self._take(key, answer, now, skews)
        return came

    def _standing(self, objective: Objective) -> Standing:
        readings = {span: self._readings.get((objective.name, span), NOT_ASKED) for span in objective.spans}
        return standing(objective, readings, self._series[objective.name], max(60.0, 4 * self._every))

    def _due(self, now: float) -> list[Key]:
        """Return what must be asked for, the longest overdue first, and of equals the shortest span."""
        late = {key: self._late(key, now) for each in self._objectives.values() for key in _keys(each)}
        return sorted((key for key in late if late[key] >= 1), key=lambda key: (-late[key], key[1]))

    def _late(self, key: Key, now: float) -> float:
        """Return how old a value is, in parts of how old it may become."""
        age = now - self._asked.get(key, -math.inf)
        # A poll comes a little early or late: without the half, a span due at each would miss every other.
        return age / max(self._again(key) - self._every / 2, self._every / 2) if age >= 0 else math.inf

    def _again(self, key: Key) -> float:
        """Return how old a value may become, in seconds."""
        return min(key[1] * SHARE, self._objectives[key[0]].window * SELDOM)

    def _lanes(self, due: Sequence[Key]) -> list[list[Key]]:
        servers: dict[str, list[Key]] = {}
        for key in due:
            servers.setdefault(self._objectives[key[0]].server, []).append(key)
        return [lane for keys in servers.values() for at in range(LANES) if (lane := keys[at::LANES])]

    def _lane(self, keys: Sequence[Key], now: float, until: float) -> dict[Key, Came]:
        """Ask one after the other; a server that is gone is not asked again."""
        came: dict[Key, Came] = {}
        gone: SourceFault | None = None
        for key in keys:
            if self._clock.monotonic() > until:
                break
            came[key] = gone or self._ask(key, now)
            gone = fault if isinstance(fault := came[key], SourceFault) and fault.kind in _GONE else None
        return came

    def _ask(self, key: Key, now: float) -> Came:
        objective, span = self._objectives[key[0]], key[1]
        backend = self._backends.get(objective.server)
        if backend is None:
            return SourceFault(FaultKind.REJECTED, f"no metrics server named {objective.server!r} is configured")
        try:
            if span != _SERIES:
                return backend.instant(objective.filled(span))
            start, end = to_ask(self._series[objective.name], now)
            spec = SignalSpec(objective.name, objective.filled(objective.tile), objective.server, Unit.RATIO, "")
            skew = self._skews.get(objective.server, 0.0)
            return backend.range(replace(spec, stale_after=LOOKBACK), start + skew, end + skew, objective.tile / PARTS)
        except Exception as error:
            return as_fault(error, "reading an objective")

    def _take(self, key: Key, came: Came, now: float, skews: Mapping[str, float]) -> None:
        name, span = key
        if isinstance(came, SourceFault):
            if span == _SERIES:
                self._series[name] = failed(self._series[name], came.reason)
            else:
                self._readings[key] = replace(
                    self._readings.get(key, NOT_ASKED), refusal=came.reason, verdict=Verdict.ERROR
                )
            if came.kind not in _GONE:  # perhaps too much for the server: not at every poll
                self._asked[key] = now - self._again(key) * PATIENT
            return
        self._asked[key], self._warnings[key] = now, came.warnings
        if isinstance(came, Instant):
            self._readings[key] = read(came, now)
        else:
            objective = self._objectives[name]
            self._joined(objective, came, now, skews.get(objective.server, 0.0))

    def _joined(self, objective: Objective, came: Answer, now: float, known: float) -> None:
        """Take in a piece of the series that was asked with the skew `known`; one asked by a wrong clock is dropped."""
        asked = to_ask(self._series[objective.name], now)
        skew = self._skews.get(objective.server, 0.0)
        if known == skew:
            skew = self._skews[objective.server] = learned(known, [came], asked[1], LOOKBACK)
        if known != skew:
            self._series[objective.name] = unasked(objective)
            self._asked.pop((objective.name, _SERIES), None)
            return
        here = Answer(shifted(came.series, -skew))
        self._series[objective.name] = merged(self._series[objective.name], asked, here)


def _keys(objective: Objective) -> Iterator[Key]:
    yield from ((objective.name, span) for span in (_SERIES, *objective.spans))
