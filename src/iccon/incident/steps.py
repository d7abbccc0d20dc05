"""What came of a runbook's steps, and which version of a runbook an incident reads. Pure; instants are aware UTC."""

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

    `digest` is the SHA-256 of the runbook's version that the person had before them.
    """

    text: str
    outcome: str
    note: str
    owner: str
    person: str
    at: datetime
    digest: str
    entry: str

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
