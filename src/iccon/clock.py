"""The only module that asks the machine what time it is."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the program gets its time from; a drill runs on a faster one."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards, for intervals and deadlines."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  (this module is the ban's reason)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()
