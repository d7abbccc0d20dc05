"""Reading a list that changes while it is read, page by page, so that nothing in it is missed."""

from collections.abc import Callable
from typing import Any, Final

from iccon.text import CleanText

PAGE: Final = 100  # rows a request
Rows = tuple[list[dict[str, Any]], bool]  # rows as JSON, and whether there are more


def complete(fetch: Callable[[int], Rows], who: str, reach: int) -> tuple[list[dict[str, Any]], CleanText]:
    """Collect every row that `fetch(offset) -> (rows, more)` can give, each id once, and say why any are missing.

    Pages overlap by one row: where the last row of a page is not on the next one, rows before it went away
    meanwhile and others slid past unseen, so the list is read again from the start, at most twice. Stops
    at `reach`, the highest offset and limit together that `who` takes, and where `more` is said but nothing new comes.
    """
    seen: dict[str, dict[str, Any]] = {}
    offset, restarts, last = 0, 0, ""
    while offset + PAGE <= reach:
        rows, more = fetch(offset)
        found = {str(row.get("id") or f"no id {offset + i}"): row for i, row in enumerate(rows)}
        stuck = not rows or (offset > 0 and not restarts and found.keys() <= seen.keys())
        seen |= found
        if last and last not in found and restarts < 2:
            offset, restarts, last = 0, restarts + 1, ""
        elif not more:
            return [*seen.values()], CleanText("")
        elif stuck:
            return [*seen.values()], CleanText(f"{who} says that there are more pages, but gives none")
        else:
            last = [*found][-1]
            offset += max(len(rows) - 1, 1)
    return [*seen.values()], CleanText(f"only the first {reach:,} pages are shown: {who} gives no more")
