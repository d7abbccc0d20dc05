"""Which lines of the timeline a person looks for: words that must all hold. Pure.

disk full              both words, anywhere in the text or the name of who wrote it, small or capital
"disk full"            the two in a row
kind:note              notes; also kind:decision, kind:question, kind:page, or the beginning of one
person:kim             what kim wrote or owns
service:checkout       what names the service, a note by a link too; page:P1 the page
source:grafana         what came from there
machine:no             what people wrote; machine:yes what machines did
is:late                written down well after it happened; also is:struck, is:amended, is:pinned
#db  @kim              the tag, the person, whole
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from iccon.incident.entries import MACHINE_KINDS, Entry
from iccon.incident.links import links
from iccon.incident.timeline import Item, Timeline

_WORD = re.compile(r'"(?P<phrase>[^"]*)"?|(?P<field>[a-z]+):(?P<value>"[^"]*"?|\S*)|\S+', re.IGNORECASE)
_MACHINE = {"yes": True, "no": False}
_STANDINGS: dict[str, Callable[[Item], bool]] = {
    "late": lambda item: item.late,
    "struck": lambda item: item.struck is not None,
    "amended": lambda item: item.amended,
    "pinned": lambda item: item.pinned,
}


class Line(Struct, frozen=True, gc=False):
    """What the rules look at: an entry as it stands now, and its reading as an item."""

    entry: Entry
    item: Item
    text: str  # who and what, for comparing

    @property
    def body(self) -> Any:
        """The entry's body, of any kind."""
        return self.entry.body


Rule = Callable[[Line], bool]


class Query(Struct, frozen=True):
    """What was asked for. `problem` says which word cannot be meant, "" where all can; that word then finds nothing."""

    words: str
    rules: tuple[Rule, ...] = ()
    problem: str = ""

    def finds(self, entry: Entry, timeline: Timeline) -> bool:
        """Say whether every word holds of `entry` as it stands now."""
        item = timeline.item(entry)
        line = Line(timeline.ledger.effective(entry), item, f"{item.actor} {item.text} {item.struck or ''}".casefold())
        return all(rule(line) for rule in self.rules)


def query(words: str) -> Query:
    """Read what a person typed; a word that is not finished (`kind:`, an open quote) asks for nothing yet."""
    rules: list[Rule] = []
    problems: list[str] = []
    for found in _WORD.finditer(words):
        rule = _rule(found)
        if isinstance(rule, str):
            problems.append(rule)
            rules.append(lambda line: False)
        elif rule is not None:
            rules.append(rule)
    return Query(words.strip(), tuple(rules), "; ".join(problems))


def _rule(found: re.Match[str]) -> Rule | str | None:
    name, wanted = (found["field"] or "").casefold(), (found["value"] or "").strip('"').casefold()
    if name in _FIELDS:
        return _FIELDS[name](wanted) if wanted else None
    word = found["phrase"].casefold() if found["phrase"] is not None else found.group().casefold()
    if word[:1] in ("#", "@") and len(word) > 1:
        return _tag(word)
    return (lambda line: word in line.text) if word else None


def _tag(word: str) -> Rule:
    whole = re.compile(rf"(?<![\w#@]){re.escape(word)}(?![\w-])")
    return lambda line: bool(whole.search(line.text)) or (word[0] == "@" and word[1:] in _people(line))


def _kind(wanted: str) -> Rule:
    return lambda line: any(
        kind.startswith(wanted) for kind in (line.item.kind, str(getattr(line.body, "what", "")).casefold()) if kind
    )


def _people(line: Line) -> Iterator[str]:
    named = (getattr(line.body, field, "") for field in ("owner", "person", "who"))
    return (name.casefold() for name in (line.entry.actor, *named) if name)


def _linked(line: Line, what: str) -> Iterator[str]:
    return (link.name for link in links(line.item.own) if link.what == what)


def _pages(line: Line) -> Iterator[str]:
    named = (getattr(getattr(line.body, "page", None), "id", ""), *_linked(line, "page"))
    return (name.casefold() for name in named if name)


def _services(line: Line) -> Iterator[str]:
    page = getattr(line.body, "page", None)
    named = (
        getattr(line.body, "service", ""),
        getattr(page, "service", ""),
        *getattr(line.body, "services", ()),
        *_linked(line, "service"),
    )
    return (name.casefold() for name in named if name)


def _sources(line: Line) -> Iterator[str]:
    named = (
        line.entry.source,
        getattr(line.body, "source", ""),
        getattr(getattr(line.body, "page", None), "source", ""),
    )
    return (name.casefold() for name in named if name)


def _named(names: Callable[[Line], Iterator[str]]) -> Callable[[str], Rule]:
    return lambda wanted: lambda line: any(wanted in name for name in names(line))


def _machine(wanted: str) -> Rule | str:
    meant = next((value for word, value in _MACHINE.items() if word.startswith(wanted)), None)
    if meant is None:
        return f"machine:{wanted} is neither machine:yes nor machine:no"
    return lambda line: (line.entry.kind in MACHINE_KINDS) == meant


def _standing(wanted: str) -> Rule | str:
    holds = next((rule for word, rule in _STANDINGS.items() if word.startswith(wanted)), None)
    if holds is None:
        return f"is:{wanted} is none of {', '.join(f'is:{word}' for word in _STANDINGS)}"
    return lambda line: holds(line.item)


_FIELDS: dict[str, Callable[[str], Rule | str]] = {
    "kind": _kind,
    "person": _named(_people),
    "service": _named(_services),
    "page": _named(_pages),
    "source": _named(_sources),
    "machine": _machine,
    "is": _standing,
}
