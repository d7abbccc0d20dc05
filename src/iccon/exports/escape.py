"""Foreign text made inert in Markdown: shown as it was written, whatever it tries. Pure.

Backslashes take their meaning from marks of Markdown, HTML, tables and addresses. Some readers link names (`@ana`) and
numbers (`#12`) in the finished text; an invisible word joiner behind the mark stops them.
"""

import re
from collections.abc import Iterable

from iccon.text import clean, clean_block

JOINER = "\u2060"  # invisible, without width, and no letter: it ends what a name or a number could begin
LINE_LIMIT = 2000  # characters

_MARKS = re.compile(r"[\\`*_\[\]<>|~&#!$^={}@]|(?<=[^\W_])\.(?=[^\W\d_])|(?<=[^\W\d_])\.(?=[^\W_])|:(?=[^\s\d])")
_CALLER = re.compile(r"(@|#)(?=\w)")
_TICKS = re.compile("`+")
_LEADER = re.compile(r"^(\d{0,9})([-+.)])")


def line(text: object) -> str:
    """Return `text` as one inert line, fit for a table's cell too."""
    return _inert(clean(text, LINE_LIMIT))


def block(text: object, indent: str = "") -> str:
    """Return `text` as inert lines of one paragraph, joined by hard breaks; all but the first begin with `indent`."""
    return f"\\\n{indent}".join(_inert(part.strip()) for part in clean_block(text).strip().split("\n"))


def code(text: object) -> str:
    """Return `text` as one line of code, in which nothing has a meaning."""
    shown = _as_it_is(text)
    ticks = "`" * (_longest(shown) + 1)
    return f"{ticks} {shown} {ticks}" if shown.strip() else ""


def fenced(lines: Iterable[object]) -> list[str]:
    """Return `lines` as a block of code, each as it is."""
    shown = [_as_it_is(each) for each in lines]
    fence = "`" * max(3, _longest("\n".join(shown)) + 1)
    return [fence, *shown, fence]


def _as_it_is(text: object) -> str:
    """Return `text` as one clean line that keeps its spaces."""
    return clean_block(text, LINE_LIMIT).replace("\n", " ")


def _longest(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, _TICKS.findall(text)), default=0)


def _inert(text: str) -> str:
    marked = _CALLER.sub(rf"\1{JOINER}", _MARKS.sub(r"\\\g<0>", text))
    return _LEADER.sub(r"\1\\\2", marked)
