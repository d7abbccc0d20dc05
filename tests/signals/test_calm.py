"""Since when a cell is in range: what the samples say, and not a second more."""

import math

import pytest

from iccon.signals.calm import InRange, in_range
from iccon.signals.model import Samples, SignalSpec, Unit, Window, Windows
from iccon.text import CleanText

CHECKOUT = CleanText("checkout")
SPEC = SignalSpec("errors", "q", "main", Unit.RATIO, warn=0.05, bad=0.2)
STEP = 15.0


def windows(values: list[float], spec: SignalSpec = SPEC, times: list[float] | None = None) -> Windows:
    at = times or [STEP * number for number in range(len(values))]
    series = {CHECKOUT: Samples(tuple(at), values)} if values else {}
    return Windows((Window(spec, series),), 3600, STEP)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([0.0] * 40, InRange(0.0, False)),
        ([0.5, *[0.0] * 40], InRange(STEP, True)),
        ([0.0, 0.07, 0.0, 0.01], InRange(2 * STEP, True)),
        ([0.5, math.nan, 0.0], InRange(2 * STEP, False)),  # no number is no trouble, and no calm
        ([0.0, math.inf, 0.0], InRange(2 * STEP, True)),
        ([0.0, 0.05], None),
        ([0.0, math.nan], None),
    ],
)
def test_it_begins_after_the_last_sample_that_is_out_of_range(values: list[float], expected: InRange | None) -> None:
    assert in_range(windows(values), "checkout", "errors") == expected
    if values:
        lower = SignalSpec("errors", "q", "main", Unit.RATIO, warn=-0.05, bad=-0.2, worse="lower")
        assert in_range(windows([-value for value in values], lower), "checkout", "errors") == expected


def test_a_gap_ends_what_is_known_and_a_step_that_is_long_is_none() -> None:
    gap = [0.0, 15.0, 30.0, 600.0, 615.0]
    assert in_range(windows([0.0] * 5, times=gap), "checkout", "errors") == InRange(600.0, False)
    assert in_range(windows([0.5, 0.5, 0.5, 0.0, 0.0], times=gap), "checkout", "errors") == InRange(600.0, False)
    minutes = Windows((Window(SPEC, {CHECKOUT: Samples((0.0, 90.0, 180.0), [0.0] * 3)}),), 3600, 60.0)
    assert in_range(minutes, "checkout", "errors") == InRange(0.0, False)


def test_looking_back_a_part_only_finds_what_lies_in_it() -> None:
    long = windows([0.5, *[0.0] * 40])
    assert in_range(long, "checkout", "errors", earliest=30 * STEP) == InRange(30 * STEP, False)
    assert in_range(long, "checkout", "errors", earliest=99 * STEP) is None


def test_beside_a_baseline_each_sample_has_the_threshold_of_its_time() -> None:
    spec = SignalSpec("errors", "q", "main", Unit.RATIO, baseline="1d", bad_ratio=2.0)
    times = tuple(STEP * number for number in range(100))
    base = Window(spec, {CHECKOUT: Samples(times, [1.0] * 50 + [0.1] * 50)})
    now = Window(spec, {CHECKOUT: Samples(times, [3.0] + [1.1] * 60 + [0.1] * 39)}, base=base)
    board = Windows((now,), 3600, STEP)
    found = in_range(board, "checkout", "errors")
    assert found is not None
    assert found.after
    assert 50 * STEP <= found.since <= 62 * STEP  # 1.1 was usual once, and is eleven times too much now
    assert in_range(Windows((Window(spec, now.series),), 3600, STEP), "checkout", "errors") == InRange(0.0, False)
