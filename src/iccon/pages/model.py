"""Active pages as plain data, and what a backend that holds them must do. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from iccon.text import CleanText


class PageStatus(StrEnum):
    """Where a page stands, in PagerDuty's words. Alertmanager: firing is triggered, silenced is `silenced`."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class Page(Struct, frozen=True):
    """One page (PagerDuty incident) or alert (Alertmanager), text cleaned, times aware UTC."""

    source: str
    id: str
    title: CleanText
    service: CleanText
    status: PageStatus
    urgency: CleanText
    created_at: datetime
    number: CleanText = CleanText("")
    alert: CleanText = CleanText("")
    assignees: tuple[CleanText, ...] = ()
    acknowledged_by: CleanText = CleanText("")
    url: CleanText = CleanText("")
    runbook_url: CleanText = CleanText("")

    @property
    def key(self) -> str:
        """What makes this page the same page after a refresh."""
        return f"{self.source}:{self.id}"


class Done(Struct, frozen=True):
    """A write the other side confirmed; `receipt` is its proof (an id, a status)."""

    receipt: CleanText


class PageBackend(Protocol):
    """A pager. Blocking: called on a thread of its own."""

    name: str
    verbs: tuple[str, ...]

    def list(self) -> tuple[Page, ...]:
        """Return all open pages, complete. Raises SourceFault."""
        ...

    def act(self, verb: str, page_id: str) -> Done:
        """Do `verb` on the page, once, without retry. Raises SourceFault; LOST where the outcome is unknown."""
        ...

    def read_back(self, verb: str, page_id: str) -> Done | None:
        """Say whether `verb` took effect on the page: Done, or None when it did not. Raises SourceFault."""
        ...
