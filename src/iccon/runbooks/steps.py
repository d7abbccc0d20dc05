"""The steps of a runbook: its numbered items, task-list items and code fences, in order. Pure; never raises.

A step's id is made of the heading above it and of what it says, so that it keeps its mark when others are added, moved
or taken away; a step that says something else is another step, and open.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from iccon.runbooks.markdown import PARSE_LIMIT, parse
from iccon.runbooks.model import Document
from iccon.runbooks.sections import Section, headings, sections
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from markdown_it.token import Token

LIMIT = 2_000  # steps of one runbook
ID_LENGTH = 8

_BOX = re.compile(r"\A\[[ xX]\]\s+")
_MARKS = re.compile(r"[`*]|(?<!\w)_|_(?!\w)")


class Step(Struct, frozen=True):
    """One step: its id, the line of the document's text where it begins (from 0), its first words, the heading above.

    `code` says that it is a code fence that stands by itself, `total` how many steps its runbook has.
    """

    id: str
    line: int
    text: CleanText
    section: CleanText
    code: bool
    total: int = 0


def steps(document: Document) -> tuple[Step, ...]:
    """Return the steps of a runbook, at most 2,000. Parses all of it: for a long one this is work for a thread."""
    found = list(islice(_steps(document), LIMIT))
    return tuple(structs.replace(step, total=len(found)) for step in found)


def _steps(document: Document) -> Iterator[Step]:
    seen: Counter[str] = Counter()
    heading = clean("")
    for section in sections(document):
        heading = section.heading.text if section.heading else heading
        for draft in _drafts(section):
            if draft.words():
                ident = draft.hash(heading)
                seen[ident] += 1
                number = f"-{seen[ident]}" if seen[ident] > 1 else ""
                yield Step(ident + number, section.line + draft.line, draft.words(), heading, draft.code)


def as_pinned(document: Document, text: str, digest: str) -> Document:
    """Return the version of `document` that was kept: its text and the SHA-256 of the file that it was."""
    kept = CleanText(text)
    return structs.replace(document, text=kept, headings=headings(kept), digest=digest)


class _Draft(Struct):
    """A step while its parts are gathered."""

    line: int
    code: bool
    parts: list[str]

    def words(self) -> CleanText:
        """Return its first line, without the marks of Markdown."""
        first = next((line for part in self.parts for line in part.split("\n") if line.strip()), "")
        return clean(first if self.code else _MARKS.sub("", first), 200)

    def hash(self, heading: str) -> str:
        """Return what names it."""
        said = "\0".join((heading, *(part.strip() for part in self.parts)))
        return sha256(said.encode("utf-8", "replace")).hexdigest()[:ID_LENGTH]


def _drafts(section: Section) -> list[_Draft]:
    if len(section.text) > PARSE_LIMIT:  # the viewer shows it as it is written
        return []
    try:
        return list(_walk(parse(section), section.text.count("\n")))
    except Exception:  # a fault of the parser: the viewer shows the section as it is written
        return []


def _walk(tokens: list["Token"], last: int) -> Iterator[_Draft]:
    """Yield the steps among `tokens`; what an item says inside of it, other steps apart, belongs to it."""
    found: list[_Draft] = []
    lists: list[bool] = []  # of each list that is open: is it numbered?
    items: list[_Draft | None] = []  # of each item that is open: the step it is
    for at, token in enumerate(tokens):
        line = min((token.map or [0])[0], last)
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(token.type[0] == "o")
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            items.append(_Draft(line, False, []) if lists[-1] or is_task(tokens, at) else None)
            found += (item for item in items[-1:] if item)
        elif token.type == "list_item_close":
            items.pop()
        elif token.type in ("inline", "fence"):
            _say(token, line, items, found)
    yield from found


def _say(token: "Token", line: int, items: list[_Draft | None], found: list[_Draft]) -> None:
    step = next((item for item in reversed(items) if item), None)
    if step is not None:
        step.parts.append(token.content if step.parts else _BOX.sub("", token.content))
    elif token.type == "fence" and (token.map or [0])[0] >= 0 and clean(token.info, 60) != "mermaid":
        found.append(_Draft(line, True, [token.content]))


def is_task(tokens: list["Token"], at: int) -> bool:
    """Say whether the list item that opens at `at` has a box to tick."""
    first = tokens[at + 2] if at + 2 < len(tokens) and tokens[at + 1].type == "paragraph_open" else None
    return first is not None and _BOX.match(first.content) is not None
