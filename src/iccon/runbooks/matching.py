"""Which runbook fits a page: by its runbook URL, alert, what helped before, service, labels, title. Pure."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from iccon.runbooks.model import Match, Runbook

KEPT = 65_536  # names and titles whose forms are remembered: all runbooks are compared at each look
BY_URL = "runbook URL"
SHARE = 0.6  # of a runbook's title words that must stand in the alert's title

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OTHER = re.compile(r"[\W_]+")
_SUFFIX = re.compile(r"(?i)\.(?:md|markdown|html?)$")
_INDEX = frozenset(("readme", "index"))
_ID = re.compile(r"[0-9]{4,}|[0-9a-f]{32}")  # what a wiki calls its pages
_STOP = frozenset("a an and are at by for from has have in is its no not of on or than the to too was with".split())  # noqa: SIM905


@lru_cache(KEPT)
def plain_name(name: str) -> str:
    """Return `name` so that `KubePodCrashLooping`, `kube-pod-crash-looping` and `Kube Pod crash looping` are one."""
    return _OTHER.sub("", name).casefold()


@lru_cache(KEPT)
def words(text: str) -> frozenset[str]:
    """Return the words of `text`, camel case taken apart, without those that say nothing."""
    found = (part.casefold() for chunk in _OTHER.split(text) for part in _PART.findall(chunk) or [chunk])
    return frozenset(word for word in found if len(word) > 1 and word not in _STOP)


class Wanted(Struct, frozen=True):
    """What a runbook is looked for: the page's alert, service, runbook URL, title and labels, as far as known.

    `helped` says in how many earlier incidents with that alert steps of a runbook were done, by the runbook's name.
    """

    alert: str = ""
    service: str = ""
    url: str = ""
    title: str = ""
    labels: Mapping[str, str] = {}
    helped: Mapping[str, int] = {}


class _Asked(Struct, frozen=True):
    """What is looked for, in the forms that are compared."""

    page: Wanted
    alert: str
    service: str
    place: tuple[str, ...]
    words: frozenset[str]


def match(runbooks: Sequence[Runbook], page: Wanted) -> list[Match]:
    """Return the runbooks that fit, best first, each once, with the reason in words. Empty texts match nothing."""
    asked = _Asked(
        page,
        plain_name(page.alert),
        plain_name(page.service),
        _place(_path_of(page.url)),
        words(page.title) | words(page.alert),
    )
    ranked: list[tuple[int, float, int, str, Match]] = []
    for runbook in runbooks:
        if (fit := _fit(runbook, asked)) is not None:
            rank, share, why = fit
            helped = page.helped.get(runbook.name, 0)
            ranked.append((rank, -share, -helped, runbook.name, Match(runbook, why)))
    return [found for *_, found in sorted(ranked, key=lambda item: item[:4])]


def _path_of(url: str) -> str:
    try:
        return unquote(urlsplit(url.strip()).path)
    except ValueError:
        return ""


@lru_cache(KEPT)
def _place(path: str) -> tuple[str, ...]:
    """Return the plain names of a path's parts, last first, without its ending and an index page's own name."""
    parts = [part for part in path.split("/") if part]
    names = [plain_name(part) for part in (*parts[:-1], *(_SUFFIX.sub("", part) for part in parts[-1:]))]
    if len(names) > 1 and names[-1] in _INDEX:
        names.pop()
    return tuple(reversed(names))


def _fit(runbook: Runbook, asked: _Asked) -> tuple[int, float, str] | None:
    """Return how well it fits, less is better; how well within that, more is better; and why."""
    place = _place(runbook.path)
    name = place[0] if place else ""
    if (common := _same_page(runbook, asked, place)) > 0:
        return 0, common, BY_URL
    if asked.alert and (named := _named(runbook, name, asked.alert)):
        near = sum(part == asked.service for part in place[1:]) + (asked.service in map(plain_name, runbook.services))
        return 1, named[0] + near, named[1]
    if times := asked.page.helped.get(runbook.name, 0):
        return 2, times, f"helped in {times} earlier incident{'s' if times > 1 else ''}"
    share = _share(runbook, asked.words)
    if asked.service and (where := _service(runbook, place, asked.service)):
        return 3, share, f"service ({where})"
    if runbook.labels and all(_holds(label, asked.page.labels) for label in runbook.labels):
        return 4, share, "labels in its header"
    return (5, share, "title") if share >= SHARE else None


def _same_page(runbook: Runbook, asked: _Asked, place: tuple[str, ...]) -> float:
    """Return how many parts of the URL's path are the runbook's; above all where it is its own address or id."""
    url = asked.page.url
    if not url:
        return 0
    if runbook.url and _address(url) == _address(runbook.url):
        return 1_000
    if _ID.fullmatch(runbook.path) and re.search(rf"(?<![0-9A-Za-z]){re.escape(runbook.path)}(?![0-9A-Za-z])", url):
        return 900
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] != "", zip(asked.place, place, strict=False)))


def _address(url: str) -> str:
    """Return what is the same of two addresses of one page."""
    return url.partition("#")[0].partition("://")[2].rstrip("/").casefold()


def _named(runbook: Runbook, name: str, alert: str) -> tuple[float, str] | None:
    if alert == name:
        return 0.9, "alert name"
    if alert in map(plain_name, runbook.alerts):
        return 0.8, "alert name in its header"
    return (0.7, "alert name in its title") if alert == plain_name(runbook.title) else None


def _holds(label: str, labels: Mapping[str, str]) -> bool:
    name, equals, value = label.partition("=")
    return bool(equals) and labels.get(name.strip()) == value.strip()


def file_name(path: str) -> str:
    """Return the name of a runbook's file without its ending; an index page is named as its folder is."""
    pure = PurePosixPath(path)
    return pure.parent.name if plain_name(pure.stem) in _INDEX and pure.parent.name else pure.stem


def _service(runbook: Runbook, place: tuple[str, ...], service: str) -> str:
    if service in map(plain_name, runbook.services):
        return "header"
    if service == place[0]:
        return "file name"
    return "folder" if service in place[1:] else ""


def _share(runbook: Runbook, wanted: frozenset[str]) -> float:
    """Return the share of the runbook's title (or file name) that stands in `wanted`; one word alone says nothing."""
    return max(_common(words(text), wanted) for text in (runbook.title, file_name(runbook.path)))


def _common(own: frozenset[str], wanted: frozenset[str]) -> float:
    common = len(own & wanted)
    return common / len(own) if common > 1 else 0.0
