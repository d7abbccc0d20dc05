"""Two consoles and a script on one journal, each a process of its own: nothing lost, nothing twice, equal folds."""

import os
import subprocess
import sys
from pathlib import Path

import journalactor
import pytest
from journalkit import declare, did

from iccon.clock import SystemClock
from iccon.config.places import folders
from iccon.desk import Desk
from iccon.incident import commands as c
from iccon.incident.fold import fold
from iccon.journal.store import Journal


def started(kind: str, path: Path, incident: str, name: str, count: int) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = [sys.executable, journalactor.__file__, kind, str(path), incident, name, str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env)


def work_together(count: int) -> None:
    path = folders(os.environ).journal
    path.parent.mkdir(parents=True, exist_ok=True)
    desk = Desk(Journal.open(path, SystemClock()), SystemClock(), "ann")
    incident = declare(desk)
    consoles = [started("console", path, incident, name, count) for name in ("bob", "kim")]
    script = started("script", path, incident, "bot", count)
    lines = script.communicate(timeout=300)[0].splitlines()
    for console in consoles:
        assert console.stdout is not None
        while (line := console.stdout.readline().strip()) != "D":
            assert line, "a console ended early"
            lines.append(line)
    end = did(desk.do(c.AddNote(text=journalactor.END, again=True), incident))
    lines += [line.strip() for console in consoles for line in console.communicate(timeout=90)[0].splitlines()]
    promised = [line[2:] for line in lines if line.startswith("E ")]
    kept = [entry for entry in desk.journal.entries(incident) if entry.actor != "ann"]
    assert len(promised) == len(set(promised))
    assert sorted(promised) == [entry.id for entry in kept]
    assert {entry.actor for entry in kept} >= {"bob", "kim"}
    assert desk.journal.verify().bad is None
    entries = list(desk.journal.entries(incident))
    assert entries[-1].id == end.entries[-1].id
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    state = journalactor.digest(fold(incident, entries))
    assert [line[2:] for line in lines if line.startswith("S ")] == [state, state]
    assert [child.returncode for child in (*consoles, script)] == [0, 0, 0]


def test_two_consoles_and_a_script_lose_nothing_and_agree() -> None:
    work_together(20)


@pytest.mark.soak
def test_a_thousand_interleaved_acts_lose_nothing_and_agree() -> None:
    work_together(340)
