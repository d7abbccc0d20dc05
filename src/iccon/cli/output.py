"""What reaches the terminal: clean text, tables, JSON. The only module of the command line that prints."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from iccon.text import clean, clean_block

_NOT_PLAIN = re.compile(r"[^ -~\n]")


def say(text: str = "") -> None:
    """Print `text`, cleaned; line breaks stay."""
    sys.stdout.write(clean_block(text) + "\n")


def say_exactly(content: bytes) -> None:
    """Write `content` byte for byte where a program or a file reads it; cleaned, as all text, on a terminal."""
    if sys.stdout.isatty():
        say(content.decode("utf-8", "replace").rstrip("\n"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)


def complain(text: str) -> None:
    """Print `text` on stderr, cleaned; line breaks stay."""
    sys.stderr.write(clean_block(text) + "\n")


def say_json(value: Any) -> None:
    """Print `value` (JSON types, datetimes, structs) as indented JSON."""
    sys.stdout.write(json_text(value) + "\n")


def json_text(value: Any, indent: int = 2) -> str:
    """Return `value` as JSON in which every character that does not print is escaped, beyond what JSON demands."""
    import msgspec

    raw = msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()
    return _NOT_PLAIN.sub(_escaped, raw)


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if char.isprintable():
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def table(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> None:
    """Print `rows` in columns two spaces apart; the last column is as long as it is."""
    cells = [[clean(cell) for cell in row] for row in ([head] if head else []) + [list(row) for row in rows]]
    if not cells:
        return
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def width(text: str) -> int:
    """Return how many terminal columns `text` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
