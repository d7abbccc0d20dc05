"""Keys typed while a text field is opening are held back and given to it, never to shortcuts.

Textual hands each key to the widget that has focus at that instant; a field opened by `n` gets focus a few
messages later, and what was typed in between would run as shortcuts. The gate closes at the key that opens
a field and opens when the field has focus.
"""

from collections.abc import Callable

from textual.events import Key


class KeyGate:
    """Holds keys while closed. `replay` puts a held key back into the application's queue."""

    def __init__(self, replay: Callable[[Key], object]) -> None:
        self._replay = replay
        self._held: list[Key] = []
        self._closed_until = 0.0

    def close(self, now: float, patience: float = 2.0) -> None:
        """Hold keys from now on, `patience` seconds at most, should the field never come."""
        self._closed_until = now + patience

    def admit(self, key: Key, now: float) -> bool:
        """Say whether `key` may pass; a key that may not is held."""
        if now >= self._closed_until:
            self._release(now)
            return True
        self._held.append(key)
        return False

    def open(self, now: float) -> None:
        """The field has focus: give it what was held."""
        self._release(now)

    def _release(self, now: float) -> None:
        self._closed_until = min(self._closed_until, now)
        held, self._held = self._held, []
        for key in held:
            self._replay(key)
