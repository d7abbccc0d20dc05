"""Hostile text in every widget of a real program in a real terminal: none of it is obeyed, all of it is readable."""

import sys
from pathlib import Path

import pytest
from widgetmakers import HOSTILE

from ptyhelp import Terminal, spawn, strange

PROGRAM = Path(__file__).with_name("hostileapp.py")


@pytest.fixture(scope="module", params=["safe", "raw"])
def terminal(request: pytest.FixtureRequest):
    with spawn([sys.executable, str(PROGRAM), request.param], size=(120, 60)) as term:
        term.wait_for("LAST LINE")
        term.settle()
        term.press("tab", "down", "down", "tab", "down", "right", "tab", "up", "up")
        term.settle()
        yield term


def test_no_foreign_control_byte_reaches_the_terminal(terminal: Terminal):
    assert strange(terminal.raw) == []
    assert b"\x1b[38;5;199m" not in terminal.raw
    assert b"owned" in terminal.raw  # the text itself was painted


def test_text_is_shown_as_written(terminal: Terminal):
    text = terminal.text()
    assert "disk [/dev/sda1] is 95%" in text
    assert "queue depth[/] high" in text
    assert "[@click=app.quit]x[/]" in text


def test_markup_does_nothing(terminal: Terminal):
    assert terminal.process.poll() is None
    terminal.press("q")
    assert terminal.wait() == 0


def test_the_hostile_texts_are_hostile():
    assert strange("".join(HOSTILE).encode()) != []
