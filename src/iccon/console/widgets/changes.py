"""The list of changes: when, who told it, what service, what; and all that is known of one."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo

from iccon.changes.model import Change
from iccon.console.figures import age_text, time_text, zone_name
from iccon.console.fit import Span, crop, fit, said, wrap
from iccon.console.widgets.virtual import VirtualList
from iccon.text import clean
from iccon.when import stamp

DETAIL_LINES = 4  # at most, of a change's text


class ChangesView(VirtualList):
    """Shows changes; those in `pinned` are on the timeline already. `details` opens what is known of the chosen one."""

    def __init__(
        self, zone: tzinfo, *, id: str | None = None, classes: str | None = None, ascii_only: bool = False
    ) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self._zone = zone
        self._changes: dict[str, Change] = {}
        self._pinned: Collection[str] = ()
        self._now = datetime.fromtimestamp(0, UTC)
        self._note = ""
        self._none = ""
        self._details = False

    def show(self, changes: Sequence[Change], now: datetime, pinned: Collection[str], note: str, none: str) -> None:
        """Show `changes` in their order as of `now` (aware UTC).

        `pinned` are the keys of those on the timeline, `note` is what is wrong, `none` is said where there are none.
        """
        self._changes = {change.key: change for change in changes}
        self._now, self._pinned, self._note, self._none = now, pinned, clean(note, 300), none
        self.set_rows(tuple(self._changes))

    def toggle_details(self) -> None:
        """Show all that is known of the chosen change, or no more."""
        self._details = not self._details
        self.touch()

    @property
    def chosen(self) -> Change | None:
        """The change under the cursor, or None."""
        return self._changes.get(self.chosen_key or "")

    def header(self, width: int) -> list[list[Span]]:
        """Name the columns, and say what is wrong."""
        if not self._changes:
            return []
        source, service = _columns(width)
        head = (
            f"  {'time ' + zone_name(self._zone, self._now):<11}{'age':>4} {'source':<{source}}{'service':<{service}}"
        )
        columns: list[list[Span]] = [[(crop(f"{head}change", width), "head")]]
        return [[(crop(f" ! {self._note}", width), "v-error")], *columns] if self._note else columns

    def row_spans(self, key: str, width: int) -> list[Span]:
        """One change."""
        change = self._changes[key]
        source, service = _columns(width)
        return [
            ("✓" if key in self._pinned else " ", "v-ok"),
            (f"{time_text(change.at, self._zone):<11}", ""),
            (fit(age_text((self._now - change.at).total_seconds()), 4, right=True) + " ", "dim"),
            (fit(change.source, source - 1) + " ", "dim"),
            (fit(", ".join(change.services) or "-", service - 1) + " ", "strong"),
            (change.text, ""),
        ]

    def footer(self, width: int) -> list[list[Span]]:
        """Return all that is known of the chosen change, while that is wanted."""
        change = self.chosen
        if change is None or not self._details:
            return []
        facts = [stamp(change.at, self._zone, day=True), f"told by {change.source or 'nobody named'}"]
        facts += [f"by {change.who}"] if change.who else []
        facts += [f"services: {', '.join(change.services)}"] if change.services else []
        facts += ["on the timeline"] if change.key in self._pinned else []
        lines = [(line, "strong") for line in wrap(change.text, width - 2, DETAIL_LINES)]
        lines += [(line, "dim") for line in wrap("   ".join(facts), width - 2, DETAIL_LINES)]
        lines += [(line, "") for line in wrap(change.url or "no address is known", width - 2, DETAIL_LINES)]
        return [[("─" * width, "dim")], *([(f" {line}", style)] for line, style in lines)]

    def empty(self, width: int) -> list[list[Span]]:
        """Say why there is nothing."""
        return said(self._note or self._none, width)


def _columns(width: int) -> tuple[int, int]:
    """Return the widths of the columns of source and service."""
    return (12, 16) if width < 100 else (18, 28)
