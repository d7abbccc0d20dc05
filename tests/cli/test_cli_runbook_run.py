"""iccon runbook run, approve and runs: real commands, and a console that is killed while one runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ptyhelp import Terminal, spawn

BOOK = """---
risk: low
dry_run: DRY_RUN
---
# Disk

1. Look at the disk of the service

   ```bash
   echo "looking at $SERVICE${DRY_RUN:+ only in words}"
   ```

   Verify:

   ```bash
   echo verified
   ```

   Rollback: there is nothing to take back.

2. Delete old logs

   ```sh
   rm -rf ./logs && echo "deleted $(pwd)"
   ```

3. Fails with a secret

   ```python
   print("password=hunter2" + "abc"); raise SystemExit(4)
   ```

4. Never ends

   ```bash
   echo "begun $$"; sleep 600
   ```

5. Tells the terminal what to do

   ```bash
   printf '\\033]0;title\\007\\033[31mred\\033[0m\\a\\n'
   ```
"""
OFF = 'environment = "staging"\nrunbooks.folders = ["books"]\nme.name = "kim"\n'
ON = OFF + 'runbooks.run.allow = ["bash", "sh", "python"]\n'


@pytest.fixture
def book(shelve: Callable[..., Path]) -> Path:
    return shelve(BOOK, ON)


def test_nothing_runs_unless_the_configuration_allows_it(iccon, book, configure, incident) -> None:
    configure(OFF)
    refused = iccon("runbook", "run", "disk", "1", "--yes", "--set", "SERVICE=shop")
    assert (refused.code, "runbooks.run.allow" in refused.err) == (3, True)
    configure(OFF + 'runbooks.run.allow = ["python"]\n')
    assert (
        "bash is not in runbooks.run.allow" in iccon("runbook", "run", "disk", "1", "--yes", "--set", "SERVICE=a").err
    )
    assert iccon("runbook", "runs").out == "nothing was run\n"


def test_a_command_is_shown_confirmed_run_and_recorded(iccon, book, incident) -> None:
    words = ("runbook", "run", "disk", "1", "--set", "SERVICE=shop")
    plan = iccon(*words, "--plan", "--json").json
    assert (plan["code"], plan["variables"], plan["risks"]) == (
        BOOK.split("\n")[9].strip() + "\n",
        {"SERVICE": "shop"},
        [],
    )
    assert iccon(*words, stdin=b"").code == 3  # nobody said yes
    done = iccon(*words, "--yes", stdin=b"")
    assert (done.code, done.out) == (0, "looking at shop\n")
    for said in (
        'echo "looking at $SERVICE',
        "environment: staging",
        "verification: echo verified",
        "nothing to take back",
    ):
        assert said in done.err
    again = iccon(*words, "--yes", stdin=b"")
    assert (again.code, "already run less than a minute ago by kim: exit 0" in again.err) == (3, True)
    dry = iccon(*words, "--yes", "--dry-run", "--again", stdin=b"")
    assert dry.out == "looking at shop only in words\n"
    runs = iccon("runbook", "runs", "--json").json
    assert [(run["role"], run["person"], run["state"]) for run in runs] == [
        ("command", "kim", "sent"),
        ("dry run", "kim", "sent"),
    ]
    log = Path(runs[0]["printed"]["log"])
    assert (log.read_text(), log.stat().st_mode & 0o077) == ("looking at shop\n", 0)
    assert "looking at shop (16 bytes" in iccon("timeline").out


def test_a_file_of_patterns_that_is_wrong_stops_everything_and_check_says_so(iccon, book, home, incident) -> None:
    (home / "risks.toml").write_text("[ours]\npattern = '('\n")
    refused = iccon("runbook", "run", "disk", "1", "--yes", "--set", "SERVICE=shop", stdin=b"")
    assert (refused.code, "regular expression" in refused.err) == (3, True)
    (running,) = [found for found in iccon("check", "--json").json["checks"] if found["name"] == "running"]
    assert (running["ok"], "regular expression" in running["detail"]) == (False, True)


@pytest.mark.parametrize("name", ["SLACK", "PD", "ICCON_HOME"])
def test_no_secret_of_the_console_is_handed_on(iccon, book, configure, name) -> None:
    pager = 'pagerduty.token = { env = "PD" }\n'
    slack = 'updates.outlets.s = { kind = "slack", channel = "C1", token = { env = "SLACK" } }\n'
    configure(ON + pager + slack + f'runbooks.run.keep_env = ["KUBECONFIG", "{name}"]\n')
    refused = iccon("runbook", "runs")
    assert (refused.code, f"{name}, which is the console's own" in refused.err.replace('"', "")) == (2, True)


def test_what_deletes_needs_its_target_typed_whatever_the_runbook_says(iccon, book, incident) -> None:
    words = ("runbook", "run", "disk", "2")
    for more in ((), ("--yes",), ("--target", "prod"), ("--target", "stagin")):
        refused = iccon(*words, *more, stdin=b"")
        assert (refused.code, "type staging to run it" in refused.err) == (3, True)
    assert "RISKY: deletes files" in iccon(*words, "--plan").out
    done = iccon(*words, "--target", "staging", stdin=b"")
    assert (done.code, done.out.startswith("deleted /")) == (0, True)


def test_a_second_person_approves_where_the_policy_wants_it(iccon, book, configure, incident) -> None:
    configure(ON + "runbooks.run.second_person = true\n")
    words = ("runbook", "run", "disk", "2", "--target", "staging")
    assert "second person" in iccon(*words, stdin=b"").err
    assert iccon("runbook", "approve", "disk", "2").code == 0
    assert iccon(*words, stdin=b"").code == 3  # kim's own approval
    configure((ON + "runbooks.run.second_person = true\n").replace('"kim"', '"ann"'))
    assert iccon("runbook", "approve", "disk", "2").code == 0
    configure(ON + "runbooks.run.second_person = true\n")
    assert iccon(*words, stdin=b"").code == 0
    assert iccon("runbook", "runs", "--json").json[0]["approved_by"] == "ann"
    assert "approved by ann" in iccon("timeline").out


def test_a_failure_is_told_by_the_exit_code_and_no_secret_gets_into_the_record(iccon, book, incident) -> None:
    done = iccon("runbook", "run", "disk", "3", "--yes", stdin=b"")
    assert (done.code, "exit 4" in done.err) == (1, True)
    assert done.out == "password=[redacted]\n"
    everything = done.out + done.err + iccon("timeline", "--json").out + iccon("export", "--format", "jsonl").out
    assert "hunter2abc" not in everything
    printed = iccon("runbook", "runs", "--json").json[0]["printed"]
    assert printed["excerpt"] == ["password=[redacted]"]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("1",), 2, "which step"),
        (("disk", "9", "--yes"), 3, "no step"),
        (("disk", "1", "--yes"), 3, "SERVICE has no value here"),
        (("disk", "1", "--yes", "--set", "SERVICE=$(reboot)"), 3, "no plain word"),
        (("disk", "1", "--yes", "--set", "SERVICE=--all"), 3, "no plain word"),
        (("disk", "1", "--yes", "--set", "PATH=/tmp"), 2, "--set PATH=/tmp"),
        (("disk", "1", "--yes", "--command", "9"), 2, "2 commands"),
        (("disk", "1", "--page", "x:y"), 3, "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(iccon, book, incident, words, code, why) -> None:
    answer = iccon("runbook", "run", *words, stdin=b"")
    assert (answer.code, why in answer.err, "Traceback" in answer.err) == (code, True, False)
    assert iccon("runbook", "runs").out == "nothing was run\n"


def test_at_a_terminal_the_person_is_asked_and_nothing_reaches_it_that_it_obeys(book, home, incident) -> None:
    def run(step: str) -> Terminal:
        return spawn([sys.executable, "-m", "iccon", "runbook", "run", "disk", step], env={"ICCON_HOME": str(home)})

    with run("2") as term:
        term.wait_for("Type staging to run it:")
        term.type("no\r")
        term.wait_for("refused: risky")
        assert term.wait() == 3
    with run("2") as term:
        term.wait_for("Type staging to run it:")
        term.type("staging\r")
        term.wait_for("deleted /")
        assert term.wait() == 0
    with run("5") as term:
        term.wait_for("Run it? [y/N]")
        term.type("y\r")
        term.wait_for("exit 0")
        assert term.wait() == 0
        assert "red" in term.text()
        assert b"\x1b" not in term.raw


def started(home: Path) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "iccon", "runbook", "run", "disk", "4", "--yes"]
    env = {**os.environ, "ICCON_HOME": str(home)}
    return subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_console_killed_during_a_step_leaves_it_unknown_with_what_was_captured(iccon, book, home, incident) -> None:
    process = started(home)
    assert process.stdout is not None
    pid = int(process.stdout.readline().split()[1])
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: gone(pid))  # nobody watches over it any more: it was ended
    assert "under way" in iccon("runbook", "run", "disk", "4", "--yes", "--again", stdin=b"").err
    recovered = iccon("outbox", "--recover", "--json").json
    assert [each["state"] for each in recovered["outcomes"]] == ["unknown"]
    (run,) = iccon("runbook", "runs", "--json").json
    assert (run["state"], run["printed"]["excerpt"]) == ("unknown", [f"begun {pid}"])
    assert run["ended"].startswith("outcome unknown")
    assert "console gone" in run["printed"]["ended"]
    steps = iccon("runbook", "steps", "disk", "--json").json["steps"]
    assert [step["run"]["ended"][:15] for step in steps if step["run"]] == ["outcome unknown"]
    assert "open; run by kim" in iccon("runbook", "steps", "disk").out
    timeline = iccon("timeline").out
    assert "run of books:disk.md outcome unknown" in timeline
    assert f"begun {pid}" in timeline
    assert iccon("runbook", "mark", "disk", "4", "failed", "--note", "looked").code == 0
    assert (
        "outcome unknown" in iccon("runbook", "run", "disk", "4", "--yes", stdin=b"").err
    )  # and never by itself again


def test_ctrl_c_cancels_the_command_and_that_is_on_the_record(iccon, book, home, incident) -> None:
    process = started(home)
    assert process.stdout is not None
    pid = int(process.stdout.readline().split()[1])
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 1
    process.stdout.close()
    assert gone(pid)
    (run,) = iccon("runbook", "runs", "--json").json
    assert (run["state"], run["ended"].partition(",")[0]) == ("failed", "cancelled")
