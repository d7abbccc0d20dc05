from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from widgetmakers import HOSTILE, START, Gallery, page, pages

from iccon.console.fit import length
from iccon.console.widgets.page_rows import STATUS
from iccon.console.widgets.pages import NONE, WAITING, PagesView, page_spans
from iccon.pages.model import PageStatus
from iccon.text import clean


def shown(view: PagesView) -> list[str]:
    return [view.line(y).text.rstrip() for y in range(view.area.height)]


@given(
    st.sampled_from(HOSTILE),
    st.sampled_from(PageStatus),
    st.integers(20, 200),
    st.sampled_from(["", "ack sending", "ack unknown"]),
    st.booleans(),
)
def test_a_row_fits(text, status, width, pending, ascii_only):
    made = page(1, text, status, service=text, acknowledged_by=text, assignees=(text, text))
    assert length(page_spans(made, width, START, pending, ascii_only)) <= width


def test_statuses_differ_in_sign_and_word():
    for part in range(4):
        assert len({look[part] for look in STATUS.values()}) == len(PageStatus)


@pytest.mark.parametrize("width", [30, 46, 80, 120])
async def test_what_matters_is_there_at_every_width(width):
    view = PagesView()
    async with Gallery([view]).run_test(size=(width, 10)):
        view.show(pages(), START, pending={"pagerduty:P3": "ack sending"})
        lines = shown(view)
        assert "8m" in lines[0] and "●" in lines[0]
        assert "ack" in lines[1] and "by bob" in lines[1]
        assert "ack send" in lines[2]
        assert "disk [" in lines[2]


async def test_empty_states_differ():
    view = PagesView()
    async with Gallery([view]).run_test(size=(60, 5)):
        view.show(None, START)
        assert shown(view)[0].strip() == WAITING
        view.show([], START)
        assert shown(view)[0].strip() == NONE
        view.show([], START, "timeout: no answer within 10 s")
        assert shown(view)[0].strip() == "timeout: no answer within 10 s"
        view.show(pages(), START, "timeout: no answer within 10 s")
        assert shown(view)[0].strip() == "! timeout: no answer within 10 s"
        assert "Checkout latency" in shown(view)[1]


async def test_the_chosen_page_is_the_one_seen_when_the_key_was_pressed():
    view = PagesView()
    async with Gallery([view]).run_test(size=(80, 10)) as pilot:
        view.show(pages(), START)
        view.focus()
        await pilot.press("down", "down")
        assert view.chosen is not None and view.chosen.id == "P3"
        view.show([page(9), *reversed(pages())], START + timedelta(seconds=15))
        assert view.chosen is not None and view.chosen.id == "P3"
        view.show([page(9), *(p for p in reversed(pages()) if p.id != "P3")], START)
        assert view.chosen is None
        await pilot.press("down")
        assert view.chosen is not None and view.chosen.id == "P2"


async def test_what_is_pending_can_change_alone():
    view = PagesView()
    async with Gallery([view]).run_test(size=(80, 10)):
        view.show(pages(), START, pending={})
        view.mark_pending({"pagerduty:P1": "ack unknown \x1b[2J"}, {})
        assert "ack unknown" in shown(view)[0]
        view.show(pages(), START)
        assert "ack unknown" in shown(view)[0]
        view.show(pages(), START, pending={})
        assert "ack unknown" not in shown(view)[0]


async def test_the_same_id_twice_is_one_row():
    view = PagesView()
    async with Gallery([view]).run_test(size=(80, 10)):
        view.show([page(1), page(1, "again"), page(2, service=clean(""))], START)
        assert len(view.keys) == 2
