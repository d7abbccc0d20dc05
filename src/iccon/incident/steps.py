"""What came of a runbook's steps, and which version of a runbook an incident reads. Pure; instants are aware UTC."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class StepOutcome(StrEnum):
    """What came of a step."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class StepMark(Struct, frozen=True):
    """The newest word on a step: `owner` did it ("" nobody was named), `person` said so, in which entry.

    `digest` is the SHA-256 of the runbook's version that the person had before them, `total` the number of its steps.
    """

    text: str
    outcome: str
    note: str
    owner: str
    person: str
    at: datetime
    digest: str
    entry: str
    total: int = 0

    @property
    def words(self) -> str:
        """What came of it, by whom, and the note: without the time."""
        note = f": {self.note}" if self.note else ""
        return f"{self.outcome} by {self.owner or self.person}{note}"


class Pinned(Struct, frozen=True):
    """The version of a runbook that an incident opened first; `sha256` names the blob of its text, "" not kept."""

    title: str
    digest: str
    sha256: str = ""


def progress(marks: Mapping[str, StepMark]) -> str:
    """Return how far a runbook is, by the marks of its steps: `2 of 7`; the empty text where none is marked."""
    total = max((mark.total for mark in marks.values()), default=0)
    return f"{len(marks)} of {max(total, len(marks))}" if total else f"{len(marks)} marked" if marks else ""
