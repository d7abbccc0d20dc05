"""A chart with a time axis: several lines, limits, markers, a cursor. Pure, total: any numbers, any size, no exception.

Times are seconds since 1970 UTC. A gap stays a gap: points are joined only where they lie at most `gap` seconds apart.
"""

import math
from collections.abc import Iterator, Sequence

Span = tuple[str, str]  # text, and the name of its style
Line = tuple[Sequence[float], Sequence[float]]  # times, ascending, and values of equal number
Limit = tuple[float, str]  # a threshold and the style it is drawn in

_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)  # braille bits from the top down


def bounds(values: Sequence[float | None], limit: float | None = None) -> tuple[float, float]:
    """Return the scale: 0 (or the least value below it) to the greatest of `limit` and values; else least to greatest.

    Without `limit` a flat series is drawn in the middle: its scale reaches as far below as above it.
    """
    found = [v for v in values if v is not None and math.isfinite(v)]
    if limit is not None and math.isfinite(limit):
        return min(0.0, *found, limit) if found else min(0.0, limit), max([limit, 0.0, *found])
    if not found:
        return 0.0, 1.0
    low, high = min(found), max(found)
    if low == high:
        return low - 1.0, high + 1.0
    return low, high


def scale(lines: Sequence[Line], limits: Sequence[Limit]) -> tuple[float, float]:
    """Return the lowest and the highest value drawn: from 0, or below, to the greatest value or limit."""
    values = [v for _, line in lines for v in line]
    high = max((limit for limit, _ in limits if math.isfinite(limit)), default=0.0)
    low, top = bounds(values, high)
    low = min([low, *(limit for limit, _ in limits if math.isfinite(limit))])
    return (low, top) if top > low else (low, max(low + 1.0, math.nextafter(low, math.inf)))


def place(at: float, start: float, end: float, count: int) -> int | None:
    """Return in which of `count` columns the instant `at` lies, None outside of the window."""
    if count <= 0 or not (math.isfinite(at) and math.isfinite(start) and math.isfinite(end)) or not start <= at <= end:
        return None
    share = (at / 2 - start / 2) / (end / 2 - start / 2) if end > start else 0.0
    return min(int(share * count), count - 1) if math.isfinite(share) else None


def plot(
    lines: Sequence[Line],
    window: tuple[float, float],
    size: tuple[int, int],
    *,
    gap: float,
    limits: Sequence[Limit] = (),
    marks: Sequence[float] = (),
    cursor: float | None = None,
    ascii_only: bool = False,
) -> list[list[Span]]:
    """Return rows of spans, exactly `size` (width, height). The first line is drawn over the others, which are dim."""
    width, height = max(size[0], 0), max(size[1], 0)
    low, high = scale(lines, limits)
    grid = [[(" ", "")] * width for _ in range(height)]
    for limit, style in limits:
        if height and math.isfinite(limit):
            row = _row(limit, low, high, height)
            grid[row] = [("-" if ascii_only else "╌", style)] * width
    for mark in marks:
        column = place(mark, *window, width)
        for cells in grid if column is not None else ():
            cells[column or 0] = ("|" if ascii_only else "│", "head")
    for index in reversed(range(len(lines))):
        _draw(grid, lines[index], window, (low, high), gap, "dim" if index else "strong", ascii_only)
    at = None if cursor is None else place(cursor, *window, width)
    if at is not None:
        for cells in grid:
            cells[at] = (cells[at][0], f"{cells[at][1]} cell-cursor".strip())
    return [list(cells) for cells in grid]


def _row(value: float, low: float, high: float, rows: int) -> int:
    """Return the row of `value`, 0 at the top. Halves, because high - low of huge numbers overflows."""
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0
    share = share if math.isfinite(share) else 0.0
    return rows - 1 - round(min(max(share, 0.0), 1.0) * (rows - 1))


def _draw(
    grid: list[list[Span]],
    line: Line,
    window: tuple[float, float],
    reach: tuple[float, float],
    gap: float,
    style: str,
    ascii_only: bool,
) -> None:
    width, height = len(grid[0]) if grid else 0, len(grid)
    across, down = (1, 1) if ascii_only else (2, 4)
    bits: dict[tuple[int, int], int] = {}
    for column, value in _points(line, window, width * across, gap):
        row = _row(value, *reach, height * down)
        cell = row // down, column // across
        bits[cell] = bits.get(cell, 0) | (1 if ascii_only else (_LEFT, _RIGHT)[column % 2][row % 4])
    for (row, column), mask in bits.items():
        sign = ("*" if style == "strong" else ".") if ascii_only else chr(0x2800 + mask)
        grid[row][column] = (sign, style)


def _points(line: Line, window: tuple[float, float], columns: int, gap: float) -> Iterator[tuple[int, float]]:
    """Yield a column and a value for each sample in the window, and for each column between near neighbours."""
    before: tuple[float, int, float] | None = None
    for time, value in zip(*line, strict=False):
        column = place(time, *window, columns)
        if column is None or not math.isfinite(value):
            before = None
            continue
        if before is not None and 0 <= time - before[0] <= gap:
            for between in range(before[1] + 1, column):
                share = (between - before[1]) / (column - before[1])
                yield between, before[2] * (1 - share) + value * share
        yield column, value
        before = time, column, value
