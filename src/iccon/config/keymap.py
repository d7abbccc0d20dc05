"""The user's keys: `[console.keys]` maps command ids to keys. Checked against the commands there are. Pure.

A value is one key or several with commas between them: `n`, `R`, `?`, `f5`, `ctrl+r`, `question_mark`. The answer has
them as Textual names them.
"""

import unicodedata
from collections.abc import Mapping
from itertools import product

from msgspec import Struct

from iccon.config.checked import did_you_mean, one_of
from iccon.config.schema import Problem
from iccon.text import clean

FORM = "a key such as n, R, ?, f5 or ctrl+r; several with commas between them"
EVERYWHERE = "anywhere"  # the scope whose keys are heard on every screen

_WORDS = (
    *("backspace", "delete", "down", "end", "enter", "escape", "home", "insert", "left", "pagedown", "pageup"),
    *("right", "space", "tab", "up"),
)
_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_MODIFIERS = ("alt", "ctrl", "shift", "super", "hyper", "meta")
_TWINS = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace", "ctrl+[": "escape"}
_RESERVED = {"ctrl+c": "it copies, and ends what hangs"}


class BadKey(Struct, frozen=True):
    """Why a key cannot be used, and what to do."""

    reason: str
    hint: str = ""


def keymap(
    keys: Mapping[str, str],
    commands: Mapping[str, tuple[str, ...]],
    scopes: Mapping[str, str] | None = None,
    file: str = "",
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Return the keys of every command, the user's in place of the defaults, and all problems.

    `commands` maps ids to default keys, `scopes` ids to the screen on which they are heard: the same key on two
    screens is no clash. A command with a problem keeps its default keys.
    """
    problems: list[Problem] = []
    chosen = {name: tuple(default) for name, default in commands.items()}
    for name, text in keys.items():
        if name not in commands:
            hint = did_you_mean(name, commands)
            problems.append(Problem(file, _path(name), f'no command "{clean(name, 60)}"', "a command's id", hint))
            continue
        read = [key_of(part) for part in (text.split(",") if text.strip() != "," else [","])]
        faults = [_problem(file, name, key) for key in read if isinstance(key, BadKey)]
        problems += faults
        if not faults:
            chosen[name] = tuple(key for key in read if isinstance(key, str))
    return _without_clashes(chosen, commands, scopes or {}, file, problems)


def key_of(text: str) -> str | BadKey:
    """Return one key as Textual names it, or why it is none."""
    *modifiers, key = _parts(text.strip())
    modifiers = sorted({modifier.lower() for modifier in modifiers})
    if wrong := [modifier for modifier in modifiers if modifier not in _MODIFIERS]:
        return BadKey(f'"{clean(wrong[0], 20)}+" is no modifier', one_of(_MODIFIERS))
    if modifiers == ["shift"] and len(key) == 1:
        return BadKey(f'"{clean(text, 40)}" never arrives', f'write "{key.upper()}"')
    name = _name(key.lower() if modifiers else key)
    if name is None:
        return BadKey(f'"{clean(text, 40)}" is no key', did_you_mean(key, key_names()))
    whole = "+".join((*modifiers, name))
    if whole in _RESERVED:
        return BadKey(f"{whole} is taken", _RESERVED[whole])
    return BadKey(f"{whole} arrives as {_TWINS[whole]}", "choose another key") if whole in _TWINS else whole


def key_names() -> list[str]:
    """Return the names of the keys that are no letters or digits."""
    return [*_WORDS, *(f"f{number}" for number in range(1, 25)), *(_sign(sign) for sign in _SIGNS)]


def _parts(text: str) -> list[str]:
    """Split `ctrl+r` at its pluses; the key itself may be a plus."""
    if text.endswith("+"):
        return [part for part in text[:-1].split("+") if part] + ["+"]
    return text.split("+")


def _name(key: str) -> str | None:
    if len(key) == 1 and key.isprintable():
        return "space" if key == " " else key if key.isalnum() else _sign(key)
    word = key.lower()
    return word if word in key_names() else None


def _sign(sign: str) -> str:
    name = unicodedata.name(sign, "").lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


def _path(name: str) -> str:
    return f"console.keys.{clean(name, 60)}"


def _problem(file: str, name: str, bad: BadKey) -> Problem:
    return Problem(file, _path(name), bad.reason, FORM, bad.hint)


def _without_clashes(
    chosen: dict[str, tuple[str, ...]],
    commands: Mapping[str, tuple[str, ...]],
    scopes: Mapping[str, str],
    file: str,
    problems: list[Problem],
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Note each of the user's keys that another command has; where any clash, the defaults stay for all."""
    changed = {name: keys for name, keys in chosen.items() if keys != tuple(commands[name])}
    pairs = [
        (name, other)
        for name, other in product(changed, chosen)
        if name != other
        and _meet(scopes.get(name), scopes.get(other))
        and (other not in changed or name < other)  # each pair once
    ]
    clashes = [
        Problem(file, _path(name), f"{key}, which {other} has", "a key that is free", f"give {other} another key too")
        for name, other in pairs
        for key in sorted(set(chosen[name]) & set(chosen[other]))
    ]
    if not clashes:
        return chosen, problems
    return {name: tuple(default) for name, default in commands.items()}, [*problems, *clashes]


def _meet(one: str | None, other: str | None) -> bool:
    return one == other or EVERYWHERE in (one, other) or None in (one, other)
