"""What happened between two polls: each event once, whoever looks and how often."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from iccon.config import schema
from iccon.drill.pagerduty_api import PagerDutyServer
from iccon.incident.commands import Captured
from iccon.incident.entries import PageSeen
from iccon.pages.events import events
from iccon.pages.model import UNKNOWN_TIME, Page, Pages, PageStatus
from iccon.pages.pagerduty import PagerDutyBackend
from iccon.pages.source import PagesSource
from iccon.text import clean

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN = T0 + timedelta(minutes=30)
PAGE = Page(
    source="pagerduty",
    id="PABC",
    title=clean("disk"),
    service=clean("db"),
    status=PageStatus.TRIGGERED,
    urgency=clean("high"),
    created_at=T0,
    changed_at=T0,
)
ACKED = replace(
    PAGE,
    status=PageStatus.ACKNOWLEDGED,
    acknowledged_by=clean("Ada"),
    changed_by=clean("Ada"),
    changed_at=T0 + timedelta(minutes=5),
)
RESOLVED = replace(PAGE, status=PageStatus.RESOLVED, changed_at=T0 + timedelta(minutes=9), changed_by=clean("Bob"))


def told(old: Pages | None, new: Pages) -> list[tuple[str, str, str]]:
    return [
        (event.source, body.status, body.who) for event in events(old, new) if isinstance(body := event.body, PageSeen)
    ]


def test_a_page_from_trigger_to_end() -> None:
    first, second, third = Pages((PAGE,), at=SEEN), Pages((ACKED,), at=SEEN), Pages((), (RESOLVED,), at=SEEN)
    assert told(Pages(), first) == [("pagerduty:PABC:triggered:2026-03-01T12:00:00Z", "triggered", "")]
    assert told(first, second) == [("pagerduty:PABC:acknowledged:2026-03-01T12:05:00Z", "acknowledged", "Ada")]
    assert told(second, third) == [("pagerduty:PABC:resolved:2026-03-01T12:09:00Z", "resolved", "Bob")]
    assert told(first, first) == []


def test_happened_at_is_the_pagers_time_not_this_consoles() -> None:
    (event,) = events(Pages((PAGE,)), Pages((ACKED,), at=SEEN))
    assert event.happened_at == T0 + timedelta(minutes=5)


def test_at_first_sight_everything_open_is_told() -> None:
    new = Pages((ACKED, replace(PAGE, id="POTHER")), at=SEEN)
    assert [(source, status) for source, status, _ in told(None, new)] == [
        ("pagerduty:PABC:triggered:2026-03-01T12:00:00Z", "triggered"),
        ("pagerduty:POTHER:triggered:2026-03-01T12:00:00Z", "triggered"),
        ("pagerduty:PABC:acknowledged:2026-03-01T12:05:00Z", "acknowledged"),
    ]


def test_an_acknowledgement_that_ran_out_is_another_event() -> None:
    ((source, status, _),) = told(Pages((ACKED,)), Pages((PAGE,), at=SEEN))
    assert status == "triggered"
    assert source == "pagerduty:PABC:triggered:after-acknowledged-2026-03-01T12:05:00Z"


def test_silence_is_told_when_it_begins_not_when_it_is_found() -> None:
    silent = replace(PAGE, status=PageStatus.SILENCED, changed_at=None)
    assert told(None, Pages((silent,), at=SEEN)) == []
    assert [status for _, status, _ in told(Pages((PAGE,)), Pages((silent,), at=SEEN))] == ["silenced"]


def test_what_has_no_time_gets_the_time_it_was_seen_but_not_in_its_id() -> None:
    ended = replace(PAGE, status=PageStatus.RESOLVED, changed_at=None)
    one, other = Pages((), (ended,), at=SEEN), Pages((), (ended,), at=SEEN + timedelta(seconds=7))
    assert [e.source for e in events(Pages(), one)] == [e.source for e in events(Pages(), other)]
    assert events(Pages(), one)[0].happened_at == SEEN
    timeless = replace(PAGE, created_at=UNKNOWN_TIME, changed_at=None)
    assert events(None, Pages((timeless,), at=SEEN))[0].happened_at == SEEN


def test_an_ending_is_told_once_and_not_to_an_incident_that_begins_later() -> None:
    ended = Pages((), (RESOLVED,), at=SEEN)
    assert len(told(Pages((PAGE,)), ended)) == 1
    assert told(ended, Pages((), (RESOLVED,), at=SEEN + timedelta(seconds=15))) == []
    assert told(None, ended) == []


@given(st.lists(st.sampled_from(["trigger", "ack", "resolve"]), max_size=25), st.sets(st.integers(0, 24)))
def test_two_consoles_that_poll_at_other_times_name_events_alike(steps: list[str], looks: set[int]) -> None:
    """What a console that looks seldom tells is a part of what one that looks always tells, but for undone states."""
    always: dict[str, Captured] = {}
    seldom: dict[str, Captured] = {}
    state: dict[str, Page] = {}
    seen_always, seen_seldom = Pages(), Pages()
    for step, action in enumerate(steps):
        at = T0 + timedelta(minutes=step)
        open_pages = [page for page in state.values() if page.status is not PageStatus.RESOLVED]
        if action == "trigger":
            state[f"P{step}"] = replace(PAGE, id=f"P{step}", created_at=at, changed_at=at)
        elif open_pages and action == "ack" and open_pages[-1].status is PageStatus.TRIGGERED:
            page = open_pages[-1]
            state[page.id] = replace(ACKED, id=page.id, created_at=page.created_at, changed_at=at)
        elif open_pages and action == "resolve":
            page = open_pages[-1]
            state[page.id] = replace(RESOLVED, id=page.id, created_at=page.created_at, changed_at=at)
        seen_always = _look(seen_always, state, at, always)
        if step in looks:
            seen_seldom = _look(seen_seldom, state, at, seldom)
    assert seldom.keys() <= always.keys()
    assert all(always[key].happened_at == event.happened_at for key, event in seldom.items())


def _look(old: Pages, state: dict[str, Page], at: datetime, kept: dict[str, Captured]) -> Pages:
    open_pages = tuple(page for page in state.values() if page.status is not PageStatus.RESOLVED)
    was_open = {page.id for page in old.pages}
    closed = tuple(p for p in state.values() if p.id in was_open and p.status is PageStatus.RESOLVED)
    new = Pages(open_pages, closed, at=at)
    for event in events(old, new):
        assert event.source not in kept
        kept[event.source] = event
    return new


def test_over_the_wire_who_and_when_are_the_servers() -> None:
    with PagerDutyServer(token="t") as server:
        config = schema.PagerDuty(token=schema.Secret(literal="x"), url=server.url)
        source = PagesSource((PagerDutyBackend(config, "t", "ada@example.com"),))
        key = server.trigger("disk", "db")
        first = source.poll()
        server.acknowledge(key, "ada@example.com")
        second = source.poll()
        server.resolve(key, "bob@example.com")
        third = source.poll()
    statuses = [(s, who) for pair in ((None, first), (first, second), (second, third)) for _, s, who in told(*pair)]
    assert statuses == [("triggered", ""), ("acknowledged", "Ada"), ("resolved", "Bob")]
