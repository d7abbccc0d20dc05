"""The only module that asks the machine what time it is."""

import time
from datetime import UTC, datetime
from typing import Protocol

_COUNTING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # time.monotonic() stands still in a suspension


class Clock(Protocol):
    """Where the program gets its time from; tests set their own."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards and go on while the machine is suspended, for intervals."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  (this module is the ban's reason)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.clock_gettime(_COUNTING)
