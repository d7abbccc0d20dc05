"""Keys first: what nobody waits for is shown in the moment after a key was answered, not in the one before the next.

A tick of the clock and the news of a poll take 5 to 15 ms to show. Somebody who types, or holds a key down, would meet
them now and then. `Lull` lets them wait for the next key's answer, for at most `PATIENCE`, and only while keys come.
Threads that compute pause in the meantime (`iccon.precedence`).
"""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Final

from iccon.precedence import calm, hurry

RHYTHM: Final = 0.25  # seconds: the time between keys of somebody who types
PATIENCE: Final = 0.15  # seconds that something waits for the next key
AFTER: Final = 0.015  # seconds from the answer until something else is shown: an answer may be two frames


class Lull:
    """When the last key came, and when it was answered. For one event loop."""

    def __init__(self) -> None:
        self._pressed = float("-inf")
        self._answered = asyncio.Event()

    @property
    def quiet(self) -> float:
        """The seconds since the last key."""
        return monotonic() - self._pressed

    def pressed(self) -> None:
        """A key came."""
        self._pressed = monotonic()
        self._answered.clear()
        hurry()

    def answered(self) -> None:
        """What it did is on the screen."""
        calm()
        self._answered.set()

    async def come(self) -> None:
        """Wait until it is a good moment: at once where nobody types."""
        if self.quiet > RHYTHM:
            return
        self._answered.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):  # not wait_for, which may swallow that the program ends (Python 3.11)
                await self._answered.wait()
            await asyncio.sleep(AFTER)
