"""What a shell offers at a Tab, in the parsers' own words; and the shells' own parts in real shells."""

import os
import shutil
import subprocess
import sys

import pytest

from iccon.cli.completion import candidates


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["no"], ["note"]),
        (["--v"], ["--version"]),
        (["phase", "mon"], ["monitoring"]),
        (["phase", ""], ["investigating", "identified", "monitoring", "resolved"]),
        (["update", "--audience", "c"], ["customer"]),
        (["update", "--aud"], ["--audience"]),
        (["export", "--output", ""], [":files"]),
        (["note", "--config", "x"], [":files"]),
        (["import", ""], [":files"]),
        (["--config", "x.toml", "ver"], ["verify"]),
        (["nte", ""], []),
        (["note", "--at", ""], []),
    ],
)
def test_candidates(typed, offered):
    assert candidates(typed) == offered


def test_every_command_is_offered_but_the_one_that_answers():
    offered = candidates([""])
    assert {"note", "declare", "drill", "completion"} <= set(offered)
    assert "complete" not in offered


def test_the_program_answers_a_shell(iccon):
    assert iccon("complete", "--", "pha").out == "phase\n"
    assert iccon("complete", "--", "note", "--in").out == "--incident\n"
    assert iccon("complete", "--", "phase", "").out.startswith("investigating\n")


SHELLS = {
    "bash": """eval "$(iccon completion bash)"
        COMP_WORDS=(iccon phase mon) COMP_CWORD=2 && _iccon && echo "${COMPREPLY[@]}" """,
    "zsh": """autoload -U compinit && compinit -D && eval "$(iccon completion zsh)"
        compadd() { shift; echo "$@" }
        words=(iccon phase mon) CURRENT=3 && _iccon""",
    "fish": "iccon completion fish | source; complete -C 'iccon phase mon'",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = tmp_path / "iccon"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m iccon "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = [shell, "-c", SHELLS[shell]]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.strip() == "monitoring", done.stderr
