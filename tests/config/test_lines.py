"""The line of every key, in every form TOML has for writing one."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.config.lines import KeyPath, find, key_lines

SOURCE = '''# comment with [table] and key = 1
top = 1
"quoted.key" = 'a # b'
"esc\\u0061ped" = 2
a.b.c = 3
text = """
not = "a key"
[nor.a.table]
\\"""
""""
raw = \'\'\'
x = [1
\'\'\'
list = [ 1, # one
  [2, 3],
  { deep = 4, other = { x = 5 } },
]
inline = { one = 1, two = [ { three = 3 } ], "f o" = 1979-05-27 07:32:00 }
float = 1.5e3
date = 1979-05-27T07:32:00.5Z

[ table . "sub.x" ]
key = 1
[[row]]
name = "first"
[[row.region]]
name = "r0"
[[row.region]]
name = "r1"
[row.meta]
x = 1
[[row]]
[[row.region]]
name = "r2"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted.key",), 3),
        (("escaped",), 4),
        (("a", "b", "c"), 5),
        (("text",), 6),
        (("raw",), 11),
        (("list",), 14),
        (("list", 1), 15),
        (("list", 1, 0), 15),
        (("list", 2, "deep"), 16),
        (("list", 2, "other", "x"), 16),
        (("inline", "two", 0, "three"), 18),
        (("inline", "f o"), 18),
        (("float",), 19),
        (("date",), 20),
        (("table", "sub.x"), 22),
        (("table", "sub.x", "key"), 23),
        (("row",), 24),
        (("row", 0, "name"), 25),
        (("row", 0, "region", 0, "name"), 27),
        (("row", 0, "region", 1, "name"), 29),
        (("row", 0, "meta", "x"), 31),
        (("row", 1), 32),
        (("row", 1, "region", 0, "name"), 34),
        (("table", "sub.x", "absent"), 22),
        (("table", "absent"), 22),
        (("absent",), None),
        ((), None),
    ],
)
def test_lines(path: KeyPath, line: int | None) -> None:
    assert find(key_lines(SOURCE), path) == line


def paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} | {inner for key, item in items for inner in paths(item, (*path, key))}


def test_every_key_that_the_parser_finds_has_a_line() -> None:
    assert paths(tomllib.loads(SOURCE)) - {()} <= set(key_lines(SOURCE)) | {("table",)}


@pytest.mark.parametrize(
    "source",
    ["x = [}", "x = {]", "x = {a", "[", "]", "=", "x = [[}}", "[[a]", pytest.param("x = " + "[" * 5000, id="deep")],
)
def test_what_is_no_toml_ends_all_the_same(source: str) -> None:
    key_lines(source)


@given(st.text("ab[]{}=.,\"'#\n \\", max_size=60))
def test_any_text_ends(source: str) -> None:
    key_lines(source)
