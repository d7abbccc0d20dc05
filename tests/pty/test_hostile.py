"""The whole program in a real terminal against hostile text from everywhere: shown as written, never obeyed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from consolekit import Home, choose_page, leave
from hostile import CLICK, DISK, HOSTILE, HUGE, QUEUE, SEEN_AS_WRITTEN, Metrics, obeyed

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from ptyhelp import Terminal

SIZE = (150, 50)
WIDE = (240, 50)  # the end of a long title or reason is on the screen
CONFIG = """\
me = {{ name = "kim", email = "kim@example.com" }}
environment = "prod [/] {click}"
console.zone = "UTC"
prometheus.url = "{metrics}"
pagerduty = {{ token = {{ env = "PAGERDUTY_TOKEN" }}, url = "{pager}", refresh = 1 }}
runbooks.folders = ["{runbooks}"]
signals.latency.query = "latency"
signals.traffic.query = "broken"
signals.errors.query = "html"
signals.saturation.query = "type"
changes.ci = {{ kind = "file", path = "deploys.log" }}
updates.outlets.file = {{ kind = "file", path = "updates.md" }}
"""


@dataclass
class World:
    home: Home
    pager: PagerDutyServer
    pages: dict[str, str]  # title -> id


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("hostile")
    home = Home(folder, PAGERDUTY_TOKEN="drill-token")
    runbooks = folder / "runbooks"
    runbooks.mkdir()
    text = "\n\n".join(HOSTILE).replace("\x00", "")  # with a NUL it is no text and no runbook
    table = f"| a | b |\n|-|-|\n| {CLICK} | {QUEUE} |\n"
    header = "---\nalerts: disk devsda1 is 95\n---\n"
    (runbooks / "disk.md").write_text(f"{header}# Runbook {DISK} {CLICK}\n\n{text}\n\n```\n{text}\n```\n\n{table}")
    lines = [
        {"at": f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}", "text": each, "who": each} for each in (*HOSTILE, HUGE)
    ]
    log = "\n".join(json.dumps(line | {"service": line["text"][:80], "url": f"https://{CLICK}"}) for line in lines)
    (folder / "deploys.log").write_text(f"{log}\n{HOSTILE[3]}\n")
    with PagerDutyServer() as pager, Metrics() as metrics:
        pages = {title: pager.trigger(title, title[:100], alert=title) for title in reversed((*HOSTILE[3:], HUGE))}
        pages |= {title: pager.trigger(title, title, alert=title) for title in reversed(HOSTILE[:3])}
        home.configure(CONFIG.format(click=CLICK, metrics=metrics.url, pager=pager.url, runbooks=runbooks))
        home.run("declare", "\x1b]0;OWNED7\x07 second one", "--severity", "SEV3")
        home.run("declare", f"{DISK} {CLICK} {QUEUE}", "--severity", "SEV2")
        latest = home.json("list")[0]["id"]
        for text in HOSTILE:
            home.run("note", "-", "--incident", latest, stdin=text)
        home.run("role", "scribe", CLICK, "--incident", latest)
        home.run("theory", f"{QUEUE} \x1b[38;5;199mred", "--incident", latest)
        home.run("impact", "start", DISK, "--incident", latest)
        yield World(home, pager, pages)


@pytest.fixture
def home_screen(world: World) -> Iterator[Terminal]:
    with world.home.console(size=WIDE) as term:
        term.wait_for(lambda text: "Incidents" in text and text.count(DISK) >= 3)
        yield term


@pytest.fixture
def incident(world: World, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    ident = world.home.json("list")[0]["id"]
    with world.home.console("--incident", ident, size=getattr(request, "param", SIZE)) as term:
        term.wait_for(lambda text: "Timeline" in text and f" {DISK} " in text and " pages by " in text)
        ungroup(term)
        yield term


def ungroup(term: Terminal) -> None:
    """Give each page a row of its own; the focus is where it was."""
    for tabs in range(1, 9):
        term.press("tab", "G")
        term.settle(0.1)
        if "MMMMM" in term.text():
            term.press(*["shift+tab"] * tabs)
            return
    raise AssertionError(term.text())


def unharmed(term: Terminal) -> None:
    """Nothing was obeyed, and the program goes on until it is asked to leave."""
    term.settle(0.1)
    assert obeyed(term.raw) == []
    assert term.process.poll() is None
    leave(term)
    assert obeyed(term.raw) == []


def test_home_board_and_pages(home_screen: Terminal) -> None:
    text = home_screen.text()
    for written in SEEN_AS_WRITTEN:
        assert text.count(written) >= 2, written
    assert "gnp.exe" in text
    assert "! bad answer: a ␛]0" in text
    assert "second one" in text
    assert "漢" in text
    home_screen.press("tab", "down", "down", "tab", "down", "down", "z")
    unharmed(home_screen)


def test_a_click_on_markup_does_nothing(home_screen: Terminal) -> None:
    for _ in range(2):
        home_screen.click(CLICK, CLICK.index("x"))
        home_screen.click(QUEUE, QUEUE.index("["))
    unharmed(home_screen)


def test_timeline_and_strip(incident: Terminal) -> None:
    text = incident.text()
    for written in (*SEEN_AS_WRITTEN, "gnp.exe", "␛]0;OWNED0␇title", "NUL␀BEL␇"):
        assert written in text, written
    incident.press("tab", "tab", "tab", "up", "up", "enter", "home", "m", "end")
    incident.click(CLICK, CLICK.index("x"))
    unharmed(incident)


def test_changes_in_the_list_their_details_and_the_timeline(incident: Terminal) -> None:
    incident.press("c")
    text = incident.wait_for(lambda text: "in 24 hours" in text and text.count(DISK) >= 1)
    for written in (*SEEN_AS_WRITTEN, "gnp.exe", "␛]0;OWNED0␇title"):
        assert written in text, written
    assert "line 15: no time" in text
    incident.press("enter")
    incident.wait_for(f"https://{CLICK}")
    for _ in range(15):
        incident.press("down")
    incident.press("t")
    incident.wait_for("on the timeline")
    incident.click(CLICK, CLICK.index("x"))
    incident.press("escape")
    incident.wait_for("Timeline")
    unharmed(incident)


def test_forms_made_from_a_hostile_page(incident: Terminal) -> None:
    choose_page(incident, "title")
    incident.press("d")
    assert "␛]0;OWNED0" in incident.wait_for("Declare an incident")
    incident.press("escape")
    incident.wait_gone("Declare an incident")
    for key, title in (
        ("T", "Title"),
        ("t", "Theory"),
        ("R", "Resolve the incident"),
        ("i", "Customer impact stops"),
    ):
        incident.press(key)
        incident.wait_for(f"─ {title}")
        incident.press("escape")
        incident.wait_gone(f"─ {title}")
    incident.press("u")
    incident.wait_for("Status update")
    incident.press("escape")
    incident.wait_gone("Status update")
    incident.press("ctrl+p")
    incident.wait_for("Search")
    incident.type(CLICK)
    incident.settle(0.1)
    incident.press("escape")
    incident.wait_gone("Search")
    unharmed(incident)


def test_amending_and_striking_a_hostile_note(incident: Terminal) -> None:
    (row,) = re.findall(rf"• kim +{re.escape(DISK)}", incident.text())
    incident.click(row)
    incident.wait_for(lambda text: any("▌" in line and DISK in line for line in text.splitlines()))
    for key, title in (("e", "Amend the entry"), ("x", "Strike the entry")):
        incident.press(key)
        assert DISK in incident.wait_for(title)
        incident.press("escape")
        incident.wait_gone(title)
    unharmed(incident)


def test_a_hostile_runbook(incident: Terminal) -> None:
    choose_page(incident, DISK)
    incident.press("r")
    text = incident.wait_for(f"Runbook {DISK}")
    assert CLICK in text
    incident.press("pagedown", "pagedown", "home", "end")
    incident.settle(0.1)
    unharmed(incident)


@pytest.mark.parametrize("incident", [WIDE], indirect=True, ids=["wide"])
def test_hostile_words_of_a_failing_server_and_notices(world: World, incident: Terminal) -> None:
    refusal = f'{{"error":{{"message":"{CLICK} {DISK} \\u001b]0;OWNED8\\u0007 no","code":2010}}}}'.encode()
    world.pager.fail(Fault("answer", "PUT", status=403, body=refusal))
    choose_page(incident, QUEUE)
    incident.press("a")
    incident.wait_for("FAILED")
    incident.wait_for(lambda text: "pagerduty failed: forbidden" in text and CLICK + " dis" in text)
    choose_page(incident, "title")
    incident.press("r")
    incident.wait_for("runbook opened")
    unharmed(incident)


@pytest.mark.parametrize(
    "words", [["list"], ["show"], ["timeline", "--machine"], ["pages"], ["export"], ["timeline", "--json"]]
)
def test_the_command_line_on_a_terminal(world: World, words: list[str]) -> None:
    which = ["--incident", world.home.json("list")[0]["id"]] if words[0] not in ("list", "pages") else []
    with world.home.console(*words, *which, size=(200, 400)) as term:
        term.wait(30)
        assert obeyed(term.raw) == []
        assert DISK in term.text().replace("\\", "")
