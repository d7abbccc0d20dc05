"""What is typed survives: kill -9, a lost terminal, a terminal of another size; and the person's own editor."""

from pathlib import Path

import pytest
from consolekit import Home, declare, leave, until

from iccon.clock import SystemClock
from iccon.journal.store import Journal
from ptyhelp import Terminal

# What it does depends on a file, so that one console can meet every kind of editor.
EDITOR = """\
#!/bin/sh
stat -c %a "$1" "$(dirname "$1")" >> "$0.seen"
read -r how < "$0.how"
case $how in
  saves) echo "and a word of the editor's own" >> "$1" ;;
  fails) echo "half a wo" >> "$1"; exit 3 ;;
  hangs) echo "saved and then killed" >> "$1"; echo hanging; sleep 60 ;;
esac
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.configure('me = { name = "kim" }\nconsole.zone = "UTC"\n')
    return made


@pytest.fixture
def editor(tmp_path: Path) -> Path:
    script = tmp_path / "bin" / "scribe"
    script.parent.mkdir()
    script.write_text(EDITOR)
    script.chmod(0o755)
    return script


def how(script: Path, word: str) -> None:
    script.with_name("scribe.how").write_text(f"{word}\n")


def drafts(home: Home) -> list[str]:
    """Return what is being typed, as the journal has it."""
    journal = Journal.open(home.folder / "data" / "journal.db", SystemClock(), read_only=True)
    try:
        return [draft.text for draft in journal.drafts()]
    finally:
        journal.close()


def notes(home: Home) -> list[str]:
    return [line["text"] for line in home.json("timeline")["lines"] if line["kind"] == "note"]


def begin(term: Terminal) -> None:
    term.wait_for("No incident yet")
    declare(term, "Checkout fails")


def test_the_persons_own_editor(home: Home, editor: Path) -> None:
    with home.console(size=(80, 24), env={"EDITOR": f"{editor}", "VISUAL": ""}) as term:
        begin(term)
        term.press("n")
        term.wait_for(" note ")
        term.type("one line")
        term.press("ctrl+o")
        term.wait_for("$EDITOR")
        how(editor, "fails")
        term.press("ctrl+o")
        term.wait_for("ended with 3: the text is as it was")
        how(editor, "saves")
        term.press("enter", "ctrl+o")
        term.wait_for("it is not kept yet: ^s does")
        assert "and a word of the editor's own" in term.text()
        assert notes(home) == []
        term.press("ctrl+s")
        term.wait_for("one line and a word")
        leave(term)
    assert notes(home) == ["one line\nand a word of the editor's own"]
    assert set(editor.with_name("scribe.seen").read_text().split()) == {"600", "700"}


def test_what_an_editor_saved_is_there_after_both_were_killed(home: Home, editor: Path) -> None:
    how(editor, "hangs")
    env = {"EDITOR": f"{editor}", "VISUAL": ""}
    with home.console(env=env) as term:
        begin(term)
        term.press("ctrl+o")
        term.wait_for("$EDITOR")
        term.press("ctrl+o")
        term.wait_for("hanging")
        until(lambda: any("saved and then killed" in text for text in drafts(home)), meanwhile=term)
        term.kill()
    with home.console(env=env) as term:
        term.wait_for("saved and then killed")


TYPED = (
    (("s", "tab"), "reason in mind"),
    (("t",), "theory in mind"),
    (("H",), "ann"),
    (("u",), "update in mind "),
    (("ctrl+o",), "note in mind"),
)


def leave_form(term: Terminal) -> None:
    term.settle(0.2)  # an Escape with a key right behind it would be another key
    term.press("escape")
    term.settle(0.2)
    term.wait_gone("esc ")


@pytest.mark.parametrize("loss", ["kill -9", "disconnect"])
def test_every_kind_of_field_comes_back(home: Home, loss: str) -> None:
    """A form of several fields, others, the update, and a note of several lines, with an editor that is missing."""
    asked = TYPED if loss == "kill -9" else TYPED[-1:]
    with home.console(size=(80, 24), env={"EDITOR": "/no/such/one", "VISUAL": ""}) as term:
        begin(term)
        for keys, typed in asked:
            term.press(*keys)
            term.wait_for("esc ")
            term.type(typed)
            until(lambda typed=typed: any(typed in text for text in drafts(home)), meanwhile=term)
            for size in ((100, 30), (80, 24)) if keys == ("u",) else ():
                term.resize(*size)
                term.wait_for(typed.strip())
            if typed != "note in mind":
                leave_form(term)
        term.press("ctrl+o")
        term.wait_for("one cannot be run")
        term.press("enter")
        until(lambda: "note in mind\n" in drafts(home), meanwhile=term)
        if loss == "kill -9":
            term.kill()
        else:
            term.hang_up()
            term.process.wait(10)
    with home.console(size=(80, 24)) as term:
        term.wait_for("note in mind")
        if len(asked) > 1:
            term.wait_for("begun and not finished")
        term.wait_for("esc ")
        for keys, typed in asked[:-1]:
            leave_form(term)
            term.press(keys[0])
            term.wait_for(typed.strip())
            term.wait_for("esc ")
