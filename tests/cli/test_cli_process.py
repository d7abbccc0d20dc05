"""The real program in processes of its own: what only a process shows."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program() -> Program:
    def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "iccon", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, **options)

    return run


def test_the_exit_codes_are_the_process_own(program):
    assert program("declare", "Checkout fails").returncode == 0
    assert program("nte").returncode == 2
    assert program("show", "zzzzzz").returncode == 3
    assert program("note", "-", input="from a pipe").returncode == 0
    assert "from a pipe" in program("timeline").stdout


def test_many_processes_write_into_one_journal(program):
    incident = json.loads(program("declare", "Checkout fails", "--json").stdout)["incident"]
    command = [sys.executable, "-m", "iccon", "note"]
    writers = [subprocess.Popen([*command, f"note {i}"], stdout=subprocess.DEVNULL) for i in range(8)]
    assert [w.wait(timeout=60) for w in writers] == [0] * 8
    assert json.loads(program("show", incident, "--json").stdout)["notes"] == 8
    assert program("verify").returncode == 0


def test_a_reader_that_leaves_is_no_fault(program):
    program("declare", "Checkout fails")
    reading = subprocess.Popen(
        [sys.executable, "-m", "iccon", "export"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert reading.stdout is not None
    reading.stdout.close()
    assert reading.stderr is not None
    assert reading.stderr.read() == b""
    assert reading.wait(timeout=30) == 0
    reading.stderr.close()


# What was started in the background of a shell ignores Ctrl-C, and hands that on.
HEEDING_SIGINT = "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def test_ctrl_c_ends_it_in_one_word(program):
    drill = subprocess.Popen(
        [sys.executable, "-c", HEEDING_SIGINT, sys.executable, "-u", "-m", "iccon", "drill", "--headless"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert drill.stdout is not None
    assert "DRILL" in drill.stdout.readline()
    drill.send_signal(signal.SIGINT)
    _, err = drill.communicate(timeout=30)
    assert drill.returncode == 130
    assert err.strip() == "iccon: interrupted"


def test_a_terminal_of_another_encoding_does_not_end_it(program):
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    program("declare", "Zürich ✓", env=env)
    shown = program("show", env=env)
    assert shown.returncode == 0
    assert "Z\\xfcrich" in shown.stdout
