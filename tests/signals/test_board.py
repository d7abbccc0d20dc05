"""The board as a pure fold."""

import math
from itertools import accumulate, pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from iccon.signals.board import (
    MOST_POINTS,
    RECENT,
    Asked,
    aged,
    failed,
    judge,
    merged,
    recent,
    to_ask,
    verdict_of,
)
from iccon.signals.model import About, Answer, Board, Cell, Samples, SignalSpec, Unit, Verdict, Window, Windows
from iccon.signals.order import by_tier
from iccon.text import CleanText

SPAN, STEP, NOW = 600.0, 15.0, 1_800_000_000.0
API, WEB, JOB = CleanText("api"), CleanText("web"), CleanText("job")


def spec(name: str = "latency", **changes: object) -> SignalSpec:
    fields: dict[str, object] = {"warn": 0.5, "bad": 1.0, "stale_after": 60.0, **changes}
    return SignalSpec(name, "q", "main", Unit.SECONDS, **fields)  # type: ignore[arg-type]


def told(window: Window, now: float, **values: float) -> Window:
    """Poll at `now` and get one constant value a service."""
    asked = to_ask(window, now, SPAN, STEP)
    count = round((asked.end - asked.start) / asked.step) + 1
    times = tuple(asked.start + n * asked.step for n in range(count))
    series = {CleanText(name): Samples(times, (value,) * count) for name, value in values.items()}
    return merged(window, asked, Answer(series), SPAN)


def board(*windows: Window, now: float = NOW, services: tuple[CleanText, ...] = ()) -> Board:
    return judge(Windows(windows, SPAN, STEP, dict.fromkeys(services, About())), now)


@pytest.mark.parametrize(
    ("value", "worse", "verdict"),
    [
        (0.1, "higher", Verdict.OK),
        (0.5, "higher", Verdict.WARN),
        (1.0, "higher", Verdict.BAD),
        (math.inf, "higher", Verdict.BAD),
        (-math.inf, "higher", Verdict.NOT_A_NUMBER),
        (math.nan, "higher", Verdict.NOT_A_NUMBER),
        (0.0, "higher", Verdict.OK),
        (2.0, "lower", Verdict.OK),
        (0.0, "lower", Verdict.BAD),
    ],
)
def test_thresholds(value: float, worse: str, verdict: Verdict) -> None:
    limits = {"warn": 0.5, "bad": 1.0} if worse == "higher" else {"warn": 1.0, "bad": 0.5}
    assert verdict_of(spec(worse=worse, **limits), value) is verdict


def test_without_thresholds_every_number_is_ok_and_infinity_is_none() -> None:
    free = spec(warn=None, bad=None)
    assert verdict_of(free, 1e300) is Verdict.OK
    assert verdict_of(free, math.inf) is Verdict.NOT_A_NUMBER


def test_the_states_are_distinct() -> None:
    window = told(Window(spec()), NOW, api=0.0, web=math.nan)
    shown = board(window, services=(JOB,)).cells
    verdicts = {name: shown[name, "latency"].verdict for name in (API, WEB, JOB)}
    assert verdicts == {API: Verdict.OK, WEB: Verdict.NOT_A_NUMBER, JOB: Verdict.NO_DATA}
    broken = board(failed(window, CleanText("refused")), services=(JOB,)).cells
    assert [broken[name, "latency"].verdict for name in (API, JOB)] == [Verdict.ERROR] * 2
    assert broken[API, "latency"].value == 0.0
    assert broken[API, "latency"].fault == "refused"
    assert broken[JOB, "latency"].value is None


def test_old_values_become_stale_while_no_poll_succeeds() -> None:
    window = failed(told(Window(spec()), NOW, api=2.0), CleanText("refused"))
    first = board(window)
    assert aged(first, NOW + 59) is first
    old = aged(first, NOW + 61)
    cell = old.cells[API, "latency"]
    assert (cell.verdict, cell.value, cell.at, cell.fault) == (Verdict.STALE, 2.0, NOW, "refused")
    assert cell.verdict is board(window, now=NOW + 61).cells[API, "latency"].verdict


