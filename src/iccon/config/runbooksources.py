"""What no single key of [runbooks.sources] can tell: names that must differ, secrets that must not be readable."""

import re
from pathlib import Path

from iccon.config.checked import Checker
from iccon.config.schema import Runbooks, RunbookSource

_NAME = re.compile(r"[\w.-]+")


def check_sources(check: Checker, given: Runbooks) -> None:
    """Note the problems of the sources of runbooks."""
    folders = {Path(folder).name for folder in given.folders}
    for name, source in given.sources.items():
        path = ("runbooks", "sources", name)
        if not _NAME.fullmatch(name):
            check.problem(
                path, "a name with other characters", "letters, digits, _ . -", "it stands before a runbook's path"
            )
        if name in folders:
            check.problem(path, f"{name}, as one of runbooks.folders is named too", "another name")
        _check_secret(check, source, (*path, "url"))


def _check_secret(check: Checker, source: RunbookSource, path: tuple[str, ...]) -> None:
    from iccon.net import is_loopback  # only where there are such sources

    if source.token is not None and source.url.startswith("http://") and not is_loopback(source.url):
        check.problem(path, "http:// and a token", "https://", "the token would be readable on the way")
