"""What goes wrong is said in words and exit codes, and never as a traceback."""

import os
from pathlib import Path

import pytest

from iccon.cli import record
from iccon.cli.parsing import COMMANDS
from iccon.clock import SystemClock
from iccon.incident.entries import Draft, Note
from iccon.journal.store import Journal


def test_all_problems_of_a_configuration_are_said_at_once(iccon, configure):
    file = configure('[console]\nzone = "Mars/Olympus"\nthem = "iccon-dark"\n\n[signals]\nrefresh = "fast"\n')
    ran = iccon("note", "x")
    assert ran.code == 2
    assert ran.err.startswith("iccon: 3 problems in the configuration\n")
    assert f"{file}:2: console.zone" in ran.err
    assert f"{file}:3: console.them" in ran.err
    assert 'did you mean "theme"?' in ran.err
    assert f"{file}:6: signals.refresh" in ran.err
    as_json = iccon("check", "--json")
    assert as_json.code == 2
    assert {p["line"] for p in as_json.json["problems"]} == {2, 3, 6}


def test_a_configuration_can_be_named_three_ways(iccon, tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text('[me]\nname = "Ada"\n')
    named = str(tmp_path / "mine.toml")
    assert iccon("declare", "A", "--config", named, "--json").json["entries"][0]["actor"] == "Ada"
    assert iccon("--config", named, "note", "x", "--json").json["entries"][0]["actor"] == "Ada"
    monkeypatch.setenv("ICCON_CONFIG", named)
    assert iccon("note", "y", "--json").json["entries"][0]["actor"] == "Ada"
    assert iccon("note", "x", "--config", str(tmp_path / "none.toml")).code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nte"], "did you mean note?"),
        (["declare"], "required: title"),
        (["declare", "x", "--severity", "SEV9"], "SEV1 (the worst) to SEV5"),
        (["phase", "finished"], "investigating"),
        (["note", "x", "--colour"], "--colour"),
        (["update", "--next", "soon"], "minutes from 1"),
        (["update", "--template", "first-notise"], "did you mean first-notice?"),
        (["drill", "--scenario", "checkout-latensy"], "did you mean checkout-latency?"),
        (["drill", "--speed", "0"], "between 0.01 and 1000"),
        (["drill", "--headless", "--for", "soon"], "60s"),
        (["console"], "needs a terminal"),
        ([], "needs a terminal"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_is_right(iccon, incident, words, said):
    ran = iccon(*words)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_an_unforeseen_error_is_one_line_and_goes_to_the_log(iccon, incident, home, monkeypatch):
    def broken(*_):
        raise RuntimeError("\x1b]0;owned\x07 boom")

    monkeypatch.setattr(record, "_write", broken)
    ran = iccon("note", "x")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "RuntimeError at test_cli_trouble.py:" in ran.err
    assert "\x1b" not in ran.err
    log = (home / "logs" / "iccon.log").read_text()
    assert "Traceback" in log
    assert str(home / "logs" / "iccon.log") in ran.err
    monkeypatch.setenv("ICCON_DEBUG", "1")
    assert "Traceback" in iccon("note", "x").err


def test_a_log_that_cannot_be_written_hides_nothing(iccon, incident, home, monkeypatch):
    (home / "logs").write_text("in the way")
    monkeypatch.setattr(record, "_write", lambda *_: 1 / 0)
    ran = iccon("note", "x")
    assert ran.code == 1
    assert "ZeroDivisionError" in ran.err
    assert "ICCON_DEBUG=1" in ran.err


def test_a_garbled_journal_is_said_plainly_and_left_alone(iccon, incident, home):
    journal = home / "data" / "journal.db"
    for side in home.glob("data/journal.db-*"):
        side.unlink()
    journal.write_bytes(b"\x00garbled" * 4096)
    for words in (["note", "x"], ["list"], ["verify"], ["declare", "Another"]):
        ran = iccon(*words)
        assert ran.code == 1, words
        assert "not a journal" in ran.err
        assert "Traceback" not in ran.err
    assert journal.read_bytes() == b"\x00garbled" * 4096
    assert iccon("note", "x", "--json").json["fault"]["kind"] == "damaged"


def test_what_can_be_read_of_a_damaged_journal_is_shown_and_the_rest_is_said(iccon, incident, home):
    file = home / "data" / "journal.db"
    journal = Journal.open(file, SystemClock())
    now = SystemClock().now()
    journal.append([Draft(incident, Note(text=f"note {i} {'x' * 200}"), now, "kim") for i in range(2000)])
    journal.close()
    with file.open("r+b") as raw:
        raw.seek(file.stat().st_size * 3 // 5)
        raw.write(b"\xff" * 65_536)
    ran = iccon("timeline")
    assert ran.code == 1
    assert "note 1 x" in ran.out
    assert "could not be read to its end" in ran.err
    assert iccon("timeline", "--json").json["lines"]
    assert iccon("verify").code == 1


def test_a_home_that_is_a_file_is_a_fault_in_words(iccon, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ICCON_HOME", str(tmp_path / "file"))
    ran = iccon("declare", "x")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert iccon("init").code == 1


def test_output_that_cannot_be_written_is_a_fault(iccon, incident):
    ran = iccon("export", "--output", "/nowhere/at/all.md")
    assert ran.code == 1
    assert "/nowhere/at/all.md: No such file or directory" in ran.err


def test_init_writes_an_owner_only_file_once(iccon, home):
    ran = iccon("init", "--json")
    assert ran.code == 0
    file = Path(ran.json["file"])
    assert file == home / "config.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert (home / "themes").is_dir()
    file.write_text("# mine\n")
    again = iccon("init")
    assert again.code == 3
    assert file.read_text() == "# mine\n"
    assert iccon("list").code == 0


def test_what_init_writes_is_valid(iccon):
    assert iccon("init").code == 0
    assert iccon("check").code == 0


def test_help_and_version_answer(iccon):
    overview = iccon("--help")
    assert overview.code == 0
    assert "note" in overview.out
    assert "complete " not in overview.out
    assert iccon("--version").out.startswith("iccon ")
    assert "--at TIME" in iccon("note", "--help").out


def test_every_command_has_help_and_a_module(iccon):
    for name in COMMANDS:
        ran = iccon(name, "--help")
        assert ran.code == 0, name
        assert f"usage: iccon {name}" in ran.out


def test_the_environment_is_not_asked_for_secrets_that_a_command_does_not_need(iccon, configure):
    configure('pagerduty.token = { env = "NOT_SET_ANYWHERE" }\n')
    assert "NOT_SET_ANYWHERE" not in os.environ
    assert iccon("declare", "x").code == 0
    assert iccon("export").code == 0
