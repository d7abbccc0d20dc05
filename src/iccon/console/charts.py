"""Charts as rows of text: braille, or ASCII. Pure, total: any numbers, any size, never an exception.

A gap (NaN, None, infinity) stays a gap. A chart line is one string, so that it is painted as one segment.
"""

import math
from collections.abc import Sequence

from iccon.plot import bounds

_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))  # bits from the bottom up, left and right column
_FILL = tuple(tuple(sum(column[:height]) for height in range(5)) for column in _DOTS)
_ASCII = " .:-=+*#%@"
_BLANK = 0x2800


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def resample(values: Sequence[float | None], count: int) -> list[float | None]:
    """Return `count` points: each the largest of its share of `values`, so that no peak is lost.

    A share without a finite value is None, a gap. Fewer values than points stand at the right end, newest last.
    """
    if count <= 0:
        return []
    given = len(values)
    if given <= count:
        tail = [v if _finite(v) else None for v in values]
        return [None] * (count - given) + tail
    return [_peak(values[i * given // count : (i + 1) * given // count]) for i in range(count)]


def _peak(share: Sequence[float | None]) -> float | None:
    found = [v for v in share if v is not None and math.isfinite(v)]
    return max(found) if found else None


def _level(value: float | None, low: float, high: float, levels: int) -> int:
    """Return how many of `levels` steps are filled: 0 for a gap, at least 1 for a value."""
    if value is None or not math.isfinite(value):
        return 0
    half_low, half_high = low / 2, high / 2  # halves, because high - low of huge numbers overflows
    span = half_high - half_low
    share = (value / 2 - half_low) / span if span > 0 else 0.5
    return 1 + round(min(max(share, 0.0), 1.0) * (levels - 1))


def _columns(values: Sequence[float | None], count: int, levels: int, limit: float | None) -> list[int]:
    points = resample(values, count)
    low, high = bounds(points, limit)
    return [_level(point, low, high, levels) for point in points]


def spark(values: Sequence[float | None], width: int, ascii_only: bool = False, limit: float | None = None) -> str:
    """Return a line of exactly `width` cells, two values a cell in braille (one in ASCII), newest at the right.

    Scaled from the least to the greatest value, or from 0 to `limit` where one is given. A gap is a blank.
    """
    rows = chart(values, width, 1, limit=limit, ascii_only=ascii_only)
    return rows[0] if rows else ""


def chart(
    values: Sequence[float | None], width: int, height: int, *, limit: float | None = None, ascii_only: bool = False
) -> list[str]:
    """Return `height` lines of exactly `width` cells: an area chart, newest at the right, gaps blank.

    `limit`: the scale runs from 0 to it (further where values do); None: from the least value to the greatest.
    """
    width, height = max(width, 0), max(height, 0)
    if not width or not height:
        return [" " * width] * height
    if ascii_only:
        steps = len(_ASCII) - 1
        columns = _columns(values, width, height * steps, limit)
        return ["".join(_ASCII[_part(c, row, height, steps)] for c in columns) for row in range(height)]
    columns = _columns(values, width * 2, height * 4, limit)
    return ["".join(_cell(columns, i, row, height) for i in range(0, width * 2, 2)) for row in range(height)]


def _cell(columns: Sequence[int], index: int, row: int, height: int) -> str:
    left, right = (_FILL[side][_part(columns[index + side], row, height, 4)] for side in (0, 1))
    return chr(_BLANK + left + right) if left or right else " "


def _part(filled: int, row: int, height: int, steps: int) -> int:
    """Return how much of a column's cell in `row` (0 is the top) is filled."""
    return min(max(filled - (height - 1 - row) * steps, 0), steps)
