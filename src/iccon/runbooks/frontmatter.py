"""Front matter: `key: value` lines between two `---` at the top of a Markdown file, or TOML between two `+++`. Pure.

The subset that runbooks use: `key: text`, `key: [a, b]`, and `key:` followed by `- item` lines. Everything else is
passed over: a header that this cannot read must not hide the runbook.
"""

import re

from msgspec import Struct

LINES = 200  # of a header; a longer one is text
VALUES = 100  # of one key

_KEY = re.compile(r"^([A-Za-z_][\w -]{0,60}?)\s*:(?:\s+(.*))?$")
_ITEM = re.compile(r"^\s*-\s+(.*)$")
_COMMENT = re.compile(r"\s+#.*$")


class FrontMatter(Struct, frozen=True):
    """The values of each key (lower case), and the first line behind the header, counted from 0."""

    values: dict[str, tuple[str, ...]] = {}
    lines: int = 0

    def get(self, *keys: str) -> tuple[str, ...]:
        """Return the values of all `keys`."""
        return tuple(value for key in keys for value in self.values.get(key, ()))


def parse(text: str) -> FrontMatter:
    """Return the front matter of `text`; an empty one where there is none."""
    if not text.startswith(("---", "+++")):
        return FrontMatter()
    lines = text.split("\n", LINES + 1)[: LINES + 1]
    mark = lines[0].strip()
    ends = {"---": ("---", "..."), "+++": ("+++",)}.get(mark, ())
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ends), 0)
    if not end:
        return FrontMatter()
    return FrontMatter(_values(lines[1:end]) if mark == "---" else _toml("\n".join(lines[1:end])), end + 1)


def strip(text: str, front: FrontMatter) -> str:
    """Return `text` without its header."""
    return "\n".join(text.split("\n")[front.lines :]).lstrip("\n") if front.lines else text


def _values(lines: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    key = ""
    for line in lines:
        if item := _ITEM.match(line):
            if key:
                found[key].append(_scalar(item[1]))
        elif pair := _KEY.match(line):
            key = pair[1].strip().lower()
            found[key] = _inline(pair[2] or "")
    return {key: tuple(value for value in values[:VALUES] if value) for key, values in found.items()}


def _toml(text: str) -> dict[str, tuple[str, ...]]:
    from tomllib import TOMLDecodeError, loads  # hardly any runbook has it

    try:
        table = loads(text)
    except (TOMLDecodeError, RecursionError):
        return {}
    listed = {key.lower(): value if isinstance(value, list) else [value] for key, value in table.items()}
    plain = {key: [str(v) for v in values if isinstance(v, str | int | float)] for key, values in listed.items()}
    return {key: tuple(values[:VALUES]) for key, values in plain.items()}


def _inline(raw: str) -> list[str]:
    text = raw.strip()
    if text.startswith("[") and (end := text.rfind("]")) > 0:
        return [_scalar(part) for part in text[1:end].split(",")]
    return [_scalar(text)]


def _scalar(raw: str) -> str:
    text = raw.strip()
    if len(text) > 1 and text[0] in "\"'" and (end := text.find(text[0], 1)) > 0:
        return text[1:end]
    return "" if text.startswith("#") else _COMMENT.sub("", text).strip()
