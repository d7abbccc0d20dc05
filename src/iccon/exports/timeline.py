"""The timeline as rows of text, for a terminal and for tables. Pure."""

import csv
import io
from collections.abc import Iterable
from datetime import tzinfo

from msgspec import Struct

from iccon.exports.times import moment
from iccon.incident.ids import short
from iccon.incident.timeline import Item
from iccon.text import clean

COLUMNS = ("id", "happened", "recorded", "who", "kind", "text", "struck")
_FORMULA = ("=", "+", "-", "@")


class Row(Struct, frozen=True):
    """One line of the timeline, clean. `recorded` is empty unless it was recorded late; `struck` holds the reason."""

    id: str
    happened: str
    recorded: str
    who: str
    kind: str
    text: str
    struck: str


def rows(items: Iterable[Item], zone: tzinfo) -> list[Row]:
    """Return the items as rows, times in `zone`."""
    return [
        Row(
            id=short(item.id),
            happened=moment(item.happened_at, zone),
            recorded=moment(item.recorded_at, zone) if item.late else "",
            who=clean(item.actor, 100),
            kind=item.kind,
            text=clean(item.text, 2000),
            struck=clean(item.struck or "no reason recorded", 500) if item.struck is not None else "",
        )
        for item in items
    ]


def text(items: Iterable[Item], zone: tzinfo) -> str:
    """Return one line for each item: id, time, who, text; late, machine and struck ones say so in words."""
    return "".join(f"{_line(row)}\n" for row in rows(items, zone))


def _line(row: Row) -> str:
    late = f" (recorded {row.recorded})" if row.recorded else ""
    struck = f" [struck: {row.struck}]" if row.struck else ""
    return f"{row.id}  {row.happened}{late}  {row.who}: {row.text}{struck}"


def table(items: Iterable[Item], zone: tzinfo) -> str:
    """Return CSV (RFC 4180) with a header. What a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows(items, zone):
        writer.writerow([_inert(getattr(row, column)) for column in COLUMNS])
    return out.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell
