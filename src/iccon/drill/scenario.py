"""A drill scenario as plain data: services, what breaks, which pages fire, what mends it. Pure.

All times are scenario seconds, counted from the start of the drill; `--speed 10` makes ten of them pass in one
real second. The keys of a scenario file are the field names here; `scenario_file.py` reads and checks it.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from iccon.incident.severity import Severity

Seconds = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Word = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Line = Annotated[str, Meta(min_length=1, max_length=300)]


class Shape(StrEnum):
    """How a fault grows during its ramp."""

    LINEAR = "linear"
    SMOOTH = "smooth"  # slow, fast, slow
    STEP = "step"  # at once


class GoldenSignal(StrEnum):
    """The signals a service can have."""

    LATENCY = "latency"  # seconds, 99th percentile
    TRAFFIC = "traffic"  # requests a second
    ERRORS = "errors"  # share of requests that failed
    SATURATION = "saturation"  # share of the scarcest resource in use


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """A service and its values in good times; a signal left out has no data at all."""

    name: Word
    latency: Positive | None = None
    traffic: Positive | None = None
    errors: Share | None = None
    saturation: Share | None = None

    def baseline(self, signal: GoldenSignal) -> float | None:
        """Return the value in good times, or None where the service does not have the signal."""
        found: float | None = getattr(self, signal)
        return found


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One signal that goes wrong: from `at` on it moves from its baseline to `to`, within `ramp` seconds."""

    service: Word
    signal: GoldenSignal
    to: Annotated[float, Meta(ge=0)]
    at: Seconds
    ramp: Seconds = 60.0
    shape: Shape = Shape.SMOOTH


class Crossing(Struct, frozen=True, forbid_unknown_fields=True, rename={"lasting": "for"}):
    """A condition on the page's service: `signal` above `above` for `for` seconds without a break."""

    signal: GoldenSignal
    above: Annotated[float, Meta(ge=0)]
    lasting: Seconds = 0.0
    service: str = ""  # "" means the page's own


class PageScript(Struct, frozen=True, forbid_unknown_fields=True):
    """A page that fires once: at a time (`at`) or when a signal crosses (`when`); exactly one of them is given.

    It resolves when its condition is over, or, for `at`, after `clears_after` seconds, else on recovery.
    `herring`: it has nothing to do with the fault. `title` goes to the pager as written.
    """

    name: Word
    title: Line
    service: Word
    alert: Line
    urgency: Annotated[str, Meta(pattern="^(high|low)$")] = "high"
    at: Seconds | None = None
    when: Crossing | None = None
    clears_after: Positive | None = None
    herring: bool = False
    runbook: str = ""


class Deploy(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that was changed in production, the cause or not; `at` may lie before the drill."""

    text: Line
    service: Word
    at: Annotated[float, Meta(ge=-86_400)]
    who: str = ""


class Mitigation(Struct, frozen=True, forbid_unknown_fields=True):
    """What ends the fault: the verb `name`, or by itself `delay` seconds after `page` was acknowledged.

    The second stands for the colleague who acknowledged, read the runbook and did it. `wrong` lists verbs that
    are offered and change nothing. Signals are back to normal `recovery` seconds later.
    """

    name: Word
    does: Line
    page: Word
    delay: Seconds = 40.0
    recovery: Positive = 90.0
    wrong: tuple[Word, ...] = ()


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """From where on the board shows warn and bad."""

    warn: float | None = None
    bad: float | None = None
    worse: Annotated[str, Meta(pattern="^(higher|lower)$")] = "higher"


class Responder(Struct, frozen=True, forbid_unknown_fields=True):
    """What the scripted responder of a headless drill says. `reaction` is in seconds between seeing and acting."""

    title: Line
    impact: Line
    theory: Line
    first_update: Line
    last_update: Line
    severity: Severity = Severity.SEV2
    reaction: Seconds = 8.0


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """A fair pace for the report, in seconds; acknowledge counts from the first page, the rest from the fault.

    The first update counts from the declaration.
    """

    detect: Positive = 120.0
    acknowledge: Positive = 120.0
    declare: Positive = 300.0
    first_update: Positive = 300.0
    mitigate: Positive = 600.0
    resolve: Positive = 1200.0


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole scenario. `name` is the file's name without `.toml`."""

    name: str
    title: Line
    summary: str
    services: tuple[Service, ...]
    thresholds: dict[GoldenSignal, Threshold]
    faults: tuple[Fault, ...]
    pages: tuple[PageScript, ...]
    mitigation: Mitigation
    responder: Responder
    expected: Expected = Expected()
    changes: tuple[Deploy, ...] = ()

    @property
    def fault_at(self) -> float:
        """When the first signal begins to go wrong."""
        return min(fault.at for fault in self.faults)

    @property
    def hurt(self) -> tuple[str, ...]:
        """The services the fault touches, in the order in which they are hurt."""
        return tuple(dict.fromkeys(f.service for f in sorted(self.faults, key=lambda f: f.at)))

    def service(self, name: str) -> Service | None:
        """Return the service of that name."""
        return next((s for s in self.services if s.name == name), None)

    def page(self, name: str) -> PageScript | None:
        """Return the page of that name."""
        return next((p for p in self.pages if p.name == name), None)
