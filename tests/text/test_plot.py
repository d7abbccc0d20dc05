"""The chart with a time axis, by properties."""

from hypothesis import given
from hypothesis import strategies as st

from iccon.console.fit import cells
from iccon.plot import place, plot

LINE = st.lists(st.tuples(st.floats(), st.floats()), max_size=40).map(
    lambda points: ([t for t, _ in sorted(points, key=lambda p: (p[0] != p[0], p[0]))], [v for _, v in points])
)
LIMITS = st.lists(st.tuples(st.floats(), st.just("v-bad")), max_size=3)


@given(
    st.lists(LINE, max_size=3),
    st.tuples(st.floats(), st.floats()),
    st.tuples(st.integers(-2, 30), st.integers(-2, 8)),
    LIMITS,
    st.lists(st.floats(), max_size=3),
    st.one_of(st.none(), st.floats()),
    st.booleans(),
)
def test_any_numbers_give_exactly_the_size_asked_for(lines, window, size, limits, marks, cursor, ascii_only):
    rows = plot(lines, window, size, gap=60, limits=limits, marks=marks, cursor=cursor, ascii_only=ascii_only)
    assert len(rows) == max(size[1], 0)
    for row in rows:
        text = "".join(part for part, _ in row)
        assert cells(text) == max(size[0], 0)
        assert not ascii_only or text.isascii()


@given(st.floats(0, 100), st.integers(1, 60))
def test_a_marker_stands_in_the_column_of_its_instant(at, width):
    rows = plot([], (0.0, 100.0), (width, 2), gap=1, marks=[at], ascii_only=True)
    column = place(at, 0.0, 100.0, width)
    assert all([text == "|" for text, _ in row] == [i == column for i in range(width)] for row in rows)


def test_a_gap_stays_a_gap_and_near_points_are_joined():
    line = ([0.0, 10.0, 60.0, 70.0], [1.0, 1.0, 1.0, 1.0])
    top = "".join(text for text, _ in plot([line], (0.0, 80.0), (8, 1), gap=15, ascii_only=True)[0])
    assert top == "**    **"
    joined = "".join(text for text, _ in plot([line], (0.0, 80.0), (8, 1), gap=50, ascii_only=True)[0])
    assert joined == "******** "[:8]
