"""A page's own log as events: every row once, under the same ids on every console, and what is left out is said."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pagerduty_case import TOKEN, backend

from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.faults import FaultKind, SourceFault
from iccon.incident.entries import PageLogged, PageSeen
from iccon.pages.events import events
from iccon.pages.model import Act, Page, Pages
from iccon.pages.pagerduty_story import story_of


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token=TOKEN) as server:
        yield server


def test_the_log_is_told_once_and_what_a_poll_sees_too_has_the_polls_id(server: PagerDutyServer) -> None:
    key = server.trigger("Latency", "checkout")
    pager = backend(server)
    pager.act(Act("note", key, {"text": "looking at the pool"}))
    pager.act(Act("acknowledge", key))
    (page,) = pager.list()
    before = len(server.calls)
    story = pager.story(page)
    assert len(server.calls) - before == 1
    polled = {event.source for event in events(None, Pages((page,)))}
    sources = [event.source for event in story.events]
    assert len(set(sources)) == len(sources) >= 3
    assert polled < set(sources)
    assert [event.happened_at for event in story.events] == sorted(event.happened_at for event in story.events)
    (note,) = [event for event in story.events if isinstance(event.body, PageLogged)]
    assert "looking at the pool" in note.body.what
    assert note.source.startswith(f"{page.key}:log:")
    assert story == pager.story(page)


def test_rows_without_id_or_time_are_counted_and_more_is_said(server: PagerDutyServer) -> None:
    server.trigger("Latency")
    (page,) = backend(server).list()
    good = {"id": "R1", "type": "notify_log_entry", "created_at": "2026-03-01T12:00:00Z", "summary": "Notified Ada"}
    rows: list[Any] = [good, good | {"id": None}, good | {"id": "R2", "created_at": "soon"}, None, 7]
    story = story_of(page, {"log_entries": rows, "more": True})
    assert [event.source for event in story.events] == [f"{page.key}:log:R1"]
    assert "only the newest 3 rows" in story.notice
    assert "2 rows of its log have no id or no time" in story.notice


@pytest.mark.parametrize("answer", [None, 5, [], {"log_entries": None}, {"log_entries": {"a": 1}}])
def test_an_odd_answer_tells_nothing(server: PagerDutyServer, answer: Any) -> None:
    server.trigger("Latency")
    assert story_of(_page(server), answer).events == ()


def test_a_log_that_cannot_be_read_is_a_fault(server: PagerDutyServer) -> None:
    server.trigger("Latency")
    page = _page(server)
    server.fail(Fault("answer", path="log_entries", status=403))
    with pytest.raises(SourceFault) as caught:
        backend(server).story(page)
    assert caught.value.kind is FaultKind.FORBIDDEN


def test_the_logs_second_of_an_acknowledgement_may_differ_from_the_incidents(server: PagerDutyServer) -> None:
    key = server.trigger("Latency")
    server.acknowledge(key, "ada@example.com")
    page = _page(server)
    assert page.changed_at is not None
    late = (page.changed_at + timedelta(seconds=2)).isoformat()
    row = {"id": "R9", "type": "acknowledge_log_entry", "created_at": late, "agent": {"type": "user_reference"}}
    (event,) = story_of(page, {"log_entries": [row]}).events
    assert isinstance(event.body, PageSeen)
    assert event.source in {e.source for e in events(None, Pages((page,)))}


def _page(server: PagerDutyServer) -> Page:
    return backend(server).list()[0]
