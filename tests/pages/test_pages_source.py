"""All pagers as one list: ordered, each failing alone."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from iccon.faults import FaultKind, SourceFault
from iccon.pages.model import Act, Detail, Done, Listing, Page, PageStatus
from iccon.pages.source import RECENT, PagesSource
from iccon.text import CleanText, clean

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakePager:
    """A pager that answers what it is told to."""

    verbs: tuple[str, ...] = ()
    deadline = 5.0

    def __init__(self, name: str, *pages: Page) -> None:
        self.name = name
        self.answer: Listing | Exception = Listing(pages)
        self.resolved: tuple[Page, ...] | Exception = ()
        self.asked = 0

    def listing(self) -> Listing:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def closed(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        if isinstance(self.resolved, Exception):
            raise self.resolved
        return self.resolved

    def list(self) -> tuple[Page, ...]:
        return self.listing().pages

    def find(self, page_id: str) -> Page | None:
        raise NotImplementedError

    def detail(self, page_id: str) -> Detail:
        raise NotImplementedError

    def act(self, act: Act) -> Done:
        raise NotImplementedError

    def read_back(self, act: Act) -> Done | None:
        raise NotImplementedError


def page(source: str, key: str, status: PageStatus = PageStatus.TRIGGERED, minute: int = 0) -> Page:
    at = T0 + timedelta(minutes=minute)
    return Page(source, key, clean(key), clean("db"), status, clean("high"), at)


def test_triggered_first_then_newest_first() -> None:
    one = FakePager("one", page("one", "a"), page("one", "b", PageStatus.ACKNOWLEDGED, 9), page("one", "c", minute=2))
    two = FakePager("two", page("two", "d", PageStatus.SILENCED, 5), page("two", "e", minute=1))
    assert [p.id for p in PagesSource((one, two)).poll().pages] == ["c", "e", "a", "b", "d"]


def test_one_that_fails_keeps_its_pages_and_leaves_the_others() -> None:
    good, bad = FakePager("good", page("good", "a")), FakePager("bad", page("bad", "b"))
    source = PagesSource((good, bad))
    source.poll()
    bad.answer = SourceFault(FaultKind.TIMEOUT, "no answer")
    good.answer = Listing((page("good", "a"), page("good", "new", minute=3)))
    pages = source.poll()
    assert [p.id for p in pages.pages] == ["new", "b", "a"]
    assert pages.closed == ()
    assert [(t.source, t.kind, t.reason) for t in pages.trouble] == [("bad", FaultKind.TIMEOUT, "no answer")]


def test_when_all_fail_the_poll_fails() -> None:
    pagers = FakePager("one"), FakePager("two")
    for pager in pagers:
        pager.answer = SourceFault(FaultKind.RATE_LIMITED, "slow down", 30.0)
    with pytest.raises(SourceFault) as caught:
        PagesSource(pagers).poll()
    assert caught.value.retry_after == 30.0


def test_one_that_asks_for_patience_is_left_alone() -> None:
    good, limited = FakePager("good"), FakePager("limited", page("limited", "a"))
    source = PagesSource((good, limited))
    source.poll()
    limited.answer = SourceFault(FaultKind.RATE_LIMITED, "slow down", 60.0)
    for _ in range(3):
        pages = source.poll()
    assert (good.asked, limited.asked) == (4, 2)
    assert pages.trouble[0].kind is FaultKind.RATE_LIMITED
    again = pages.trouble[0].next_try
    assert again is not None and 0 < (again - pages.at).total_seconds() <= 60
    assert [p.id for p in pages.pages] == ["a"]


def test_what_ended_is_told_even_if_the_pager_cannot_say_when() -> None:
    pager = FakePager("one", page("one", "a"), page("one", "b"))
    source = PagesSource((pager,))
    assert source.poll().closed == ()
    pager.answer = Listing(())
    pager.resolved = SourceFault(FaultKind.SERVER, "x")
    closed = source.poll().closed
    assert [(p.id, p.status, p.changed_at) for p in closed] == [
        ("a", PageStatus.RESOLVED, None),
        ("b", PageStatus.RESOLVED, None),
    ]
    assert source.poll().closed == closed  # for a reader that missed a poll
    pager.answer = Listing((page("one", "a"),))
    assert [p.id for p in source.poll().closed] == ["b"]  # it came back


def test_endings_are_not_kept_for_ever() -> None:
    pager = FakePager("one")
    source = PagesSource((pager,))
    for i in range(RECENT + 10):
        pager.answer = Listing((page("one", f"p{i}"),))
        source.poll()
    closed = source.poll().closed
    assert (len(closed), closed[-1].id) == (RECENT, f"p{RECENT + 8}")


def test_an_incomplete_list_ends_nothing() -> None:
    pager = FakePager("one", page("one", "a"))
    source = PagesSource((pager,))
    source.poll()
    pager.answer = Listing((), (CleanText("only the first 10,000"),), complete=False)
    pages = source.poll()
    assert pages.closed == ()
    assert pages.notices == ("one: only the first 10,000",)


def test_one_that_hangs_does_not_hold_the_others() -> None:
    stop = threading.Event()

    class Hanging(FakePager):
        deadline = 0.2

        def listing(self) -> Listing:
            stop.wait(30)
            return super().listing()

    good = FakePager("good", page("good", "a"))
    good.deadline = 0.2
    pages = PagesSource((Hanging("bad"), good)).poll()
    stop.set()
    assert [p.id for p in pages.pages] == ["a"]
    assert pages.trouble[0].kind is FaultKind.TIMEOUT


def test_a_bug_in_one_adapter_is_said_and_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    broken = FakePager("broken")
    broken.answer = ZeroDivisionError()
    pages = PagesSource((broken, FakePager("good", page("good", "a")))).poll()
    assert [p.id for p in pages.pages] == ["a"]
    assert "internal error, see the log: ZeroDivisionError" in pages.trouble[0].reason
    assert "asking broken failed" in caplog.text


def test_no_pager_at_all_is_an_empty_list() -> None:
    assert PagesSource(()).poll().pages == ()


def test_when_all_fail_each_is_named_and_the_least_patient_is_asked_first() -> None:
    one, two = FakePager("one"), FakePager("two")
    one.answer = SourceFault(FaultKind.RATE_LIMITED, "later", retry_after=60)
    two.answer = SourceFault(FaultKind.REFUSED, "nobody listens")
    with pytest.raises(SourceFault) as failed:
        PagesSource((one, two)).poll()
    assert failed.value.reason == "one: rate limited: later; two: refused: nobody listens"
    assert failed.value.retry_after is None


def test_since_when_a_pager_fails_is_kept_until_it_answers_again() -> None:
    one, two = FakePager("one"), FakePager("two", page("two", "a"))
    source = PagesSource((one, two))
    one.answer = SourceFault(FaultKind.REFUSED, "nobody listens")
    since = source.poll().trouble[0].since
    assert since is not None
    assert source.poll().trouble[0].since == since
    one.answer = Listing(())
    assert source.poll().trouble == ()
