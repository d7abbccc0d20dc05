"""ASCII mode: the signs that iccon and Textual draw, in ASCII, on every line before it is written.

Here and not in each widget, because frames, scroll bars and notices are Textual's. Letters that others wrote stay.
"""

from typing import Any

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    "+": "╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝┏┓┗┛",
    "-": "─━═╌╍┄┅‒–—▔▀",
    "_": "▁▂▃▄",
    "|": "│┃║╎╏┆┇┊▌▐▍▎▏▊▋▉",
    "#": "█▇▆▅■◆",
    "~": "…",
    "<": "‹«←◀◂↵",
    ">": "›»→▶▸",
    "^": "↑▴",
    "v": "↓▾▼",
    "!": "▲⚠",
    "*": "•●✓✔★",
    "o": "○◦◐◯",
    "x": "×✗✘✖",
    ".": "·",
    "=": "§≡",
    "u": "µ",
    "> ": "🔎",  # two cells, as the sign
}
TABLE = {ord(sign): plain for plain, signs in _SIGNS.items() for sign in signs}


class AsciiSigns(LineFilter):
    """Replaces each sign by an ASCII one of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return `segments` with our signs in ASCII. Cached by Textual for each strip, so that only new lines cost."""
        return [s if s.text.isascii() else Segment(s.text.translate(TABLE), s.style, s.control) for s in segments]


def use_ascii(app: App[Any]) -> None:
    """Draw everything of `app` in ASCII."""
    app._filters.append(AsciiSigns())
