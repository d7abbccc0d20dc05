"""CleanText: the only form in which text from outside enters the program.

Every adapter passes foreign strings through `clean` (one line) or `clean_block` (several lines) where it decodes
them. Nothing a terminal could obey survives: control bytes become visible pictures, so that what was sent stays
readable, and direction-changing and invisible characters are dropped.
"""

import re
from typing import NewType

CleanText = NewType("CleanText", str)

LINE_LIMIT = 500
BLOCK_LIMIT = 200_000
CUT = "\n… (cut)"
MOST_MARKS = 3  # combining marks on one letter; more is no language, and climbs over the lines above

_HOSTILE_RANGES = (
    "\x00-\x1f\x7f-\x9f",  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",  # direction
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0",  # unseen: hyphens, joiners, fillers
    "\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff",  # unseen: of no width
    "\u2028\u2029",  # line and paragraph separators
    "\ufe00-\ufe0d\ufff0-\ufffb",  # variation selectors but the emoji pair; annotation anchors
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff",  # format controls, tags
    "\ud800-\udfff\ufdd0-\ufdef",  # lone surrogates, non-characters
    *(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)),
)
_HOSTILE = re.compile("[" + "".join(_HOSTILE_RANGES) + "]")
_MANY_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_MARKS + 1},}}")
_SPACE_RUN = re.compile(" {2,}")


def clean(value: object, limit: int = LINE_LIMIT) -> CleanText:
    """Return `value` as one harmless line of at most `limit` characters, ending in `…` when it was cut.

    `None` becomes the empty text. Line breaks and tabs become a space; other control characters become
    their Unicode picture (ESC is shown as `␛`); bidi, zero-width and other invisible characters go.
    Never raises.
    """
    raw = _text(value)
    cut = len(raw) > limit * 2
    line = _SPACE_RUN.sub(" ", _printable(raw[: limit * 2])).strip()
    if len(line) > limit or cut:
        line = (line[: max(limit - 1, 0)] + "…")[:limit]
    return CleanText(line)


def clean_block(value: object, limit: int = BLOCK_LIMIT) -> CleanText:
    """Return `value` as harmless text that keeps its line breaks; tabs become four spaces.

    At most `limit` characters; a cut text ends in a line that says so. Never raises.
    """
    raw = _text(value)
    lines = raw[:limit].replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").split("\n")
    text = "\n".join(_printable(line) for line in lines)
    if len(raw) > limit or len(text) > limit:
        text = (text[: max(limit - len(CUT), 0)] + CUT)[:limit]
    return CleanText(text)


def _text(value: object) -> str:
    """Return `value` as text; what cannot say what it is (a number of 5,000 digits) is named by its type."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else str(value)
    except Exception:  # whatever an outside object's own code raises
        return f"({type(value).__name__})"


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _MANY_MARKS.sub(_few_marks, _HOSTILE.sub(_picture, text))


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in (0x09, 0x0A, 0x0D, 0x2028, 0x2029):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 else ""


def _few_marks(match: re.Match[str]) -> str:
    """Keep the first marks of every run of combining marks."""
    from unicodedata import category  # hardly any text has such runs

    kept, marks = [], 0
    for character in match.group():
        marks = marks + 1 if category(character).startswith("M") else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def percent(words: str) -> float | str | None:
    """Return the number of `30`, `30 %` or `2.5`, None for no words, or why they are none."""
    digits = words.strip().removesuffix("%").strip()
    if not digits:
        return None
    if digits.replace(".", "", 1).isdecimal():
        return float(digits)
    return f"{clean(words, 20)}: a number of percent was expected, such as 30"
