"""Preset files: the golden signals of a widespread way of measuring, as `iccon init --prometheus` looks for them.

A preset's name among files is its file name without `.toml`. A user's preset replaces the bundled one of the same name.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iccon import resources
from iccon.config.checked import Checker, read_toml
from iccon.config.schema import Folders, Label, Problem, Text, UnitName, WorseSide
from iccon.config.theme import toml_files
from iccon.text import clean

MetricName = Annotated[str, Meta(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", description="a metric name")]


class PresetSignal(Struct, frozen=True):
    """One signal's query, with `$service` for the service label and `$window` for the span of rates.

    `$named` is a matcher that leaves out series without that label.
    """

    query: Text
    unit: UnitName = "number"
    warn: float | None = None
    bad: float | None = None
    worse: WorseSide = "higher"

    def filled(self, labels: str, window: str) -> str:
        """Return the query for the service label `labels` and rates over `window`, such as 120s.

        Of several labels, as in `service, job`, series need the last alone.
        """
        named = f'{labels.rpartition(", ")[2]}!=""'
        return self.query.replace("$service", labels).replace("$window", window).replace("$named", named)


class Preset(Struct, frozen=True):
    """The keys of a preset file. The highest `rank` is preferred; all metrics of `needs` must be there.

    `labels` are tried in their order: the first that a series of the first needed metric has names the service.
    """

    name: Text
    rank: int
    needs: Annotated[tuple[MetricName, ...], Meta(min_length=1)]
    labels: Annotated[tuple[Label, ...], Meta(min_length=1)]
    help: str = ""
    latency: PresetSignal | None = None
    traffic: PresetSignal | None = None
    errors: PresetSignal | None = None
    saturation: PresetSignal | None = None

    def signals(self) -> dict[str, PresetSignal]:
        """Return the signals that the preset has, in the board's order."""
        given = {name: getattr(self, name) for name in ("latency", "traffic", "errors", "saturation")}
        return {name: signal for name, signal in given.items() if signal is not None}


def presets(folders: Folders) -> tuple[list[Preset], list[Problem]]:
    """Return the bundled and the user's presets, the highest rank first, and every problem. Reads files."""
    found, problems = [], []
    for path in preset_files(folders).values():
        preset, faults = load_preset(path)
        problems += faults
        if preset is not None:
            found.append(preset)
    return sorted(found, key=lambda preset: (-preset.rank, preset.name)), problems


def preset_files(folders: Folders) -> dict[str, Path]:
    """Return the preset files by name, a user's in place of the bundled one of the same name."""
    places = (resources.presets_dir(), folders.presets)
    return {path.stem: path for folder in places for path in toml_files(folder)}


def load_preset(path: Path) -> tuple[Preset | None, list[Problem]]:
    """Return the preset of one file, or None and every problem it has; queries are parsed, nothing is asked."""
    data, source, fault = read_toml(path)
    if fault is not None:
        return None, [fault]
    check = Checker(str(path), source)
    preset = check.struct(Preset, data, ())
    if preset is not None:
        _check_queries(check, preset)
    return (None if check.problems else preset), check.problems


def _check_queries(check: Checker, preset: Preset) -> None:
    import promql_parser

    if not preset.signals():
        check.problem((), "no signal", "a table latency, traffic, errors or saturation")
    for name, signal in preset.signals().items():
        try:
            promql_parser.parse(signal.filled(preset.labels[0], "120s"))
        except ValueError as error:
            hint = "$service, $window and $named are filled in, nothing else"
            check.problem((name, "query"), clean(error, 120), "a PromQL query", hint)
