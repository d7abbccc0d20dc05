"""The kinds of outlets. A third party adds one by an entry point of the group `iccon.outlets`."""

import difflib
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from iccon.config.schema import Outlet as Config
from iccon.config.schema import Secret
from iccon.incident.severity import Audience
from iccon.text import CleanText, clean
from iccon.updates.model import Outlet

GROUP = "iccon.outlets"


PUBLIC = ("statuspage",)  # kinds that everybody reads


def audiences(config: Config) -> tuple[str, ...]:
    """Return for whom an outlet is: as configured, else customers alone where everybody reads, else everyone."""
    return config.audiences or ((Audience.CUSTOMER,) if config.kind in PUBLIC else tuple(Audience))


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
    return WebhookOutlet(given.name, given.config.url, _secret(given, "secret"), given.config.timeout)


def _secret(given: Given, key: str) -> str:
    named: Secret | None = getattr(given.config, key)
    return given.resolve_secret(named) if named is not None else ""


def _slack(given: Given) -> Outlet:
    from iccon.updates.outlets.slack import SlackOutlet

    own = given.config
    return SlackOutlet(given.name, own.channel, _secret(given, "token"), own.url, own.timeout, own.ca_file)


def _statuspage(given: Given) -> Outlet:
    from iccon.updates.outlets.statuspage import StatuspageOutlet

    own, token = given.config, _secret(given, "token")
    return StatuspageOutlet(given.name, own.page, token, own.components, own.url, own.timeout, own.ca_file)


def _teams(given: Given) -> Outlet:
    from iccon.updates.outlets.teams import TeamsOutlet

    return TeamsOutlet(given.name, _secret(given, "address"), given.config.timeout)


def _email(given: Given) -> Outlet:
    from iccon.updates.outlets.email import EmailOutlet

    own = given.config
    login = (own.user, _secret(given, "password")) if own.user else None
    return EmailOutlet(given.name, own.server, own.sender, own.to, login, own.timeout, own.ca_file)


def _grafana(given: Given) -> Outlet:
    from iccon.updates.outlets.grafana import GrafanaOutlet

    own = given.config
    return GrafanaOutlet(given.name, own.url, _secret(given, "token"), own.tags, own.timeout, own.ca_file)


def _command(given: Given) -> Outlet:
    from iccon.updates.outlets.command import CommandOutlet

    return CommandOutlet(given.name, given.config.command, given.config.timeout)


KINDS: dict[str, Build] = {
    "file": _file,
    "clipboard": _clipboard,
    "webhook": _webhook,
    "slack": _slack,
    "statuspage": _statuspage,
    "teams": _teams,
    "email": _email,
    "grafana": _grafana,
    "command": _command,
}


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
