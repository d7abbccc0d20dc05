"""Runbooks in a wiki: the pages of one are copied in the background, those that changed, and read from the copy.

What a wiki is asked for is its adapter's business (`confluence.py`, `notion.py`).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from iccon.clock import Clock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import Answered, checked
from iccon.runbooks.folder import fits
from iccon.runbooks.mirror import Kept, Mirror
from iccon.runbooks.model import SIZE_LIMIT, Raw, RunbookFault, Skipped, Stamp
from iccon.text import CleanText, clean, clean_block

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

PAGES: Final = 5_000  # of one wiki
ANSWERS: Final = 500  # pages of a list
TRIES: Final = 4  # of one question, where the wiki asks to wait
LONGEST: Final = 60.0  # seconds that it is waited for


class Listed(Struct, frozen=True):
    """A page as a wiki lists it; `revision` differs when it was changed. `url` is for people."""

    id: str
    title: CleanText
    revision: CleanText
    url: str


class Text(Struct, frozen=True):
    """What stands on a page, as Markdown without its title, and its labels."""

    markdown: str
    labels: tuple[str, ...] = ()


class Wiki(Protocol):
    """A wiki that is asked over HTTP. Blocking. Both raise SourceFault."""

    def pages(self) -> Iterator[Listed]:
        """Yield the pages that there are."""
        ...

    def text(self, page: Listed) -> Text:
        """Return what stands on one."""
        ...

    def probe(self) -> str:
        """Return one line: who answers."""
        ...


class WikiSource:
    """The pages of a wiki, copied. Blocking."""

    def __init__(self, name: str, config: schema.RunbookSource, wiki: Wiki, mirror: Mirror, clock: Clock) -> None:
        self.name = name
        self.key = "\0".join((config.kind, config.url, *config.spaces, "", *config.include, "", *config.exclude))
        self.skipped: Sequence[Skipped] = ()
        self._config = config
        self._wiki = wiki
        self._mirror = mirror
        self._clock = clock

    def walk(self) -> Iterator[tuple[str, Stamp]]:
        """Yield the copies. Never raises."""
        return self._mirror.walk()

    def read(self, path: str, *, bare: bool = False) -> Raw:
        """Return a copy. Raises RunbookFault."""
        kept = self._mirror.get(path)
        if kept is None:
            raise RunbookFault(f"{path}: no copy of it is kept")
        return Raw(kept.content, kept.revision, self._mirror.synced_at or kept.fetched_at)

    def sync(self, *, anew: bool = False) -> None:
        """Copy what changed, once the copies are old, or `anew`. Raises SourceFault or RunbookFault."""
        now, last = self._clock.now(), self._mirror.synced_at
        if not anew and last is not None and 0 <= (now - last).total_seconds() < self._config.refresh:
            return
        there = set()
        for page in self._wiki.pages():
            if not self._wanted(page.title):
                continue
            there.add(page.id)
            if len(there) > PAGES:
                raise RunbookFault(f"more than {PAGES:,} pages: narrow it with include and exclude")
            self._copy(page)
        self._mirror.retain(there)
        self._mirror.synced(now)

    def probe(self) -> str:
        """Return who answers, and how many copies there are. Raises SourceFault."""
        return f"{self._wiki.probe()}; copies kept: {sum(1 for _ in self.walk())}"

    def _copy(self, page: Listed) -> None:
        kept = self._mirror.get(page.id)
        if kept is not None and (kept.revision, kept.url) == (page.revision, page.url):
            return
        text = self._wiki.text(page)
        labels = tuple(clean(label, 100) for label in text.labels[:50])
        body = clean_block(f"# {page.title}\n\n{text.markdown}", SIZE_LIMIT)
        self._mirror.put(Kept(page.id, body, page.url, page.revision, self._clock.now(), labels))

    def _wanted(self, title: str) -> bool:
        config = self._config
        return (not config.include or fits(title, config.include)) and not fits(title, config.exclude)


class Asking:
    """Questions to one server: not faster than `pause` seconds, and again where it says when to come back."""

    def __init__(self, pause: float = 0.0, wait: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._wait = wait

    def ask(self, session: "GuardedSession", method: str, url: str, **given: Any) -> Answered:
        """Return the answer. Raises SourceFault. For questions that change nothing."""
        for left in range(TRIES, 0, -1):
            try:
                self._wait(self._pause)
                return checked(session.request(method, url, **given))
            except SourceFault as fault:
                if fault.kind is not FaultKind.RATE_LIMITED or left == 1 or (fault.retry_after or 1.0) > LONGEST:
                    raise
                self._wait(fault.retry_after or 1.0)
        raise AssertionError


def said(found: dict[str, Any], key: str) -> str:
    """Return a text or number as it was sent, "" for anything else: it is cleaned with the page it stands on."""
    value = found.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def endless(count: int) -> None:
    """Raise SourceFault where a list has too many pages: one that begins anew for ever."""
    if count > ANSWERS:
        raise SourceFault(FaultKind.BAD_ANSWER, f"a list of more than {ANSWERS} answers: it does not end")
