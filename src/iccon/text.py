"""CleanText: the only form in which text from outside enters the program.

Every adapter passes foreign strings through `clean` (one line) or `clean_block` (several lines) where it
decodes them. Nothing a terminal could obey survives: control bytes become visible pictures, so that what
was sent stays readable, and direction-changing and invisible characters are dropped.
"""

import re
from typing import NewType

CleanText = NewType("CleanText", str)

LINE_LIMIT = 500
BLOCK_LIMIT = 200_000

# C0 and C1 controls, DEL, bidi controls, zero-width and other invisible format characters, line separators,
# tags, variation selectors beyond the emoji pair, interlinear anchors, lone surrogates, non-characters.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff]"
)
_COMBINING_RUN = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_SPACE_RUN = re.compile(" {2,}")


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in (0x09, 0x0A, 0x0D):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if 0x80 <= code < 0xA0 or code >= 0xD800 and code < 0xE000 else ""


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _COMBINING_RUN.sub(r"\1", _HOSTILE.sub(_picture, text))


def clean(value: object, limit: int = LINE_LIMIT) -> CleanText:
    """Return `value` as one harmless line of at most `limit` characters, ending in `…` when it was cut.

    `None` becomes the empty text. Line breaks and tabs become a space; other control characters become
    their Unicode picture (ESC is shown as `␛`); bidi, zero-width and other invisible characters go.
    Never raises.
    """
    raw = "" if value is None else str(value)
    cut = len(raw) > limit * 2
    line = _SPACE_RUN.sub(" ", _printable(raw[: limit * 2])).strip()
    if len(line) > limit or cut:
        line = line[: max(limit - 1, 0)] + "…"
    return CleanText(line)


def clean_block(value: object, limit: int = BLOCK_LIMIT) -> CleanText:
    """Return `value` as harmless text that keeps its line breaks; tabs become four spaces.

    At most `limit` characters; a cut text ends in a line that says so. Never raises.
    """
    raw = "" if value is None else str(value)
    cut = len(raw) > limit
    lines = raw[:limit].replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").split("\n")
    text = "\n".join(_printable(line) for line in lines)
    return CleanText(text + "\n… (cut)" if cut else text)
