"""The timeline's rows as plain data: machine entries folded, one line an entry, and the full reading of one. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo

from iccon.console.figures import time_text
from iccon.console.fit import Span, cells, crop, fit, wrap
from iccon.incident.entries import EffectEnded, Entry
from iccon.incident.ids import short
from iccon.incident.links import links
from iccon.incident.timeline import Item, Timeline, is_routine
from iccon.text import clean, clean_block
from iccon.when import span_text

# kind: glyph, ASCII, style. What changes the incident stands out from what is merely said.
MARKS: Mapping[str, tuple[str, str, str]] = {
    "note": ("•", "*", ""),
    "page": ("◦", ".", "dim"),
    "verdict": ("◦", ".", "dim"),
    "effect": ("◦", ".", "dim"),
    "source": ("◦", ".", "dim"),
    "stalk": ("◉", "@", ""),
    "update": ("»", ">", "strong"),
    "runbook_opened": ("§", "=", ""),
    "step": ("§", "=", ""),
    "task": ("□", "o", "strong"),
    "task_settled": ("■", "x", ""),
    "task_postponed": ("□", "o", "dim"),
    "task_accepted": ("□", "o", "dim"),
    "page_acted": ("▸", "a", ""),
}
CHANGE = ("◆", "#", "strong")


class Rows:
    """Which rows a timeline has: an entry each, runs of two and more routine machine entries folded into one.

    A row's key is the id of its first entry; `starts` says where that is in the order of entries. Taking in entries at
    the end costs what arrives.
    """

    def __init__(self, unfolded: bool = False) -> None:
        self.keys: list[str] = []
        self.starts = array("I")
        self.unfolded = unfolded
        self.pinned: Collection[str] = ()  # the ids of entries that stand out: they are not folded
        self.opened: set[str] = set()
        self.folded = 0
        self._routine: dict[str, bool] = {}  # by entry id
        self._count = 0
        self._last = ""

    def update(self, order: Sequence[Entry]) -> None:
        """Bring the rows up to `order`."""
        grown = self._count <= len(order) and (not self._count or order[self._count - 1].id == self._last)
        if not grown or not self.keys or order[0].id != self.keys[0]:
            self.rebuild(order)
            return
        start = self._drop_last()
        self._take(order, start)

    def rebuild(self, order: Sequence[Entry]) -> None:
        """Make all rows anew."""
        self.keys, self.starts, self.folded = [], array("I"), 0
        if self.unfolded:
            self._take_single(order)
        else:
            self._take(order, 0)

    def _drop_last(self) -> int:
        self.keys.pop()
        start = self.starts.pop()
        self.folded -= self._count - start if self._count - start > 1 else 0
        return start

    def _take_single(self, order: Sequence[Entry]) -> None:
        self.keys, self.starts = [entry.id for entry in order], array("I", range(len(order)))
        self._count, self._last = len(order), order[-1].id if order else ""

    def _take(self, order: Sequence[Entry], start: int) -> None:
        folds, first = self._foldable(order, start), start
        folds.append(False)  # an end for the last run
        while start < len(order):
            stop = start + 1
            if folds[start - first] and order[start].id not in self.opened:
                stop = first + folds.index(False, stop - first)
            self._add(order[start].id, start, stop)
            start = stop
        self._count, self._last = len(order), order[-1].id if order else ""

    def _foldable(self, order: Sequence[Entry], start: int) -> list[bool]:
        """Say of each entry from `start` on whether it may be folded. What is known of one is kept.

        Entries of long ago come late in a storm, and all rows are made anew for each batch: 10 ms a thousand pages.
        """
        if self.unfolded:
            return [False] * (len(order) - start)
        known, pinned = self._routine, self.pinned
        entries = order[start:] if start else order
        for entry in entries:
            if entry.id not in known:
                known[entry.id] = is_routine(entry)
        return [known[entry.id] and entry.id not in pinned for entry in entries]

    def _add(self, key: str, start: int, stop: int) -> None:
        self.keys.append(key)
        self.starts.append(start)
        self.folded += stop - start if stop - start > 1 else 0

    def span(self, place: int) -> tuple[int, int]:
        """Return where the entries of a row are in the order of entries: the first, and the one after the last."""
        return self.starts[place], self.starts[place + 1] if place + 1 < len(self.starts) else self._count

    def machines(self, place: int) -> int:
        """Return how many machine entries a row folds; 0 where it is one entry."""
        start, stop = self.span(place)
        return stop - start if stop - start > 1 else 0

    def unfold(self, order: Sequence[Entry], place: int) -> None:
        """Show the entries that a row folds."""
        start, stop = self.span(place)
        self.opened.update(order[i].id for i in range(start, stop))
        self.rebuild(order)

    def holding(self, index: int) -> int:
        """Return which row shows or folds the entry at `index` of the order."""
        return bisect_right(self.starts, index) - 1


def rows_both_ways(timeline: Timeline) -> dict[tuple[bool, bool], Rows]:
    """Return the folded rows by either of the two times, by (by_recorded, unfolded)."""
    made: dict[tuple[bool, bool], Rows] = {}
    for _ in range(2):
        timeline.turn()
        rows = made[timeline.by_recorded, False] = Rows()
        rows.pinned = timeline.ledger.state.pins
        rows.update(timeline.order)
    return made


def stamp(instant: datetime, zone: tzinfo, dated: bool) -> str:
    """Return the time of day in `zone`, with the day before it where the timeline spans several."""
    local = instant.astimezone(zone)
    return f"{local:%m-%d} {time_text(instant, zone)}" if dated else time_text(instant, zone)


def flags(item: Item) -> str:
    """Return the words that qualify an entry: pinned, struck, late, amended."""
    words = ["pinned"] if item.pinned else []
    words += ["struck"] if item.struck is not None else []
    words += [f"late {span_text((item.recorded_at - item.happened_at).total_seconds())}"] if item.late else []
    words += ["amended"] if item.amended else []
    return f"[{', '.join(words)}] " if words else ""


def item_spans(item: Item, at: datetime, width: int, zone: tzinfo, dated: bool, ascii_only: bool = False) -> list[Span]:
    """Return one entry as a row of `width` cells: the time `at`, mark, actor, text."""
    glyph, plain, style = MARKS.get(item.kind, CHANGE)
    time = stamp(at, zone, dated)
    who = min(max(width // 8, 6), 14)
    alarm = item.kind == EffectEnded.kind and not item.routine
    quiet = "dim" if item.routine else "" if item.machine else style
    text_style = "struck" if item.struck is not None else "v-bad" if alarm else quiet
    return [
        (f"{time} ", "dim"),
        (f"{plain if ascii_only else glyph} ", style),
        (fit(clean(item.actor), who) + " ", "head" if not item.machine else "dim"),
        (flags(item), "v-warn" if item.late or item.struck is not None else "strong" if item.pinned else "dim"),
        (crop(clean(item.text, 1000), max(width - cells(time) - who - 4 - cells(flags(item)), 4)), text_style),
    ]


def fold_spans(count: int, first: datetime, zone: tzinfo, dated: bool, ascii_only: bool = False) -> list[Span]:
    """Return the row that stands for `count` machine entries."""
    time = stamp(first, zone, dated)
    return [(f"{time} {'+' if ascii_only else '⊞'} + {count} machine entries  (m shows all, enter these)", "dim")]


def reading(item: Item, width: int, zone: tzinfo, zone_name: Callable[[datetime], str]) -> tuple[str, list[str]]:
    """Return all there is to say about an entry: a head line, and its text wrapped to `width`."""
    head = f"{time_text(item.happened_at, zone)} {zone_name(item.happened_at)} {clean(item.actor)} {short(item.id)}"
    if item.late:
        head += f", recorded {time_text(item.recorded_at, zone)}"
    head += f"{', amended' if item.amended else ''}{', pinned' if item.pinned else ''}"
    head += ", enter opens what it names" if links(item.own) else ""
    text = f"struck: {clean(item.struck)} - {item.text}" if item.struck is not None else item.text
    return head, wrap(clean_block(text, 20_000), width)
