"""The sources of runbooks by kind. Each is imported only where the configuration has one."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from iccon.clock import Clock
from iccon.config import schema
from iccon.config.secrets import SecretFault, resolve
from iccon.faults import FaultKind, SourceFault
from iccon.runbooks.folder import FolderSource, folder_sources
from iccon.runbooks.mirror import Mirror

if TYPE_CHECKING:
    from iccon.runbooks.model import Source
    from iccon.runbooks.wiki import Wiki


def local(given: schema.Runbooks) -> "list[Source]":
    """Return the sources on this machine's disk."""
    folders = folder_sources([Path(folder) for folder in given.folders], given.include, given.exclude)
    named = ((name, source) for name, source in given.sources.items() if source.kind == "folder")
    return [*folders, *(FolderSource(name, Path(s.path), s.include, s.exclude) for name, s in named)]


def remote(given: schema.Runbooks, cache_folder: Path, clock: Clock) -> "list[Source]":
    """Return the sources that are asked over the network; copies are kept below `cache_folder`."""
    named = ((name, source) for name, source in given.sources.items() if source.kind != "folder")
    return [_remote(name, source, Mirror(cache_folder / name), clock) for name, source in named]


def _remote(name: str, given: schema.RunbookSource, mirror: Mirror, clock: Clock) -> "Source":
    token = _token(given.token)
    if given.kind == "web":
        from iccon.runbooks.web import WebSource

        return WebSource(name, given, token, mirror, clock)
    from iccon.runbooks.wiki import WikiSource

    return WikiSource(name, given, _wiki(given, token), mirror, clock)


def _wiki(given: schema.RunbookSource, token: Callable[[], str]) -> "Wiki":
    if given.kind == "confluence":
        from iccon.runbooks.confluence import Confluence

        return Confluence(given, token)
    from iccon.runbooks.notion import Notion

    return Notion(given, token)


def _token(secret: schema.Secret | None) -> Callable[[], str]:
    """Return how to get a secret when it is first needed, on the thread that needs it."""

    @cache
    def resolved() -> str:
        try:
            return resolve(secret) if secret else ""
        except SecretFault as fault:
            raise SourceFault(FaultKind.UNAUTHORIZED, f"no credential: {fault.reason}") from None

    return resolved
