"""The drill on a terminal: the whole story by keys; and without a screen. Its record is apart from the real one."""

from pathlib import Path

from consolekit import Home, choose_page, note, opened

from ptyhelp import Terminal

CONFIG = 'me = { name = "kim", email = "kim@example.com" }\nconsole.zone = "UTC"\n'
PAGE = "checkout: p99 latency"


def test_the_story_by_keys(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configure(CONFIG)
    home.run("declare", "A real one", "--severity", "SEV3")
    with home.console("drill", "--speed", "40", size=(140, 40)) as term:
        term.wait_for(lambda text: "DRILL" in text and "checkout" in text)
        term.wait_for(PAGE, 30)
        declared_from_the_page(term)
        acknowledged(term)
        note(term, "rollback is under way")
        assert "DRILL" in term.text().splitlines()[0]
        sent(term)
        recovered(term)
        resolved(term)
        on_every_screen(term)
        term.press("q")
        assert term.wait(15) == 0
        report = term.settle(0.1)
    for words in ("DRILL REPORT", "acknowledge", "first update", "resolve", "Incident: checkout: p99"):
        assert words in report, report
    assert "missing" not in report
    assert [i["title"] for i in home.json("list")] == ["A real one"]
    (drilled,) = home.json("list", "--drill")
    assert (drilled["phase"], drilled["drill"]) == ("resolved", True)
    assert "DRILL" in home.run("export", "--drill")


def declared_from_the_page(term: Terminal) -> None:
    choose_page(term, PAGE)
    term.press("d")
    assert PAGE in term.wait_for("Declare an incident")
    term.press("enter")
    term.wait_for(lambda text: opened(text, f"declared SEV2: {PAGE}"))
    term.wait_for(" slo ")  # the column of the drill's objectives


def acknowledged(term: Terminal) -> None:
    choose_page(term, PAGE)
    term.press("a")
    term.wait_for(lambda text: any("◐" in line and PAGE[:12] in line for line in text.splitlines()))


def sent(term: Terminal) -> None:
    term.press("u")
    term.wait_for(lambda text: "Status update" in text and "^s send" in text)
    term.press("ctrl+s")
    term.wait_for(lambda text: "Status update:" not in text and "update to customer" in text)


def recovered(term: Terminal) -> None:
    """A colleague mitigates 45 scenario seconds after the acknowledgement; then the whole board is well again."""
    term.wait_for(lambda text: all(sign not in board(text) for sign in "✗▲") and "✓" in board(text), 40)


def board(text: str) -> str:
    return "\n".join(line.split("││")[0] for line in text.splitlines() if line.startswith("│"))


def resolved(term: Terminal) -> None:
    term.press("R")
    term.wait_for("Resolve the incident")
    term.type("rolled back")
    term.press("tab")
    term.type("told by phone")
    term.press("enter")
    term.wait_for("phase resolved: rolled back")


def on_every_screen(term: Terminal) -> None:
    """Incident, help, home: each says that it is a drill."""
    assert "DRILL" in term.text()
    term.press("?")
    assert "DRILL" in term.wait_for("Write a note into the timeline")
    term.press("escape")
    term.wait_gone("Write a note into the timeline")
    term.press("h")
    assert "DRILL" in term.wait_for("Incidents").splitlines()[0]


def test_headless(tmp_path: Path) -> None:
    home = Home(tmp_path)
    said = home.run("drill", "--headless", "--for", "30s", "--speed", "60")
    assert "DRILL REPORT" in said
    assert home.json("list") == []
    (drilled,) = home.json("list", "--drill")
    assert drilled["phase"] == "resolved"
