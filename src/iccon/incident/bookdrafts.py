"""What is proposed for runbooks, to be reviewed afterwards: the drafts of an incident. Pure; instants are aware UTC."""

from datetime import datetime

from msgspec import Struct


class Piece(Struct, frozen=True):
    """One proposal of a draft: where it goes, what it says, who made it, by which entry."""

    heading: str
    nth: int
    text: str
    person: str
    at: datetime
    entry: str


class BookDraft(Struct, frozen=True):
    """What is proposed for one runbook; `sha256` names the file, byte for byte, for which the first was."""

    title: str
    place: str
    sha256: str
    pieces: tuple[Piece, ...]
