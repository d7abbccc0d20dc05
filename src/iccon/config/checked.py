"""Turning a parsed TOML file into structs, key by key, so that every problem is found in one go.

The structs are the schema: their field names, types, defaults and `msgspec.Meta` constraints say what may stand
where. A key that is wrong becomes a Problem and is left at its default; the rest is still looked at.
"""

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from iccon.config.lines import KeyPath, find, key_lines
from iccon.config.schema import Problem
from iccon.text import clean

T = TypeVar("T")
S = TypeVar("S", bound=Struct)
Special = Callable[["Checker", Any, KeyPath], Any]

MAX_BYTES = 1_000_000
MISSING: Any = msgspec.UNSET


class Fault(Struct, frozen=True):
    """What is wrong with a text: what was found, what was expected, what to do."""

    found: str
    expected: str
    hint: str = ""


class Checker:
    """Collects the problems of one file while its tables are decoded.

    `specials` maps a type to the function that decodes it where its TOML form is not the type's own. `formats` maps a
    `format` of the schema to a function that returns what is wrong with a text, or None. `nouns` says what a type is
    in words, where "a table" would not help.
    """

    def __init__(
        self,
        file: str,
        source: str,
        specials: Mapping[Any, Special] | None = None,
        formats: Mapping[str, Callable[[str], Fault | None]] | None = None,
        nouns: Mapping[Any, str] | None = None,
    ) -> None:
        self.file = file
        self.source = source
        self.specials = specials or {}
        self.formats = formats or {}
        self.nouns = nouns or {}
        self.problems: list[Problem] = []

    @cached_property
    def _places(self) -> dict[KeyPath, int]:
        """Scanned once, and only when there is something to point at."""
        return key_lines(self.source)

    def problem(self, path: KeyPath, found: object, expected: str, hint: str = "") -> None:
        """Note one problem at the key `path`."""
        line = find(self._places, path)
        self.problems.append(Problem(self.file, dotted(path), clean(found, 120), expected, hint, line))

    def struct(self, cls: type[S], data: object, path: KeyPath) -> S | None:
        """Decode a table into `cls`; None when it lacks a required key or is no table. Problems are noted."""
        if not isinstance(data, dict):
            self.problem(path, shown(data), f"a table: [{dotted(path)}]")
            return None
        fields = msgspec.structs.fields(cls)
        self.unknown_keys(data, [f.encode_name for f in fields], path)
        values, complete = {}, True
        for field in fields:
            if field.encode_name not in data:
                complete &= self.absent(field, path)
                continue
            value = self.value(field.type, data[field.encode_name], (*path, field.encode_name))
            if value is not MISSING:
                values[field.name] = value
            elif field.required:
                complete = False
        return cls(**values) if complete else None

    def absent(self, field: msgspec.structs.FieldInfo, path: KeyPath) -> bool:
        """Note a required key that is not there; return whether its absence is fine."""
        if field.required:
            self.problem(
                (*path, field.encode_name),
                "nothing",
                self.nouns.get(field.type) or expected(field.type),
                "this key is required",
            )
        return not field.required

    def unknown_keys(self, data: Mapping[str, Any], known: Iterable[str], path: KeyPath) -> None:
        """Note every key of `data` that is not known."""
        known = list(known)
        for key in data:
            if key not in known:
                self.problem((*path, key), f"unknown key {shown(key)}", one_of(known), did_you_mean(key, known))

    def value(self, kind: Any, data: Any, path: KeyPath) -> Any:
        """Decode one value of the annotated type `kind`; UNSET after a problem."""
        kind, metas = _plain(kind)
        if kind in self.specials:
            return self.specials[kind](self, data, path)
        if isinstance(kind, type) and issubclass(kind, Struct):
            result = self.struct(kind, data, path)
            return MISSING if result is None else result
        if get_origin(kind) is dict and isinstance(data, dict):
            return self.mapping(get_args(kind)[1], data, path)
        if get_origin(kind) is tuple and isinstance(data, list):
            if any(len(data) < (meta.min_length or 0) for meta in metas):
                self.problem(path, "an empty list", expected(kind))
                return MISSING
            return self.sequence(get_args(kind)[0], data, path)
        return self.leaf(kind, metas, data, path)

    def mapping(self, kind: Any, data: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
        """Decode a table whose keys are names; names that fail are left out."""
        decoded = {name: self.value(kind, item, (*path, name)) for name, item in data.items()}
        return {name: item for name, item in decoded.items() if item is not MISSING}

    def sequence(self, kind: Any, data: list[Any], path: KeyPath) -> tuple[Any, ...]:
        """Decode an array of tables; items that fail are left out."""
        decoded = (self.value(kind, item, (*path, index)) for index, item in enumerate(data))
        return tuple(item for item in decoded if item is not MISSING)

    def leaf(self, kind: Any, metas: tuple[Meta, ...], data: Any, path: KeyPath) -> Any:
        """Decode a text, number, truth value, or a list or table of those, and hold it to its constraints."""
        annotated = Annotated[(kind, *metas)] if metas else kind
        choices = _choices(metas)
        if choices and isinstance(data, str) and data not in choices:
            self.problem(path, shown(data), one_of(choices), did_you_mean(data, choices))
            return MISSING
        try:
            if isinstance(data, float) and not math.isfinite(data):
                raise msgspec.ValidationError
            value = msgspec.convert(data, annotated, strict=True)
        except msgspec.ValidationError:
            self.problem(path, shown(data), expected(annotated))
            return MISSING
        for look in (self.formats.get(name) for name in _formats(metas)):
            if look is not None and (fault := look(value)) is not None:
                self.problem(path, fault.found, fault.expected, fault.hint)
                return MISSING
        return value


def read_toml(path: Path) -> tuple[dict[str, Any], str, Problem | None]:
    """Return the parsed file, its text, and what is wrong with it as a whole (then the first two are empty)."""
    name = clean(path, 300)
    try:
        if not path.is_file():
            return {}, "", Problem(name, "", "not a file" if path.exists() else "no such file", "a TOML file")
        if path.stat().st_size > MAX_BYTES:
            return {}, "", Problem(name, "", "more than a megabyte", "a TOML file of a sane size")
        source = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return {}, "", Problem(name, "", clean(error.strerror or error), "a readable file")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return {}, "", Problem(name, "", "bytes that are not UTF-8", "text in UTF-8", line=line)
    return _parse(name, source.replace("\r\n", "\n"))


def _parse(name: str, source: str) -> tuple[dict[str, Any], str, Problem | None]:
    try:
        return tomllib.loads(source), source, None
    except tomllib.TOMLDecodeError as error:
        reason, line = _where(str(error), source)
        return {}, "", Problem(name, "", reason, "valid TOML", "see https://toml.io", line)
    except (RecursionError, ValueError):
        return {}, "", Problem(name, "", "values that cannot be read", "valid TOML of moderate depth and size")


def _where(message: str, source: str) -> tuple[str, int]:
    """Split tomllib's message `… (at line 3, column 7)` or `… (at end of document)`."""
    reason, _, place = message.rpartition(" (at ")
    number = place.removeprefix("line ").partition(",")[0]
    return clean(reason, 120), int(number) if number.isdigit() else source.count("\n") + 1


def dotted(path: KeyPath) -> str:
    """Return a key path as people write it: `updates.outlets.status.kind`, `row[0].region[1].name`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = clean(part, 60)
            text += ("." if text else "") + (name if _is_bare(name) else f'"{name}"')
    return text


def _is_bare(name: str) -> bool:
    return bool(name) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()


def shown(value: object) -> str:
    """Return a wrong value in few, clean words. Containers are named, not printed: they may hold secrets."""
    if isinstance(value, str):
        return f'"{clean(value, 60)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return clean(value, 60)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean "…"?` for the nearest known word, or the empty text."""
    from difflib import get_close_matches  # only a wrong word needs it

    close = get_close_matches(clean(word, 60).lower(), list(known), 1, 0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def one_of(words: Iterable[str]) -> str:
    """Return `one of a, b, c`, or the only word."""
    words = list(words)
    return "one of " + ", ".join(words) if len(words) > 1 else "".join(words)


_WORDS: dict[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false", Any: "a value"}


def expected(kind: Any) -> str:
    """Return what a type demands, in words: `a number above 0, at most 300`."""
    kind, metas = _plain(kind)
    if choices := _choices(metas):
        return one_of(choices)
    return ", ".join([_noun(kind), *(word for meta in metas for word in _limits(meta))])


def _noun(kind: Any) -> str:
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        return "a list of texts" if _plain(args[0])[0] is str else "a list of tables"
    if origin is dict:
        return "a table of texts" if _plain(args[1])[0] is str else "a table of tables"
    return _WORDS.get(kind, "a table")


def _limits(meta: Meta) -> Iterable[str]:
    pairs = ((meta.gt, "above"), (meta.ge, "at least"), (meta.lt, "below"), (meta.le, "at most"))
    yield from (f"{word} {limit:g}" for limit, word in pairs if limit is not None)
    if meta.min_length:
        yield "not empty"
    if meta.pattern and meta.description:
        yield meta.description


def _plain(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    """Take `| None` and `Annotated` off a type."""
    if get_origin(kind) in (Union, UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not NoneType)
    if get_origin(kind) is Annotated:
        bare, *metas = get_args(kind)
        return bare, tuple(meta for meta in metas if isinstance(meta, Meta))
    return kind, ()


def _formats(metas: tuple[Meta, ...]) -> list[str]:
    return [extra["format"] for extra in _extras(metas) if "format" in extra]


def _choices(metas: tuple[Meta, ...]) -> list[str]:
    return [word for extra in _extras(metas) for word in extra.get("enum", ())]


def _extras(metas: tuple[Meta, ...]) -> list[dict[str, Any]]:
    return [meta.extra_json_schema for meta in metas if meta.extra_json_schema]
