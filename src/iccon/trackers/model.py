"""What a tracker is: it takes a ticket once, and can be asked whether it has it. Pure."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from iccon.text import CleanText, clean

DRILL = "DRILL"
THERE = CleanText("it is there")  # a ticket that was found and has no address


class Ticket(Struct, frozen=True):
    """A task as a tracker gets it. `task` is its id, by which the ticket is found again.

    `due` is a date, an instant in UTC, or "". `noted` is when the task came up and `at` when it was pushed (aware UTC);
    `again`: it was pushed before, and that failed.
    """

    task: CleanText
    what: CleanText
    text: CleanText
    owner: CleanText
    due: CleanText
    incident: CleanText
    incident_title: CleanText
    severity: CleanText
    noted: datetime
    at: datetime
    drill: bool = False
    again: bool = False

    @property
    def mark(self) -> str:
        """The line of the ticket's text that says which task it is: no other line of it reads so."""
        return f"iccon: {self.task}"

    def title(self, limit: int) -> CleanText:
        """Return the ticket's title in at most `limit` characters; a drill's says so in its first word."""
        return clean(f"{DRILL} - {self.text}" if self.drill else self.text, limit)

    @property
    def lines(self) -> tuple[CleanText, ...]:
        """What the ticket says, one fact a line, without the mark. Each line begins with a word of ours."""
        exercise = "an exercise: nothing in it happened in production" if self.drill else ""
        facts = (
            (self.what, self.text),
            ("owner", self.owner),
            ("due", self.due),
            ("incident", f"{self.severity} {self.incident_title} ({self.incident})"),
            ("noted", f"{self.noted:%Y-%m-%d %H:%M:%S} UTC"),
            (DRILL, exercise),
        )
        return tuple(clean(f"{name}: {said}", 20_000) for name, said in facts if said)


class Tracker(Protocol):
    """A system that keeps tickets. Blocking."""

    name: str

    def create(self, ticket: Ticket) -> CleanText:
        """Make the ticket, sending the write once; return its address. Raises SourceFault; LOST where nobody knows.

        One that was tried before is looked for first: what is there is not made again.
        """
        ...

    def find(self, ticket: Ticket) -> CleanText | None:
        """Return the ticket's address, None where it was not made. Raises SourceFault where nobody can tell."""
        ...
