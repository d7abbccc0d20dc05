"""Who is on call: a row a turn, the number to dial in plain sight."""

from datetime import datetime, tzinfo

from iccon.console.fit import Span, cells, crop, fit, said
from iccon.console.widgets.virtual import VirtualList
from iccon.pages.people import Contact, Duty, Roster, contacts
from iccon.text import clean
from iccon.when import ago, stamp

WAITING = "Waiting for the first answer; an earlier copy is on disk: iccon oncall --cached"
NOBODY = "Nobody is on call by what is known."
WIDE = 100  # from this width on the e-mail address is shown in the row


class PeopleView(VirtualList):
    """Shows a Roster: who is on call, then who comes next, by policy and level."""

    def __init__(self, zone: tzinfo, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._zone = zone
        self._lines: dict[str, Contact] = {}
        self._known = False
        self._note = ""
        self._now: datetime | None = None

    def show(self, roster: Roster | None, now: datetime, note: str = "") -> None:
        """Show `roster` as of `now` (aware UTC); `note` is what is wrong, or why there is none."""
        self._known, self._note, self._now = roster is not None, clean(note, 300), now
        found = contacts(roster, now) if roster else ()
        self._lines = {_key(each.duty): each for each in found}
        self.set_rows(tuple(self._lines))

    def header(self, width: int) -> list[list[Span]]:
        """Name the columns, and say what is wrong."""
        if not self._lines:
            return []
        mail = f"{'e-mail':<31}" if width >= WIDE else ""
        lines: list[list[Span]] = [[(f"  {'name':<21}{'telephone':<19}{mail}{'why':<27}turn", "head")]]
        return [[(crop(f" ! {self._note}", width), "v-error")], *lines] if self._note else lines

    def row_spans(self, key: str, width: int) -> list[Span]:
        """One turn of one person."""
        contact = self._lines[key]
        person, look = contact.person, "strong" if contact.on_now else "dim"
        spans: list[Span] = [
            (f" {fit(person.name, 20)} ", look),
            (fit(_phones(contact) or "no number known", 18) + " ", look if person.phones else "v-no-data"),
        ]
        if width >= WIDE:
            spans.append((fit(person.email, 30) + " ", look))
        return [*spans, (fit(_why(contact.duty), 26) + " ", look), (_left(contact, self._now), "dim")]

    def footer(self, width: int) -> list[list[Span]]:
        """Return everything known about the chosen one, whatever the width cut off above."""
        contact = self._lines.get(self.chosen_key or "")
        if contact is None:
            return []
        person = contact.person
        turn = self._turn(contact)
        rest = ", ".join(part for part in (_phones(contact), person.email, _why(contact.duty), turn) if part)
        room = max(width - cells(person.name) - 3, 0)
        return [[(f" {person.name} ", "strong"), (crop(rest, room), "")]]

    def empty(self, width: int) -> list[list[Span]]:
        """Say why there is nobody."""
        return said(self._note or (NOBODY if self._known else WAITING), width)

    def _turn(self, contact: Contact) -> str:
        start, end = contact.duty.start, contact.duty.end
        if not contact.on_now and start is not None:
            return f"from {stamp(start, self._zone, day=True)}"
        return f"until {stamp(end, self._zone, day=True)}" if end else "always"


def _left(contact: Contact, now: datetime | None) -> str:
    """Return how long the turn lasts, or until it begins."""
    start, end = contact.duty.start, contact.duty.end
    if now is None:
        return ""
    if not contact.on_now and start is not None:
        return f"in {ago((start - now).total_seconds())}"
    return f"{ago((end - now).total_seconds())} left" if end else "always"


def _key(duty: Duty) -> str:
    return f"{duty.policy}\0{duty.level}\0{duty.person}\0{duty.start}"


def _phones(contact: Contact) -> str:
    return ", ".join(contact.person.phones)


def _why(duty: Duty) -> str:
    return f"level {duty.level}, {duty.schedule or duty.policy}"