def test_a_value_from_the_future_is_not_trusted_after_the_clock_went_back() -> None:
    first = board(told(Window(spec()), NOW, api=0.1))
    assert aged(first, NOW - 3600).cells[API, "latency"].verdict is Verdict.STALE


def test_a_service_whose_series_ends_becomes_stale_by_its_own_time() -> None:
    window = told(Window(spec()), NOW, api=0.1, web=0.1)
    for n in range(1, 8):
        window = told(window, NOW + 10 * n, web=0.1)
    shown = board(window, now=NOW + 70).cells
    assert shown[API, "latency"].verdict is Verdict.STALE
    assert shown[WEB, "latency"].verdict is Verdict.OK
    for n in range(8, 70):
        window = told(window, NOW + 10 * n, web=0.1)
    assert board(window, now=NOW + 690).services == (WEB,)


def test_the_worst_stand_first_and_an_outage_moves_nothing() -> None:
    window = told(Window(spec()), NOW, api=0.1, job=0.6, web=2.0)
    assert board(window, services=(API,)).services == (WEB, JOB, API)
    lost = board(failed(window, CleanText("refused")), now=NOW + 500, services=(API,))
    assert lost.services == (WEB, JOB, API)


@given(st.lists(st.tuples(st.floats(0, 0.49), st.floats(0, 0.49), st.floats(1, 9)), min_size=2, max_size=5))
def test_order_moves_only_when_a_verdict_does(rounds: list[tuple[float, float, float]]) -> None:
    window, orders = Window(spec()), set()
    for n, (api, web, job) in enumerate(rounds):
        window = told(window, NOW + 10 * n, api=api, web=web, job=job)
        orders.add(board(window, now=NOW + 10 * n).services)
    assert orders == {(JOB, API, WEB)}


def test_the_first_question_is_for_everything_and_the_next_only_for_what_is_newer() -> None:
    window = Window(spec())
    assert to_ask(window, NOW, SPAN, STEP) == Asked(NOW - SPAN, NOW, STEP, True)
    window = told(window, NOW, api=0.1)
    assert to_ask(window, NOW + 10, SPAN, STEP) == Asked(NOW + 10, NOW + 10, STEP, False)
    assert to_ask(window, NOW + 50, SPAN, STEP) == Asked(NOW + 5, NOW + 50, STEP, False)


@pytest.mark.parametrize("later", [SPAN + 1, -3600.0])
def test_everything_is_asked_anew_after_a_gap_or_a_clock_that_went_back(later: float) -> None:
    window = told(Window(spec()), NOW, api=0.1)
    assert to_ask(window, NOW + later, SPAN, STEP).whole
    window = told(window, NOW + later, web=0.1)
    assert list(window.series) == [WEB]


def test_a_small_step_back_of_the_clock_loses_nothing() -> None:
    window = told(told(Window(spec()), NOW, api=0.1), NOW - 2, api=0.2)
    samples = window.series[API]
    assert samples.values[-1] == 0.2
    assert list(samples.times) == sorted(set(samples.times))


@given(st.lists(st.floats(-20, 900), max_size=60))
def test_a_window_is_bounded_ascending_and_ends_now(pauses: list[float]) -> None:
    window, now = told(Window(spec()), NOW, api=0.1), NOW
    for pause in pauses:
        now += pause
        window = told(window, now, api=0.1)
        times = window.series[API].times
        assert all(b - a >= STEP * 0.99 for a, b in pairwise(times[:-1]))
        assert times[-1] > max(times[:-1], default=0)
        assert len(times) <= SPAN / STEP + 3
        assert times[-1] == now
        assert times[0] >= now - SPAN - STEP


