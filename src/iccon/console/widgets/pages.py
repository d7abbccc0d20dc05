"""The list of active pages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from iccon.console.figures import age_text
from iccon.console.fit import Span, cells, crop, fit, said
from iccon.console.safe import set_titles
from iccon.console.widgets.page_rows import STATUS, PageRows, group_spans
from iccon.console.widgets.virtual import VirtualList
from iccon.pages.grouping import Group, Grouping, grouped
from iccon.pages.model import Page, PageStatus
from iccon.text import clean

WORTH = {True: "actionable", False: "noise"}  # what people said of a page
NONE = "No page is open."
WAITING = "Waiting for the first answer."


def page_spans(page: Page, width: int, now: datetime, pending: str = "", ascii_only: bool = False) -> list[Span]:
    """Return one page in `width` cells: status, age, service, title, who has it. `pending` is a write in flight."""
    glyph, plain, word, short, style = STATUS[page.status]
    sign = plain if ascii_only else glyph
    status = fit(f"{sign} {word}", 11) if width >= 64 else fit(f"{sign} {short}", 6)
    age = fit(age_text((now - page.created_at).total_seconds()), 5, right=True)
    service = _service(page, width)
    who = pending or _who(page, width, now)
    tail = f" {crop(who, max(width // 3, 4))}" if who else ""
    title = width - cells(status) - cells(age) - 1 - cells(service) - cells(tail)
    return [
        (status, style),
        (f"{age} ", "dim"),
        (service, "strong"),
        (fit(clean(page.title) or "(no title)", max(title, 0)), ""),
        (tail, "v-warn" if pending else "dim"),
    ]


def _service(page: Page, width: int) -> str:
    return fit(clean(page.service) or "-", min(max(width // 6, 8), 24)) + " " if width >= 44 else ""


def _who(page: Page, width: int, now: datetime) -> str:
    if page.quiet_until is not None:
        return crop(f"ends in {age_text((page.quiet_until - now).total_seconds())}", max(width // 6, 12))
    if page.status is PageStatus.ACKNOWLEDGED and page.acknowledged_by:
        return crop(f"by {clean(page.acknowledged_by)}", max(width // 6, 10))
    names = ", ".join(clean(name) for name in page.assignees)
    return crop(f"to {names}", max(width // 6, 10)) if names and width >= 100 else ""


class PagesView(VirtualList):
    """Shows pages. An action takes what is selected when the person's key is pressed: the marked pages, else `chosen`.

    A mark belongs to a page's key, as the cursor does: it moves with its row and goes with it. In a storm pages that
    belong together are one row, which unfolds; on it an action takes all of them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="pages.mark", show=False),
        Binding("backspace", "unmark", "Unmark all", id="pages.unmark", show=False),
        Binding("enter", "open", "Details, or unfold", id="pages.detail", show=False),
        Binding("G", "group", "Group, or one row a page", id="pages.group", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.pages: dict[str, Page] = {}
        self.marks: frozenset[str] = frozenset()
        self.gone = False  # all that was marked: a key meant for it must not hit what is under the cursor
        self.rows_of = PageRows()
        self._given: Sequence[Page] = ()
        self._grouping: Grouping | None = None
        self.pending: Mapping[str, str] = {}
        self.worth: Mapping[str, bool] = {}
        self.now = datetime.fromtimestamp(0, UTC)
        self.note = ""
        self.waiting = True

    def show(
        self,
        pages: Sequence[Page] | None,
        now: datetime,
        note: str = "",
        pending: Mapping[str, str] | None = None,
        grouping: Grouping | None = None,
    ) -> None:
        """Show `pages` in their order as of `now` (None: not known yet); `note` is what is wrong.

        `pending` says which writes are in flight, by page key; None leaves it as it is. `grouping` is that of the
        pages, where it is made already. Called at every tick: what a
        storm costs is paid only where another list is given.
        """
        self.now, self.note, self.waiting = now, clean(note, 300), pages is None
        if pending is not None:
            self.pending = pending
        if (found := pages or ()) == self._given:
            self.touch()
            return
        self._given, self._grouping = found, grouping or grouped(found, self.rows_of.rule)
        self.pages = self._grouping.pages
        kept = self.marks & self.pages.keys()
        self.gone = self.gone or bool(self.marks and not kept)
        self.marks = kept
        self._arrange()

    def say_budgets(self, budgets: Mapping[str, str]) -> None:
        """Say in the border how many requests the pagers still take; with their names where several say it."""
        named = [f"{name} {said}" if len(budgets) > 1 else said for name, said in budgets.items()]
        set_titles(self, " - ".join(["Pages", *named]))

    def _arrange(self) -> None:
        """Show the rows; what is chosen or marked stays in sight."""
        self.set_rows(self.rows_of.take(self._given, self.marks | {self.chosen_key or ""}, self._grouping))

    def mark_pending(self, pending: Mapping[str, str], worth: Mapping[str, bool]) -> None:
        """Show which writes are in flight, by page key: "ack sending", "ack unknown"; and what people said of pages."""
        self.pending, self.worth = pending, worth
        self.touch()

    @property
    def chosen(self) -> Page | None:
        """The page under the cursor, or None."""
        return self.pages.get(self.chosen_key) if self.chosen_key is not None else None

    @property
    def selected(self) -> tuple[Page, ...]:
        """The marked pages in their order, else the one under the cursor, or all of the group under it."""
        if self.marks:
            return tuple(page for key, page in self.pages.items() if key in self.marks)
        return () if self.gone else self._here

    def choose(self, place: int) -> None:
        """Choose a row: from now on a key means that one."""
        self.gone = False
        super().choose(place)

    @property
    def _group(self) -> Group | None:
        return self.rows_of.groups.get(self.chosen_key or "")

    @property
    def _here(self) -> tuple[Page, ...]:
        group = self._group
        return group.pages if group else (self.chosen,) if self.chosen else ()

    def action_mark(self) -> None:
        """Mark what is under the cursor, or take the mark away: a page, or all of a group."""
        group = self._group
        here = frozenset(group.keys if group else (page.key for page in self._here))
        if here:
            self.gone = False
            self.marks = self.marks - here if here <= self.marks else self.marks | here
            self._arrange()

    async def action_open(self) -> None:
        """Unfold the group under the cursor, or fold it; show all about a page."""
        group = self.chosen_key or ""
        if group in self.rows_of.groups:
            self.rows_of.unfolded ^= {group}
            self._arrange()
        else:
            await self.run_action("screen.page_detail")

    def action_group(self) -> None:
        """Show what belongs together as one row, or each page."""
        self.rows_of.wish = not self.rows_of.on
        self._arrange()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.marks, self.gone = frozenset(), False
        self.touch()

    def row_spans(self, key: str, width: int) -> list[Span]:
        """Return the row of a page or a group; while any page is marked, with the mark in front."""
        group = self.rows_of.groups.get(key)
        sign = self._sign(group.keys if group else (key,)) if self.marks else ""
        inside = "  " if group is None and self.rows_of.group_of(key) else ""
        left = width - cells(sign) - len(inside)
        if group is not None:
            row = group_spans(group, left, self.now, key in self.rows_of.unfolded, self.ascii_only)
        else:
            word = clean(self.pending.get(key, ""), 24) or self._said(key)
            row = page_spans(self.pages[key], left, self.now, word, self.ascii_only)
        return [(sign + inside, "strong"), *row]

    def _said(self, key: str) -> str:
        return WORTH[self.worth[key]] if key in self.worth else ""

    def _sign(self, members: Sequence[str]) -> str:
        marked = sum(map(self.marks.__contains__, members))
        whole, part = ("*", "-") if self.ascii_only else ("✔", "·")
        return f"{whole if marked == len(members) else part if marked else ' '} "

    def header(self, width: int) -> list[list[Span]]:
        """Return how many are marked or grouped and what is wrong, while there are rows below it."""
        if not self.pages:
            return []
        lines: list[list[Span]] = []
        if self.gone:
            lines.append([(crop(" What was marked is gone. Move, or mark again.", width), "v-warn")])
        if self.marks:
            lines.append([(crop(f" {len(self.marks)} of {len(self.pages)} marked", width), "strong")])
        elif self.rows_of.on and self.rows_of.groups:
            words = f" {len(self.pages):,} pages by {self.rows_of.rule}   ↵ unfolds, G ungroups"
            lines.append([(crop(words.replace("↵", "Enter") if self.ascii_only else words, width), "dim")])
        return lines + ([[(crop(f" ! {self.note}", width), "v-error")]] if self.note else [])

    def empty(self, width: int) -> list[list[Span]]:
        """Say why there is nothing."""
        return said(self.note or (WAITING if self.waiting else NONE), width)
