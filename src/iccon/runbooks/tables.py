"""Markdown tables within a width: columns shrink and their cells wrap; too narrow, rows become records. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from iccon.runbooks.inline import Line, Span, cell_len, wrap

NARROWEST = 6  # cells of a column below which a table reads worse than a list of records


class Table(Struct, frozen=True):
    """A header row, the rows below it, and each column's alignment ("left", "center", "right")."""

    header: tuple[tuple[Span, ...], ...]
    rows: tuple[tuple[tuple[Span, ...], ...], ...]
    aligns: tuple[str, ...]


def layout(table: Table, width: int, ascii_only: bool) -> list[Line]:
    """Return the table's lines, none wider than `width` cells."""
    count = len(table.header)
    if not count:
        return []
    room = width - 3 * (count - 1)
    columns = [[row[n] for row in (table.header, *table.rows) if n < len(row)] for n in range(count)]
    wanted = [max(1, *(_size(cell) for cell in column)) for column in columns]
    words = [max(1, *(_longest(cell) for cell in column)) for column in columns]
    if sum(wanted) > room and (room < NARROWEST * count or _torn(words, room)):
        return _records(table, width)
    widths = _shares(wanted, words, room)
    bar, dash, cross = ("|", "-", "+") if ascii_only else ("│", "─", "┼")
    lines = _row(table.header, widths, table.aligns, bar)
    lines.append([Span(f"{dash}{cross}{dash}".join(dash * size for size in widths), "table")])
    for row in table.rows:
        lines.extend(_row(row, widths, table.aligns, bar))
    return lines


def _size(cell: Sequence[Span]) -> int:
    return sum(cell_len(span.text) for span in cell)


def _longest(cell: Sequence[Span]) -> int:
    return max((cell_len(word) for word in "".join(span.text for span in cell).split()), default=0)


def _torn(words: list[int], room: int) -> bool:
    """Say whether every other column would tear its longest word: then it is no table to read."""
    share = room // len(words)
    return len(words) > 2 and sum(word > max(share, NARROWEST) for word in words) * 2 > len(words)


def _shares(wanted: list[int], words: list[int], room: int) -> list[int]:
    """Give each column what it wants, or an equal share of what the smaller ones leave; at best its longest word."""
    if sum(wanted) > room > sum(words):
        more = _equal([most - least for most, least in zip(wanted, words, strict=True)], room - sum(words))
        return [least + extra for least, extra in zip(words, more, strict=True)]
    return [max(size, 2) for size in _equal(wanted, room)]


def _equal(wanted: list[int], room: int) -> list[int]:
    """Share `room` out equally, to none more than it wants."""
    widths = list(wanted)
    left, waiting = room, sorted(range(len(wanted)), key=lambda n: wanted[n])
    while waiting:
        share = left // len(waiting)
        column = waiting.pop(0)
        widths[column] = min(wanted[column], share)
        left -= widths[column]
    return widths


def _row(row: Sequence[Sequence[Span]], widths: list[int], aligns: Sequence[str], bar: str) -> list[Line]:
    cells = [wrap(row[n] if n < len(row) else (), size) for n, size in enumerate(widths)]
    lines: list[Line] = []
    for height in range(max(len(cell) for cell in cells)):
        line: Line = []
        for n, size in enumerate(widths):
            if n:
                line.append(Span(f" {bar} ", "table"))
            line.extend(_aligned(cells[n][height] if height < len(cells[n]) else [], size, aligns[n]))
        lines.append(line)
    return lines


def _aligned(line: Line, size: int, align: str) -> Line:
    space = max(size - _size(line), 0)
    before = {"right": space, "center": space // 2}.get(align, 0)
    padded = [Span(" " * before, "text"), *line, Span(" " * (space - before), "text")]
    return [span for span in padded if span.text]


def _records(table: Table, width: int) -> list[Line]:
    lines: list[Line] = []
    for row in table.rows:
        if lines:
            lines.append([])
        for name, cell in zip(table.header, row, strict=False):
            lines.extend(wrap((*name, Span(": ", "table"), *cell), width))
    return lines or wrap((span for name in table.header for span in (*name, Span(" ", "table"))), width)