def naively(old: Samples, new: Samples, oldest: float, step: float) -> list[tuple[float, float]]:
    """Join two pieces of one series, point by point."""
    points = list(zip(old.times, old.values, strict=True))
    fresh = list(zip(new.times, new.values, strict=True))
    if fresh:
        points = [point for point in points if point[0] < fresh[0][0]]
        if len(points) > 1 and points[-1][0] - points[-2][0] < step * 0.999:
            points.pop()
        if points and len(fresh) > 1 and fresh[0][0] - points[-1][0] < step * 0.999:
            fresh.pop(0)
    return [point for point in points + fresh if point[0] > oldest - step]


@given(
    st.lists(
        st.tuples(st.floats(-4, 120), st.lists(st.sets(st.integers(0, 45), max_size=20), min_size=3, max_size=3)),
        max_size=8,
    )
)
def test_series_joined_together_are_as_each_would_be_alone(rounds: list[tuple[float, list[set[int]]]]) -> None:
    window, now = Window(spec()), NOW
    for pause, missing in rounds:
        now += pause
        asked = to_ask(window, now, SPAN, STEP)
        grid = [asked.start + n * asked.step for n in range(round((asked.end - asked.start) / asked.step) + 1)]
        pieces = {}
        for name, gaps in zip((API, WEB, JOB), missing, strict=True):
            times = tuple(time for n, time in enumerate(grid) if n not in gaps)
            pieces[name] = Samples(times, tuple(time % 7 for time in times))
        none = Samples((), ())
        old = {} if asked.whole else window.series
        alone = {n: naively(old.get(n, none), pieces[n], now - SPAN, asked.step) for n in (API, WEB, JOB)}
        window = merged(window, asked, Answer(pieces), SPAN)
        joined = {name: list(zip(s.times, s.values, strict=True)) for name, s in window.series.items()}
        assert joined == {name: points for name, points in alone.items() if points}
        shared = {s.times: id(s.times) for s in window.series.values()}
        assert all(shared[s.times] == id(s.times) for s in window.series.values())


def test_what_came_to_nothing_new_keeps_its_series() -> None:
    window = told(Window(spec()), NOW, api=0.1, web=0.1)
    after = merged(window, to_ask(window, NOW + 1, SPAN, STEP), Answer({}), SPAN)
    assert all(after.series[name] is window.series[name] for name in (API, WEB))


def test_no_question_is_for_more_points_than_the_most() -> None:
    asked = to_ask(Window(spec()), NOW, 604_800, 1)
    assert round((asked.end - asked.start) / asked.step) <= MOST_POINTS


def test_samples_from_the_future_are_left_out_and_said() -> None:
    asked = to_ask(Window(spec()), NOW, SPAN, STEP)
    series = {API: Samples((NOW - 15, NOW, NOW + 60), (0.1, 0.2, 9.0))}
    window = merged(Window(spec()), asked, Answer(series), SPAN)
    assert list(window.series[API].values) == [0.1, 0.2]
    assert "future" in window.warnings[0]
    assert board(window).warnings[0].startswith("latency: 1 samples")


def test_an_empty_series_is_no_data() -> None:
    asked = to_ask(Window(spec()), NOW, SPAN, STEP)
    window = merged(Window(spec()), asked, Answer({API: Samples((), ())}), SPAN)
    assert board(window, services=(API,)).cells[API, "latency"].verdict is Verdict.NO_DATA


def test_recent_keeps_the_peaks_and_the_gaps_and_does_not_shimmer() -> None:
    asked = to_ask(Window(spec()), NOW, SPAN, STEP)
    times = tuple(NOW - n for n in (500, 499, 400, 20, 10, 0))
    series = {API: Samples(times, (1.0, 7.0, math.nan, 2.0, 9.0, 3.0))}
    window = merged(Window(spec()), asked, Answer(series), SPAN)
    drawn = recent(Windows((window,), SPAN, STEP), API, "latency")
    assert len(drawn) <= RECENT
    assert [value for value in drawn if not math.isnan(value)] in ([7.0, 9.0, 3.0], [7.0, 9.0])
    soon = recent(Windows((replace(window, until=NOW + 1),), SPAN, STEP), API, "latency")
    assert [v for v in soon if v == v] == [v for v in drawn if v == v]
    assert set(map(math.isnan, recent(Windows((window,), SPAN, STEP), WEB, "latency"))) == {True}


