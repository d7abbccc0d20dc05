"""Text that others wrote reaches the terminal as text."""

import json
import re
import unicodedata

import pytest

from iccon.cli.output import json_text, width
from iccon.cli.parsing import COMMANDS

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07\x1b]52;c;AAAA\x07 \x9b31m \x00 \u202egpj.exe \u200b [bold]x[/] disk [/dev/sda1] is 95%"
)
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

READING = (
    ["list"],
    ["list", "--json"],
    ["show"],
    ["show", "--json"],
    ["timeline"],
    ["timeline", "--json"],
    ["export"],
    ["update", "--text", HOSTILE],
    ["update", "--text", HOSTILE, "--json"],
    ["note", HOSTILE, "--incident", HOSTILE],
    ["strike", HOSTILE, "why"],
    [HOSTILE],
    ["note", "x", f"--{HOSTILE}"],
    ["note", "x", "--at", HOSTILE],
    ["update", "--template", HOSTILE],
    ["import", HOSTILE.replace("\x00", "")],
)


@pytest.fixture
def hostile(iccon):
    iccon("declare", HOSTILE, "--service", HOSTILE, "--commander", HOSTILE)
    iccon("note", HOSTILE)
    iccon("impact", "start", HOSTILE)
    iccon("theory", HOSTILE)


@pytest.mark.parametrize("words", READING, ids=lambda words: " ".join(words)[:12].encode("ascii", "ignore").decode())
def test_no_control_character_gets_through(iccon, hostile, words):
    ran = iccon(*words)
    assert not FORBIDDEN.search(ran.out)
    assert not FORBIDDEN.search(ran.err)
    assert ran.code in (0, 2, 3)


def test_markup_is_shown_as_written(iccon, hostile):
    assert "[bold]x[/] disk [/dev/sda1] is 95%" in iccon("timeline").out


def test_json_escapes_what_does_not_print_and_keeps_the_rest():
    value = {"text": "Zürich 東京 \u202e\x9b\x7f\U000e0041 \x1b"}
    text = json_text(value)
    assert json.loads(text) == value
    assert "Zürich 東京" in text
    assert all(char == "\n" or char.isprintable() for char in text)


def test_invalid_bytes_on_the_command_line_are_no_fault(iccon, incident):
    ran = iccon("note", "caf\udce9")
    assert ran.code == 0
    assert "caf\ufffd" in ran.out


def test_columns_are_measured_in_cells():
    assert width("東京") == 4
    assert width(unicodedata.normalize("NFD", "é")) == 1
    assert width("abc") == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns(iccon, command):
    lines = iccon(command, "--help").out.splitlines()
    assert not [line for line in lines if len(line) > 80]


def test_a_paragraph_of_the_help_is_wrapped_and_a_table_is_not(iccon):
    assert "\n  noise\n  acknowledge\n" in iccon("page", "--help").out
    told = iccon("change", "--help").out
    assert "open:\nwith one incident open" in told
