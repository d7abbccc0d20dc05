"""Colours as text, and how well one reads on another (WCAG 2.2). Pure.

A colour is `#rgb`, `#rrggbb`, or one of the terminal's own sixteen: `ansi_red`, `ansi_bright_red`, …, `ansi_default`.
"""

import re

ANSI_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI = frozenset(
    {"ansi_default"} | {f"ansi_{n}" for n in ANSI_NAMES} | {f"ansi_bright_{n}" for n in ANSI_NAMES},
)
FORM = "a colour: #rgb, #rrggbb or a terminal colour such as ansi_bright_red"

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_WITH_SHARE = re.compile(r"(\S+) (100|[0-9]{1,2})%")


def is_hex(text: str) -> bool:
    """Say whether `text` is `#rgb` or `#rrggbb`."""
    return _HEX.fullmatch(text) is not None


def is_colour(text: str) -> bool:
    """Say whether `text` is a colour as a theme may name one."""
    return is_hex(text) or text in ANSI


def is_colour_value(text: str) -> bool:
    """Say whether `text` may be a theme variable's colour: a colour, `#rrggbb 35%`, or `auto 87%`."""
    match = _WITH_SHARE.fullmatch(text)
    return is_colour(text) or (match is not None and (is_hex(match[1]) or match[1] == "auto"))


def rgb(text: str) -> tuple[int, int, int]:
    """Return red, green and blue (0 to 255) of a hex colour; raise ValueError for anything else."""
    if not is_hex(text):
        raise ValueError(text)
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def luminance(text: str) -> float:
    """Return the relative luminance (0 to 1) of a hex colour."""
    red, green, blue = (_linear(channel / 255) for channel in rgb(text))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio (1 to 21) of two hex colours; 4.5 is legible, 7 is high."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
