"""Foreign text made inert in Markdown: shown as it was written, whatever it tries. Pure.

Backslashes take their meaning from marks of Markdown, HTML, tables and addresses. Some readers link names (`@ana`) and
numbers (`#12`) in the finished text; an invisible word joiner behind the mark stops them.
"""

import re

from iccon.text import clean, clean_block

JOINER = "\u2060"  # invisible, without width, and no letter: it ends what a name or a number could begin
LINE_LIMIT = 2000  # characters

_MARKS = re.compile(r"[\\`*_\[\]<>|~&#!$^={}@]|(?<=[^\W_])\.(?=[^\W\d_])|(?<=[^\W\d_])\.(?=[^\W_])|:(?=[^\s\d])")
_CALLER = re.compile(r"(@|#)(?=\w)")
_LEADER = re.compile(r"^(\d{0,9})([-+.)])")


def line(text: object) -> str:
    """Return `text` as one inert line, fit for a table's cell too."""
    return _inert(clean(text, LINE_LIMIT))


def block(text: object, indent: str = "") -> str:
    """Return `text` as inert lines of one paragraph, joined by hard breaks; all but the first begin with `indent`."""
    return f"\\\n{indent}".join(_inert(part.strip()) for part in clean_block(text).strip().split("\n"))


def _inert(text: str) -> str:
    marked = _CALLER.sub(rf"\1{JOINER}", _MARKS.sub(r"\\\g<0>", text))
    return _LEADER.sub(r"\1\\\2", marked)
