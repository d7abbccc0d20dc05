"""Objectives as pure functions: the formulas hold for every target and window; what is missing is never a number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from iccon.signals.model import Answer, Instant, Samples, Verdict
from iccon.signals.slo import (
    MOST_POINTS,
    PARTS,
    Objective,
    Reading,
    Rule,
    Series,
    SloBoard,
    Spent,
    Standing,
    failed,
    merged,
    read,
    span_name,
    spent,
    standing,
    to_ask,
)
from iccon.signals.slowords import burn_text, left_text, rule_text, share_text, spent_text
from iccon.text import CleanText, clean

HOUR, DAY = 3_600, 86_400
RULES = (Rule(HOUR, 300, 0.02), Rule(6 * HOUR, 1_800, 0.1), Rule(3 * DAY, 6 * HOUR, 0.1, Verdict.WARN))
CHECKOUT = Objective("checkout", clean("checkout"), 0.999, 30 * DAY, "errors[$window]", "main", RULES)
STEP = CHECKOUT.tile / PARTS
NOW = 1_800_000_000.0  # on the grid

targets = st.floats(0.5, 0.9999)
ratios = st.floats(0, 1)


def readings(ratio: float, **other: float | Reading) -> dict[int, Reading]:
    """Give every span `ratio`, but those named (`_5m=…`) another, or a refusal."""
    found = {span: Reading(ratio, NOW) for span in CHECKOUT.spans}
    names = {span_name(span): span for span in CHECKOUT.spans}
    for name, given_ in other.items():
        found[names[name[1:]]] = given_ if isinstance(given_, Reading) else Reading(given_, NOW)
    return found


def stands(found: dict[int, Reading], objective: Objective = CHECKOUT) -> Standing:
    return standing(objective, found, Series(STEP))


def with_series(objective: Objective, points: dict[int, float]) -> Standing:
    return standing(objective, {}, Series(objective.tile / PARTS, points, NOW))


NO_DATA = read(Instant(()), NOW)

# Formulas


def test_the_roles_own_rule_is_the_workbooks_figures_at_thirty_days() -> None:
    assert CHECKOUT.limit(RULES[0]) == pytest.approx(14.4)
    assert CHECKOUT.limit(RULES[1]) == pytest.approx(12)
    assert CHECKOUT.limit(RULES[2]) == pytest.approx(1)
    assert CHECKOUT.minutes == pytest.approx(43.2)


def test_the_limits_follow_the_window_and_never_fall_below_what_just_lasts() -> None:
    week = replace(CHECKOUT, window=7 * DAY)
    assert week.limit(RULES[0]) == pytest.approx(3.36)
    assert week.limit(RULES[2]) == 1


@given(targets, st.integers(1, 365))
def test_burn_1_over_the_whole_window_spends_exactly_the_budget(target: float, days: int) -> None:
    objective = replace(CHECKOUT, target=target, window=days * DAY)
    ratio = 1 - target
    assert objective.burn(ratio) == pytest.approx(1)
    assert ratio * objective.window / 60 == pytest.approx(objective.minutes)
    found = stands({span: Reading(ratio, NOW) for span in objective.spans}, objective)
    assert found.left == pytest.approx(0, abs=1e-9)


@given(targets, ratios, ratios)
def test_more_errors_never_leave_more_nor_burn_less(target: float, one: float, other: float) -> None:
    objective, (less, more) = replace(CHECKOUT, target=target), sorted((one, other))
    calm, worse = (stands({s: Reading(r, NOW) for s in objective.spans}, objective) for r in (less, more))
    assert worse.left is not None
    assert calm.left is not None
    assert worse.left <= calm.left
    for before, after in zip(calm.burns, worse.burns, strict=True):
        assert (after.long or 0) >= (before.long or 0)
        assert after.fires >= before.fires  # type: ignore[operator]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (readings(0), Verdict.OK),
        (readings(0.0005), Verdict.OK),
        (readings(0, _1h=0.0145, _5m=0.0145), Verdict.BAD),
        (readings(0, _1h=0.0143, _5m=0.5), Verdict.OK),  # the long span does not matter yet
        (readings(0, _1h=0.5, _5m=0), Verdict.OK),  # it is over
        (readings(0, _6h=0.0121, _30m=0.0121), Verdict.BAD),
        (readings(0, _6h=0.0119, _30m=0.0121), Verdict.OK),
        (readings(0, _3d=0.0011, _6h=0.0011), Verdict.WARN),
        (readings(0, _30d=0.0011), Verdict.WARN),  # exhausted, and nothing burns
    ],
)
def test_a_rule_fires_while_both_of_its_spans_are_beyond_the_limit(found: dict[int, Reading], verdict: Verdict) -> None:
    assert stands(found).verdict is verdict
    assert stands(found).why == ""


def test_a_rule_fires_above_its_limit_and_not_at_it() -> None:
    coarse = replace(CHECKOUT, target=0.5, window=50 * HOUR, rules=RULES[:1])
    assert (coarse.limit(RULES[0]), coarse.burn(0.5)) == (1, 1)
    for ratio, fires in ((0.5, False), (0.500001, True)):
        assert stands({span: Reading(ratio, NOW) for span in coarse.spans}, coarse).burns[0].fires is fires


def test_an_exhausted_budget_is_said_plainly() -> None:
    found = stands(readings(0, _30d=0.00112))
    assert left_text(found) == "budget EXHAUSTED (112% spent)"
    assert left_text(stands(readings(0, _30d=0.00038))) == "62% of budget left"
    assert left_text(stands({})) == "budget left not known"


# What is missing


@pytest.mark.parametrize(
    ("values", "verdict", "word"),
    [
        ((), Verdict.NO_DATA, "no data"),
        ((0.1, 0.2), Verdict.ERROR, "2 series"),
        ((math.nan,), Verdict.NOT_A_NUMBER, "not a number"),
        ((math.inf,), Verdict.ERROR, "infinite"),
        ((-math.inf,), Verdict.ERROR, "infinite"),
        ((-0.1,), Verdict.ERROR, "below 0"),
        ((1.1,), Verdict.ERROR, "above 1"),
    ],
)
def test_each_answer_that_is_no_ratio_is_refused_by_its_own_word(
    values: tuple[float, ...], verdict: Verdict, word: str
) -> None:
    found = read(Instant(values), NOW)
    assert (found.known, found.verdict) == (None, verdict)
    assert word in found.refusal


def test_what_arithmetic_alone_puts_beyond_the_ends_is_taken() -> None:
    assert read(Instant((1 + 1e-9,)), NOW).known == 1
    assert read(Instant((-1e-12,)), NOW).known == 0


@given(st.sets(st.sampled_from(CHECKOUT.spans)), st.sampled_from([0.0, 0.0005, 0.02, 1.0]))
def test_missing_data_never_gives_a_number_and_never_ok_by_guess(missing: set[int], ratio: float) -> None:
    found = stands({span: NO_DATA if span in missing else Reading(ratio, NOW) for span in CHECKOUT.spans})
    for burn in found.burns:
        assert (burn.long is None) == (burn.rule.long in missing)
        assert (burn.short is None) == (burn.rule.short in missing)
        assert burn.fires is not True or not {burn.rule.long, burn.rule.short} & missing
    assert (found.left is None) == (CHECKOUT.window in missing)
    assert (found.why == "") == (not missing)
    if missing:
        assert found.verdict is not Verdict.OK


def test_a_span_that_is_known_and_low_rules_its_rule_out_and_the_objective_is_not_called_well() -> None:
    found = stands(readings(0, _5m=NO_DATA))
    assert [burn.fires for burn in found.burns] == [False, False, False]
    assert (found.verdict, found.why) == (Verdict.NO_DATA, "5m: no data")
    assert stands(readings(0.02, _1h=NO_DATA, _6h=0, _30d=0)).burns[0].fires is None


def test_what_certainly_fires_is_said_in_spite_of_what_is_missing() -> None:
    found = stands(readings(0.5, _3d=NO_DATA, _30d=NO_DATA))
    assert (found.verdict, found.why) == (Verdict.BAD, "3d, 30d: no data")


def test_after_a_fault_the_old_share_stays_and_decides_nothing() -> None:
    old = Reading(0.0005, NOW - 600, CleanText("refused"), Verdict.ERROR)
    found = stands(readings(0, _30d=old))
    assert (found.left, found.left_at, found.verdict) == (pytest.approx(0.5), NOW - 600, Verdict.ERROR)
    burn = stands(readings(0.5, _1h=replace(old, ratio=0.5))).burns[0]
    assert (burn.long, burn.fires) == (None, None)


def test_an_objective_that_was_read_long_ago_is_stale() -> None:
    found = stands(readings(0))
    assert [found.verdict_at(NOW + age) for age in (0, 120, 121, -121)] == [
        *(Verdict.OK, Verdict.OK, Verdict.STALE, Verdict.STALE)
    ]
    assert stands({}).verdict_at(NOW) is Verdict.NO_DATA


def test_the_objective_that_needs_a_person_most_comes_first() -> None:
    calm, bad = stands(readings(0)), stands(readings(1))
    poor = replace(calm, left=0.1)
    other = replace(bad, objective=replace(CHECKOUT, service=clean("cart")))
    assert SloBoard((calm, other, poor, bad)).by_service() == {"checkout": (bad, poor, calm), "cart": (other,)}


# The series, and what an incident spent


def points(*values: float | None, last: float = NOW) -> dict[int, float]:
    place = round(last / STEP)
    return {place - len(values) + 1 + i: value for i, value in enumerate(values) if value is not None}


def test_five_minutes_of_total_failure_are_five_minutes() -> None:
    found = spent(with_series(CHECKOUT, points(0.2, 0.4, 0.6, 0.8, 1.0)), NOW - 300, None, NOW + 30)
    assert found.minutes == pytest.approx(5)
    assert (found.share, found.covered, found.until) == (pytest.approx(5 / 43.2), 1, NOW)


@given(targets, st.integers(1, 30), st.floats(0, 1))
def test_burn_1_since_the_window_began_spends_the_budget_in_step(target: float, tiles: int, part: float) -> None:
    objective, seconds = replace(CHECKOUT, target=target), max((tiles - part) * 300, 1)
    found = spent(with_series(objective, points(*[1 - target] * tiles * PARTS)), NOW - seconds, None, NOW)
    assert found.covered == pytest.approx(1)
    assert found.share == pytest.approx(seconds / objective.window)


@given(st.lists(ratios, min_size=1, max_size=40), st.integers(0, 39), ratios, st.floats(1, 20_000))
def test_more_errors_never_spend_less(values: list[float], at: int, other: float, seconds: float) -> None:
    at %= len(values)
    worse = [max(value, other) if i == at else value for i, value in enumerate(values)]
    one, two = (spent(with_series(CHECKOUT, points(*v)), NOW - seconds, None, NOW) for v in (values, worse))
    assert (two.minutes or 0) >= (one.minutes or 0)


@given(st.lists(ratios, min_size=10, max_size=60), st.sets(st.integers(0, 59)), st.integers(0, 59))
def test_a_missing_point_makes_a_lower_bound_that_says_so(
    failing: list[float], lost: set[int], ended_before: int
) -> None:
    """`failing`: what share failed in each step of an incident; before it nothing did."""
    first = round(NOW / STEP) - len(failing) + 1
    steps = [*[0.0] * PARTS, *failing]
    whole = {first + i: sum(steps[i + 1 : i + 1 + PARTS]) / PARTS for i in range(len(failing))}
    kept = {place: value for place, value in whole.items() if place - first not in lost}
    began, truth = (first - 1) * STEP, sum(failing) * STEP / 60
    full, found = (spent(with_series(CHECKOUT, each), began, None, NOW) for each in (whole, kept))
    assert (found.minutes is None) == bool(found.why)
    assert full.covered == 1
    if len(failing) % PARTS == 0:
        assert full.minutes == pytest.approx(truth)
    if found.minutes is not None:
        assert 0 <= found.minutes <= truth + 1e-9
        assert 0 < found.covered <= 1
        ended = began + ended_before * STEP
        assert (spent(with_series(CHECKOUT, kept), began, ended, NOW).minutes or 0) <= truth + 1e-9


def test_a_series_that_begins_after_the_incident_says_at_least() -> None:
    found = spent(with_series(CHECKOUT, points(*[1.0] * 10)), NOW - 1_200, None, NOW)
    assert (found.minutes, found.covered) == (pytest.approx(10), pytest.approx(0.5))
    assert spent_text(found, 43.2) == "incident spent at least 10.0 of 43.2 min (23%), 50% of its time known"


def test_after_a_gap_the_next_point_counts_wherever_it_lies() -> None:
    kept = points(*[1.0] * 16)
    del kept[round(NOW / STEP) - PARTS]
    assert spent(with_series(CHECKOUT, kept), NOW - 16 * STEP, None, NOW).covered == pytest.approx(15 / 16)


def test_the_end_of_an_incident_ends_its_spending() -> None:
    found = spent(with_series(CHECKOUT, points(*[1.0] * 20)), NOW - 900, NOW - 600, NOW)
    assert (found.minutes, found.covered, found.until) == (pytest.approx(5), 1, NOW - 600)


@pytest.mark.parametrize(
    ("found", "began", "why"),
    [
        (with_series(CHECKOUT, {}), NOW - 60, "no data since"),
        (with_series(CHECKOUT, points(1.0)), NOW + 10, "not known yet"),
        (with_series(CHECKOUT, points(1.0, last=NOW - 3_000)), NOW - 600, "no data since"),
        (stands(readings(0, _5m=read(Instant((0.1, 0.2)), NOW))), NOW - 60, "2 series"),
    ],
)
def test_without_samples_nothing_is_computed(found: Standing, began: float, why: str) -> None:
    answer = spent(found, began, None, NOW)
    assert (answer.minutes, answer.share) == (None, None)
    assert why in answer.why
    assert why in spent_text(answer, 43.2)


def test_a_server_that_is_gone_leaves_a_lower_bound() -> None:
    found = spent(with_series(CHECKOUT, points(*[1.0] * 5)), NOW - 300, None, NOW + 900)
    assert (found.minutes, found.covered) == (pytest.approx(5), pytest.approx(0.25))


# Asking and merging


def test_only_what_is_newer_is_asked_for_again() -> None:
    series = Series(STEP)
    start, end = to_ask(series, NOW + 7)
    assert (start, end) == (NOW - (MOST_POINTS - 1) * STEP, NOW)
    series = merged(series, (start, end), answer((NOW, 0.5)))
    assert to_ask(series, NOW + 130) == (NOW, NOW + 2 * STEP)
    assert to_ask(series, NOW - 10_000)[0] < NOW - 10_000  # the clock went back
    assert to_ask(series, NOW + 1e6)[1] - to_ask(series, NOW + 1e6)[0] == (MOST_POINTS - 1) * STEP


def answer(*values: tuple[float, float]) -> Answer:
    return Answer({clean("s"): Samples(tuple(t for t, _ in values), tuple(v for _, v in values))})


def test_what_is_no_ratio_stays_missing() -> None:
    asked = (NOW - 5 * STEP, NOW)
    wild = answer(
        (NOW - STEP, 0.5), (NOW, math.nan), (NOW - 2 * STEP, math.inf), (NOW - 3 * STEP, -1.0), (NOW + 1e6, 1.0)
    )
    assert list(merged(Series(STEP), asked, wild).points.values()) == [0.5]


@given(st.lists(st.floats(0, 2_000), min_size=1, max_size=30))
def test_however_often_it_was_asked_the_series_is_what_the_server_has(waits: list[float]) -> None:
    def has(place: int) -> float:
        return (place % 97) / 97

    series, now = Series(STEP), NOW
    for wait in waits:
        now += wait
        start, end = to_ask(series, now)
        places = range(round(start / STEP), round(end / STEP) + 1)
        series = merged(series, (start, end), answer(*((place * STEP, has(place)) for place in places)))
    newest = math.floor(now / STEP)
    assert series.points == {place: has(place) for place in range(newest - MOST_POINTS + 1, newest + 1)}


def test_after_a_fault_the_series_keeps_what_it_has() -> None:
    series = Series(STEP, points(1.0))
    assert failed(series, CleanText("gone")) is series
    assert failed(Series(STEP), CleanText("gone")).refusal == "gone"


# Words


def test_spans_are_named_as_recording_rules_name_them() -> None:
    names = [span_name(span) for span in (30, 90, 300, HOUR, 6 * HOUR, 3 * DAY, 30 * DAY, 5_400)]
    assert names == ["30s", "90s", "5m", "1h", "6h", "3d", "30d", "90m"]
    assert CHECKOUT.filled(1_800) == "errors[30m]"


def test_burns_and_shares_are_short() -> None:
    assert [burn_text(b) for b in (None, 0, 0.001, 1, 14.4, 99.96, 100_000)] == [
        *("?", "0x", "<0.1x", "1x", "14.4x", "100x", "100000x")
    ]
    assert [share_text(s) for s in (None, 1, 0.999, 0.62, 0.0123, 0, -0.0001, -0.12, -99.9)] == [
        *("?", "100%", "100%", "62%", "1.2%", "0%", "0%", "-12%", "-9990%")
    ]
    assert rule_text(stands(readings(0.02, _1h=NO_DATA)).burns[0]) == "1h ?, 5m 20x (limit 14.4x)"
    assert spent_text(Spent(12.34, 0.2857, 1.0, NOW), 43.2) == "incident spent 12.3 of 43.2 min (29%)"
