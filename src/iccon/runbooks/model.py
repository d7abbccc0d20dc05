"""Runbooks as plain data, and what a source of them must do. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from iccon.text import CleanText, clean

SIZE_LIMIT = 2_000_000  # bytes of one runbook
HEAD = 16_384  # bytes in which its header and title are looked for

Stamp = tuple[int, int, int]  # what tells that a runbook changed: time in nanoseconds, size, place on disk


class RunbookFault(Exception):
    """A runbook cannot be read; `reason` is clean, one line, and says why."""

    def __init__(self, reason: object) -> None:
        self.reason: CleanText = clean(reason, 300)
        super().__init__(self.reason)


class Heading(Struct, frozen=True):
    """A heading: its level (1 to 6), text, and line in the source, counted from 0."""

    level: int
    text: CleanText
    line: int


class Runbook(Struct, frozen=True):
    """A runbook found in the library: `path` is its place in its source, `title` its first heading or file name.

    `alerts`, `services` and `labels` ("name=value") are what its front matter says it is for; `url` is its address
    where it has one.
    """

    source: str
    path: str
    title: CleanText
    alerts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    url: str = ""

    @property
    def name(self) -> str:
        """What names it in an incident: `source:path`. Two sources may have the same paths."""
        return f"{self.source}:{self.path}" if self.source else self.path


class Raw(Struct, frozen=True):
    """What a source gives of a runbook: its bytes, and of which version they are ("" none is known).

    `fetched_at` (aware UTC) is when a copy was fetched; None is the thing itself.
    """

    content: bytes
    revision: CleanText = CleanText("")
    fetched_at: datetime | None = None


class Document(Struct, frozen=True):
    """A runbook that was read: its clean text, its headings, and the SHA-256 (hex) of the bytes it was read from.

    `revision` says which version it is, in words: a git commit, a wiki's version. `fetched_at`: see Raw. `risk` is what
    its front matter says of its commands, `dry_run` the variable that makes them only say what they would do, "" none.
    """

    runbook: Runbook
    text: CleanText
    headings: tuple[Heading, ...]
    digest: str
    revision: CleanText = CleanText("")
    fetched_at: datetime | None = None
    risk: tuple[str, ...] = ()
    dry_run: str = ""


class Skipped(Struct, frozen=True):
    """A path that is no runbook, and why."""

    path: str
    reason: CleanText


Snippet = tuple[tuple[CleanText, bool], ...]  # pieces of a text; True marks what was looked for


class Match(Struct, frozen=True):
    """A runbook that fits, and the reason in words ("alert name", "service", "runbook URL"); where in its text."""

    runbook: Runbook
    why: str
    snippet: Snippet = ()

    @property
    def place(self) -> CleanText:
        """The place in its text, as one line."""
        return CleanText("".join(text for text, _ in self.snippet).strip())


class Source(Protocol):
    """Where runbooks come from. Blocking. `key` differs where the same name stands for other runbooks."""

    name: str
    key: str

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What the last `walk` passed over."""
        ...

    def walk(self) -> Iterator[tuple[str, Stamp]]:
        """Yield the paths of all runbooks that are on this machine. Never raises."""
        ...

    def read(self, path: str, *, bare: bool = False) -> Raw:
        """Return one; `bare` without looking for its revision. Raises RunbookFault."""
        ...

    def probe(self) -> str:
        """Return one line: what it has. Raises RunbookFault or SourceFault."""
        ...


@runtime_checkable
class Synced(Source, Protocol):
    """A source that is copied as a whole in the background."""

    def sync(self, *, anew: bool = False) -> None:
        """Copy what changed, once the copies are old, or `anew`. Raises SourceFault or RunbookFault."""
        ...


@runtime_checkable
class Fetched(Source, Protocol):
    """A source whose runbooks are fetched one by one, by their address."""

    def covers(self, url: str) -> bool:
        """Say whether the configuration lets it fetch a URL."""
        ...

    def fetch(self, url: str) -> str:
        """Fetch it; return its path. Raises SourceFault or RunbookFault."""
        ...


def too_large(size: int) -> str:
    """Say that `size` bytes are too many for a runbook."""
    return f"{size / 1e6:.1f} MB; runbooks of up to {SIZE_LIMIT / 1e6:.0f} MB are read"
