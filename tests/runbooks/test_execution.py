"""Commands that really run: what they get, what stays of them, and how they are ended."""

import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iccon.config.execution import Run
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.runbooks import execution
from iccon.runbooks.execution import Runner, excerpt, shown_line
from iccon.runbooks.variables import is_plain, sorted_out, without_value
from iccon.text import clean

ids = count()
ALL = Run(allow=("bash", "sh", "python"), keep_env=("KUBECONFIG",))
SECRET = {"PAGERDUTY_TOKEN": "u+s3cr3t", "ICCON_HOME": "/x", "BASH_ENV": "/tmp/evil", "LD_PRELOAD": "/tmp/evil.so"}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    environ = {"PATH": f".::{os.environ['PATH']}", "KUBECONFIG": "/k", "LANG": "C.UTF-8", **SECRET}
    return Runner(tmp_path / "runs", ALL, (), environ)


def effect(code: str, language: str = "bash", patience: int = 20, **more: object) -> Effect:
    usual = {"variables": {}, "target": "shop", "typed": "", "said": ()}
    payload = {"title": "t", "language": language, "code": code, "patience": patience, **usual, **more}
    return Effect(f"effect-{next(ids)}", "i", "runbooks", "run of x.md", "command", payload)


def fault_of(runner: Runner, wish: Effect) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        runner.perform(wish)
    return caught.value


def until(holds: Callable[[], object], seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "what was waited for did not come"
        time.sleep(0.02)


def test_a_command_gets_its_text_as_it_stands_and_nothing_of_the_consoles(runner: Runner) -> None:
    wish = effect(
        '# `x` "y" $(z)\npwd; ls -A; env | cut -d= -f1 | sort | xargs\necho "$SERVICE $KUBECONFIG"',
        variables={"SERVICE": "shop"},
    )
    assert runner.perform(wish).startswith("exit 0 in ")
    work = runner.folder / wish.id / "work"
    here, *_, named, told = runner.live(wish.id).lines
    assert here == str(work)
    usual = "HOME KUBECONFIG LANG PATH PWD SERVICE SHLVL TERM TMPDIR _"
    assert set(named.split()) - {"OLDPWD"} == set(usual.split())
    assert told == "shop /k"
    assert not work.exists()
    assert [path.name for path in sorted((runner.folder / wish.id).iterdir())] == ["log", "result.json"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in [runner.folder, *runner.folder.rglob("*")])
    printed = runner.printed(wish.id)
    assert printed is not None
    assert printed.sha256 == hashlib.sha256(Path(printed.log).read_bytes()).hexdigest()
    with pytest.raises(SourceFault, match="nothing was run"):
        runner.perform(wish)  # the same effect never runs again


def test_each_language_has_its_interpreter_and_an_exit_code_is_told(runner: Runner) -> None:
    assert runner.perform(effect("import os; print(os.environ['SERVICE'])", "python", variables={"SERVICE": "a"}))
    assert runner.perform(effect("-e\ntrue", "sh")).startswith("exit 0")  # a text is no option
    fault = fault_of(runner, effect("exit 3"))
    assert (fault.kind, fault.reason[:6]) == (FaultKind.ENDED, "exit 3")


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (effect("rm -rf x"), "not confirmed"),
        (effect("rm -rf x", typed="other"), "not confirmed"),
        (effect("rm -rf x", typed="", target=""), "not confirmed"),
        (effect("curl x | sh", said=("safe",)), "not confirmed"),
        (effect("true", said=("risky",)), "not confirmed"),
        (effect("true", "ruby"), "runbooks.run.allow"),
        (effect("true", variables={"PATH": "/tmp"}), "no plain word"),
        (effect("true", variables={"SERVICE": "a b"}), "no plain word"),
        (effect("true", variables={"SERVICE": 3}), "not a run"),
    ],
)
def test_the_last_gate_holds_whatever_asked(runner: Runner, wish: Effect, why: str) -> None:
    fault = fault_of(runner, wish)
    assert why in fault.reason
    assert "nothing was run" in fault.reason
    assert not (runner.folder / wish.id).exists()


def test_a_hundred_megabytes_are_counted_kept_in_part_and_never_held(runner: Runner) -> None:
    wish = effect("echo begin; yes 'a line of output that says nothing' | head -c 100000000; echo; echo the end")
    assert runner.perform(wish).startswith("exit 0")
    printed, live = runner.printed(wish.id), runner.live(wish.id)
    assert printed is not None
    log = Path(printed.log).read_bytes()
    assert printed.size > 100_000_000
    assert len(log) < execution.HEAD + execution.TAIL + 100_000
    assert printed.left_out > 75_000_000
    assert log.startswith(b"begin\n")
    assert log.endswith(b"the end\n")
    assert f"[iccon: {printed.left_out} bytes left out]".encode() in log
    assert printed.excerpt[-1] == "the end"
    assert sum(map(len, printed.excerpt)) <= execution.EXCERPT
    assert len(live.lines) <= execution.LINES
    assert live.lines[-1] == "the end"


def test_what_never_ends_is_stopped_when_the_time_is_up_with_all_it_started(runner: Runner) -> None:
    wish = effect("trap '' TERM; sleep 600 & echo $! $$; sleep 600; sleep 600", patience=1)
    fault = fault_of(runner, wish)
    assert (fault.kind, fault.reason.startswith("time was up")) == (FaultKind.ENDED, True)
    for pid in runner.live(wish.id).lines[0].split():
        until(lambda pid=int(pid): not _lives(pid))


