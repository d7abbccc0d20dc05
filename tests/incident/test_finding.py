"""What is looked for in a timeline: text, kind, person, service, source, who wrote it, how it stands."""

from datetime import UTC, datetime, timedelta

import pytest

from iccon.incident import entries as e
from iccon.incident.finding import query
from iccon.incident.fold import Ledger
from iccon.incident.timeline import Timeline

AT = datetime(2026, 11, 24, 14, tzinfo=UTC)
PAGE = e.PageRef("pagerduty", "P1", "checkout is slow", "checkout")
BODIES = {
    "note": e.Note(text="Disk FULL on db-1 #db"),
    "tagged": e.Note(text="mail of #dbadmin, ask @Kim"),
    "task": e.TaskNoted(what="decision", text="roll back", owner="kim"),
    "page": e.PageSeen(page=PAGE, status="triggered"),
    "late": e.Note(text="seen at noon"),
    "linked": e.Note(text="slow since change:4711, see page:P7 and service:search."),
    "wrong": e.Note(text="the wrong window"),
    "amended": e.Note(text="three nodes"),
}
CORRECTIONS = {
    "strike": e.Struck(target="wrong", reason="another incident"),
    "amend": e.Amended(target="amended", text="two nodes"),
}


def entry(ident: str, body: e.Body, number: int) -> e.Entry:
    at, recorded = AT + timedelta(seconds=number), AT + timedelta(hours=1 if ident == "late" else 0, seconds=number)
    return e.Entry(ident, "i", "w", number, at, recorded, "lee" if ident == "note" else "sam", None, body)


def found(words: str) -> list[str]:
    made = [entry(ident, body, n) for n, (ident, body) in enumerate({**BODIES, **CORRECTIONS}.items())]
    timeline = Timeline(Ledger("i", made))
    return [line.id for line in timeline.order if query(words).finds(line, timeline)]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("disk full", ["note"]),
        ("FULL disk", ["note"]),
        ('"full disk"', []),
        ('"full on', ["note"]),
        ("kind:note person:lee", ["note"]),
        ("kind:dec", ["task"]),
        ("kind:task", ["task"]),
        ("person:KIM", ["task"]),
        ("@kim", ["tagged", "task"]),
        ("#db", ["note"]),
        ("service:checkout", ["page"]),
        ("service:search", ["linked"]),
        ("page:p7", ["linked"]),
        ("source:pagerduty", ["page"]),
        ("machine:yes", ["page"]),
        ("machine:no is:late", ["late"]),
        ("is:struck", ["wrong"]),
        ('"another incident"', ["wrong"]),
        ("is:amended", ["amended"]),
        ("three", []),
        ("two", ["amended"]),
        ("machine:maybe", []),
        ("nowhere:full", []),
    ],
)
def test_every_word_must_hold(words: str, wanted: list[str]) -> None:
    assert found(words) == wanted


@pytest.mark.parametrize("words", ["", "  ", "kind:", '"', 'person:""', 'kind:"'])
def test_what_is_not_typed_to_its_end_asks_for_nothing_yet(words: str) -> None:
    assert query(words).rules == ()
    assert found(words) == list(BODIES)


def test_a_word_that_can_mean_nothing_is_said() -> None:
    assert "machine:yes" in query("disk machine:maybe").problem
    assert "is:late" in query("is:green").problem
    assert query("disk https://example.org/x 14:03").problem == ""
