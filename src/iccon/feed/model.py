"""What the feed keeps: for each source its latest value, and since when it does not answer. Plain data."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from iccon.faults import FaultKind
from iccon.text import CleanText


class Source(Struct, frozen=True):
    """Something to poll: a blocking function, how often, and how long one poll may take.

    `every` and `deadline` are in seconds.
    """

    name: str
    poll: Callable[[], Any]
    every: float
    deadline: float


class Trouble(Struct, frozen=True):
    """Why a source does not answer, since when, and when it is tried next (aware UTC)."""

    kind: FaultKind
    reason: CleanText
    since: datetime
    next_try: datetime


class Slot(Struct, frozen=True):
    """The latest of one source. `value` stays the last good one while there is trouble; None before the first.

    `at` is when the last good value came. `version` grows with every value and every trouble.
    `busy_since` is set while a poll runs, also past its deadline: a source is never polled twice at once.
    """

    source: str
    value: Any = None
    at: datetime | None = None
    trouble: Trouble | None = None
    version: int = 0
    busy_since: datetime | None = None


class Snapshot(Struct, frozen=True):
    """All slots at one moment, by source name. `version` grows with every change; `paused`: no polls start."""

    slots: dict[str, Slot]
    version: int = 0
    paused: bool = False
