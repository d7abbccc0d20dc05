"""Reads scenario files: TOML -> Scenario, or every problem at once with its file, key and what was expected."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from iccon.config.schema import Problem
from iccon.drill.scenario import (
    Deploy,
    Expected,
    Fault,
    GoldenSignal,
    Mitigation,
    PageScript,
    Responder,
    Scenario,
    Service,
    Threshold,
)
from iccon.text import clean

FOLDER = Path(__file__).parent / "scenarios"
DEFAULT = "checkout-latency"

_LISTS: dict[str, type[msgspec.Struct]] = {"services": Service, "faults": Fault, "pages": PageScript, "changes": Deploy}
_TABLES: dict[str, type[msgspec.Struct]] = {
    "mitigation": Mitigation,
    "responder": Responder,
    "expected": Expected,
}
_NEEDED = ("title", "services", "faults", "pages", "mitigation", "responder")
_KEYS = ("title", "summary", "thresholds", *_LISTS, *_TABLES)


class ScenarioFault(Exception):
    """A scenario cannot be used. `problems` says why, all of it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.said for problem in problems))


def bundled() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def find(name: str = DEFAULT) -> Scenario:
    """Return the bundled scenario of that name, or the one in the file of that path. Raises ScenarioFault."""
    if name in bundled():
        return load(FOLDER / f"{name}.toml")
    path = Path(name)
    if path.suffix == ".toml":
        return load(path)
    near = difflib.get_close_matches(name, bundled(), 1)
    hint = f"did you mean {near[0]}?" if near else "a path must end in .toml"
    expected = f"one of {', '.join(bundled())}, or the path of a TOML file"
    raise ScenarioFault((Problem("the command line", "--scenario", clean(name, 80), expected, hint),))


def load(path: Path) -> Scenario:
    """Read one scenario file. Raises ScenarioFault with every problem found."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = clean(getattr(error, "strerror", None) or "not UTF-8 text")
        raise ScenarioFault((Problem(str(path), "", reason, "a readable TOML file"),)) from error
    except tomllib.TOMLDecodeError as error:
        raise ScenarioFault((Problem(str(path), "", clean(error), "valid TOML"),)) from error
    return parse(data, path.stem, str(path))


def parse(data: dict[str, Any], name: str, file: str) -> Scenario:
    """Turn the tables of a scenario file into a Scenario. Raises ScenarioFault with every problem found."""
    reader = _Reader(file)
    reader.top_level(data)
    parts: dict[str, Any] = {key: reader.items(data.get(key, []), key, kind) for key, kind in _LISTS.items()}
    parts |= {key: reader.table(data[key], key, kind) for key, kind in _TABLES.items() if key in data}
    parts["thresholds"] = reader.thresholds(data.get("thresholds", {}))
    if not reader.problems:
        for key in ("title", "summary"):
            parts[key] = clean(data.get(key, ""))
        scenario = Scenario(name=clean(name, 60), **parts)
        reader.problems.extend(_inconsistent(scenario, file))
    if reader.problems:
        raise ScenarioFault(tuple(reader.problems))
    return scenario


class _Reader:
    """Converts table by table and keeps the problems, so that one mistake does not hide the next."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def say(self, key: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(self.file, key, clean(found), expected, hint))

    def top_level(self, data: dict[str, Any]) -> None:
        for key in data.keys() - set(_KEYS):
            self.unknown(key, _KEYS, "")
        for key in _NEEDED:
            if key not in data:
                self.say(key, "missing", "it is needed")
        for key in ("title", "summary"):
            if not isinstance(data.get(key, ""), str):
                self.say(key, _kind(data[key]), "a text")

    def items(self, found: Any, key: str, kind: type[msgspec.Struct]) -> tuple[Any, ...]:
        if not isinstance(found, list):
            self.say(key, _kind(found), f"a list of tables, [[{key}]]")
            return ()
        return tuple(self.table(item, f"{key}[{i}]", kind) for i, item in enumerate(found))

    def table(self, found: Any, key: str, kind: type[msgspec.Struct]) -> Any:
        if not isinstance(found, dict):
            return self.say(key, _kind(found), "a table")
        known = tuple(f.encode_name for f in msgspec.structs.fields(kind))
        unknown = found.keys() - set(known)
        for name in sorted(unknown):
            self.unknown(name, known, f"{key}.")
        try:
            return msgspec.convert({k: v for k, v in found.items() if k not in unknown}, kind)
        except msgspec.ValidationError as error:
            reason, _, where = str(error).partition(" - at `$")
            return self.say(key + where.rstrip("`"), *_found_expected(reason))

    def thresholds(self, found: Any) -> dict[GoldenSignal, Threshold]:
        if not isinstance(found, dict):
            self.say("thresholds", _kind(found), "a table for each signal, [thresholds.latency]")
            return {}
        signals = tuple(s.value for s in GoldenSignal)
        for name in sorted(found.keys() - set(signals)):
            self.unknown(name, signals, "thresholds.")
        return {GoldenSignal(n): self.table(t, f"thresholds.{n}", Threshold) for n, t in found.items() if n in signals}

    def unknown(self, name: str, known: tuple[str, ...], prefix: str) -> None:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else ""
        self.say(prefix + clean(name, 60), "unknown key", f"one of {', '.join(known)}", hint)


