"""iccon runbook steps and mark: how far a runbook is, for scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest

STEPS = "# Disk full\n\n1. Look at `df -h`\n2. Find what grows \x1b[31m\n"


@pytest.fixture
def book(shelve: Callable[..., Path]) -> Path:
    return shelve(STEPS)


def test_steps_are_listed_without_an_incident_and_marked_within_one(iccon, book):
    listed = iccon("runbook", "steps", "disk").out
    assert "0 of 2" in listed
    assert "\x1b" not in listed
    assert iccon("runbook", "mark", "disk", "1", "done").code == 3
    assert iccon("declare", "disk is full").code == 0
    assert "step done by kim: Look at df -h" in iccon("runbook", "mark", "disk", "1", "done", "--owner", "kim").out
    second = iccon("runbook", "steps", "disk", "--json").json["steps"][1]
    assert iccon("runbook", "mark", "disk", second["id"][:5], "failed", "--note", "no room").code == 0
    found = iccon("runbook", "steps", "disk", "--json").json
    assert (found["marked"], found["changed"]) == (2, False)
    assert [(s["mark"]["outcome"], s["mark"]["owner"], s["mark"]["note"]) for s in found["steps"]] == [
        ("done", "kim", ""),
        ("failed", "", "no room"),
    ]
    assert "2 of 2" in iccon("runbook", "steps", "disk").out
    assert "2 of 2  Disk full" in iccon("runbook", "list").out
    assert iccon("runbook", "list", "--json").json[0]["steps"] == "2 of 2"
    exported = iccon("export", "--format", "markdown").out
    assert "## Runbook steps" in exported
    assert "| Look at df -h | done by kim |" in exported
    assert list(iccon("show", "--json").json["steps"]) == ["books:disk.md"]


def test_an_incident_goes_on_with_the_version_it_read_first(iccon, book):
    assert iccon("declare", "disk is full").code == 0
    assert iccon("runbook", "mark", "disk", "1", "done").code == 0
    book.write_text("# Disk full\n\n1. Call the vendor\n")
    found = iccon("runbook", "steps", "disk", "--json").json
    assert ([s["text"] for s in found["steps"]][:1], found["changed"], found["marked"]) == (["Look at df -h"], True, 1)
    assert "the file has changed" in iccon("runbook", "steps", "disk").out
    assert iccon("runbook", "mark", "disk", "2", "skipped").code == 0
    assert "Find what grows" in iccon("timeline").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("disk", "1"), 2),
        (("disk", "1", "perhaps"), 2),
        (("nothing", "1", "done"), 3),
        (("disk", "9", "done"), 3),
        (("disk", "\x1b", "done"), 3),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(iccon, book, words, code):
    assert iccon("declare", "disk is full").code == 0
    answer = iccon("runbook", "mark", *words)
    assert (answer.code, "Traceback" in answer.err) == (code, False)
