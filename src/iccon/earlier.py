"""What the journal knows of a page: earlier incidents with such a one, what helped, whether it was worth it."""

from collections import Counter
from datetime import datetime

from msgspec import Struct

from iccon.desk import Desk
from iccon.incident.entries import PageMarked, PhaseSet
from iccon.incident.ids import short
from iccon.incident.severity import Severity
from iccon.journal.store import JournalFault
from iccon.pages.grouping import shape
from iccon.pages.model import Page

MOST = 5  # incidents that are named, the newest first


class Earlier(Struct, frozen=True):
    """An incident that knew the same service and kind of title. `ended` is None while it is open; instants aware UTC.

    `how` is what was said as it was resolved, `theory` the cause as last written, "" where nobody said.
    """

    incident: str
    title: str
    severity: Severity
    declared_at: datetime
    ended: datetime | None
    how: str
    theory: str

    @property
    def words(self) -> str:
        """How it ended, in a line that ends in the id to open."""
        end = ": ".join(filter(None, ("resolved" if self.ended else "still open", self.how or self.theory)))
        return f"{self.severity} {self.title}; {end}  [{short(self.incident)}]"


def earlier(desk: Desk, page: Page, besides: str = "") -> tuple[Earlier, ...]:
    """Return the incidents that saw a page of its service and a title of its shape, the newest first.

    `besides` is the incident at hand, which is none of them. A journal that cannot be read has none.
    """
    wanted = shape(page.title)
    try:
        found = desk.journal.incidents_with_page(page.service, lambda title: shape(title) == wanted, besides, MOST)
        return tuple(told for told in (_told(desk, incident) for incident in found) if told is not None)
    except JournalFault:
        return ()


def helped(desk: Desk, service: str, title: str, besides: str = "") -> dict[str, int]:
    """Return in how many of the newest earlier incidents with such a page steps of a runbook were done, by its name.

    Such a page is of the service and, where a title is given, of a title of its shape. A journal that cannot be read
    has none.
    """
    wanted = shape(title)
    found: Counter[str] = Counter()
    try:
        fits = desk.journal.incidents_with_page(service, lambda seen: not title or shape(seen) == wanted, besides, MOST)
        for incident in fits if service else ():
            steps = desk.state(incident).steps
            found.update(name for name, marks in steps.items() if any(m.outcome == "done" for m in marks.values()))
    except JournalFault:
        return {}
    return dict(found)


def worth(desk: Desk) -> dict[str, bool]:
    """Return what people last said of pages, by key: actionable, else noise. A journal that cannot be read has none."""
    try:
        bodies = [entry.body for entry in desk.journal.entries(None, {PageMarked.kind})]
    except JournalFault:
        return {}
    return {f"{b.page.source}:{b.page.id}": b.actionable for b in bodies if isinstance(b, PageMarked)}


def _told(desk: Desk, incident: str) -> Earlier | None:
    state = desk.state(incident)
    if state.declared_at is None:
        return None
    phases = [entry.body for entry in desk.journal.entries(incident, {PhaseSet.kind})] if state.resolved_at else []
    last = phases[-1] if phases else None
    return Earlier(
        incident,
        state.title,
        state.severity,
        state.declared_at,
        state.resolved_at,
        last.reason if isinstance(last, PhaseSet) else "",
        state.theory.text if state.theory else "",
    )
