"""`iccon watch`: the same screen without a write path. No key writes; other processes are followed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from consolekit import Home, leave

from iccon.console.commands import APP, REGISTRY
from iccon.drill.pagerduty_api import PagerDutyServer

EMAIL = "kim@example.com"
CONFIG = f"""\
me = {{ name = "kim", email = "{EMAIL}" }}
console.zone = "UTC"
pagerduty = {{ token = {{ env = "PAGERDUTY_TOKEN" }}, url = "URL", refresh = 0.5 }}
"""
NAMES = {"question_mark": "?", "colon": ":"}


@pytest.fixture
def pager() -> Iterator[PagerDutyServer]:
    with PagerDutyServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, pager: PagerDutyServer) -> Home:
    made = Home(tmp_path, PAGERDUTY_TOKEN="drill-token")
    made.configure(CONFIG.replace("URL", pager.url))
    return made


def digest(home: Home) -> str:
    return hashlib.sha256((home.folder / "data" / "journal.db").read_bytes()).hexdigest()


def test_no_key_of_the_registry_writes_anything(home: Home, pager: PagerDutyServer) -> None:
    pager.trigger("Checkout is slow", "checkout")
    home.run("declare", "Checkout fails")
    before, entries = digest(home), home.entries()
    with home.console("watch") as term:
        term.wait_for(lambda text: "Checkout is slow" in text and "READ-ONLY" in text and "Checkout fails" in text)
        for command in REGISTRY:
            if command.scope == APP:
                continue
            for key in command.keys:
                term.press("tab", NAMES.get(key, key))
                term.settle(0.05)
            if command.writes:
                term.type("typed into nothing")
                term.press("enter")
                term.settle(0.05)
        term.press("escape")
        term.settle()
        term.close()
    assert digest(home) == before
    assert home.entries() == entries
    assert {call.method for call in pager.calls} == {"GET"}


def test_it_follows_what_other_processes_record(home: Home) -> None:
    home.run("declare", "Checkout fails")
    with home.console("watch") as term:
        term.wait_for("Checkout fails")
        home.run("note", "from another terminal")
        term.wait_for("from another terminal")
        home.run("severity", "SEV1")
        term.wait_for("SEV1")
        leave(term)


def test_without_a_journal_it_shows_pages_and_picks_up_the_first_incident(home: Home, pager: PagerDutyServer) -> None:
    pager.trigger("Checkout is slow", "checkout")
    with home.console("watch") as term:
        term.wait_for(lambda text: "no incident is active" in text and "Checkout is slow" in text)
        assert not (home.folder / "data" / "journal.db").exists()
        home.run("declare", "Checkout fails")
        term.wait_for(lambda text: "Timeline" in text and "Checkout fails" in text)
        home.run("note", "the first note")
        term.wait_for("the first note")
        leave(term)


@pytest.mark.parametrize("size", [(200, 50), (120, 36)])
def test_the_wallboard_shows_state_signals_pages_and_record(
    home: Home, pager: PagerDutyServer, size: tuple[int, int]
) -> None:
    pager.trigger("Checkout is slow", "checkout")
    home.run("declare", "Checkout fails")
    with home.console("watch", "--layout", "wallboard", size=size) as term:
        shown = term.wait_for(lambda text: "Checkout is slow" in text and "Timeline" in text)
        assert all(word in shown for word in ("READ-ONLY", "Signals", "Pages", "Checkout fails"))
        leave(term)


def test_a_layout_that_does_not_exist_is_said_with_those_that_do(home: Home) -> None:
    with home.console("watch", "--layout", "wall") as term:
        assert term.wait() == 2
        assert "no layout wall; there are ic, narrow, scribe, secondary, wallboard" in term.text().replace("\n", " ")


def test_naming_an_incident_makes_no_journal(home: Home) -> None:
    with home.console("watch", "--incident", "abcd") as term:
        assert term.wait() == 3
        assert "there is no journal yet" in term.text()
    assert not (home.folder / "data" / "journal.db").exists()
