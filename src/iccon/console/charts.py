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
# By how much of its left and of its right column is filled: 50 sparks are drawn anew at each answer.
_CELLS = tuple(tuple(chr(_BLANK + left + right) if left or right else " " for right in _FILL[1]) for left in _FILL[0])


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


def _columns(values: Sequence[float | None], count: int, levels: int, limit: float | None) -> list[int]:
    """Return how many of `levels` steps of each column are filled: 0 for a gap, at least 1 for a value."""
    points = resample(values, count)
    low, high = bounds(points, limit)
    half, top = low / 2, levels - 1  # halves, because high - low of huge numbers overflows
    span = high / 2 - half
    if span <= 0:
        return [0 if point is None else 1 + round(0.5 * top) for point in points]
    return [0 if point is None else 1 + round((point / 2 - half) / span * top) for point in points]


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
    steps = len(_ASCII) - 1 if ascii_only else 4
    columns = _columns(values, width if ascii_only else width * 2, height * steps, limit)
    rows = [columns] if height == 1 else [[_part(c, row, height, steps) for c in columns] for row in range(height)]
    if ascii_only:
        return ["".join([_ASCII[part] for part in parts]) for parts in rows]
    return ["".join([_CELLS[a][b] for a, b in zip(parts[::2], parts[1::2], strict=True)]) for parts in rows]


def _part(filled: int, row: int, height: int, steps: int) -> int:
    """Return how much of a column's cell in `row` (0 is the top) is filled."""
    return min(max(filled - (height - 1 - row) * steps, 0), steps)