def test_equal_boards_compare_equal_also_with_nan() -> None:
    window = told(Window(spec()), NOW, api=math.nan)
    assert board(window) == board(window)


def test_equally_bad_services_stand_by_tier_and_by_tier_the_worst_come_first() -> None:
    window = told(Window(spec()), NOW, api=0.1, web=2.0, job=0.1, db=2.0)
    about = {JOB: About(5), CleanText("db"): About(1), WEB: About(None, CleanText("team web")), API: About(1)}
    found = judge(Windows((window,), SPAN, STEP, about), NOW)
    assert found.services == ("db", WEB, API, JOB)
    assert by_tier(found) == ("db", API, JOB, WEB)
    assert found.about(WEB).owner == "team web"
    assert found.about("unheard of") == About()


def judged_through(values: list[tuple[float, float]]) -> list[tuple[float, Cell]]:
    """Poll at each (instant, value); return what each look says."""
    said: list[tuple[float, Cell]] = []
    before = None
    for at, value in values:
        window = told(Window(spec()), at, api=value)
        before = judge(Windows((window,), SPAN, STEP), at, before)
        said.append((at, before.cells[API, "latency"]))
    return said


def verdicts_through(*values: tuple[float, float]) -> list[Verdict]:
    return [cell.verdict for _, cell in judged_through([(NOW + after, value) for after, value in values])]


def test_a_verdict_becomes_worse_at_once_and_better_when_it_has_stood_for_a_while():
    assert verdicts_through((0, 0.1), (5, 2.0), (10, 0.1), (64, 0.1), (65, 0.1)) == ["ok", "bad", "bad", "bad", "ok"]
    assert verdicts_through((0, 0.1), (5, 0.7), (10, 2.0), (15, 0.7), (70, 0.7), (75, 0.1)) == [
        *("ok", "warn", "bad", "bad", "warn", "ok")
    ]


def test_a_value_that_becomes_worse_again_meanwhile_is_waited_for_anew():
    assert verdicts_through((0, 0.1), (5, 2.0), (40, 0.1), (50, 2.0), (100, 0.1), (110, 0.1)) == [
        *("ok", "bad", "bad", "bad", "bad", "ok")
    ]


def test_the_end_of_a_steady_outage_is_seen_at_once():
    assert verdicts_through((0, 0.1), (5, 2.0), (65, 2.0), (70, 0.1)) == ["ok", "bad", "bad", "ok"]


def test_nothing_but_worse_numbers_is_held():
    assert verdicts_through((0, 0.1), (5, 2.0), (10, math.nan), (15, 0.1)) == ["ok", "bad", "not a number", "ok"]
    held = judged_through([(NOW, 0.1), (NOW + 5, 2.0), (NOW + 10, 0.1)])[-1][1]
    assert (held.held, held.judged, held.value) == (True, Verdict.BAD, 0.1)


@given(st.lists(st.tuples(st.floats(1, 30), st.sampled_from([0.1, 0.7, 2.0])), max_size=60))
def test_no_verdict_flaps_more_than_once_a_minute(steps):
    times = accumulate((after for after, _ in steps), initial=NOW)
    looks = list(zip(times, [0.1, *(value for _, value in steps)], strict=True))
    rank = {Verdict.OK: 0, Verdict.WARN: 1, Verdict.BAD: 2}
    said = [(at, rank[cell.verdict]) for at, cell in judged_through(looks)]
    worse = [at for (_, a), (at, b) in pairwise(said) if b > a]
    better = [at for (_, a), (at, b) in pairwise(said) if b < a]
    assert all(not 0 <= after - before < 60 for after in better for before in worse)
