"""Every endpoint refuses connections: everything that keeps the record works, and each source says since when."""

import re
from pathlib import Path

import rawserver
from consolekit import Home, declare, leave, note, until

from ptyhelp import Terminal

CONFIG = """\
me = {{ name = "kim", email = "kim@example.com" }}
console.zone = "UTC"
prometheus.url = "http://127.0.0.1:{port}"
alertmanager.url = "http://127.0.0.1:{port}"
pagerduty = {{ token = {{ env = "PAGERDUTY_TOKEN" }}, url = "http://127.0.0.1:{port}", refresh = 1 }}
updates.outlets.status = {{ kind = "webhook", url = "http://127.0.0.1:{port}/hook" }}
updates.outlets.file = {{ kind = "file", path = "updates.md" }}
"""


def test_a_whole_incident_while_every_endpoint_refuses(tmp_path: Path) -> None:
    home = Home(tmp_path, PAGERDUTY_TOKEN="drill-token")
    home.configure(CONFIG.format(port=rawserver.closed_port()))
    with home.console(size=(160, 40)) as term:
        term.wait_for(lambda text: text.count("refused") >= 2)
        declare(term, "Everything is down")
        assert_sources_say_since_when(term)
        note(term, "the whole site is unreachable")
        answer(term, "s", "Severity", "1", "severity SEV1")
        answer(term, "o", "Who has a role", "2", "is Deputy", person="robin")
        answer(term, "i", "Customer impact", "", "customer impact started: everybody", person="everybody")
        update(term)
        term.press("R")
        term.wait_for("Resolve the incident")
        term.type("power is back")
        term.press("tab")
        term.type("customers hear it by phone")
        term.press("enter")
        term.wait_for("phase resolved: power is back")
        term.press("X")
        term.wait_for("written:")
        leave(term)
    recorded(home)


def assert_sources_say_since_when(term: Terminal) -> None:
    text = term.wait_for(lambda text: "refused since" in text and "pagerduty:" in text)
    head = "\n".join(text.splitlines()[:3])
    for source in ("signals", "pages"):
        assert re.search(rf"! {source} refused since \d\d:\d\d UTC", head), head
    assert len(re.findall(r"│ refused since \d\d:\d\d UTC", text)) == 2


def answer(term: Terminal, key: str, title: str, number: str, recorded: str, person: str = "") -> None:
    """Answer a form by keys; wait until the timeline says so."""
    term.press(key)
    term.wait_for(title)
    if number:
        term.press(number)
    if person:
        if number:
            term.press("tab", "ctrl+u")
        term.type(person)
        term.wait_for(person)
    term.press("enter")
    term.wait_for(lambda text: recorded in text and f"─ {title}" not in text)


def update(term: Terminal) -> None:
    """Left in the middle, the draft is there again; sent, the file has it and the webhook's failure is in view."""
    term.press("u")
    term.wait_for(lambda text: "Status update" in text and "^s send" in text)
    term.press("ctrl+end")
    term.type(" We are sorry.")
    term.wait_for("We are sorry.")
    term.press("escape")
    term.wait_gone("Status update:")
    term.press("u")
    term.wait_for("We are sorry.")
    term.press("ctrl+s")
    term.wait_for(lambda text: "Status update:" not in text and "update to customer" in text)
    term.wait_for("status failed: refused")


def recorded(home: Home) -> None:
    (incident,) = home.json("list")
    shown = home.json("show", incident["id"])
    assert (shown["severity"], shown["phase"], shown["commander"]) == ("SEV1", "resolved", "kim")
    assert shown["roles"]["deputy"]["person"] == "robin"
    outlets = shown["updates"][0]["outlets"]
    assert (outlets["file"]["state"], outlets["status"]["state"]) == ("sent", "failed")
    until(lambda: "We are sorry." in (home.folder / "updates.md").read_text())
    (export,) = (home.folder / "data" / "exports").glob("*.md")
    assert "the whole site is unreachable" in export.read_text()
    assert home.json("verify")["bad"] is None
