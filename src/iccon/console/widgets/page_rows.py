"""Which rows a list of pages has: each page, or in a storm a row a group, unfolded where a person looks. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain

from iccon.console.figures import age_text
from iccon.console.fit import Span, crop, fit
from iccon.pages.grouping import MOST, Group, Grouping, grouped
from iccon.pages.model import Page, PageStatus

# status: glyph, ASCII, word, short word, style
STATUS: Mapping[PageStatus, tuple[str, str, str, str, str]] = {
    PageStatus.TRIGGERED: ("●", "!", "triggered", "trig", "v-bad"),
    PageStatus.ACKNOWLEDGED: ("◐", "a", "acked", "ack", "v-warn"),
    PageStatus.SILENCED: ("○", "s", "silenced", "mute", "dim"),
    PageStatus.RESOLVED: ("✓", "r", "resolved", "done", "v-ok"),
}


class PageRows:
    """Rows by key: a page's own, or a group's. `wish` is what a person asked for: groups, none, or None: in a storm.

    Pages are grouped anew only when others are given; a group of one page is that page.
    """

    def __init__(self) -> None:
        self.wish: bool | None = None
        self.unfolded: set[str] = set()
        self.groups: dict[str, Group] = {}
        self.rule = ""
        self._pages: Sequence[Page] = ()
        self._made: Grouping | None = None

    @property
    def on(self) -> bool:
        """Are there groups now?"""
        return len(self._pages) > MOST if self.wish is None else self.wish

    def take(self, pages: Sequence[Page], looked_at: Collection[str], made: Grouping | None = None) -> tuple[str, ...]:
        """Take in `pages` and return the keys of the rows. Groups of pages that are `looked_at` are unfolded.

        `made` are their groups, where somebody has made them already.
        """
        if pages is not self._pages or self._made is None:
            self._pages, self._made = pages, made or grouped(pages, self.rule)
            self.rule, self.groups = self._made.rule, self._made.several
            self.unfolded &= self.groups.keys()
        if not self.on:
            return tuple(dict.fromkeys(page.key for page in pages))
        self.unfolded.update(filter(None, map(self._made.group_of.get, looked_at)))
        return tuple(dict.fromkeys(chain.from_iterable(map(self._rows_of, self._made.groups))))

    def _rows_of(self, group: Group) -> tuple[str, ...]:
        if group.key not in self.groups:
            return group.keys
        return (group.key, *group.keys) if group.key in self.unfolded else (group.key,)

    def group_of(self, key: str) -> str:
        """Return the key of the group in which the page `key` is shown, "" where it stands alone."""
        return self._made.group_of.get(key, "") if self._made and self.on else ""


def group_spans(group: Group, width: int, now: datetime, unfolded: bool, ascii_only: bool = False) -> list[Span]:
    """Return a group's row in `width` cells: how many stand where, the age of the newest, what they share."""
    fold = ("-" if unfolded else "+") if ascii_only else ("▾" if unfolded else "▸")
    counts = ", ".join(f"{count} {STATUS[status][3]}" for status, count in group.counts.items())
    head = fit(f"{fold} {counts}", 18 if width >= 64 else 13)
    age = fit(age_text((now - group.newest).total_seconds()), 5, right=True)
    room = max(width - len(head) - 7, 0)
    return [(head, STATUS[group.status][4]), (f" {age} ", "dim"), (crop(group.title, room), "strong")]
