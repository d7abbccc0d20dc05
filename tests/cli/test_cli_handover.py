"""`iccon handover`: two people, two processes' worth of commands, one journal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from journalkit import StillClock

from conftest import Ran, Run
from iccon.clock import SystemClock
from iccon.config.setting import Setting


@pytest.fixture
def person(iccon: Run, monkeypatch: pytest.MonkeyPatch):
    def run(name: str, *words: str) -> Ran:
        monkeypatch.setenv("USER", name)
        monkeypatch.setenv("LOGNAME", name)
        return iccon(*words)

    return run


def test_a_role_changes_hands_when_the_person_asked_says_so(person) -> None:
    person("ann", "declare", "Checkout fails")
    assert person("ann", "handover", "propose", "sam").code == 0
    shown = person("lee", "handover", "show")
    assert "waits, " in shown.out and "Read back before accepting" in shown.out
    assert person("lee", "handover", "accept", "--read-back").code == 3
    refused = person("sam", "handover", "accept", "--json")
    assert (refused.code, '"code": "read_back"' in refused.out + refused.err) == (3, True)
    assert person("sam", "handover", "accept", "--read-back").code == 0
    facts = person("sam", "show", "--json").json
    assert facts["commander"] == "sam"
    (ended,) = person("sam", "handover", "show", "--json").json["handovers"]
    assert (ended["end"], ended["holder"], ended["proposer"]) == ("accepted", "ann", "ann")
    assert person("sam", "handover", "decline").code == 3


def test_declined_withdrawn_and_wrong_words(person) -> None:
    person("ann", "declare", "Checkout fails")
    assert person("ann", "handover", "propose", "sam", "--in", "soon").code == 2
    assert person("ann", "handover", "propose", "sam", "--role", "scribe").code == 0
    assert person("sam", "handover", "decline", "no", "network").code == 0
    assert person("ann", "handover", "propose", "kim", "--in", "10m").code == 0
    assert person("ann", "handover", "withdraw").code == 0
    out = person("ann", "handover", "show").out
    assert "declined" in out and "no network" in out and "withdrawn" in out
    assert "no role was handed over" not in out


def test_what_ran_out_is_noted_once_by_whoever_looks(person, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    person("ann", "declare", "Checkout fails")
    person("ann", "handover", "propose", "sam", "--in", "2m")
    clock = StillClock(SystemClock().now())
    clock.tick(minutes=3)
    monkeypatch.setattr(Setting, "clock", clock)
    late = person("sam", "handover", "accept", "--read-back")
    assert late.code == 3
    for _ in range(2):
        assert "timed out" in person("lee", "handover", "show").out
    assert person("ann", "timeline").out.count("hand-over timed out") == 1
    assert person("ann", "show", "--json").json["commander"] == "ann"


def test_of_processes_that_answer_at_once_one_wins(person, home: Path) -> None:
    person("ann", "declare", "Checkout fails")
    person("ann", "handover", "propose", "sam")
    acts = [("sam", "accept", "--read-back"), ("sam", "decline"), ("ann", "withdraw"), ("sam", "accept", "--read-back")]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "iccon", "handover", *words],
            env={**os.environ, "USER": name, "LOGNAME": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name, *words in acts
    ]
    assert sorted(process.wait(30) for process in running) == [0, 3, 3, 3]
    (found,) = person("ann", "handover", "show", "--json").json["handovers"]
    commander = "sam" if found["end"] == "accepted" else "ann"
    assert person("ann", "show", "--json").json["commander"] == commander


def test_the_briefing_is_one_page_also_as_of_then(person) -> None:
    person("ann", "declare", "Checkout fails", "--at", "-30m")
    person("ann", "theory", "deploy 4711")
    out = person("sam", "briefing").out
    assert "Briefing, SEV2: Checkout fails" in out and "deploy 4711" in out and "IN SHORT" in out
    assert "# Briefing" in person("sam", "briefing", "--format", "markdown").out
    assert person("sam", "briefing", "--as-of", "-10m").out == "No declaration was recorded.\n"
    assert person("sam", "briefing", "--as-of", "25:99").code == 2
