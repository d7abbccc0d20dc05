"""One account for each server that is only read: how much it is asked at once, and until when it is left alone.

Whoever asks a server shares its account, whatever they ask for and with whatever credential: what a server says of its
load ("429, in 30 seconds") holds for all of them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from iccon.clock import SystemClock
from iccon.faults import FaultKind, SourceFault

AT_ONCE = 4  # requests to one server at the same time
LONGEST_HOLD = 900.0  # seconds: a longer wait is not taken at its word

_clock = SystemClock()  # counts a suspension

Origin = tuple[str, str, int | None]


class Host:
    """The account of one server. Usable from several threads; seconds are real ones."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._held: tuple[float, SourceFault] | None = None

    @contextmanager
    def turn(self, seconds: float) -> Iterator[float]:
        """Wait for a turn, at most `seconds`; yield what is left of them. Raises SourceFault while it is held."""
        end = time.monotonic() + seconds
        self._raise_if_held()
        if not self._turns.acquire(timeout=seconds):
            raise SourceFault(FaultKind.TIMEOUT, f"no turn within {seconds:g} s: {AT_ONCE} requests are under way")
        try:
            self._raise_if_held()
            yield max(end - time.monotonic(), 0.01)
        finally:
            self._turns.release()

    def hold(self, fault: SourceFault | None) -> None:
        """Ask nothing more as long as `fault` asks to wait."""
        if fault is not None and fault.retry_after:
            self._held = _clock.monotonic() + min(fault.retry_after, LONGEST_HOLD), fault

    def _raise_if_held(self) -> None:
        held = self._held
        left = held[0] - _clock.monotonic() if held else 0.0
        if held and left > 0:
            raise SourceFault(held[1].kind, f"{held[1].reason}; asked again in {left:.0f} s", left)


_hosts: WeakValueDictionary[Origin, Host] = WeakValueDictionary()
_lock = threading.Lock()


def host_at(origin: Origin) -> Host:
    """Return the account of a server, the same for all who hold it."""
    with _lock:
        return _hosts.setdefault(origin, Host())
