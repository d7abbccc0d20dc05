from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from widgetmakers import HOSTILE, START, Gallery, state, troubles

from iccon.console.fit import length
from iccon.console.widgets.keybar import KeyBar, fitting
from iccon.console.widgets.strip import Now, StateStrip, view
from iccon.incident.severity import Audience, Phase, Severity
from iccon.incident.state import Impact, Issued, State
from iccon.text import clean

WORST = {
    "troubles": troubles(),
    "environment": "staging",
    "read_only": True,
    "record_trouble": "disk is full",
}


def text(facts: Now, width: int, height: int) -> str:
    return "\n".join("".join(t for t, _ in line) for line in view(facts, width, height))


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("height", [2, 3])
def test_at_its_worst_everything_is_still_said(width, height):
    said = text(Now(state(drill=True), START, **WORST), width, height)
    for words in ("RECORD NOT KEPT", "DRILL", "READ-ONLY", "SEV1", "identified", "0:42:07", "IC Alice", "RUNNING"):
        assert words in said, words
    assert "OVERDUE 37m07s" in said
    assert ("prometheus" in said and "pagerduty" in said) or "! 2 down" in said
    assert height < 3 or "! prometheus 4m00s" in said or "since 13:59 UTC" in said
    assert all(length(line) <= width for line in view(Now(state(drill=True), START, **WORST), width, height))


def test_one_line_keeps_what_is_urgent():
    said = text(Now(state(drill=True), START, record_trouble="disk is full"), 80, 1)
    for words in ("RECORD NOT KEPT", "DRILL", "SEV1", "OVERDUE"):
        assert words in said


def test_the_next_update_counts_down():
    told = Issued("x", Audience.CUSTOMER, START, "we look into it", START + timedelta(minutes=20), {})
    said = text(Now(state(updates=(told,)), START + timedelta(minutes=5)), 140, 2)
    assert "update due in 15m00s (14:23)" in said
    assert "OVERDUE" not in said


def test_impact_that_stopped_is_not_running():
    past = (Impact("a", "x", START - timedelta(minutes=30), START - timedelta(minutes=10)),)
    said = text(Now(state(impacts=past), START), 120, 2)
    assert "impact 20 min, stopped" in said
    assert "RUNNING" not in said


def test_nobody_commands():
    assert "no commander" in text(Now(state(roles={}), START), 120, 2)


def test_resolved_and_none():
    done = state(phase=Phase.RESOLVED, resolved_at=START)
    assert "RESOLVED" in text(Now(done, START + timedelta(hours=5)), 120, 2)
    assert "0:42:07" in text(Now(done, START + timedelta(hours=5)), 120, 2)
    assert "No incident is open" in text(Now(None, START), 80, 2)


def test_many_sources_down_are_counted():
    many = [*troubles(), *troubles(), *troubles()]
    assert "and 3 more" in text(Now(state(), START, troubles=many), 80, 3)


@given(
    st.sampled_from(HOSTILE),
    st.sampled_from(Severity),
    st.integers(1, 210),
    st.integers(0, 4),
    st.booleans(),
    st.timedeltas(timedelta(days=-4), timedelta(days=400)),
)
def test_any_state_fits(title, severity, width, height, drill, after):
    facts = Now(
        state(title=title, severity=severity, drill=drill),
        START + after,
        troubles=troubles(),
        environment=title,
        record_trouble=title,
    )
    lines = view(facts, width, height)
    assert len(lines) == (height if width else 0)
    assert all("\x1b" not in t for line in lines for t, _ in line)


@pytest.mark.parametrize("height", [1, 2, 3, 5])
async def test_the_widget_shows_it(height):
    strip = StateStrip()
    async with Gallery([strip]).run_test(size=(80, 10)) as pilot:
        strip.styles.height = height
        await pilot.pause()
        strip.show(State("x"), START)
        strip.show(state(title="disk [/dev/sda1] is 95%"), START, **WORST)
        said = "\n".join(strip.line(y).text for y in range(height))
        assert "RECORD NOT KEPT" in said
        assert all(strip.line(y).cell_length == 80 for y in range(height))
        assert not strip.show_vertical_scrollbar


KEYS = [("n", "Note"), ("a", "Ack"), ("u", "Update"), ("r", "Runbook"), ("?", "Help"), ("q", "Quit")]


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=12)), max_size=8), st.integers(0, 120))
def test_help_is_always_there_and_first_come_first_served(pairs, width):
    kept = fitting(pairs, width)
    assert any(key == "?" for key, _ in kept)
    cleaned = [(clean(k, 16), clean(t, 24)) for k, t in pairs]
    rest = [pair for pair in kept if pair[0] != "?"]
    assert rest == [p for p in cleaned if p[0] != "?"][: len(rest)]


async def test_the_key_bar_drops_what_does_not_fit():
    bar = KeyBar(KEYS)
    async with Gallery([bar]).run_test(size=(30, 3)) as pilot:
        assert bar.line(0).text.split() == ["n", "Note", "a", "Ack", "?", "Help"]
        await pilot.resize_terminal(80, 3)
        await pilot.pause()
        assert "Quit" in bar.line(0).text
        bar.show([("[/x]", "\x1b[2J")])
        assert "[/x] ␛[2J" in bar.line(0).text


def test_a_call_out_is_counted_where_there_is_room_and_said_when_it_is_due():
    told = tuple(
        Issued("x", audience, START, "x", START + timedelta(minutes=20), {})
        for audience in (Audience.CUSTOMER, Audience.INTERNAL)
    )
    calm = replace(state(updates=told), called_out=START)
    assert "call-out in 5m00s" in text(Now(calm, START + timedelta(minutes=5)), 200, 2)
    assert "call-out" not in text(Now(calm, START + timedelta(minutes=5)), 80, 2)
    assert "call-out due" in text(Now(calm, START + timedelta(minutes=11)), 130, 2)
