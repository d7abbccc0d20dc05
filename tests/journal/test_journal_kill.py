"""kill -9 at any moment loses nothing that was promised; several processes make one chain."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import journalwriter
import pytest
from journalkit import texts

from iccon.clock import SystemClock
from iccon.journal.store import Journal


def writer(path: Path, name: str, limit: int = 0) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, journalwriter.__file__, str(path), name, str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def killed(child: subprocess.Popen[str], after: int) -> list[str]:
    """Read `after` lines, kill, and return all whole lines it had printed by then."""
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(after)]
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    return [line.strip() for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith("\n")]


def check(path: Path, promised: set[str], drafts: dict[str, int]) -> None:
    journal = Journal.open(path, SystemClock())
    assert promised <= {entry.id for entry in journal.entries()}
    assert journal.verify().bad is None  # each entry of evidence has its samples
    named = {sha256 for entry in journal.entries() for sha256 in entry.body.blobs}
    with sqlite3.connect(path) as db:
        assert {row[0] for row in db.execute("SELECT sha256 FROM blobs")} == named
    db.close()
    for name, number in drafts.items():
        found = journal.draft(name)
        assert found is not None
        assert found.cursor >= number  # a later one may have been saved and not been printed any more
        assert found.text == f"typing {found.cursor}"
    journal.close()


def kill_many_times(path: Path, runs: int, children: int) -> None:
    seed = random.Random(2)
    promised: set[str] = set()
    for run in range(runs):
        names = [f"{run}-{child}" for child in range(children)]
        started = [writer(path, name) for name in names]
        printed = [killed(child, seed.randrange(60)) for child in started]
        promised |= {line[2:] for lines in printed for line in lines if line.startswith("E ")}
        saved = {
            name: [int(x[2:]) for x in lines if x.startswith("D ")] for name, lines in zip(names, printed, strict=True)
        }
        check(path, promised, {name: numbers[-1] for name, numbers in saved.items() if numbers})
    assert len(promised) > runs


def test_ten_kills_lose_nothing(tmp_path: Path) -> None:
    kill_many_times(tmp_path / "journal.db", 10, 1)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_hundred_kills_of_two_writers_lose_nothing(tmp_path: Path) -> None:
    kill_many_times(tmp_path / "journal.db", 200, 2)


def test_three_processes_make_one_chain_even_of_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    children = [writer(path, name, 40) for name in ("a", "b", "c")]
    printed = [child.communicate(timeout=60)[0].split("\n") for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    journal = Journal.open(path, SystemClock())
    ids = [entry.id for entry in journal.entries()]
    assert set(ids) == {line[2:] for lines in printed for line in lines if line.startswith("E ")}
    assert [entry.seq for entry in journal.entries()] == list(range(1, len(ids) + 1))
    assert {entry.writer for entry in journal.entries()} == {journal.writer}
    assert journal.verify().bad is None
    assert [text for text in texts(journal) if text.startswith("a ")] == [
        f"a {number} {k}" for number in range(40) for k in range(number % 3 + 1)
    ]
    assert [file.name for file in tmp_path.iterdir() if ".new" in file.name] == []
