"""Which line of a TOML file a key stands on. Used only to point at problems: tomllib does not say.

The text has been parsed by tomllib before, so it is valid; the scan follows its structure without checking it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress

KeyPath = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{},=.\n]"
    r"|[^\s\[\]{},=.\"'\#]+",
    re.DOTALL,
)
_ENDS = ("\n", ",", "}", "]", "")


def find(places: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line (from 1) of the key `path`, or of the nearest table around it; None when there is none.

    `places` comes from `key_lines`. A table that is only named inside others stands where the first of those does.
    """
    for length in range(len(path), 0, -1):
        if (line := places.get(path[:length])) is not None:
            return line
        if inside := [line for place, line in places.items() if place[:length] == path[:length]]:
            return min(inside)
    return None


def key_lines(source: str) -> dict[KeyPath, int]:
    """Return the line of every table and key. Items of arrays are counted from 0 in the path."""
    scan = _Scan(source)
    with suppress(RecursionError):  # nested to the parser's own limit: what was found by then must do
        scan.run()
    return scan.places


class _Scan:
    def __init__(self, source: str) -> None:
        self.tokens = [*_tokens(source), ("", 0)]
        self.at = 0
        self.places: dict[KeyPath, int] = {}
        self.items: dict[KeyPath, int] = {}

    @property
    def peek(self) -> str:
        return self.tokens[self.at][0]

    def take(self) -> tuple[str, int]:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def run(self) -> None:
        table: KeyPath = ()
        while self.peek:
            if self.peek == "\n":
                self.take()
            elif self.peek == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> KeyPath:
        _, line = self.take()
        item = self.peek == "["
        names = []
        while self.peek not in ("\n", ""):
            token, _ = self.take()
            if token not in ("[", "]", "."):
                names.append(_name(token))
        path = self.resolve(names[:-1]) + tuple(names[-1:])
        self.places.setdefault(path, line)
        if not item:
            return path
        self.items[path] = self.items.get(path, -1) + 1
        path += (self.items[path],)
        self.places.setdefault(path, line)
        return path

    def resolve(self, names: list[str]) -> KeyPath:
        """Put the index of the newest item after the name of an array of tables."""
        path: KeyPath = ()
        for name in names:
            path += (name,)
            if path in self.items:
                path += (self.items[path],)
        return path

    def pair(self, path: KeyPath) -> None:
        while self.peek not in ("=", ""):
            word, line = self.take()
            if word != ".":
                path += (_name(word),)
                self.places.setdefault(path, line)
        self.take()
        self.value(path)

    def value(self, path: KeyPath) -> None:
        self.places.setdefault(path, self.tokens[self.at][1])
        if self.peek == "{":
            self.inside("}", path)
        elif self.peek == "[":
            self.inside("]", path)
        while self.peek not in _ENDS:
            self.take()

    def inside(self, end: str, path: KeyPath) -> None:
        """Read an inline table or an array, up to and with a closing bracket: the wrong one, too, so that it ends."""
        self.take()
        index = 0
        while self.peek not in ("}", "]", ""):
            if self.peek == "\n":
                self.take()
            elif self.peek == ",":
                self.take()
                index += 1
            elif end == "}":
                self.pair(path)
            else:
                self.value((*path, index))
        self.take()


def _tokens(source: str) -> Iterator[tuple[str, int]]:
    line, reached = 1, 0
    for match in _TOKEN.finditer(source):
        line += source.count("\n", reached, match.start())
        reached = match.start()
        if not match.group().startswith("#"):
            yield match.group(), line


def _name(token: str) -> str:
    """Return a key without its quotes and escapes."""
    if token.startswith('"') and "\\" in token:
        with suppress(tomllib.TOMLDecodeError):
            return str(tomllib.loads(f"name = {token}")["name"])
    return token[1:-1] if token[:1] in ("'", '"') else token
