"""Status updates as plain data, and what an outlet must do. Pure."""

from typing import Protocol

from msgspec import Struct

from iccon.text import CleanText


class Message(Struct, frozen=True):
    """What leaves. `id` is the effect's id: the idempotency key wherever a channel has one.

    `thread` is the receipt of the incident's first update on the same outlet, "" for the first: what a channel with a
    living message edits, or answers.
    """

    id: str
    text: str
    audience: str
    title: str
    severity: str
    drill: bool = False
    incident: str = ""
    phase: str = ""
    services: tuple[str, ...] = ()
    thread: str = ""


class Posted(Struct, frozen=True):
    """An outlet's proof that it took the message."""

    receipt: CleanText


class Outlet(Protocol):
    """One channel. Blocking: called on a thread of its own."""

    name: str

    def send(self, message: Message) -> Posted:
        """Send once, without retry. Raises SourceFault; LOST where the outcome is unknown."""
        ...

    def read_back(self, message: Message) -> Posted | None:
        """Say whether the message is there: Posted, or None when it is not.

        Raises SourceFault where the channel cannot tell: a person must look.
        """
        ...
