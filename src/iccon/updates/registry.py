"""The kinds of outlets. A third party adds one by an entry point of the group `iccon.outlets`."""

import difflib
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from iccon.config.schema import Outlet as Config
from iccon.config.schema import Secret
from iccon.text import CleanText, clean
from iccon.updates.model import Outlet

GROUP = "iccon.outlets"


class Given(Struct, frozen=True):
    """What an outlet is built from.

    `resolve_secret` may raise what the configuration's secrets raise; `copy` tries the clipboard and says what it did.
    """

    name: str
    config: Config
    resolve_secret: Callable[[Secret], str]
    data_folder: Path
    copy: Callable[[str], str] | None = None


Build = Callable[[Given], Outlet]


class OutletFault(Exception):
    """An outlet cannot be built from its configuration: `key` is at fault, `reason` is one clean line."""

    def __init__(self, name: str, key: str, reason: object) -> None:
        self.name = name
        self.key = key
        self.reason: CleanText = clean(reason, 300)
        super().__init__(f"updates.outlets.{name}.{key}: {self.reason}")


def _file(given: Given) -> Outlet:
    from iccon.updates.outlets.file import FileOutlet

    if not given.config.path:
        raise OutletFault(given.name, "path", "a file outlet needs the path of its file")
    return FileOutlet(given.name, given.data_folder / Path(given.config.path).expanduser())


def _clipboard(given: Given) -> Outlet:
    from iccon.updates.outlets.clipboard import ClipboardOutlet

    return ClipboardOutlet(given.name, given.data_folder / "clipboard", given.copy)


def _webhook(given: Given) -> Outlet:
    from iccon.updates.outlets.webhook import WebhookOutlet

    if not given.config.url.lower().startswith(("http://", "https://")):
        raise OutletFault(given.name, "url", "a webhook outlet needs an address that begins with https:// or http://")
    secret = given.resolve_secret(given.config.secret) if given.config.secret else ""
    return WebhookOutlet(given.name, given.config.url, secret, given.config.timeout)


KINDS: dict[str, Build] = {"file": _file, "clipboard": _clipboard, "webhook": _webhook}


def build(
    name: str,
    config: Config,
    resolve_secret: Callable[[Secret], str],
    data_folder: Path,
    copy: Callable[[str], str] | None = None,
) -> Outlet:
    """Return the outlet that `config` describes. A relative path is meant from `data_folder`.

    Raises OutletFault, and what `resolve_secret` raises. Looks for entry points only where the kind is not built in.
    """
    make = KINDS.get(config.kind) or _third_party(name, config.kind)
    return make(Given(name, config, resolve_secret, data_folder, copy))


def _third_party(name: str, kind: str) -> Build:
    from importlib.metadata import entry_points  # reads every installed package: only when asked

    found = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in found:
        known = sorted({*KINDS, *found})
        near = difflib.get_close_matches(kind, known, 1)
        raise OutletFault(
            name,
            "kind",
            f"there is no kind {kind}; " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"),
        )
    try:
        make: Build = found[kind].load()
    except Exception as error:  # a foreign package may raise anything; the other outlets must go on
        raise OutletFault(name, "kind", f"the package that brings {kind} does not load: {error}") from error
    return make
