"""Text cut, padded and wrapped by terminal cells, and the spans that rows are made of. Pure."""

from collections.abc import Iterable

from rich.cells import cell_len, chop_cells, set_cell_size

Span = tuple[str, str]  # text, and the name of its style ("" is the widget's own)


def cells(text: str) -> int:
    """Return how many terminal cells `text` takes."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def crop(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, ending in `…` when more than spaces was cut off."""
    if cells(text) <= width:
        return text
    if text.endswith(" ") and cells(bare := text.rstrip()) <= width:
        return bare  # a `…` behind a telephone number would say that digits are missing
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells: cut with `…`, or padded on its right (or left) side."""
    text = crop(text, width)
    space = " " * max(width - cells(text), 0)
    return space + text if right else text + space


def length(spans: Iterable[Span]) -> int:
    """Return how many cells `spans` take."""
    return sum(cells(text) for text, _ in spans)


def fit_spans(spans: Iterable[Span], width: int, fill: str = "") -> list[Span]:
    """Return `spans` in exactly `width` cells, cut with `…` or padded; neighbours of one style are joined."""
    out: list[Span] = []
    left = width
    for text, style in spans:
        if left <= 0:
            break
        size = cells(text)
        _add(out, crop(text, left) if size > left else text, style)
        left -= min(size, left) if size <= left else left
    used = length(out)
    if used < width:
        _add(out, " " * (width - used), fill)
    return out


def _add(out: list[Span], text: str, style: str) -> None:
    if not text:
        return
    if out and out[-1][1] == style:
        out[-1] = (out[-1][0] + text, style)
    else:
        out.append((text, style))


def wrap(text: str, width: int, limit: int | None = None) -> list[str]:
    """Return `text` in lines of at most `width` cells, broken at spaces where it can be, at most `limit` lines.

    When lines were dropped the last one ends in `…`. An empty text is one empty line.
    """
    width = max(width, 1)
    enough = None if limit is None else width * (limit + 1) * 2
    lines = [line for part in text[:enough].split("\n") for line in _wrap_line(part, width)]
    if limit is not None and (len(lines) > limit or (enough is not None and len(text) > enough)):
        lines = lines[:limit]
        lines[-1] = fit(lines[-1], width - 1).rstrip() + "…" if lines else ""
    return lines


def _wrap_line(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        pieces = chop_cells(word, width) if cells(word) > width else [word]
        lines.extend(pieces[:-1])
        line = pieces[-1] if pieces else ""
    return [*lines, line]


def said(text: str, width: int, style: str = "dim") -> list[list[Span]]:
    """Return a sentence as lines of `width` cells with a space on either side, for where no data is."""
    return [[(f" {line}", style)] for line in wrap(text, width - 2)]
