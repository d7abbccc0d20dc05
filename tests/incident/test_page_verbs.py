"""How page verbs read, and what is no such request."""

import pytest

from iccon.incident import page_verbs
from iccon.incident.entries import PageActed, PageRef
from iccon.incident.timeline import describe

DISK = PageRef("pd", "P1", "disk {to} is full")


@pytest.mark.parametrize(
    ("verb", "arguments", "words"),
    [
        ("acknowledge", {}, "acknowledge page: disk {to} is full"),
        ("resolve", {"resolution": "rolled back"}, "resolve page: disk {to} is full (rolled back)"),
        ("reassign", {"to": "{page}"}, "reassign page to {page}: disk {to} is full"),
        ("snooze", {"seconds": "5400"}, "snooze page for 90 min: disk {to} is full"),
        ("snooze", {"seconds": "x"}, "snooze page for x: disk {to} is full"),
        ("snooze", {}, "snooze page for ?: disk {to} is full"),
        ("teleport {0}", {}, "teleport {0} page: disk {to} is full"),
    ],
)
def test_how_an_act_reads(verb: str, arguments: dict[str, str], words: str) -> None:
    assert describe(PageActed(page=DISK, verb=verb, effect="e", arguments=arguments)) == words


def test_every_verb_reads_and_says_what_it_does() -> None:
    for verb in page_verbs.VERBS.values():
        given = dict.fromkeys(verb.needs, "1")
        assert "?" not in page_verbs.words(verb.name, given, "disk")
        assert verb.effect
        assert "disk" in page_verbs.words(verb.name, given, "disk")
        assert page_verbs.problem(verb.name, given | ({"urgency": "low"} if "urgency" in given else {})) is None


def test_only_an_acknowledgement_goes_unasked() -> None:
    assert [verb.name for verb in page_verbs.VERBS.values() if not verb.confirms] == ["acknowledge"]
