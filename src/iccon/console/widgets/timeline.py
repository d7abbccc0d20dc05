"""The timeline: every entry of the incident, read lazily, following its end until the reader moves up."""

import math
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from iccon.console.figures import zone_name
from iccon.console.fit import Span, cells, crop, fit, said
from iccon.console.safe import SafeApp, set_titles
from iccon.console.widgets.found import Found
from iccon.console.widgets.lines_of_time import Rows, fold_spans, item_spans, reading
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.entries import Amended, Entry, Pinned
from iccon.incident.finding import query
from iccon.incident.timeline import Item, Timeline, is_line

NONE = "Nothing has been recorded yet. Press n to write a note."
NOT_FOUND = "No entry has all of these words. esc shows all again."


class TimelineView(VirtualList):
    """Shows a Timeline. It follows the end while nothing is chosen; a key that moves up chooses and holds the view."""

    FOCUS_CHOOSES = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "machine", "Machine entries", id="timeline.machine", show=False),
        Binding("b", "by", "By time of record", id="timeline.by", show=False),
        Binding("enter", "unfold", "Unfold", id="timeline.unfold", show=False),
        Binding("f3", "match(1)", "Next found", id="timeline.next_found", show=False),
        Binding("shift+f3", "match(-1)", "Previous found", id="timeline.previous_found", show=False),
    ]

    def __init__(
        self,
        zone: tzinfo = UTC,
        *,
        id: str | None = None,
        classes: str | None = None,
        ascii_only: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.zone = zone
        self.timeline: Timeline | None = None
        self.rows_of = self._all_rows = Rows()
        self._kept: dict[tuple[bool, bool], Rows] = {}  # by (by_recorded, unfolded): a key turns to others at once
        self._unfolded = False
        self.following = True
        self.found = Found(self._show_found, self._quiet)
        self.filtered = False  # only what was found is shown
        self._seen = 0
        self._corrections = 0
        self._dated = False
        self._moving = False

    # Data

    def show(self, timeline: Timeline | None) -> None:
        """Show another timeline, from its end. From now on it is this widget that extends it."""
        self.timeline = timeline
        self._corrections += 1
        self._kept = {}
        self.filtered, self.following = False, True
        self._turn_to_kept()
        self._key, self._place = None, 0
        self._update()

    def _turn_to_kept(self) -> None:
        """Take the rows of the present order and folding."""
        by_recorded = self.timeline is not None and self.timeline.by_recorded
        self._all_rows = self._kept.setdefault((by_recorded, self._unfolded), Rows(self._unfolded))
        pins = self.timeline.ledger.state.pins if self.timeline else ()
        if self.timeline and self._all_rows.pinned != pins:
            self._all_rows.pinned = pins
            self._all_rows.rebuild(self.timeline.order)
        if not self.filtered:
            self.rows_of = self._all_rows
            self.rows_of.update(self.order)

    def complete(self, timeline: Timeline, kept: Mapping[tuple[bool, bool], Rows]) -> None:
        """Show `timeline`: the one shown, with older entries, whose rows are `kept`. The line and the choice stay."""
        self._seen += 0 if self.filtered else len(timeline.order) - self._total()
        self.timeline = timeline
        self._corrections += 1
        self._kept = dict(kept)
        self._turn_to_kept()
        self._update()
        self.found.look(self.found.asked, timeline)

    def extend(self, fresh: Iterable[Entry]) -> None:
        """Take in what `Ledger.extend` returned. The reader's line and choice stay."""
        if self.timeline is None:
            return
        fresh = list(fresh)
        self.timeline.extend(fresh)
        if corrected := any(not is_line(e) for e in fresh):
            self._corrections += 1
        if any(_moves(entry) for entry in fresh):
            self._kept = {key: rows for key, rows in self._kept.items() if rows is self._all_rows}
            self._all_rows.pinned = self.timeline.ledger.state.pins
            self._all_rows.rebuild(self.timeline.order)
        if corrected:
            self.found.look(self.found.asked, self.timeline)
        elif self.found.asked.rules:
            self.found.take(fresh, self.timeline)
        if fresh:
            self._update()

    @property
    def order(self) -> Sequence[Entry]:
        """The entries that have rows, in order: all, or those found."""
        return self.found.entries if self.filtered else self.timeline.order if self.timeline else ()

    def _update(self) -> None:
        order = self.order
        self.rows_of.update(order)
        days = {self._time(order[place]).astimezone(self.zone).date() for place in (0, -1) if order}
        self._dated = len(days) > 1
        if self.following:
            self._place = len(self.rows_of.keys)
        self.replace_rows(self.rows_of.keys)
        self._entitle()
        self._settle()

    def _settle(self) -> None:
        """Go to the end while following, and count what the reader has seen."""
        if self.following:
            self._scroll(len(self.keys))
        if self._at_end():
            self._seen = self._total()
        self.repaint_changed()

    def place_of(self, key: str) -> int | None:
        """Return the index of `key`, or None. Rows are in the order of time: 100,000 keys need no index beside it."""
        keys = self.rows_of.keys
        if self._place < len(keys) and keys[self._place] == key:
            return self._place
        index = self._index(key)
        place = None if index is None else self.rows_of.holding(index)
        return place if place is not None and keys[place] == key else None

    def _index(self, ident: str) -> int | None:
        """Return where entry `ident` is in the order; looked for one by one only where it is not at its time."""
        entry = self.timeline.ledger.by_id.get(ident) if self.timeline else None
        if self.timeline is None or entry is None:
            return None
        order, key = self.order, self.timeline.key
        index = bisect_left(order, key(entry), key=key)
        if index < len(order) and order[index].id == ident:
            return index
        return next((index for index, each in enumerate(order) if each.id == ident), None)

    def _holding(self, ident: str) -> str | None:
        """Return the key of the row that shows or folds entry `ident`."""
        index = self._index(ident)
        return None if index is None else self.rows_of.keys[self.rows_of.holding(index)]

    def _anchor(self) -> tuple[str, int] | None:
        return None if self.following else super()._anchor()

    def _total(self) -> int:
        return len(self.order)

    def _at_end(self) -> bool:
        return self.scroll_offset.y + self._room() >= len(self.keys)

    @property
    def unseen(self) -> int:
        """How many entries arrived below the view since the reader was at the end."""
        return max(self._total() - self._seen, 0)

    @property
    def chosen(self) -> Item | None:
        """The entry under the cursor; None for a row of folded machine entries, or without a choice."""
        key = self.chosen_key
        place = None if key is None else self.place_of(key)
        if self.timeline is None or place is None or self.rows_of.machines(place):
            return None
        return self.timeline.item(self._entry(place))

    def choose_id(self, ident: str) -> bool:
        """Choose the row that shows entry `ident`; say whether there is one."""
        key = self._holding(ident)
        return key is not None and self.choose_key(key)

    def _time(self, entry: Entry) -> datetime:
        assert self.timeline is not None
        return self.timeline.time(entry)

    def _entry(self, place: int) -> Entry:
        return self.order[self.rows_of.starts[place]]

    # Finding

    def find(self, words: str) -> None:
        """Show only the entries in which all of `words` hold, once all were looked at; without words show all."""
        asked = query(words)
        if self.timeline is None or not asked.rules:
            self.show_all()
            return
        self.found.look(asked, self.timeline)
        self._entitle()

    def show_all(self) -> None:
        """Leave what was found. The choice stays on its entry, or on the row that folds it."""
        self.found.stop()
        if self.timeline is None or not self.filtered:
            return
        self.filtered, self.rows_of = False, self._all_rows
        self.rows_of.update(self.order)
        if self._key is not None:
            self._key = self._holding(self._key)
        self._update()

    def _quiet(self) -> float:
        return self.app.lull.quiet if isinstance(self.app, SafeApp) else math.inf

    def _show_found(self) -> None:
        self.filtered, self.rows_of = True, self.found.rows
        self._update()
        if self._key is None:
            self.follow()

    def action_match(self, by: int) -> None:
        """Go to the next of the entries that were found, or to the previous, in the whole timeline too."""
        place = None if self._key is None else self.place_of(self._key)
        chosen = None if place is None else self._entry(place)
        beside = self.found.beside(chosen, by, self.timeline) if self.timeline is not None else None
        if beside is not None:
            self.choose_id(beside.id)

    def _entitle(self) -> None:
        """Say in the title what was looked for and how much of it there is."""
        asked, count = self.found.asked, len(self.found.entries)
        problem = f" ({asked.problem})" if asked.problem else ""
        set_titles(self, f"Timeline: {count:,} with {asked.words}{problem}" if self.filtered else "Timeline")

    # Moving

    def choose(self, place: int) -> None:
        """Choose a row and hold the view."""
        self.following = False
        super().choose(place)
        if self._at_end():
            self._seen = self._total()

    def follow(self) -> None:
        """Choose nothing and follow the end."""
        self.following = True
        self.unchoose(len(self.keys))
        self._settle()

    def action_move(self, by: int) -> None:
        """Choose the next row, or the previous; below the last one follow the end."""
        if by > 0 and (self.following or (self._key is not None and self._place >= len(self.keys) - 1)):
            self.follow()
        else:
            super().action_move(by)

    def action_page(self, by: int) -> None:
        """Go one view further, or back; beyond the last row follow the end."""
        if by > 0 and (self.following or self._place >= len(self.keys) - 1):
            self.follow()
        else:
            super().action_page(by)

    def action_last(self) -> None:
        """Follow the end."""
        self.follow()

    def action_machine(self) -> None:
        """Show or fold all machine entries. The choice stays on its entry, or on the row that folds it."""
        if self.timeline is None:
            return
        self.show_all()
        self._unfolded = not self._unfolded
        self._kept = {key: rows for key, rows in self._kept.items() if not rows.opened}
        self._turn_to_kept()
        if self._key is not None:
            self._key = self._holding(self._key)
        self._update()
        self.repaint_changed()

    def action_by(self) -> None:
        """Order by when things were recorded, or by when they happened again. The choice stays on its entry."""
        if self.timeline is None:
            return
        self.timeline.turn()
        self._corrections += 1
        self._turn_to_kept()
        self.found.turn(self.timeline)
        self._update()

    def action_unfold(self) -> None:
        """Show the machine entries of the row under the cursor; an entry is left to the screen to open."""
        if self.timeline is None or self.chosen_key is None:
            return
        place = self.place_of(self.chosen_key)
        if place is None or not self.rows_of.machines(place):
            self.post_message(self.Activated(self, self.chosen_key))
            return
        self.rows_of.unfold(self.timeline.order, place)
        self._update()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Hold the view when a wheel or scroll bar leaves the end; follow when it returns there."""
        super().watch_scroll_y(old_value, new_value)
        if self._moving or self._key is not None:
            return
        self.following = self._at_end()

    def _scroll(self, top: int) -> None:
        with self._own_move():
            super()._scroll(top)

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Take another size. What Textual cuts the scroll offset to meanwhile is not a person's scrolling."""
        with self._own_move():
            return super()._size_updated(size, virtual_size, container_size, layout)

    @contextmanager
    def _own_move(self) -> Iterator[None]:
        self._moving = True
        try:
            yield
        finally:
            self._moving = False

    def resized(self) -> None:
        """Stay at the end while following."""
        super().resized()
        self._settle()

    # Lines

    def mark(self, key: str) -> str:
        """While following, no row has a mark."""
        return " " if self.following else super().mark(key)

    def row_version(self, key: str) -> Hashable:
        """An entry's row changes by corrections only, so that a new entry costs one row and not the view."""
        place = self.place_of(key)
        return self._corrections, self._dated, place is not None and self.rows_of.machines(place)

    def row_spans(self, key: str, width: int) -> list[Span]:
        """Return the row of an entry, or of folded machine entries."""
        place = self.place_of(key)
        assert self.timeline is not None and place is not None
        entry, count = self._entry(place), self.rows_of.machines(place)
        if count:
            return fold_spans(count, self._time(entry), self.zone, self._dated, self.ascii_only)
        item, at = self.timeline.item(entry), self._time(entry)
        return item_spans(item, at, width, self.zone, self._dated, self.ascii_only)

    def header(self, width: int) -> list[list[Span]]:
        """Name the zone of the times."""
        if self.timeline is None or not self.order or self.area.height < 6:
            return []
        ends = self.order[0], self.order[-1]  # two zones where summer time began or ended between
        zone = " then ".join(dict.fromkeys(zone_name(self.zone, self._time(entry)) for entry in ends))
        folded = f"{self.rows_of.folded} machine entries folded (m)" if self.rows_of.folded else ""
        left = f" {'recorded' if self.timeline.by_recorded else 'times'} in {zone}"
        return [[(left, "head"), (fit(folded + " ", max(width - cells(left), 0), right=True), "dim")]]

    def footer(self, width: int) -> list[list[Span]]:
        """Say how the view stands, and the whole text of the entry under the cursor."""
        lines = [self._standing(width)] if not self.following and self.unseen else []
        item = self.chosen
        if item is None or self.area.height < 8:
            return lines
        room = 1 if self.area.height < 12 else 2 if self.area.height < 20 else 4
        head, text = reading(item, width - 2, self.zone, lambda at: zone_name(self.zone, at))
        if len(text) > room:
            text = [*text[: room - 1], crop(text[room - 1] + " …", width - 2)]
        text += [""] * (room - len(text))
        rule = "-" if self.ascii_only else "─"
        title = crop(f"{rule * 2} {head} ", width)
        lines.append([(title + rule * max(width - cells(title), 0), "dim")])
        return lines + [[(f" {line}", "dim" if item.struck is not None else "")] for line in text]

    def _standing(self, width: int) -> list[Span]:
        arrow = "v" if self.ascii_only else "▼"
        return [(crop(f" {arrow} {self.unseen} new below  (end goes there)", width), "v-warn")]

    def empty(self, width: int) -> list[list[Span]]:
        """Say why there is nothing."""
        return said(NOT_FOUND if self.filtered else NONE, width)


def _moves(entry: Entry) -> bool:
    """Say whether `entry` changes which rows there are: another one has another time, or is folded no longer."""
    return isinstance(entry.body, Pinned) or (isinstance(entry.body, Amended) and entry.body.happened_at is not None)
