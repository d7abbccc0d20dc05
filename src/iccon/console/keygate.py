"""Keys wait until what the key before them set off is over, so that text never runs as shortcuts.

Textual hands each key to the widget that has the focus at that instant. Keys that arrive together (a quick hand, a slow
line) would overtake what the first of them opens: in `n disk full`, `disk full` would run as commands. So after every
key that is not plain text for a text field the gate shuts, and a message is sent the way of the key, from the widget
that has the focus up to the application: it arrives when everybody on the way is done with the key. It goes round
twice, because the first round may leave messages and a new screen behind (a line that was submitted, a form). Text
passes at once; a round is made between it and a key that acts on it.
"""

from collections import deque
from collections.abc import Awaitable, Callable

from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

ROUNDS = 2


class Passed(Message):
    """Came up from the focused widget to the application. `number` tells the newest one from one that was given up."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeyGate:
    """Hands keys and pasted text to `deliver`, one at a time and in order. `place` returns where keys go now."""

    def __init__(self, deliver: Callable[[Key | Paste], Awaitable[None]], place: Callable[[], Widget | None]) -> None:
        self._deliver = deliver
        self._place = place
        self._held: deque[Key | Paste] = deque()
        self._rounds = 0  # still to go; the gate is open at 0
        self._number = 0
        self._busy = False
        self._typing = False  # text went through since the last round

    async def take(self, event: Key | Paste) -> None:
        """Deliver `event`, now or when its turn comes."""
        self._held.append(event)
        await self._go_on()

    async def passed(self, message: Passed) -> None:
        """Count a round; after the last one let the next keys through."""
        if message.number != self._number or not self._rounds:
            return
        self._rounds -= 1
        self.send_round()
        await self._go_on()

    def send_round(self) -> None:
        """Send the message round, again where it may have been lost with a screen that closed."""
        if not self._rounds:
            return
        self._number += 1
        place = self._place()
        if place is None or not place.post_message(Passed(self._number)):
            self._rounds = 0

    async def _go_on(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            while self._held and not self._rounds:
                await self._next()
        finally:
            self._busy = False

    async def _next(self) -> None:
        text = self._is_text(self._held[0])
        if not text and self._typing:  # this key may act before the field has seen the text in front of it
            self._typing = False
            self._shut(1)
            return
        self._typing = text
        await self._deliver(self._held.popleft())
        if not text:
            self._shut(ROUNDS)

    def _shut(self, rounds: int) -> None:
        self._rounds = rounds
        self.send_round()

    def _is_text(self, event: Key | Paste) -> bool:
        if isinstance(event, Paste):
            return len(event.text.splitlines()) < 2  # of several lines it may open an editor
        place = self._place()
        return place is not None and place.check_consume_key(event.key, event.character)
