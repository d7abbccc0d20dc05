"""What a command of a runbook is told of the incident: environment variables, under names from this list alone. Pure.

A value is foreign text. It is handed on only where no shell can take it for anything but one word: what an unquoted
`$SERVICE` becomes is then that word, no option, no second argument and no file name pattern. Any other value is
withheld, and a command that names its variable does not run.
"""

import re
from collections.abc import Mapping

from iccon.incident.runs import LABELS

NAMES = frozenset({"SERVICE", "ALERT", "INCIDENT", "SEVERITY", *(label.upper() for label in LABELS)})
LONGEST = 250  # characters of a value

_PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.:/@%+,=-]*", re.ASCII)


def is_plain(value: str) -> bool:
    """Say whether a shell can take `value` for nothing but one word, wherever it stands, and no path leads upwards."""
    return len(value) <= LONGEST and _PLAIN.fullmatch(value) is not None and ".." not in value and "//" not in value


def sorted_out(values: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return those of `values` that are handed on, and the names of those that are withheld; empty ones are neither.

    Names that are not in NAMES are withheld, whatever their value.
    """
    given = {name: value for name, value in values.items() if value}
    handed = {name: value for name, value in given.items() if name in NAMES and is_plain(value)}
    return handed, tuple(name for name in given if name not in handed)


def without_value(code: str, handed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that a shell command reads and that nobody gives a value: `rm -r /data/$SERVICE` with none.

    One that the command sets itself, or has a default for, needs none.
    """
    read = {found[1] for found in re.finditer(r"\$\{?([A-Z_]+)(?![A-Za-z0-9_]|\}?\s*:?[-=?])", code)}
    missing = (read & NAMES) - handed.keys()
    return tuple(
        sorted(name for name in missing if not re.search(rf"(?<![\w$]){name}=|\bread\b[^\n]*\b{name}\b", code))
    )


def named_in(code: str, names: Mapping[str, str] | frozenset[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Return which of `names` the text of a command holds as a word."""
    return tuple(
        sorted(name for name in names if re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", code))
    )