def _kind(value: Any) -> str:
    names: dict[type, str] = {str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list) else "a table")


_PLAIN = {"str": "a text", "float": "a number", "int": "a number", "bool": "true or false"}
_PLAIN |= {"array": "a list", "object": "a table", "null": "nothing"}


def _found_expected(reason: str) -> tuple[str, str]:
    """Split msgspec's "Expected `float | null`, got `str`" into what was found and what was expected."""
    if reason.startswith("Object missing required field"):
        return reason.removeprefix("Object missing required field ").strip("`") + " is missing", "it is needed"
    expected, _, found = reason.removeprefix("Expected ").partition(", got ")
    return _plain(found) or "another value", _plain(expected.removesuffix(" | null`"))


def _plain(words: str) -> str:
    return re.sub(r"`?\b(str|float|int|bool|array|object|null)\b`?", lambda m: _PLAIN[m[1]], words).strip("`")


def _inconsistent(scenario: Scenario, file: str) -> Iterator[Problem]:
    """Yield what types cannot say: names that lead nowhere, pages that never fire."""
    yield from _doubled("services", [s.name for s in scenario.services], file)
    yield from _doubled("pages", [p.name for p in scenario.pages], file)
    for key in ("services", "faults", "pages"):
        if not getattr(scenario, key):
            yield Problem(file, key, "none", "at least one")
    for i, fault in enumerate(scenario.faults):
        yield from _wants_signal(scenario, file, f"faults[{i}]", fault.service, fault.signal)
    for i, page in enumerate(scenario.pages):
        yield from _page_problems(scenario, file, f"pages[{i}]", page)
    for i, change in enumerate(scenario.changes):
        if scenario.service(change.service) is None:
            names = ", ".join(s.name for s in scenario.services)
            yield Problem(file, f"changes[{i}].service", change.service, f"a service: {names}")
    if scenario.page(scenario.mitigation.page) is None:
        names = ", ".join(p.name for p in scenario.pages)
        yield Problem(file, "mitigation.page", scenario.mitigation.page, f"the name of a page: {names}")
    if scenario.mitigation.name in scenario.mitigation.wrong:
        yield Problem(file, "mitigation.wrong", scenario.mitigation.name, "verbs that change nothing")


def _doubled(key: str, names: list[str], file: str) -> Iterator[Problem]:
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Problem(file, key, f"{name} twice", "each name once")


def _wants_signal(scenario: Scenario, file: str, key: str, service: str, signal: GoldenSignal) -> Iterator[Problem]:
    found = scenario.service(service)
    if found is None:
        names = tuple(s.name for s in scenario.services)
        near = difflib.get_close_matches(service, names, 1)
        hint = f"did you mean {near[0]}?" if near else ""
        yield Problem(file, f"{key}.service", service, f"a service: {', '.join(names)}", hint)
    elif found.baseline(signal) is None:
        yield Problem(file, f"{key}.signal", signal, f"a signal that {service} has", f"give {service} one")


def _page_problems(scenario: Scenario, file: str, key: str, page: PageScript) -> Iterator[Problem]:
    if (page.at is None) == (page.when is None):
        found = "neither at nor when" if page.at is None else "both at and when"
        yield Problem(file, key, found, "exactly one of them")
    if page.when is not None:
        where = page.when.service or page.service
        yield from _wants_signal(scenario, file, f"{key}.when", where, page.when.signal)
    elif scenario.service(page.service) is None:
        names = ", ".join(s.name for s in scenario.services)
        yield Problem(file, f"{key}.service", page.service, f"a service: {names}")
