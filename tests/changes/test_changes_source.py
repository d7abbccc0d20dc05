"""All sources at once: each fails alone, nothing comes twice, and what is kept is bounded."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import entry

from iccon.changes.model import MOST, REACH, Change, Changes, ChangeSource, Found, newest, of_service
from iccon.changes.source import ChangesSource
from iccon.changes.told import told
from iccon.faults import FaultKind, SourceFault
from iccon.incident.entries import ChangeSeen, Note
from iccon.text import CleanText, clean

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Told:
    """A source that gives what it was given, or raises it."""

    deadline = 0.5

    def __init__(self, name: str, *answers: Found | SourceFault | None) -> None:
        self.name = name
        self.answers = list(answers)
        self.asked = 0

    def changes(self, since: datetime, until: datetime) -> Found:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            threading.Event().wait(5)
            raise AssertionError("abandoned long ago")
        if isinstance(answer, SourceFault):
            raise answer
        return answer


def change(key: str, minutes: float = 0.0, service: str = "checkout") -> Change:
    return Change(key, NOW - timedelta(minutes=minutes), clean(key), (clean(service),))


def found(*items: Change) -> Found:
    return Found(items, (CleanText("said"),))


def polled(*sources: ChangeSource) -> Changes:
    return ChangesSource(sources, Clock()).poll()


DOWN = SourceFault(FaultKind.REFUSED, "nothing listens")


def test_changes_of_all_sources_come_newest_first_and_each_once() -> None:
    got = polled(Told("a", found(change("x", 5), change("y", 1))), Told("b", found(change("x", 5), change("z", 3))))
    assert [each.key for each in got.items] == ["y", "z", "x"]
    assert got.notices == ("a: said", "b: said")


def test_one_that_fails_keeps_what_it_gave_and_the_others_go_on() -> None:
    clock = Clock()
    source = ChangesSource([Told("a", found(change("x")), DOWN, DOWN), Told("b", found(change("y", 1)))], clock)
    source.poll()
    clock.at += timedelta(minutes=1)
    for _ in range(2):
        got = source.poll()
        (trouble,) = got.trouble
        assert (trouble.source, trouble.kind, trouble.since) == ("a", FaultKind.REFUSED, NOW + timedelta(minutes=1))
        assert [each.key for each in got.items] == ["x", "y"]
        clock.at += timedelta(minutes=1)


def test_one_that_hangs_is_late_and_the_others_are_there() -> None:
    got = polled(Told("a", None), Told("b", found(change("y"))))
    assert [trouble.kind for trouble in got.trouble] == [FaultKind.TIMEOUT]
    assert [each.key for each in got.items] == ["y"]


def test_patience_is_kept() -> None:
    clock, patient = Clock(), Told("a", SourceFault(FaultKind.RATE_LIMITED, "later", 90.0))
    source = ChangesSource([patient, Told("b", found())], clock)
    for _ in range(3):
        source.poll()
        clock.at += timedelta(seconds=45)
    assert patient.asked == 2


def test_all_that_fail_are_a_fault_that_names_them_and_keeps_the_changes() -> None:
    source = ChangesSource([Told("a", found(change("x")), DOWN), Told("b", found(), DOWN)], Clock())
    source.poll()
    with pytest.raises(SourceFault, match="a: refused: nothing listens; b: refused") as caught:
        source.poll()
    assert isinstance(caught.value.partial, Changes)
    assert [each.key for each in caught.value.partial.items] == ["x"]


def test_what_is_too_old_or_in_the_future_is_not_shown() -> None:
    old, ahead = change("old", REACH.total_seconds() / 60 + 1), change("ahead", -60)
    assert polled(Told("a", found(old, ahead, change("x")))).items == (change("x"),)


changes = st.builds(change, st.sampled_from("abcdefgh"), st.floats(-10, 3000, allow_nan=False))


@given(st.lists(changes, max_size=60), st.lists(changes, max_size=60))
def test_however_often_it_is_told_a_change_is_there_once(one: Sequence[Change], other: Sequence[Change]) -> None:
    got = newest([*one, *other])
    assert sorted(each.key for each in got) == sorted({each.key for each in [*one, *other]})
    assert [each.at for each in got] == sorted((each.at for each in got), reverse=True)
    assert newest([*got, *other, *one]) == got
    assert set(of_service(got, "checkout")) == set(got)


def test_the_newest_are_kept() -> None:
    many = [change(str(number), number) for number in range(MOST + 50)]
    assert newest(reversed(many)) == tuple(many[:MOST])


def test_what_the_journal_holds_is_listed_too() -> None:
    body = ChangeSeen(text="v2", services=("checkout",), key="ci:1", source="ci", url="https://ci/1")
    first, second = told([entry(1, body), entry(2, Note(text="x")), entry(3, ChangeSeen(text="by hand"))])
    assert (first.key, first.services, first.source, first.url) == ("ci:1", ("checkout",), "ci", "https://ci/1")
    assert second.key == f"entry:{entry(3, ChangeSeen(text='by hand')).id}"
    assert second.who == entry(3, Note(text="x")).actor
