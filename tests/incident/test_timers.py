"""Clocks of an incident: elapsed, the union of impact, when the next update is due."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START
from msgspec.structs import replace

from iccon.incident import timers
from iccon.incident.severity import DEFAULT_POLICY, Audience, Severity
from iccon.incident.state import Impact, Issued, State

BASE = State("i", declared_at=START, severity=Severity.SEV2)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def update(minutes: float, promised: float | None = None, audience: Audience = Audience.CUSTOMER) -> Issued:
    return Issued("u", audience, at(minutes), "x", None if promised is None else at(promised), {})


def test_elapsed_runs_until_the_resolution() -> None:
    assert timers.elapsed(BASE, at(7)) == timedelta(minutes=7)
    assert timers.elapsed(replace(BASE, resolved_at=at(5)), at(7)) == timedelta(minutes=5)
    assert timers.elapsed(BASE, at(-1)) == timedelta()
    assert timers.elapsed(State("i"), at(7)) == timedelta()


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [([], 0), ([(0, 5)], 5), ([(0, 5), (3, 8)], 8), ([(0, 9), (2, 3)], 9), ([(0, 2), (5, 6)], 3), ([(4, None)], 6)],
)
def test_impact_is_the_union(spans: list[tuple[int, int | None]], minutes: int) -> None:
    impacts = tuple(Impact("x", "", at(a), None if b is None else at(b)) for a, b in spans)
    assert timers.impact(replace(BASE, impacts=impacts), at(10)) == timedelta(minutes=minutes)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20))))
def test_impact_counts_each_minute_once(pairs: list[tuple[int, int]]) -> None:
    spans = [(min(p), max(p)) for p in pairs]
    hurt = {minute for a, b in spans for minute in range(a, b)}
    impacts = tuple(Impact("x", "", at(a), at(b)) for a, b in spans)
    assert timers.impact(replace(BASE, impacts=impacts), at(30)) == timedelta(minutes=len(hurt))


def test_the_next_update() -> None:
    def due(state: State) -> float | None:
        found = timers.next_update(state, DEFAULT_POLICY)
        return None if found is None else (found - START).total_seconds() / 60

    assert due(BASE) == 5
    assert due(replace(BASE, updates=(update(3),))) == 23
    assert due(replace(BASE, updates=(update(3, promised=33),))) == 33
    assert due(replace(BASE, updates=(update(3, audience=Audience.INTERNAL),))) == 5
    assert due(replace(BASE, severity=Severity.SEV4)) is None
    assert due(replace(BASE, resolved_at=at(9))) is None
    assert due(State("i")) is None
