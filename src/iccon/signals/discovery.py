"""What a metrics server has, by the presets: which are there, what they answer, and which one gives each signal."""

import math
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from iccon.clock import Clock
from iccon.config import schema
from iccon.config.presets import rate_span
from iccon.config.presets_files import Preset, PresetSignal
from iccon.faults import FaultKind, SourceFault
from iccon.signals.model import GOLDEN, SignalSpec, Unit
from iccon.signals.prometheus import NO_SERVICE, PrometheusBackend
from iccon.text import CleanText, clean

STEP = schema.Signals().step  # seconds
WINDOW = f"{rate_span(STEP)}s"
SPAN = 300.0  # seconds of the past that a query is tried on
_OF_THE_SERVER = (FaultKind.REFUSED, FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN, FaultKind.TLS)


class Tried(Struct, frozen=True):
    """One query that was asked. `services` that it had numbers for; `fault` where the server did not answer it.

    `only_nan`: it had series, and no number in any of them; a ratio without traffic gives that.
    """

    signal: str
    query: str
    services: int
    fault: str = ""
    only_nan: bool = False


class Found(Struct, frozen=True):
    """A preset whose metrics are there. `label` names the service; empty where no series has a label of the preset."""

    preset: Preset
    label: str
    tried: tuple[Tried, ...] = ()


class Chosen(Struct, frozen=True):
    """What is written for one signal, and whence. The query's series are named by the label of the whole board."""

    preset: str
    query: str
    signal: PresetSignal
    services: int


class Discovery(Struct, frozen=True):
    """Every preset that was found, the highest rank first, the board's service label, and the chosen signals.

    `up` is the query for scrape targets, None where targets do not have that label.
    """

    found: tuple[Found, ...]
    label: str
    chosen: dict[str, Chosen]
    up: Tried | None = None


def discover(backend: PrometheusBackend, presets: Sequence[Preset], clock: Clock) -> Discovery:
    """Ask the server for its metric names, then try every query of the presets that are there, once.

    Raises SourceFault when the server as a whole does not answer; what a single query lacks is in its Tried.
    """
    names = backend.metric_names()
    asking = _Asking(backend, clock.now().timestamp())
    found = choose([asking.preset(preset) for preset in presets if names.issuperset(preset.needs)])
    return replace(found, up=asking.up(found.label)) if found.label and "up" in names else found


def choose(found: Sequence[Found]) -> Discovery:
    """Return for each signal the first preset that answered; the first signal's label is the board's."""
    firsts = {name: each for name in GOLDEN if (each := _first(found, name)) is not None}
    ranked = [each.label for each in found if any(each is origin for origin, _ in firsts.values())]
    label = ranked[0] if ranked else ""
    chosen = {name: _chosen(origin, tried, label) for name, (origin, tried) in firsts.items()}
    return Discovery(tuple(found), label, chosen)


def _first(found: Sequence[Found], signal: str) -> tuple[Found, Tried] | None:
    """Return the first that gave numbers, else the first that gave only NaN: there may be traffic later."""
    pairs = [(each, tried) for each in found for tried in each.tried if tried.signal == signal]
    numbers = (pair for pair in pairs if pair[1].services)
    return next(numbers, None) or next((pair for pair in pairs if pair[1].only_nan), None)


def _chosen(origin: Found, tried: Tried, label: str) -> Chosen:
    query = tried.query
    if origin.label != label:
        query = f'label_replace({query}, "{label}", "$1", "{origin.label}", "(.*)")'
    return Chosen(origin.preset.name, query, origin.preset.signals()[tried.signal], tried.services)


class _Asking:
    """One server at one instant (`now`, seconds since 1970 UTC)."""

    def __init__(self, backend: PrometheusBackend, now: float) -> None:
        self._backend = backend
        self._now = now

    def preset(self, preset: Preset) -> Found:
        """Find the service label, then try every signal. Raises SourceFault where the server is gone."""
        metric = preset.needs[0]
        label = next((label for label in preset.labels if self._has(metric, label)), "")
        signals = preset.signals().items() if label else ()
        return Found(preset, label, tuple(self._tried(name, signal, label) for name, signal in signals))

    def up(self, label: str) -> Tried | None:
        """Try the query for scrape targets by `label`."""
        tried = self._ask("up", f'avg by ({label}) (up{{{label}!=""}})', "ratio", label)
        return tried if tried.services else None

    def _has(self, metric: str, label: str) -> bool:
        return self._ask("label", f"count by ({label}) ({metric})", "number", label).services > 0

    def _tried(self, name: str, signal: PresetSignal, label: str) -> Tried:
        return self._ask(name, signal.filled(label, WINDOW), signal.unit, label)

    def _ask(self, name: str, query: str, unit: str, label: str) -> Tried:
        spec = SignalSpec(name, query, self._backend.name, Unit(unit), label)
        try:
            answer = self._backend.range(spec, self._now - SPAN, self._now, STEP)
        except SourceFault as fault:
            if fault.kind in _OF_THE_SERVER:
                raise
            return Tried(name, query, 0, fault.reason)
        named = [samples.values for service, samples in answer.series.items() if service != NO_SERVICE]
        numbers = sum(not all(map(math.isnan, values)) for values in named)
        return Tried(name, query, numbers, only_nan=bool(named) and not numbers)


def said(discovery: Discovery) -> list[CleanText]:
    """Return a line a preset that was found: what it gives, and which of its queries returned nothing."""
    lines = [clean(_line(each, discovery)) for each in discovery.found]
    if discovery.up is not None:
        lines.append(clean(f"scrape targets by {discovery.label}: written: up"))
    return lines


def _line(found: Found, discovery: Discovery) -> str:
    name = found.preset.name
    if not found.label:
        return f"{name}: no series has a service label ({', '.join(found.preset.labels)})"
    used = [signal for signal, chosen in discovery.chosen.items() if chosen.preset == name]
    other = [tried.signal for tried in found.tried if tried.services and tried.signal not in used]
    nan = [tried.signal for tried in found.tried if tried.only_nan]
    parts = [("written: ", used), ("also there: ", other), ("only NaN (no traffic in the last minutes?): ", nan)]
    parts += [("returned nothing: ", _silent(found))]
    return f"{name} (by {found.label}): " + "; ".join(word + ", ".join(items) for word, items in parts if items)


def _silent(found: Found) -> list[str]:
    silent = (tried for tried in found.tried if not tried.services and not tried.only_nan)
    return [f"{tried.signal} ({tried.fault})" if tried.fault else tried.signal for tried in silent]
