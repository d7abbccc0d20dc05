import math

from hypothesis import given
from hypothesis import strategies as st

from iccon.signals.model import Samples, SignalSpec, Unit
from iccon.signals.trend import Direction, direction

SPEC = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=2.0)
OTHER = {Direction.WORSE: Direction.BETTER, Direction.BETTER: Direction.WORSE}
values = st.lists(st.floats(0.001, 1000), min_size=20, max_size=20)


def series(found: list[float]) -> Samples:
    return Samples(tuple(float(n) for n in range(len(found))), tuple(found))


def test_a_signal_that_rose_is_worse_and_one_that_fell_is_better() -> None:
    assert direction(SPEC, series([0.2] * 10 + [3.0] * 10), 9) is Direction.WORSE
    assert direction(SPEC, series([3.0] * 10 + [0.2] * 10), 9) is Direction.BETTER
    assert direction(SPEC, series([3.0] * 20), 9) is Direction.FLAT


def test_a_change_that_is_small_beside_the_threshold_is_flat() -> None:
    assert direction(SPEC, series([0.001] * 10 + [0.01] * 10), 9) is Direction.FLAT


def test_too_few_samples_and_no_threshold_are_unknown() -> None:
    plain = SignalSpec("traffic", "q", "main", Unit.PER_SECOND)
    assert direction(plain, series([1.0] * 10 + [9.0] * 10), 9) is Direction.UNKNOWN
    assert direction(SPEC, series([]), 9) is Direction.UNKNOWN
    assert direction(SPEC, series([1.0] * 10 + [math.nan] * 5 + [9.0] * 2), 9) is Direction.UNKNOWN
    assert direction(SPEC, series([1.0] * 20), 100) is Direction.UNKNOWN  # the incident is younger than any sample


def test_one_odd_sample_changes_nothing() -> None:
    assert direction(SPEC, series([1.0] * 19 + [50.0]), 9) is Direction.FLAT


def test_where_the_window_begins_later_its_first_samples_stand_for_the_start() -> None:
    assert direction(SPEC, series([0.2] * 10 + [3.0] * 10), -1000) is Direction.WORSE


def test_it_is_called_flat_only_well_below_what_called_it_worse() -> None:
    between = series([1.0] * 10 + [1.18] * 10)  # 15 % of the greater
    assert direction(SPEC, between, 9) is Direction.FLAT
    assert direction(SPEC, between, 9, Direction.WORSE) is Direction.WORSE


@given(values)
def test_the_other_side_mirrors_the_answer(found: list[float]) -> None:
    lower = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=2.0, worse="lower")
    said = direction(SPEC, series(found), 9)
    assert direction(lower, series(found), 9) is OTHER.get(said, said)


@given(values, st.floats(0.01, 100))
def test_the_unit_does_not_matter(found: list[float], by: float) -> None:
    scaled = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5 * by, bad=2.0 * by)
    one = direction(SPEC, series(found), 9)
    other = direction(scaled, series([value * by for value in found]), 9)
    assert one is other or Direction.FLAT in (one, other)  # rounding at the very edge
