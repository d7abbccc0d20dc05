"""Changes as plain data, and what a source of them must do. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

from iccon.faults import SourceTrouble
from iccon.text import CleanText

REACH = timedelta(hours=24)  # how far back changes are kept
MOST = 1_000  # changes kept at once; older ones give way
NOBODY = CleanText("")
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Change(Struct, frozen=True):
    """One change, text cleaned, `at` aware UTC. `key` makes it the same change whoever tells it, and whenever.

    `source` is the name of who told it, `who` made it ("" unknown), `url` is http or https, or empty.
    """

    key: str
    at: datetime
    text: CleanText
    services: tuple[CleanText, ...] = ()
    source: CleanText = NOBODY
    who: CleanText = NOBODY
    url: CleanText = NOBODY


class Found(Struct, frozen=True):
    """What one source gave; `notices` say what a person must know about it."""

    items: tuple[Change, ...]
    notices: tuple[CleanText, ...] = ()


class Changes(Struct, frozen=True):
    """The changes of all sources, the newest first, each once. `at` is when they were asked (aware UTC)."""

    items: tuple[Change, ...] = ()
    at: datetime = UNKNOWN_TIME
    trouble: tuple[SourceTrouble, ...] = ()
    notices: tuple[CleanText, ...] = ()


class ChangeSource(Protocol):
    """A system that knows of changes. Blocking: called on a thread of its own, by one thread at a time."""

    name: str
    deadline: float  # seconds within which `changes` ends, one way or the other

    def changes(self, since: datetime, until: datetime) -> Found:
        """Return the changes between two instants (aware UTC), in any order. Raises SourceFault."""
        ...


def newest(items: Iterable[Change]) -> tuple[Change, ...]:
    """Return `items` newest first, at most MOST; of those with one key the first that was given."""
    once: dict[str, Change] = {}
    for change in items:
        once.setdefault(change.key, change)
    return tuple(sorted(once.values(), key=lambda change: (change.at, change.key), reverse=True)[:MOST])


def of_service(items: Iterable[Change], service: str) -> tuple[Change, ...]:
    """Return the changes of `service`, in their order."""
    return tuple(change for change in items if service in change.services)
