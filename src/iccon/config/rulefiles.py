"""Files of patterns, one table each: the shipped one with the user's over it."""

import re
from pathlib import Path
from typing import Protocol, TypeVar, cast

from msgspec import Struct

from iccon.config.checked import Checker, read_toml
from iccon.config.schema import Problem
from iccon.text import clean


class Compiling(Protocol):
    """A rule that knows what it looks for."""

    @property
    def compiled(self) -> re.Pattern[str] | None:
        """What is looked for, None for nothing. Raises re.error."""
        ...


R = TypeVar("R", bound=Compiling)


def rules(cls: type[R], shipped: Path, own: Path) -> tuple[dict[str, R], list[Problem]]:
    """Return the rules by name, the user's in place of shipped ones, and every problem. Reads files.

    A rule of the user's that is wrong leaves the shipped one of its name in place; one that looks for nothing is gone.
    """
    found, problems = _read(cls, shipped)
    if own.exists():
        theirs, problems = _read(cls, own)
        found |= theirs
    return {name: rule for name, rule in found.items() if rule.compiled is not None}, problems


def _read(cls: type[R], path: Path) -> tuple[dict[str, R], list[Problem]]:
    data, source, fault = read_toml(path)
    if fault is not None:
        return {}, [fault]
    check = Checker(str(path), source)
    found: dict[str, R] = {}
    for name, table in data.items():
        rule = check.struct(cast(type[Struct], cls), table, (name,))
        if rule is not None and _compiles(check, name, cast(R, rule)):
            found[name] = cast(R, rule)
    return found, check.problems


def _compiles(check: Checker, name: str, rule: Compiling) -> bool:
    try:
        _ = rule.compiled
    except (re.error, RecursionError, OverflowError) as error:
        check.problem((name, "pattern"), clean(error, 120), "a Python regular expression")
        return False
    return True
