"""Signals for those who gave none: the bundled presets of what client libraries measure by custom, joined.

Where a series lacks the service label its `job` takes the place, so that a plain scrape configuration fills the board.
Of several jobs of one service the worst is shown. Reads files: called where the board is built, not at every start.
"""

from msgspec import structs

from iccon import resources
from iccon.config.presets_files import Preset, PresetSignal, load_preset
from iccon.config.schema import Signal, Signals

STAND_INS = ("http-requests", "http-duration", "process")  # by file name; where several have a signal, joined in order
GATHERED = {"latency": "max", "traffic": "sum", "errors": "max", "saturation": "max"}


def with_defaults(signals: Signals, server: str) -> Signals:
    """Return `signals` with the stand-ins in place of all four when none is given; unchanged otherwise."""
    if any(getattr(signals, name) for name in GATHERED):
        return signals
    presets = [_bundled(name) for name in STAND_INS]
    found = {name: [p.signals()[name] for p in presets if name in p.signals()] for name in GATHERED}
    made = {name: _signal(name, given, signals, server) for name, given in found.items()}
    return structs.replace(signals, **made)


def rate_span(step: float) -> int:
    """Return over how many seconds a rate is taken where points lie `step` seconds apart.

    Four steps, and at least two minutes: two scrapes a minute apart fit in it.
    """
    return max(round(step * 4), 120)


def _bundled(name: str) -> Preset:
    preset, problems = load_preset(resources.presets_dir() / f"{name}.toml")
    assert preset is not None, problems
    return preset


def _signal(name: str, given: list[PresetSignal], signals: Signals, server: str) -> Signal:
    label, window = signals.label, f"{rate_span(signals.step)}s"
    by = label if label == "job" else f"{label}, job"
    query = " or ".join(f"({each.filled(by, window)})" for each in given)
    first = given[0]
    named = query if label == "job" else _named(query, label, GATHERED[name])
    return Signal(named, first.unit, server, first.warn, first.bad, first.worse)


def _named(query: str, label: str, gather: str) -> str:
    """Gather by the service label, or by the job where a series has no such label."""
    joined = f'label_join({query}, "_name", ";", "{label}", "job")'
    return f'{gather} by ({label}) (label_replace({joined}, "{label}", "$1", "_name", ";?([^;]+).*"))'
