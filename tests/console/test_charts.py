import math

from hypothesis import given
from hypothesis import strategies as st

from iccon.console.charts import chart, resample, spark
from iccon.console.fit import cells

NUMBERS = st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), max_size=80)
LIMITS = st.one_of(st.none(), st.floats())


def filled(cell: str) -> int:
    return bin(ord(cell) - 0x2800).count("1") if cell != " " else 0


@given(NUMBERS, st.integers(-2, 40), st.integers(-2, 6), LIMITS, st.booleans())
def test_a_chart_has_exactly_the_size_asked_for(values, width, height, limit, ascii_only):
    rows = chart(values, width, height, limit=limit, ascii_only=ascii_only)
    assert len(rows) == max(height, 0)
    assert all(cells(row) == max(width, 0) for row in rows)
    assert not ascii_only or all(row.isascii() for row in rows)


@given(NUMBERS, st.integers(1, 20), LIMITS)
def test_a_gap_is_blank_and_a_value_never_is(values, width, limit):
    points = resample(values, width)
    line = spark(values, width, ascii_only=True, limit=limit)
    assert [c == " " for c in line] == [p is None for p in points]


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=2), st.booleans())
def test_more_is_never_drawn_lower(pair, ascii_only):
    low, high = sorted(pair)
    rows = chart([low, high], 2 if ascii_only else 1, 3, ascii_only=ascii_only)
    if ascii_only:
        order = " .:-=+*#%@"
        assert sum(order.index(r[0]) for r in rows) <= sum(order.index(r[1]) for r in rows)
    else:
        left, right = (sum(bin((ord(r) - 0x2800) & mask).count("1") for r in rows if r != " ") for mask in (0x47, 0xB8))
        assert left <= right


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200), st.integers(1, 30))
def test_no_peak_is_lost(values, width):
    assert max(p for p in resample(values, width) if p is not None) == max(values)


def test_few_values_stand_at_the_right():
    assert spark([1, 2], 5, ascii_only=True).startswith("   ")
    assert spark([], 4) == "    "


def test_a_limit_sets_the_scale():
    low = spark([1, 1], 1, limit=100)
    high = spark([100, 100], 1, limit=100)
    assert filled(low) == 2
    assert filled(high) == 8


def test_nan_in_the_middle_stays_a_gap():
    line = spark([1.0, 1.0, math.nan, math.nan, 1.0, 1.0], 3)
    assert line[1] == " "
    assert " " not in (line[0], line[2])


def test_a_flat_series_is_neither_full_nor_empty():
    assert 2 < filled(spark([5, 5], 1)) < 8
