"""The file that says which commands of runbooks are risky: the shipped one with the user's `risks.toml` over it."""

import re
from pathlib import Path

from iccon import resources
from iccon.config.checked import Checker, read_toml, shown
from iccon.config.execution import RiskPattern
from iccon.config.schema import Config, Folders, Problem
from iccon.text import clean


def risk_patterns(folders: Folders) -> tuple[dict[str, RiskPattern], list[Problem]]:
    """Return the patterns by name, the user's in place of shipped ones, and every problem. Reads files.

    A pattern of the user's that is wrong leaves the shipped one of its name in place.
    """
    found, problems = _read(resources.risks_file())
    if folders.risks.exists():
        own, problems = _read(folders.risks)
        found |= own
    return {name: each for name, each in found.items() if each.pattern}, problems


def _read(path: Path) -> tuple[dict[str, RiskPattern], list[Problem]]:
    data, source, fault = read_toml(path)
    if fault is not None:
        return {}, [fault]
    check = Checker(str(path), source)
    found: dict[str, RiskPattern] = {}
    for name, table in data.items():
        each = check.struct(RiskPattern, table, (name,))
        if each is not None and _compiles(check, name, each):
            found[name] = each
    return found, check.problems


def _compiles(check: Checker, name: str, each: RiskPattern) -> bool:
    try:
        return each.compiled is not None
    except (re.error, RecursionError, OverflowError) as error:
        check.problem((name, "pattern"), clean(error, 120), "a Python regular expression")
        return False


def check_run(check: Checker, config: Config, secrets: frozenset[str]) -> None:
    """Note variables that commands would get and must not: those that hold the console's own `secrets`."""
    for name in config.runbooks.run.keep_env:
        if name in secrets or name.startswith("ICCON_"):
            expected = "a variable without a secret of the console's"
            check.problem(("runbooks", "run", "keep_env"), f"{shown(name)}, which is the console's own", expected)
