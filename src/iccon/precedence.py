"""What a person waits for goes first: threads that compute take turns, and pause while a key is answered.

The interpreter runs one thread at a time. Where the answers of four signals were decoded at once, the screen had a
fifth of it, and a key of 5 ms took 25. So whoever computes on a thread does it in `turn`, and calls what that gives
between small pieces of its work.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

LONGEST = 0.3  # seconds that one turn gives way in all: a key that is held down must not starve the data

_turn = threading.Lock()
_calm = threading.Event()
_calm.set()


def hurry() -> None:
    """A person waits: let threads pause. To be ended by `calm`."""
    _calm.clear()


def calm() -> None:
    """Nobody waits any more."""
    _calm.set()


@contextmanager
def turn() -> Iterator[Callable[[], None]]:
    """Compute while no other thread does. Gives what is to be called between pieces of a millisecond or so."""
    left = LONGEST

    def give_way() -> None:
        nonlocal left
        if left > 0 and not _calm.is_set():
            left -= _waited(left)

    with _turn:
        yield give_way


def _waited(longest: float) -> float:
    begun = monotonic()
    _calm.wait(longest)
    return monotonic() - begun
