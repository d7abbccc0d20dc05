"""How many requests a server still takes, by the headers of its answers; shared by all who ask with one credential.

Polls stop where only a reserve is left, so that what a person does is not refused for what they have spent.
"""

import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from weakref import WeakValueDictionary

from iccon.clock import SystemClock
from iccon.faults import FaultKind, SourceFault
from iccon.net import retry_after
from iccon.text import CleanText

RESERVE: Final = 0.1  # of the limit, kept for what people do
LOW: Final = 0.25  # of the limit: from here on a person is told
LONGEST: Final = 900.0  # seconds: a longer wait is not taken at its word

_clock = SystemClock()  # counts a suspension


class Budget:
    """What is left of one credential's requests. Safe to call from several threads; seconds are real ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit = self._left = -1  # -1: the server has not said
        self._fresh_at = 0.0  # when the count begins anew, monotonic
        self._held_until = 0.0

    def admit(self, *, poll: bool) -> None:
        """Take one request off. Raises SourceFault RATE_LIMITED, with the time to wait, where it should not be sent."""
        with self._lock:
            now = _clock.monotonic()
            if now >= self._fresh_at:
                self._left = -1
            wait = max(self._held_until, self._fresh_at if self._spent(poll) else 0.0) - now
            if wait > 0:
                kept = "" if not poll or self._left <= 0 else f"; the {self._left} that are left are kept for actions"
                again = "" if poll else f"; try again in {wait:.0f} s"
                words = f"its limit of requests is reached{kept}{again}"
                raise SourceFault(FaultKind.RATE_LIMITED, words, wait)
            self._left = max(self._left - 1, -1)

    def _spent(self, poll: bool) -> bool:
        return 0 <= self._left <= (self._limit * RESERVE if poll else 0)

    def note(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in an answer: `ratelimit-limit`, `-remaining`, `-reset` (seconds), and how long a 429 asks to wait."""
        limit, left = _number(headers, "ratelimit-limit"), _number(headers, "ratelimit-remaining")
        reset = retry_after(headers)
        with self._lock:
            now = _clock.monotonic()
            if limit and left is not None and reset is not None:
                self._limit, self._left, self._fresh_at = limit, left, now + min(reset, LONGEST)
            if status == 429 and reset is not None:
                self._held_until = now + min(reset, LONGEST)

    def said(self) -> CleanText:
        """Return how much is left, "" where the server has not said for now."""
        with self._lock:
            if self._left < 0 or _clock.monotonic() >= self._fresh_at:
                return CleanText("")
            return CleanText(f"{self._left} of {self._limit} requests left")

    def low(self) -> CleanText:
        """Return how much is left where it is little, "" else."""
        return self.said() if 0 <= self._left <= self._limit * LOW else CleanText("")


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = str(headers.get(name, "")).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


_budgets: WeakValueDictionary[tuple[str, str], Budget] = WeakValueDictionary()
_all = threading.Lock()


def budget_of(url: str, token: str) -> Budget:
    """Return the budget of a server and credential, the same for all who hold it."""
    with _all:
        return _budgets.setdefault((url, sha256(token.encode("utf-8", "replace")).hexdigest()), Budget())
