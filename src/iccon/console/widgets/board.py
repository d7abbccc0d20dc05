"""The golden-signal board: a row a service, a column a signal."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual import events
from textual.binding import Binding, BindingType

from iccon.console.charts import spark
from iccon.console.figures import age_text
from iccon.console.fit import Span, cells, crop, fit, fit_spans, said
from iccon.console.slo import NAME, NO_OBJECTIVES, Objectives, column_spans, make_room, standing_detail
from iccon.console.verdicts import LOOKS
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.state import Stalk, State
from iccon.signals import up
from iccon.signals.board import recent
from iccon.signals.model import NO_SAMPLES, About, Board, Cell, SignalSpec, Verdict
from iccon.signals.order import by_tier, held, would_move
from iccon.signals.slo import Standing
from iccon.signals.trend import Direction, direction
from iccon.signals.values import format_value
from iccon.text import clean

_JUDGED = (Verdict.OK, Verdict.WARN, Verdict.BAD)
_WAYS = {  # plain, drawn, style: the arrow is the way of trouble, whichever side of the threshold it lies on
    Direction.WORSE: ("+", "↗", "v-bad"),
    Direction.BETTER: ("-", "↘", "v-ok"),
    Direction.FLAT: ("=", "→", "dim"),
    Direction.UNKNOWN: (" ", " ", "dim"),
}
WAITING = "Waiting for the first answer."
LEAST_NAME = 6  # cells of a service's name that always stand
NONE = "No service has data yet."


def columns_of(longest: int, count: int, width: int) -> tuple[int, list[int]]:
    """Return the width of the service column, and of each of `count` signals', which together fill `width`.

    `longest` is the width of the longest service's name; there is a gap in front of each signal.
    """
    least = 9 * count  # sign, value, and the gap
    service = max(min(longest, 28, max(width // 5, width - 30 * count), width - least), 4)
    room = max(width - service - count, 0)
    return service, [room // count + (1 if i < room % count else 0) for i in range(count)]


def cell_spans(
    cell: Cell | None,
    width: int,
    now: float,
    ascii_only: bool = False,
    way: Direction = Direction.UNKNOWN,
    recent: Sequence[float] = (),
) -> list[Span]:
    """Return one cell in exactly `width` cells: sign, word, value, then spark and way, or age, as there is room."""
    if cell is None:
        return fit_spans([(LOOKS[Verdict.NO_DATA].sign(ascii_only) + " no data", "v-no-data")], width)
    look = LOOKS[cell.verdict]
    sign = look.sign(ascii_only)
    if cell.verdict in _JUDGED:
        return fit_spans(_judged(cell, width, now, ascii_only, way, recent), width)
    if cell.verdict is Verdict.STALE:
        return fit_spans([(f"{sign} {_stale(cell, width - 2, now)}", look.style)], width)
    if cell.verdict is Verdict.ERROR and cell.fault:
        kind, colon, reason = clean(cell.fault).partition(":")
        return fit_spans([(f"{sign} {kind}", look.style), (f"{colon}{reason}", "dim")], width)
    if cell.verdict is Verdict.NO_BASELINE:
        value = format_value(cell.value, cell.unit)
        return fit_spans([(f"{sign} ", look.style), (value, ""), (f" {look.word}", look.style)], width)
    word = "not a number" if cell.verdict is Verdict.NOT_A_NUMBER and width >= 14 else look.word
    return fit_spans([(f"{sign} {word}", look.style)], width)


def _judged(
    cell: Cell, width: int, now: float, ascii_only: bool, way: Direction, recent: Sequence[float]
) -> list[Span]:
    look = LOOKS[cell.verdict]
    value = format_value(cell.value, cell.unit)
    head = f"{look.sign(ascii_only)} {look.word:<4} " if width >= 13 else f"{look.sign(ascii_only)} "
    if cell.fault:  # the last poll failed: the value is an old one
        return [(head, look.style), (_aged(value, _old(cell, now), width - len(head)), "v-stale")]
    spans: list[Span] = [(head, look.style)]
    left = width - len(head)
    if left < 10:
        return [*spans, (fit(value, left), "")]
    if left < 14:
        return [*spans, (fit(value, left - 1), ""), _way(way, ascii_only)]
    return [*spans, (fit(value, 8), ""), (spark(recent, left - 10, ascii_only), "dim"), _way(way, ascii_only)]


def _way(way: Direction, ascii_only: bool) -> Span:
    plain, drawn, style = _WAYS[way]
    return (plain if ascii_only else drawn, style)


def _old(cell: Cell, now: float) -> str:
    return "" if cell.at is None else f"{age_text(now - cell.at)} old"


def _stale(cell: Cell, width: int, now: float) -> str:
    value = format_value(cell.value, cell.unit)
    long = " ".join(part for part in ("stale", value, _old(cell, now)) if part)
    return long if len(long) <= width else _aged(value, _old(cell, now), width)


def _aged(value: str, old: str, width: int) -> str:
    """Return a value and its age as far as both fit; the value stays longest."""
    both = f"{value} {old}".strip()
    if len(both) > width:
        both = both.removesuffix(" old")
    return both if len(both) <= width else value or both


def detail(
    cell: Cell | None,
    service: str,
    signal: str,
    now: float,
    ascii_only: bool = False,
    way: Direction = Direction.UNKNOWN,
) -> list[Span]:
    """Return everything known about one cell in one line."""
    if cell is None:
        return [(f"{service} {signal}: no data was ever seen", "dim")]
    look = LOOKS[cell.verdict]
    went = f", {way} since it began" if way is not Direction.UNKNOWN else ""
    parts = [format_value(cell.value, cell.unit) + went]
    limits = [
        f"{name} {format_value(v, cell.unit)}"
        for name, v in (("warn", cell.warn), ("bad", cell.bad), (f"{cell.earlier} ago", cell.baseline))
        if v is not None
    ]
    limits += [f"nothing known of {cell.earlier} ago"] if cell.earlier and cell.baseline is None else []
    parts += [f"({', '.join(limits)})"] if limits else []
    parts += [f"{age_text(now - cell.at)} old"] if cell.at is not None else []
    parts += [f"- better again, kept {cell.judged} for now"] if cell.held else []
    parts += [f"- {clean(cell.fault)}"] if cell.fault else []
    sign = look.sign(ascii_only)
    return [
        (f"{service} {signal} ", "strong"),
        (f"{sign} {cell.verdict}", look.style),
        (" " + " ".join(p for p in parts if p), ""),
    ]


class BoardView(VirtualList):
    """Shows a Board. `chosen` is the (service, signal) under the cursor. `wall`: trouble is to be seen from afar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "column(-1)", "Left", id="board.left", show=False),
        Binding("right", "column(1)", "Right", id="board.right", show=False),
        Binding("enter", "screen.chart", "Chart", id="board.chart", show=False),
    ]

    def __init__(
        self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False, wall: bool = False
    ) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.wall = wall
        self.board: Board | None = None
        self.now = 0.0
        self.note = ""
        self.column = 0
        self.by_tier = False
        self.waiting = 0  # rows that would move if a person were not at them
        self._stalked: State | None = None
        self._marks: dict[tuple[str, str], Stalk] = {}
        self._since: float | None = None
        self._ways: dict[tuple[str, str], tuple[float | None, Direction]] = {}  # with the end of the window it is of
        self._longest = 7
        self._slo = Objectives()
        self._standings: dict[str, tuple[Standing, ...]] = {}
        self._down: dict[str, str] = {}  # what stands behind the name of a service with targets that are down

    def show(
        self,
        board: Board | None,
        now: float,
        note: str = "",
        since: float | None = None,
        stalked: State | None = None,
        slo: Objectives = NO_OBJECTIVES,
    ) -> None:
        """Show `board` as of `now` (seconds since 1970 UTC); `note` is what is wrong, or why there is none.

        `since` is when the incident began, in the same seconds: cells say where they went from there. `stalked` knows
        which cells carry a mark. `slo` are the services' objectives.
        """
        said, self.now = clean(note, 300), now
        marks, same = stalked.stalks if stalked else {}, self._take(slo)
        if same and board is self.board and (said, since, marks) == (self.note, self._since, self._marks):
            self.repaint_changed()  # ages alone grow
            return
        self.board, self.note, self._stalked, self._marks = board, said, stalked, marks
        if since != self._since:
            self._since, self._ways = since, {}
        services = board.services if board else ()
        down = up.down(board.windows if board else None, now)
        self._down = {name: self._mark(share) for name, share in down.items()}
        self._longest = max((cells(name) + cells(self._down.get(name, "")) for name in services), default=7)
        self.column = min(self.column, max(len(board.signals) - (not self._standings), 0)) if board else 0
        self._order(hold=self.chosen_key is not None and self.has_focus)

    def _order(self, hold: bool) -> None:
        """Put the rows in their order; those that a person is at stay where they are (`hold`)."""
        board = self.board
        wanted: Sequence[str] = () if board is None else by_tier(board) if self.by_tier else board.services
        rows = held(self.keys, wanted) if hold else wanted
        self.waiting = would_move(rows, wanted) if hold else 0
        self.set_rows(rows)

    def next_order(self) -> None:
        """Let the rows move that were held; where none was, order by tier, or worst first again."""
        if not self.waiting:
            self.by_tier = not self.by_tier
        self._order(hold=False)

    def turn(self) -> None:
        """Show the next page, after the last the first; nothing while somebody is at a row."""
        if self.chosen_key is None:
            following = self.scroll_offset.y + self._room()
            self._scroll(following if following < len(self.keys) else 0)

    @property
    def page(self) -> str:
        """Which rows are in view, as words; empty where all are."""
        top, room, count = self.scroll_offset.y, self._room(), len(self.keys)
        return f"{top + 1}-{min(top + room, count)} of {count}" if count > room else ""

    def on_blur(self, event: events.Blur) -> None:
        """Let the rows move: nobody is at them any more."""
        if self.waiting:
            self._order(hold=False)

    def _take(self, slo: Objectives) -> bool:
        """Take in the objectives; return whether they are the ones that are shown."""
        before, self._slo = self._slo, slo
        if slo.board is not before.board:
            self._standings = slo.board.by_service() if slo.board else {}
        return slo.board is before.board and (slo.began, slo.ended) == (before.began, before.ended)

    @property
    def chosen(self) -> tuple[str, str] | None:
        """The (service, signal) under the cursor, or None; None on the column of the objectives too."""
        if self.board is None or self.chosen_key is None or self.column >= len(self.board.signals):
            return None
        return self.chosen_key, self.board.signals[self.column]

    @property
    def chosen_service(self) -> str:
        """The service under the cursor, or the empty text."""
        return self.chosen_key or ""

    def way(self, service: str, signal: str) -> Direction:
        """Return where a cell went since the incident began; worked out once for each new answer, where it is shown."""
        windows = self.board.windows if self.board else None
        if windows is None or self._since is None:
            return Direction.UNKNOWN
        window = next(each for each in windows.signals if each.spec.name == signal)
        known, before = self._ways.get((service, signal), (None, Direction.UNKNOWN))
        if known is None or known != window.until:
            spec = self._judging(window.spec, service)
            before = direction(spec, window.series.get(clean(service), NO_SAMPLES), self._since, before)
            self._ways[service, signal] = (window.until, before)
        return before

    def _judging(self, spec: SignalSpec, service: str) -> SignalSpec:
        """Return `spec` with the thresholds that hold for a service now: beside a baseline each has its own."""
        cell = self.board.cells.get((service, spec.name)) if self.board else None
        return replace(spec, warn=cell.warn, bad=cell.bad) if spec.baseline and cell else spec

    def action_column(self, by: int) -> None:
        """Go to the next signal, or the previous; the objectives come last."""
        count = len(self.board.signals) + bool(self._columns(self.area.width - 1)[2]) if self.board else 0
        self.column = max(0, min(self.column + by, count - 1))
        if self.chosen_key is None:
            self.action_move(1)
        self._paint_places(self._place)
        self.post_message(self.Chosen(self, self.chosen_key))

    def row_version(self, key: str) -> Hashable:
        """Return the answer that a row is of, the chosen cell in it, and the second where it says an age."""
        row = self._row_cells(key)
        ages = any(cell is not None and (cell.fault or cell.verdict is Verdict.STALE) for cell in row)
        verdicts = tuple(each.verdict_at(self.now) for each in self._standings.get(key, ())[:1])
        return self.version, self.column if key == self.chosen_key else -1, int(self.now) if ages else 0, verdicts

    def _row_cells(self, key: str) -> list[Cell | None]:
        return [self.board.cells.get((key, signal)) for signal in self.board.signals] if self.board else []

    def _columns(self, width: int) -> tuple[int, list[int], int]:
        """Return the widths of the service column, of each signal's, and of the objectives': 0 where it is hidden."""
        service, sizes = columns_of(self._longest, len(self.board.signals) if self.board else 0, width)
        return (service, *(make_room(sizes) if self._standings else (sizes, 0)))

    def row_spans(self, key: str, width: int) -> list[Span]:
        """Return a service's row."""
        if self.board is None:
            return []
        service, sizes, slo = self._columns(width)
        mark = self._down.get(key, "")
        if cells(mark) > service - LEAST_NAME:
            mark = mark[:2]  # no figure that is cut off
        spans: list[Span] = [(fit(clean(key), service - cells(mark)), "strong"), (mark, "v-bad")]
        row = self._row_cells(key)
        if fault := _common_fault(row):
            rest = width - service - 1 - (slo + 1 if slo else 0)
            spans += [(" ", ""), *fit_spans([(f"! error {fault}", "v-error")], rest)]
            return [*spans, *self._objective(key, slo)]
        here = self.column if key == self.chosen_key and self.has_focus else -1
        for index, (cell, size) in enumerate(zip(row, sizes, strict=True)):
            signal = self.board.signals[index]
            spans.append(self._gap(key, signal))
            known = recent(self.board.windows, key, signal) if self.board.windows else ()
            made = cell_spans(cell, size, self.now, self.ascii_only, self.way(key, signal), known)
            if self.wall and cell is not None and cell.verdict in (Verdict.WARN, Verdict.BAD):
                made = [(text, f"{LOOKS[cell.verdict].style} badge") for text, _ in made]
            spans += [(text, f"{style} cell-cursor".strip()) for text, style in made] if index == here else made
        return [*spans, *self._objective(key, slo)]

    def _objective(self, key: str, width: int) -> list[Span]:
        """Return the service's most urgent objective after a gap; nothing where the column is hidden."""
        if not width or self.board is None:
            return []
        standings = self._standings.get(key)
        made = column_spans(standings[0], width, self.now, self.ascii_only) if standings else [(" " * width, "")]
        if key == self.chosen_key and self.has_focus and self.column == len(self.board.signals):
            made = [(text, f"{style} cell-cursor".strip()) for text, style in made]
        return [(" ", ""), *made]

    def stalks(self, service: str, signal: str) -> bool:
        """Say whether each change of this cell's verdict is noted."""
        mark = self._stalked.stalk(service, signal) if self._stalked else None
        return mark is not None and mark.on

    def _gap(self, service: str, signal: str) -> Span:
        """Return what stands before a cell: the mark of a stalked one, or a space."""
        return ("@" if self.ascii_only else "◉", "strong") if self.stalks(service, signal) else (" ", "")

    def _mark(self, share: float) -> str:
        return f" {'v' if self.ascii_only else '▽'} {up.said(share)}"

    def header(self, width: int) -> list[list[Span]]:
        """Return the signals' names, and what is wrong."""
        if self.board is None or not self.board.services or self.area.height < 2:
            return []
        service, sizes, slo = self._columns(width - 1)
        names = [fit(clean(name), size) for name, size in zip(self.board.signals, sizes, strict=True)]
        names += [fit(NAME, slo) if slo >= 3 else " " * slo] if slo else []
        lines: list[list[Span]] = [[(" ".join([" " + fit("service", service), *names]), "head")]]
        if self.note:
            lines.insert(0, [(crop(f" ! {self.note}", width), "v-error")])
        return lines

    def footer(self, width: int) -> list[list[Span]]:
        """Return what is known about the cell under the cursor, where there is room for it."""
        if self.area.height < 5 or self.board is None or not self.board.services:
            return []
        words = "; ".join([*self.board.warnings, *(self._slo.board.warnings if self._slo.board else ())])
        warned: list[list[Span]] = [[(crop(f" {words}", width), "v-warn")]] if words else []
        standings = self._standings.get(self.chosen_service, ())
        about = standing_detail(standings, self._slo, self.now, self.ascii_only) if standings else []
        told = [self._detail(*self.chosen)] if self.chosen else []
        told += [about] if about and (not told or self.area.height > 7) else []
        lines: list[list[Span]] = [[(" ", ""), *each] for each in told]
        return [*(warned if self.area.height > 5 or not lines else []), *lines]

    def _detail(self, service: str, signal: str) -> list[Span]:
        cell = self.board.cells.get((service, signal)) if self.board else None
        way = self.way(service, signal) if cell and cell.verdict in _JUDGED else Direction.UNKNOWN
        spans = detail(cell, clean(service), signal, self.now, self.ascii_only, way)
        marks: list[Span] = [("stalked ", "strong")] if self.stalks(service, signal) else []
        marks += [(f"targets{self._down[service]} ", "v-bad")] if service in self._down else []
        return [spans[0], *self._about(service), *marks, *spans[1:]]

    def _about(self, service: str) -> list[Span]:
        about = self.board.about(service) if self.board else About()
        words = [f"tier {about.tier}"] if about.tier else []
        words += [f"owner {about.owner}"] if about.owner else []
        return [(f"({', '.join(words)}) ", "")] if words else []

    def empty(self, width: int) -> list[list[Span]]:
        """Say why there is nothing."""
        return said(self.note or (WAITING if self.board is None else NONE), width)


def _common_fault(row: list[Cell | None]) -> str:
    faults = {c.fault if c and c.verdict is Verdict.ERROR and c.value is None else "" for c in row}
    return faults.pop() if len(faults) == 1 else ""
