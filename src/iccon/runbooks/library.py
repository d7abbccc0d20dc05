"""The runbooks of all sources: found, read, matched."""

import hashlib
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from iccon.runbooks import frontmatter, matching
from iccon.runbooks.decoding import bounded, decoded
from iccon.runbooks.model import HEAD, SIZE_LIMIT, Document, Match, Runbook, RunbookFault, Skipped, Source, Stamp
from iccon.runbooks.sections import headings
from iccon.text import clean, clean_block

DRY_RUN = re.compile(r"(?:[A-Z0-9]+_)?DRY_?RUN")  # no other variable is set because a runbook says so


class _Known(Struct, frozen=True):
    stamp: Stamp
    runbook: Runbook


class Library:
    """The runbooks of `sources`. Blocking: used from threads that may wait for a disk.

    `skipped` lists what the last `find` passed over, and why.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.skipped: list[Skipped] = []
        self._known: dict[tuple[str, str], _Known] = {}
        self._found: list[Runbook] | None = None

    def find(self) -> list[Runbook]:
        """Look through the sources anew; return the runbooks by source and path. Never raises."""
        skipped: list[Skipped] = []
        known: dict[tuple[str, str], _Known] = {}
        for source in self.sources:
            for path, stamp in sorted(source.walk()):
                key = (source.name, path)
                old = self._known.get(key)
                try:
                    known[key] = old if old and old.stamp == stamp else _Known(stamp, self._head(source, path))
                except RunbookFault as fault:
                    skipped.append(Skipped(path, clean(fault.reason.removeprefix(f"{path}: "))))
            skipped += source.skipped
        self._known, self.skipped = known, skipped
        self._found = [entry.runbook for entry in known.values()]
        return list(self._found)

    def read(self, runbook: Runbook) -> Document:
        """Read a runbook whole. Its header is not part of the text. Raises RunbookFault."""
        source = next((each for each in self.sources if each.name == runbook.source), None)
        if source is None:
            raise RunbookFault(f"{runbook.source} is no source of runbooks of the configuration")
        raw = source.read(runbook.path)
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

    def match(self, alert: str = "", service: str = "", runbook_url: str = "", title: str = "") -> list[Match]:
        """Return the runbooks that fit a page, best first. Looks through the sources only the first time."""
        return matching.match(self._runbooks(), alert, service, runbook_url, title)

    def search(self, words: str) -> list[Match]:
        """Return the runbooks that hold all `words` (their parts count too), those with them in the title first."""
        return matching.search(self._texts(), words)

    def _runbooks(self) -> list[Runbook]:
        return self.find() if self._found is None else self._found

    def _texts(self) -> Iterator[tuple[Runbook, str]]:
        for runbook in self._runbooks():
            try:
                yield runbook, self.read(runbook).text
            except RunbookFault:
                continue

    def _head(self, source: Source, path: str) -> Runbook:
        text = decoded(source.read(path, HEAD).content)
        front = frontmatter.parse(text)
        named = headings(bounded(frontmatter.strip(text, front)))
        title = named[0].text if named else clean(next(iter(front.get("title")), ""), 200)
        return Runbook(
            source.name,
            path,
            title or clean(matching.file_name(path), 200),
            _cleaned(front.get("alert", "alerts", "alertname")),
            _cleaned(front.get("service", "services")),
        )


def _cleaned(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(value, 200) for value in values)
