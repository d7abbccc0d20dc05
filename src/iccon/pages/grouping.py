"""Pages that belong together as a handful of rows. Pure.

The finest rule is taken whose rows a person can take in at one look; a coarser one stays until the finer has clearly
few rows again, so that a storm does not shuffle the list at every poll. Every page is in exactly one group.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from iccon.pages.model import UNKNOWN_TIME, Page, PageStatus
from iccon.text import CleanText, clean

MOST: Final = 12  # rows that a person takes in at one look
FEW: Final = 8  # a finer rule must have no more than these to come back
_SAMPLE: Final = 500  # pages whose parts alone may tell that a rule makes too many rows
APART: Final = timedelta(hours=1)  # without a page for so long, the next one is another occurrence
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NUMBERS: Final = re.compile(rf"{_UUID}|[0-9]+(?:\.[0-9]+)+|\b(?:0x)?[0-9a-f]*[0-9][0-9a-f]*\b|[0-9]+")
_LOUDEST: Final = {status: rank for rank, status in enumerate(PageStatus)}


class Group(Struct, frozen=True):
    """Pages that belong together, in the order given. `key` is the same after a refresh; `title` what they share.

    `counts` says how many of its pages stand where, the loudest first; those that none has are left out. `newest` is
    when its newest page was opened (aware UTC), `keys` are its pages'. All is worked out once: a row is painted every
    second.
    """

    key: str
    title: CleanText
    pages: tuple[Page, ...]
    counts: dict[PageStatus, int]
    newest: datetime
    keys: tuple[str, ...]

    @property
    def status(self) -> PageStatus:
        """The loudest of its pages': one that nobody has is never hidden by one that somebody has."""
        return next(iter(self.counts))


class Grouping(Struct, frozen=True):
    """All groups, those with the loudest page first, and the rule by which they were made, as people read it.

    `pages` has every page by its key, in their order, `several` the groups of more than one by theirs, `group_of` the
    key of such a group by that of a page in it: made with the groups, where nobody waits for the screen.
    """

    rule: CleanText
    groups: tuple[Group, ...]
    pages: dict[str, Page]
    several: dict[str, Group]
    group_of: dict[str, str]


def shape(title: str) -> CleanText:
    """Return a title without what differs from one page to the next of the same kind: numbers and ids."""
    return clean(_NUMBERS.sub("#", title.casefold()), 200)


def _kind(page: Page) -> str:
    return page.alert or shape(page.title)


_Rule = tuple[str, Callable[[Page], tuple[str, ...]]]
RULES: Final[tuple[_Rule, ...]] = (
    ("service, alert and place", lambda page: (page.service, _kind(page), page.place)),
    ("service and alert", lambda page: (page.service, _kind(page))),
    ("service", lambda page: (page.service,)),
    ("alert", lambda page: (_kind(page),)),
    ("everything", lambda page: ()),
)


def grouped(pages: Sequence[Page], before: str = "", give_way: Callable[[], object] = lambda: None) -> Grouping:
    """Return `pages` (loudest first) in groups; `before` is the rule of the last grouping, "" where there was none.

    Calls `give_way` between pages.
    """
    names = [name for name, _ in RULES]
    coarse = names.index(before) if before in names else 0
    made: list[Group] = []
    for rank, (name, parts) in enumerate(RULES):
        if len({parts(page) for page in pages[:_SAMPLE]}) > MOST:
            continue  # far too many rows, without making them
        made = _by(pages, name, parts, give_way)
        if len(made) <= (FEW if rank < coarse else MOST):
            break
    return _grouping(name, made, {page.key: page for page in pages})


def _grouping(rule: str, made: list[Group], pages: dict[str, Page]) -> Grouping:
    several = {group.key: group for group in made if len(group.pages) > 1}
    group_of = {key: group.key for group in several.values() for key in group.keys}
    return Grouping(CleanText(rule), tuple(made), pages, several, group_of)


def _by(
    pages: Sequence[Page], rule: str, parts: Callable[[Page], tuple[str, ...]], give_way: Callable[[], object]
) -> list[Group]:
    found: dict[tuple[str, ...], list[Page]] = {}
    for page in pages:
        give_way()
        found.setdefault(parts(page), []).append(page)
    groups = [group for values, members in found.items() for group in _occurrences(rule, values, members)]
    return sorted(groups, key=lambda group: _LOUDEST[group.status])


def _occurrences(rule: str, values: tuple[str, ...], members: list[Page]) -> Iterable[Group]:
    """Split where no page came for so long; the newest keeps the plain key, so that what is chosen stays chosen."""
    title = clean(" · ".join(value for value in values if value) or "(no service)" if values else "all pages", 200)
    key = "\0".join((rule, *values))
    for number, pages in enumerate(_apart(members)):
        since = f"\0{min(page.created_at for page in pages):%Y-%m-%dT%H}" if number else ""
        mine = {page.key for page in pages}
        ordered = tuple(page for page in members if page.key in mine) if len(pages) < len(members) else tuple(members)
        keys = tuple(page.key for page in ordered)
        yield Group(f"group:{key}{since}", title, ordered, _counts(ordered), pages[0].created_at, keys)


def _counts(pages: Sequence[Page]) -> dict[PageStatus, int]:
    found = Counter(page.status for page in pages)
    return {status: found[status] for status in PageStatus if found[status]}


def _apart(members: list[Page]) -> list[list[Page]]:
    """Return the occurrences, the newest first; a page of unknown time goes with the newest."""
    newest_first = sorted(members, key=lambda page: page.created_at, reverse=True)
    runs: list[list[Page]] = [[]]
    for page in newest_first:
        last = runs[-1][-1].created_at if runs[-1] else page.created_at
        if page.created_at != UNKNOWN_TIME and last - page.created_at > APART:
            runs.append([])
        runs[0 if page.created_at == UNKNOWN_TIME else -1].append(page)
    return runs
