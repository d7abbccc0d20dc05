"""A list of any number of rows in one widget: only the lines in view are made, and a cursor key repaints two of them.

The cursor belongs to a row's KEY. A refresh may move rows, never the choice: when the chosen row is gone, the list
shows where it was (a hollow mark) and nothing is chosen until a person presses a key, so that no action hits a row that
nobody chose.
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from iccon.console.fit import Span
from iccon.console.widgets.lines import Lines


class VirtualList(Lines, can_focus=True):
    """Rows by key, one line each. Subclasses give `row_spans` (or `render_row`), and header and footer lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", id="list.up", show=False),
        Binding("down,j", "move(1)", "Down", id="list.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="list.page_up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="list.page_down", show=False),
        Binding("home,g", "first", "First", id="list.first", show=False),
        Binding("end,G", "last", "Last", id="list.last", show=False),
    ]

    FOCUS_CHOOSES: ClassVar[bool] = True

    class Chosen(Message):
        """The choice changed: `key`, or None when the chosen row is gone."""

        def __init__(self, rows: "VirtualList", key: str | None) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> "VirtualList":
            """The list."""
            return self.rows

    class Activated(Message):
        """A row was clicked twice, or opened by a key."""

        def __init__(self, rows: "VirtualList", key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> "VirtualList":
            """The list."""
            return self.rows

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self._keys: Sequence[str] = ()
        self._places: dict[str, int] | None = {}
        self._key: str | None = None
        self._place = 0  # of the chosen row; without one, of the gap in which the next key chooses
        self._edges: tuple[list[list[Span]], list[list[Span]]] | None = None  # while many lines are looked at
        self.version = 0
        self._rows: LRUCache[Hashable, Strip] = LRUCache(512)

    # What a subclass gives

    def row_spans(self, key: str, width: int) -> list[Span]:
        """Return the row of `key` as spans for `width` cells."""
        return [(key, "")]

    def render_row(self, key: str, width: int, mode: str) -> Strip:
        """Return the row of `key` as a strip; `mode` is "", "cursor" or "cursor-blurred"."""
        mark = self.mark(key)
        return self.paint([(mark, "strong"), *self.row_spans(key, width - len(mark))], width, mode)

    def row_version(self, key: str) -> Hashable:
        """Return what changes whenever the row of `key` reads otherwise; by default at every change of data."""
        return self.version

    def header(self, width: int) -> list[list[Span]]:
        """Return the lines above the rows, which do not scroll."""
        return []

    def footer(self, width: int) -> list[list[Span]]:
        """Return the lines below the rows, which do not scroll."""
        return []

    def empty(self, width: int) -> list[list[Span]]:
        """Return the lines that are shown where no rows are."""
        return []

    # What everybody reads

    @property
    def keys(self) -> Sequence[str]:
        """The rows' keys in order."""
        return self._keys

    @property
    def chosen_key(self) -> str | None:
        """The key of the row a person chose, or None: nobody chose, or the row is gone."""
        return self._key

    def mark(self, key: str) -> str:
        """Return the sign in front of a row: chosen, hollow (the chosen row was here and is gone), or a space."""
        if key == self._key:
            return ">" if self.ascii_only else "▌"
        if self._key is None and self._keys and key == self._keys[min(self._place, len(self._keys) - 1)]:
            return "." if self.ascii_only else "┆"
        return " "

    def place_of(self, key: str) -> int | None:
        """Return the index of `key`, or None."""
        if self._place < len(self._keys) and self._keys[self._place] == key:
            return self._place  # spares the index of 100,000 keys at each refresh
        if self._places is None:
            self._places = {k: i for i, k in enumerate(self._keys)}
        return self._places.get(key)

    # Data

    def set_rows(self, keys: Sequence[str]) -> None:
        """Show `keys` (each once) instead. The choice stays on its key and its row stays on its screen line."""
        self.replace_rows(keys)
        self.repaint_changed()

    def replace_rows(self, keys: Sequence[str]) -> None:
        """As `set_rows`, without repainting."""
        before, anchor = self._place, self._anchor()
        self._keys, self._places = keys, None
        self.version += 1
        self._keep_choice(before)
        self._resize()
        self._hold(anchor)

    def touch(self) -> None:
        """Say that rows read otherwise, in the same order."""
        self.version += 1
        self._resize()
        self.repaint_changed()

    def _keep_choice(self, before: int) -> None:
        if self._key is None:
            self._place = min(self._place, len(self._keys))
            return
        place = self.place_of(self._key)
        if place is None:
            self._key, self._place = None, min(before, len(self._keys))
            self.post_message(self.Chosen(self, None))
        else:
            self._place = place

    def _anchor(self) -> tuple[str, int] | None:
        """Return the key of a row in view and its screen line: the chosen one, else the first."""
        top = self.scroll_offset.y
        if not self._keys or (self._key is None and top == 0):  # nobody moved: the top stays in view, worst first
            return None
        place = self._place if self._key is not None and top <= self._place < top + self._room() else top
        place = min(place, len(self._keys) - 1)
        return self._keys[place], place - top

    def _hold(self, anchor: tuple[str, int] | None) -> None:
        place = self.place_of(anchor[0]) if anchor else None
        if anchor is not None and place is not None and place - anchor[1] != self.scroll_offset.y:
            self._scroll(place - anchor[1])

    # Geometry

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Keep the header and the footer too."""
        with super().looking():
            self._edges = self._made_edges()
            try:
                yield
            finally:
                self._edges = None

    def _made_edges(self) -> tuple[list[list[Span]], list[list[Span]]]:
        return self.header(self.area.width), self.footer(self.area.width)

    def _extra(self) -> tuple[int, int]:
        header, footer = self._edges or self._made_edges()
        return len(header), len(footer)

    def _room(self) -> int:
        above, below = self._extra()
        return max(self.area.height - above - below, 1)

    def _resize(self) -> None:
        above, below = self._extra()
        size = Size(1, len(self._keys) + above + below)  # never scrolls sideways: the width says nothing
        if size != self.virtual_size:  # set as such it would have Textual lay out the whole screen: 8 ms for a bar
            self.set_reactive(VirtualList.virtual_size, size)
            self._scroll_update(size)

    def _scroll(self, top: int) -> None:
        self.scroll_to(y=max(min(top, len(self._keys) - self._room()), 0), animate=False, force=True)

    def _show_place(self) -> None:
        top, room = self.scroll_offset.y, self._room()
        if self._place < top:
            self._scroll(self._place)
        elif self._place >= top + room:
            self._scroll(self._place - room + 1)

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self._rows.clear()
        self._painted.clear()
        self._resize()
        self.resized()

    def resized(self) -> None:
        """Keep the chosen row in view; called after the lines fit a new size."""
        if self._key is not None:
            self._show_place()

    # Choosing

    def choose(self, place: int) -> None:
        """Choose the row at `place` (cut to the rows there are), as a key or click does."""
        if not self._keys:
            return
        old, self._place = self._place, max(0, min(place, len(self._keys) - 1))
        self._key = self._keys[self._place]
        self._chosen(old)

    def choose_key(self, key: str) -> bool:
        """Choose the row of `key`; say whether there is one."""
        place = self.place_of(key)
        if place is not None:
            self.choose(place)
        return place is not None

    def unchoose(self, place: int | None = None) -> None:
        """Choose nothing; the hollow mark goes to `place`."""
        old, self._key = self._place, None
        self._place = old if place is None else max(0, min(place, len(self._keys)))
        self._chosen(old)

    def _chosen(self, old: int) -> None:
        size = self.virtual_size
        self._resize()
        if self._key is not None:
            self._show_place()
        if size == self.virtual_size:
            self._paint_places(old, self._place)
        else:
            self.repaint_changed()
        self.post_message(self.Chosen(self, self._key))

    def _paint_places(self, *places: int) -> None:
        """Repaint the rows at `places`, and the header and footer where they changed."""
        above, below = self._extra()
        top, height = self.scroll_offset.y, self.area.height
        lines = {min(p, len(self._keys) - 1) - top + above for p in places}
        lines = {y for y in lines if above <= y < height - below}
        lines |= {y for y in (*range(above), *range(height - below, height)) if self._painted.get(y) != self.line(y)}
        for y in lines:
            self.refresh(Region(0, y, self.area.width, 1))

    def action_move(self, by: int) -> None:
        """Choose the next row, or the previous; from a gap, the row below it or above it."""
        if self._key is None:
            self.choose(self._place if by > 0 else self._place - 1)
        else:
            self.choose(self._place + by)

    def action_page(self, by: int) -> None:
        """Go one view further, or back."""
        self.choose(self._place + by * max(self._room() - 1, 1))

    def action_first(self) -> None:
        """Choose the first row."""
        self.choose(0)

    def action_last(self) -> None:
        """Choose the last row."""
        self.choose(len(self._keys) - 1)

    def on_focus(self, event: events.Focus) -> None:
        """Choose at the hollow mark when a person comes here; not when the terminal window gets its focus back."""
        if self._key is None and self._keys and self.FOCUS_CHOOSES and not event.from_app_focus:
            self.choose(self._place)
        self._paint_places(self._place)

    def on_blur(self, event: events.Blur) -> None:
        """Show the choice as one without focus."""
        self._paint_places(self._place)

    def on_click(self, event: events.Click) -> None:
        """Choose the row under the pointer; twice activates it."""
        offset = event.get_content_offset(self)
        place = None if offset is None else self.place_at(offset.y)
        if place is None:
            return
        self.choose(place)
        if event.chain == 2 and self._key is not None:
            self.post_message(self.Activated(self, self._key))

    def place_at(self, y: int) -> int | None:
        """Return which row is on screen line `y`, or None."""
        above, below = self._extra()
        place = y - above + self.scroll_offset.y
        return place if above <= y < self.area.height - below and 0 <= place < len(self._keys) else None

    # Lines

    def line(self, y: int) -> Strip:
        """Return screen line `y`: header, row, or footer."""
        width, height = self.area
        header, footer = self._edges or self._made_edges()
        above, below = len(header), len(footer)
        if y < above:
            return self.paint(header[y], width)
        if y >= height - below:
            return self.paint(footer[y - height + below], width)
        place = y - above + self.scroll_offset.y
        if 0 <= place < len(self._keys):
            return self._row(self._keys[place], width)
        lines = [] if self._keys else self.empty(width)
        return self.paint(lines[place] if 0 <= place < len(lines) else [], width)

    def _row(self, key: str, width: int) -> Strip:
        mode = "" if key != self._key else "cursor" if self.has_focus else "cursor-blurred"
        cached = (key, self.row_version(key), width, mode, self.mark(key))
        strip = self._rows.get(cached)
        if strip is None:
            strip = self._rows[cached] = self.render_row(key, width, mode)
        return strip

    def restyled(self) -> None:
        """Forget rows too."""
        self._rows.clear()
        super().restyled()
