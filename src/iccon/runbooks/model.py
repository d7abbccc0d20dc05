"""Runbooks as plain data. Pure."""

from msgspec import Struct

from iccon.text import CleanText


class Heading(Struct, frozen=True):
    """A heading: its level (1 to 6), text, and line in the source, counted from 0."""

    level: int
    text: CleanText
    line: int


class Runbook(Struct, frozen=True):
    """A runbook found in the library: `path` is relative to its folder, `title` its first heading or file name.

    `alerts` and `services` are what its front matter says it is for.
    """

    folder: str
    path: str
    title: CleanText
    alerts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class Document(Struct, frozen=True):
    """A runbook that was read: its clean text, its headings, and the SHA-256 (hex) of the bytes on disk."""

    runbook: Runbook
    text: CleanText
    headings: tuple[Heading, ...]
    digest: str


class Skipped(Struct, frozen=True):
    """A path that is no runbook, and why."""

    path: str
    reason: CleanText


class Match(Struct, frozen=True):
    """A runbook that fits, and the reason in words ("alert name", "service", "runbook URL")."""

    runbook: Runbook
    why: str