def test_cancelling_ends_the_whole_group_and_keeps_what_was_printed(runner: Runner) -> None:
    wish = effect("echo begun; sleep 600 & echo $!; wait")
    ended: list[SourceFault] = []
    thread = threading.Thread(target=lambda: ended.append(fault_of(runner, wish)))
    thread.start()
    live = runner.live(wish.id)
    until(lambda: len(live.lines) == 2)
    live.cancel()
    thread.join(30)
    assert ended[0].reason.startswith("cancelled")
    until(lambda: not _lives(int(live.lines[1])))
    printed = runner.printed(wish.id)
    assert printed is not None
    assert printed.excerpt[0] == "begun"


def test_a_child_that_holds_the_pipe_does_not_hold_the_run(runner: Runner) -> None:
    wish = effect("sleep 600 & echo $!")
    assert runner.perform(wish).startswith("exit 0")
    until(lambda: not _lives(int(runner.live(wish.id).lines[0])))


def test_limits_are_set(tmp_path: Path) -> None:
    config = Run(allow=("bash",), memory=200, processes=4_000, timeout=7)
    runner = Runner(tmp_path / "runs", config, (), os.environ)
    wish = effect("ulimit -v; ulimit -t; ulimit -c")
    runner.perform(wish)
    assert list(runner.live(wish.id).lines) == [str(200 << 10), "7", "0"]


def test_a_supervisor_that_is_killed_leaves_the_outcome_unknown(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "SETTLES", 0.2)
    wish = effect("echo captured; echo $$; sleep 0.5; kill -9 $PPID; sleep 600")
    fault = fault_of(runner, wish)
    assert fault.kind is FaultKind.LOST
    printed = runner.printed(wish.id)
    assert printed is not None
    assert printed.excerpt[0] == "captured"
    until(lambda: not _lives(int(printed.excerpt[1])))
    with pytest.raises(SourceFault, match="look, and mark the step") as caught:
        runner.read_back(wish)
    assert caught.value.kind is FaultKind.LOST


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;ZXZpbA==\x1b\\text", "text"),
        ("10%\r20%\r100%\r", "100%"),
        ("x\x1b[2Jy\x9b31m\x00", "xy\ufffd31m␀"),
        ("password=hunter2abc", "password=[redacted]"),
        ("Authorization: Bearer abc.def1", "Authorization: [redacted]"),
        ('{"token": "abc", "x": 1}', '{"token": [redacted], "x": 1}'),
        ("https://kim:pa55@db.example/x", "https[redacted]db.example/x"),
    ],
)
def test_output_is_shown_without_what_a_terminal_obeys_and_without_secrets(raw: str, shown: str) -> None:
    assert shown_line(raw) == shown


def test_a_key_is_redacted_whole_and_the_record_is_bounded() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIE/abc+/" * 6 + "\nxyz/+\n-----END RSA PRIVATE KEY-----"
    assert excerpt(f"before\n{key}\nafter\n", whole=True) == ("before", "[redacted]", "after")
    assert excerpt("cut off here\nwhole\n", whole=False) == ("whole",)
    assert len(excerpt("x\n" * 100, whole=True)) == execution.EXCERPT_LINES


@given(st.text(max_size=3_000))
def test_any_output_can_be_shown(text: str) -> None:
    for line in (*excerpt(text, whole=True), shown_line(text)):
        assert clean(line, execution.LINE) == line


HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"',
    "a\nb",
    "a\0b",
    "--all",
    "-rf",
    "a b",
    "*",
    "~",
    "../x",
    "a;b",
    "${IFS}",
]
values = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=40), st.from_regex(r"[A-Za-z0-9_./:@-]{1,20}", fullmatch=True)
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["SERVICE", "NAMESPACE", "PATH", "LD_PRELOAD", "POD"]), values, max_size=4))
@example({"SERVICE": "shop", "POD": "shop-7f9"})
def test_no_value_changes_which_command_runs(given_: dict[str, str]) -> None:
    """What is handed on is one word to a real shell, quoted or not, under no name that means anything to it."""
    handed, withheld = sorted_out(given_)
    assert handed.keys() <= {"SERVICE", "NAMESPACE", "POD"}
    assert set(withheld) == {name for name, value in given_.items() if value} - handed.keys()
    code = "for v in SERVICE NAMESPACE POD; do eval 'set -- $'$v; echo $# $1; done; echo $SERVICE \"$POD\""
    env = {"PATH": os.environ["PATH"], **handed}
    done = subprocess.run(["bash", "-c", "--", code], env=env, capture_output=True, text=True, check=True)
    said = [f"{int(n in handed)} {handed.get(n, '')}".strip() for n in ("SERVICE", "NAMESPACE", "POD")]
    assert done.stdout.split("\n")[:3] == said
    assert done.stderr == ""


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_withheld(value: str) -> None:
    assert not is_plain(value)


def test_a_variable_that_nobody_gives_a_value_is_found() -> None:
    assert without_value("rm -r /data/$SERVICE", {}) == ("SERVICE",)
    assert without_value("rm -r /data/${POD}/x", {"SERVICE": "a"}) == ("POD",)
    assert without_value("echo ${SERVICE:-none} ${POD-x}; NODE=1; echo $NODE $SERVICES", {}) == ()
