"""Whatever a pager answers becomes pages or a fault: never an exception, never a dangerous character."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.net.wire import instant, link
from iccon.pages import alertmanager, pagerduty_decode
from iccon.pages.model import Page, PageStatus
from iccon.text import clean

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PD_KEYS = (
    "title",
    "summary",
    "service",
    "status",
    "urgency",
    "created_at",
    "incident_number",
    "assignments",
    "acknowledgements",
    "html_url",
    "first_trigger_log_entry",
    "resolved_at",
    "last_status_change_at",
    "last_status_change_by",
)
ALERT_KEYS = ("labels", "annotations", "status", "startsAt", "generatorURL")


def objects(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), JSON)


def assert_harmless(page: Page) -> None:
    for name in page.__struct_fields__:
        value = getattr(page, name)
        for text in value if isinstance(value, tuple) else (value,):
            assert not isinstance(text, str) or text == clean(text, 5_000)
    assert page.created_at.tzinfo is UTC
    assert page.title


@given(objects(PD_KEYS))
def test_any_incident(incident: dict[str, Any]) -> None:
    page = pagerduty_decode.page_of("pagerduty", incident | {"id": "P1"})
    assert page is not None
    assert_harmless(page)


@given(objects(ALERT_KEYS))
def test_any_alert(alert: dict[str, Any]) -> None:
    page = alertmanager.page_of("am", alert | {"fingerprint": "f1"}, "service")
    assert page is not None
    assert_harmless(page)


@pytest.mark.parametrize("key", [None, "", [], {}, True])
def test_nothing_without_an_id(key: Any) -> None:
    assert pagerduty_decode.page_of("pagerduty", {"id": key}) is None
    assert alertmanager.page_of("am", {"fingerprint": key}, "service") is None


FIRING = "Labels:\n - alertname = DiskFull\n - service = db\nAnnotations:\n - runbook_url = https://r/disk\nSource: x\n"


@pytest.mark.parametrize(
    ("channel", "alert", "runbook"),
    [
        ({"details": {"firing": FIRING}}, "DiskFull", "https://r/disk"),
        ({"details": {"alertname": "A", "runbook_url": "https://r/a"}}, "A", "https://r/a"),
        ({"cef_details": {"details": {"runbook": "http://r/b"}}}, "", "http://r/b"),
        ({"details": "alertname: A\nrunbook: https://r/c"}, "A", "https://r/c"),
        ({"contexts": [{"type": "link", "href": "https://r/d", "text": "Runbook"}]}, "", "https://r/d"),
        ({"details": {"runbook_url": "javascript:alert(1)"}}, "", ""),
        ({"details": {"runbook_url": "https://r/x y"}}, "", ""),
        ({"details": {"firing": "- runbook_url = see the wiki"}}, "", ""),
        ({}, "", ""),
    ],
)
def test_the_alert_and_its_runbook_are_found(channel: dict[str, Any], alert: str, runbook: str) -> None:
    page = pagerduty_decode.page_of("pagerduty", {"id": "P1", "first_trigger_log_entry": {"channel": channel}})
    assert page is not None
    assert (page.alert, page.runbook_url) == (alert, runbook)


def test_of_several_acknowledgers_the_first_changed_it_and_all_are_named() -> None:
    page = pagerduty_decode.page_of(
        "pagerduty",
        {
            "id": "P1",
            "status": "acknowledged",
            "acknowledgements": [
                {"at": "2026-03-01T10:05:00Z", "acknowledger": {"summary": "Ada"}},
                {"at": "2026-03-01T11:10:00+01:00", "acknowledger": {"name": "Bob"}},
            ],
        },
    )
    assert page is not None
    assert page.acknowledged_by == "Ada, Bob"
    assert (page.changed_by, page.changed_at) == ("Ada", datetime(2026, 3, 1, 10, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123456789Z", datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-02-30T10:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
        (None, None),
        (1_700_000_000, None),
        ([], None),
    ],
)
def test_times(value: Any, at: datetime | None) -> None:
    assert instant(value) == at


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://a/b?c=d#e", "https://a/b?c=d#e"),
        ("HTTP://a", "HTTP://a"),
        ("https://a\x1b]0;x\x07", ""),
        ("ftp://a", ""),
        ("https://" + "a" * 3_000, ""),
        (None, ""),
    ],
)
def test_links(value: Any, shown: str) -> None:
    assert link(value) == shown


def test_a_silenced_alert_says_so_and_its_time_of_change_is_unknown() -> None:
    alert = {"fingerprint": "f", "status": {"state": "suppressed"}, "startsAt": "2026-03-01T10:00:00Z"}
    page = alertmanager.page_of("am", alert, "service")
    assert page is not None
    assert (page.status, page.changed_at) == (PageStatus.SILENCED, None)
