"""Which runbook fits an alert: by its runbook URL, its name, its service, and last the words of its title. Pure."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from iccon.runbooks.model import Match, Runbook

SHARE = 0.6  # of a runbook's title words that must stand in the alert's title

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OTHER = re.compile(r"[\W_]+")
_SUFFIX = re.compile(r"(?i)\.(?:md|markdown|html?)$")
_INDEX = frozenset(("readme", "index"))
_STOP = frozenset("a an and are at by for from has have in is its no not of on or than the to too was with".split())  # noqa: SIM905


def plain_name(name: str) -> str:
    """Return `name` so that `KubePodCrashLooping`, `kube-pod-crash-looping` and `Kube Pod crash looping` are one."""
    return _OTHER.sub("", name).casefold()


def words(text: str) -> frozenset[str]:
    """Return the words of `text`, camel case taken apart, without those that say nothing."""
    found = (part.casefold() for chunk in _OTHER.split(text) for part in _PART.findall(chunk) or [chunk])
    return frozenset(word for word in found if len(word) > 1 and word not in _STOP)


def match(runbooks: Sequence[Runbook], alert: str, service: str, url: str, title: str) -> list[Match]:
    """Return the runbooks that fit, best first, each once, with the reason in words. Empty texts match nothing."""
    wanted = words(title) | words(alert)
    ranked: list[tuple[int, float, str, Match]] = []
    for runbook in runbooks:
        if (fit := _fit(runbook, plain_name(alert), plain_name(service), _page_of(url), wanted)) is not None:
            rank, share, why = fit
            ranked.append((rank, -share, runbook.path, Match(runbook, why)))
    return [found for *_, found in sorted(ranked, key=lambda item: item[:3])]


def _page_of(url: str) -> str:
    """Return the plain name of a URL's last path part; of the one before where the last is an index page."""
    try:
        parts = [_SUFFIX.sub("", unquote(part)) for part in urlsplit(url.strip()).path.split("/") if part]
    except ValueError:
        return ""
    names = [plain_name(part) for part in parts]
    if len(names) > 1 and names[-1] in _INDEX:
        names.pop()
    return names[-1] if names else ""


def _fit(
    runbook: Runbook, alert: str, service: str, page: str, wanted: frozenset[str]
) -> tuple[int, float, str] | None:
    name = plain_name(file_name(runbook.path))
    if page and page == name:
        return 0, 1.0, "runbook URL"
    if alert and alert == name:
        return 1, 1.0, "alert name"
    if alert and alert in map(plain_name, runbook.alerts):
        return 1, 0.9, "alert name in its header"
    if service and (where := _service(runbook, name, service)):
        share = _share(runbook, wanted)
        return 2, share, f"service ({where})"
    share = _share(runbook, wanted)
    return (3, share, "title") if share >= SHARE else None


def file_name(path: str) -> str:
    """Return the name of a runbook's file without its ending; an index page is named as its folder is."""
    pure = PurePosixPath(path)
    return pure.parent.name if plain_name(pure.stem) in _INDEX and pure.parent.name else pure.stem


def _service(runbook: Runbook, name: str, service: str) -> str:
    if service in map(plain_name, runbook.services):
        return "header"
    if service == name:
        return "file name"
    return "folder" if service in map(plain_name, PurePosixPath(runbook.path).parts[:-1]) else ""


def _share(runbook: Runbook, wanted: frozenset[str]) -> float:
    """Return the share of the runbook's title (or file name) that stands in `wanted`; one word alone says nothing."""
    return max(_common(words(text), wanted) for text in (runbook.title, file_name(runbook.path)))


def _common(own: frozenset[str], wanted: frozenset[str]) -> float:
    common = len(own & wanted)
    return common / len(own) if common > 1 else 0.0


def search(texts: Iterable[tuple[Runbook, str]], query: str) -> list[Match]:
    """Return the runbooks that hold every word of `query`, those with words in the title first, then by frequency."""
    asked = [word for word in query.casefold().split() if word]
    ranked: list[tuple[int, int, str, Match]] = []
    for runbook, text in texts:
        title, body = f"{runbook.title} {runbook.path}".casefold(), text.casefold()
        if asked and all(word in title or word in body for word in asked):
            in_title = sum(word in title for word in asked)
            why = "title" if in_title == len(asked) else "text"
            ranked.append((-in_title, -sum(body.count(word) for word in asked), runbook.path, Match(runbook, why)))
    return [found for *_, found in sorted(ranked, key=lambda item: item[:3])]
