"""Golden signals as plain data: specifications, windows of samples, verdicts, the board. Pure.

Times of samples are seconds since 1970 UTC, as Prometheus gives them.
"""

import math
from array import array
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from iccon.text import CleanText

GOLDEN = ("latency", "traffic", "errors", "saturation")


class Verdict(StrEnum):
    """What a cell says. Eight different things; none is ever drawn as another."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    STALE = "stale"
    NO_DATA = "no data"
    NOT_A_NUMBER = "not a number"
    NO_BASELINE = "no baseline"  # a value, and nothing to judge it by
    ERROR = "error"


class Unit(StrEnum):
    """How a value is written."""

    SECONDS = "seconds"
    PER_SECOND = "per_second"
    RATIO = "ratio"
    NUMBER = "number"


class SignalSpec(Struct, frozen=True):
    """One golden signal: a query that yields one series a service.

    `label` is the label that names the service. `warn` and `bad` are thresholds in the query's own unit;
    `worse` says on which side of them trouble lies ("higher" or "lower"). None: never judged so.
    `stale_after` is in seconds of the sample's own age. `baseline` is how long ago the usual values were ("1d", "1w",
    "" for none): `warn_ratio` and `bad_ratio` times them take the places of `warn` and `bad`, where they are known.
    """

    name: str
    query: str
    server: str
    unit: Unit
    label: str = "service"
    warn: float | None = None
    bad: float | None = None
    worse: str = "higher"
    stale_after: float = 60.0
    baseline: str = ""
    warn_ratio: float | None = None
    bad_ratio: float | None = None


class Samples(Struct, frozen=True, gc=False):
    """One series: times (seconds since 1970 UTC, ascending) and values of equal number; NaN and Inf may occur.

    A window keeps values as arrays (see `packed`) and one tuple of times for all series that have the same: an hour of
    1,000 services takes 8 MB and not 60.
    """

    times: tuple[float, ...]
    values: Sequence[float]


NO_SAMPLES = Samples((), ())


def packed(values: Sequence[float]) -> "array[float]":
    """Return `values` as an array of eight bytes each; the same where they are one."""
    return values if isinstance(values, array) else array("d", values)


class Skew(Struct, frozen=True):
    """A server's clock minus ours, in seconds, as one answer shows it: it lies between `low` and `high`."""

    low: float
    high: float


class Answer(Struct, frozen=True):
    """What a backend gave for one range query, by service. `warnings` are the server's own words.

    `skew` is None where the answer carries no date. Times are the server's.
    """

    series: dict[CleanText, Samples]
    warnings: tuple[CleanText, ...] = ()
    skew: Skew | None = None


class Instant(Struct, frozen=True):
    """What a backend gave for one instant query: a value a series. `warnings` are the server's own words."""

    values: tuple[float, ...]
    warnings: tuple[CleanText, ...] = ()


class SignalBackend(Protocol):
    """A metrics server. Blocking: called on a thread of its own."""

    name: str

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        """Return the series of `spec.query` from `start` to `end` (seconds since 1970 UTC) every `step` seconds.

        All times are by the server's clock.

        Raises SourceFault.
        """
        ...


class InstantBackend(SignalBackend, Protocol):
    """A metrics server that can be asked for one moment too."""

    def instant(self, query: str) -> Instant:
        """Return the values of `query` at the server's own now. Raises SourceFault."""
        ...


class Cell(Struct, frozen=True, gc=False):
    """One service's golden signal as shown. `value` is the last one known even when stale; `at` its sample's time.

    `fault` is the reason where the verdict is ERROR, or where the last poll failed and the value is the old one.
    `judged` is what the thresholds say of `value`, however old it is; None without a value. `worsened` is the time of
    the sample with which it last became worse; `held`: the value is better again, but that is too new (`board.py`).
    `stale_after` is in seconds. `warn` and `bad` are the thresholds that held, beside the usual value `baseline` (None
    where that is not known) of `earlier`: "1d", "1w", or "" for a signal without one.
    """

    service: CleanText
    signal: str
    unit: Unit
    verdict: Verdict
    value: float | None = None
    at: float | None = None
    warn: float | None = None
    bad: float | None = None
    fault: CleanText = CleanText("")
    judged: Verdict | None = None
    stale_after: float = 60.0
    earlier: str = ""
    baseline: float | None = None
    worsened: float | None = None
    held: bool = False


class Window(Struct, frozen=True):
    """What is known of one signal: samples by service, up to when it was asked, and why not further.

    Times are by our clock. `skew` is what was taken off the server's, in seconds. `base` is the baseline (see
    `baseline.py`), moved to the present; None where it was never asked for.
    """

    spec: SignalSpec
    series: dict[CleanText, Samples] = {}
    until: float | None = None
    fault: CleanText = CleanText("")
    warnings: tuple[CleanText, ...] = ()
    skew: float = 0.0
    base: "Window | None" = None


class About(Struct, frozen=True):
    """What a person wrote of a service: its tier (1 matters most, None: not given), and who owns it."""

    tier: int | None = None
    owner: CleanText = CleanText("")

    @property
    def rank(self) -> int:
        """The tier as a number to sort by; without one a service comes last."""
        return 9 if self.tier is None else self.tier


class Windows(Struct, frozen=True):
    """All signals, how far back they reach (`span`) and how fine (`step`), in seconds, and services always shown.

    `hold` is how many seconds a verdict stays that became worse. `targets` is the share of each service's targets that
    are up (see `up.py`); None where that is not asked.
    """

    signals: tuple[Window, ...]
    span: float
    step: float
    about: dict[CleanText, About] = {}
    hold: float = 60.0
    targets: Window | None = None

    @property
    def until(self) -> float:
        """Up to when the newest answer reaches, seconds since 1970 UTC; -inf where there is none."""
        return max((window.until for window in self.signals if window.until is not None), default=-math.inf)


class Board(Struct, frozen=True):
    """Every service's four signals, services in the order shown. Cells are found by (service, signal).

    `windows` are the samples it was judged by, for charts; None where nobody has them. `fresh`: between these instants
    no value becomes stale (seconds since 1970 UTC); by default that is not known.
    """

    services: tuple[CleanText, ...]
    signals: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    warnings: tuple[CleanText, ...] = ()
    windows: Windows | None = None
    fresh: tuple[float, float] = (math.inf, -math.inf)

    def about(self, service: str) -> About:
        """Return what is known of a service by hand."""
        return self.windows.about.get(CleanText(service), About()) if self.windows else About()
