"""The runbooks of all sources: found, indexed, read, matched."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from threading import Lock

from iccon.clock import SystemClock
from iccon.faults import SourceFault
from iccon.net import host_of
from iccon.runbooks import frontmatter, matching
from iccon.runbooks.decoding import bounded, decoded
from iccon.runbooks.index import Entry, Index, mentioned, wanted
from iccon.runbooks.matching import Wanted
from iccon.runbooks.model import (
    HEAD,
    SIZE_LIMIT,
    Document,
    Fetched,
    Match,
    Runbook,
    RunbookFault,
    Skipped,
    Source,
    Stamp,
    Synced,
)
from iccon.runbooks.sections import headings
from iccon.text import CleanText, clean, clean_block

DRY_RUN = re.compile(r"(?:[A-Z0-9]+_)?DRY_?RUN")  # no other variable is set because a runbook says so
BATCH = 50  # runbooks indexed in one go: a search waits for no more
BODY = 200_000  # characters of a runbook that are searched
REST = 300.0  # seconds that a server in trouble is left alone
NEAR = 5  # runbooks that fit a page only by their text

_clock = SystemClock()  # a server's rest is the machine's own time, in drills too


class Library:
    """The runbooks of `sources`. Blocking: used from threads that may wait for a disk; any number of them.

    What is known is kept in `index` between starts; `refresh` brings it up to date.
    """

    def __init__(self, sources: Sequence[Source], index: Index | None = None) -> None:
        self.sources = tuple(sources)
        self._index = index or Index(None)
        self._books: list[Runbook] | None = None
        self._lost = 0
        self._refreshing = Lock()
        self._troubles: dict[str, CleanText] = {}
        self._resting: dict[str, float] = {}  # until when, monotonic seconds

    def refresh(self) -> int:
        """Look through the sources, index what changed, forget what is gone; return how many changed. Never raises."""
        with self._refreshing:
            changed = -1
            while changed < 0 or self._lost != self._index.lost:  # an index that breaks meanwhile is filled again
                self._lost = self._index.lost
                changed = sum(self._refresh(source) for source in self.sources)
            self._books = None
            return changed

    def find(self) -> list[Runbook]:
        """Look through the sources anew; return the runbooks by source and path. Never raises."""
        self.refresh()
        return self.books()

    def books(self) -> list[Runbook]:
        """Return the runbooks that are known, by source and path; looks through the sources where none are."""
        books = self._books
        if books is None:
            books = self._known()
            if not books or self._lost != self._index.lost:
                self.refresh()
                books = self._known()
            self._books = books
        return books

    @property
    def skipped(self) -> list[Skipped]:
        """What the last look passed over, and why."""
        return [each for s in self.sources for each in (*s.skipped, *self._index.skipped(s.key))]

    def read(self, runbook: Runbook) -> Document:
        """Read a runbook whole. Its header is not part of the text. Raises RunbookFault."""
        raw = self._source(runbook).read(runbook.path)
        text = decoded(raw.content)
        front = frontmatter.parse(text)
        body = clean_block(bounded(frontmatter.strip(text, front)), SIZE_LIMIT)
        digest = hashlib.sha256(raw.content).hexdigest()
        risk, dry = front.get("risk"), next(iter(front.get("dry_run", "dry-run")), "")
        return Document(
            runbook,
            body,
            headings(body),
            digest,
            raw.revision,
            raw.fetched_at,
            risk=tuple(clean(word, 60) for word in risk),
            dry_run=dry if DRY_RUN.fullmatch(dry) else "",
        )

    def match(self, page: Wanted) -> list[Match]:
        """Return the runbooks that fit a page, best first: by what they are for, then by their text."""
        found = matching.match(self.books(), page)
        there = {match.runbook.name for match in found}
        query = mentioned(page.alert, matching.words(page.alert))
        hits = self._index.search(self._keys, query, NEAR)
        return found + [Match(hit.runbook, "text", hit.snippet) for hit in hits if hit.runbook.name not in there]

    def fitting(self, page: Wanted) -> list[Match]:
        """Return all runbooks, those that fit a page first."""
        found = self.match(page)
        there = {match.runbook.name for match in found}
        return found + [Match(book, "") for book in self.books() if book.name not in there]

    def search(self, words: str) -> list[Match]:
        """Return the runbooks that hold all `words` or what begins so, best first, with the place in their text."""
        self.books()
        return [Match(hit.runbook, "text", hit.snippet) for hit in self._index.search(self._keys, wanted(words))]

    def sync(self, *, anew: bool = False) -> dict[str, CleanText]:
        """Copy what changed on servers, `anew` also where copies are young; never raises.

        Return what is wrong, by source. One in trouble is left alone for a while.
        """
        copied = [source for source in self.sources if isinstance(source, Synced)]
        for source in copied:
            if anew or _clock.monotonic() >= self._resting.get(source.name, 0.0):
                self._sync(source, anew)
        if copied:
            self.refresh()
        return dict(self._troubles)

    def _sync(self, source: Synced, anew: bool) -> None:
        self._troubles.pop(source.name, None)
        try:
            source.sync(anew=anew)
        except (SourceFault, RunbookFault) as fault:
            asked = fault.retry_after if isinstance(fault, SourceFault) else None
            self._resting[source.name] = _clock.monotonic() + max(REST, asked or 0.0)
            self._troubles[source.name] = fault.reason

    def fetch(self, url: str) -> Runbook:
        """Return the runbook at an address, fetched now. Raises RunbookFault, also where no source allows it."""
        source = next((s for s in self.sources if isinstance(s, Fetched) and s.covers(url)), None)
        if source is None:
            how = f'runbooks.sources.NAME = {{ kind = "web", url = "https://{host_of(url)}/" }}'
            raise RunbookFault(f"{host_of(url)} is no place to fetch from; to allow it, in config.toml:  {how}")
        try:
            path = source.fetch(url)
        except SourceFault as fault:
            raise RunbookFault(fault.reason) from None
        self.refresh()
        found = next((book for book in self.books() if (book.source, book.path) == (source.name, path)), None)
        if found is None:
            raise RunbookFault(f"{url} was fetched, but cannot be read")
        return found

    @property
    def _keys(self) -> list[str]:
        return [source.key for source in self.sources]

    def _source(self, runbook: Runbook) -> Source:
        source = next((each for each in self.sources if each.name == runbook.source), None)
        if source is None:
            raise RunbookFault(f"{runbook.source} is no source of runbooks of the configuration")
        return source

    def _known(self) -> list[Runbook]:
        return [book for source in self.sources for book in self._index.books(source.key)]

    def _refresh(self, source: Source) -> int:
        key, found = source.key, dict(source.walk())
        known, digests = self._index.stamps(key), self._index.digests(key)
        changed = [path for path, stamp in found.items() if known.get(path) != stamp]
        self._index.drop(key, known.keys() - found.keys())
        for paths in _batches(sorted(changed)):
            entries = [_entry(source, path, found[path]) for path in paths]
            same = {e.path: e.stamp for e in entries if e.digest and e.digest == digests.get(e.path)}
            self._index.touch(key, same)
            self._index.put(key, [entry for entry in entries if entry.path not in same])
        return len(changed)


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    left = iter(paths)
    while batch := list(islice(left, BATCH)):
        yield batch


def _entry(source: Source, path: str, stamp: Stamp) -> Entry:
    """Read one runbook for the index."""
    try:
        content = source.read(path, bare=True).content
    except RunbookFault as fault:
        return Entry(path, stamp, fault=clean(fault.reason.removeprefix(f"{path}: ")))
    text = decoded(content)
    front = frontmatter.parse(text)
    body = bounded(frontmatter.strip(text, front)[:BODY])
    runbook = _runbook(source, path, front, body[:HEAD])
    names = " ".join((*runbook.alerts, *runbook.services, path, *matching.words(path)))
    digest = hashlib.sha256(content).hexdigest()
    return Entry(path, stamp, digest, runbook, names, clean_block(body, BODY))


def _runbook(source: Source, path: str, front: frontmatter.FrontMatter, head: str) -> Runbook:
    named = headings(head)
    title = named[0].text if named else clean(next(iter(front.get("title")), ""), 200)
    return Runbook(
        source.name,
        path,
        title or clean(matching.file_name(path), 200),
        _cleaned(front.get("alert", "alerts", "alertname")),
        _cleaned(front.get("service", "services")),
        _cleaned(front.get("label", "labels")),
        next(iter(_cleaned(front.get("url", "runbook_url"))), ""),
    )


def _cleaned(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(value, 200) for value in values)
