"""The short and special forms of the configuration file, and what a well-formed URL, e-mail or zone is."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from iccon import when
from iccon.config.checked import MISSING, Checker, Fault, Special, did_you_mean, one_of, shown
from iccon.config.lines import KeyPath
from iccon.config.schema import Alertmanager, ChangeFeed, Outlet, Prometheus, RunbookSource, Secret, Tracker, Url

MAIN = "main"  # the name of a server given in the short form
REFERENCE = 'a reference: { env = "NAME" }, { command = ["…"] }, { keyring = "service/user" } or { file = "…" }'
_CALLED = ("url", "token", "ca_file", "timeout")
OUTLET_KEYS = {
    kind: ("audiences", *keys)
    for kind, keys in {
        "file": ("path",),
        "clipboard": (),
        "webhook": ("url", "secret", "timeout"),
        "slack": ("channel", *_CALLED),
        "statuspage": ("page", "components", *_CALLED),
        "teams": ("address", "timeout"),
        "email": ("server", "sender", "to", "user", "password", "ca_file", "timeout"),
        "grafana": ("tags", *_CALLED),
        "command": ("command", "timeout"),
    }.items()
}
OUTLET_NEEDS = {
    "file": ("path",),
    "webhook": ("url",),
    "slack": ("channel", "token"),
    "statuspage": ("page", "token"),
    "teams": ("address",),
    "email": ("server", "sender", "to"),
    "grafana": ("url", "token"),
    "command": ("command",),
}
_WEB = ("token", "service", "ca_file", "timeout")
CHANGE_KEYS = {
    "pagerduty": ("url", "label", *_WEB),
    "grafana": ("url", "tags", "label", *_WEB),
    "github": ("repository", "environment", "url", *_WEB),
    "prometheus": ("query", "server", "label", "service"),
    "file": ("path", "service"),
}
CHANGE_NEEDS = {"grafana": ("url",), "github": ("repository",), "prometheus": ("query",), "file": ("path",)}

TRACKER_KEYS = {
    "github": ("repository", "token", "url", "ca_file", "timeout"),
    "jira": ("url", "project", "issue_type", "email", "token", "ca_file", "timeout"),
    "webhook": ("url", "secret", "timeout"),
}
TRACKER_NEEDS = {
    "github": ("repository", "token"),
    "jira": ("url", "project", "email", "token"),
    "webhook": ("url",),
}
_WIKI = ("token", "include", "exclude", "ca_file", "refresh", "timeout")
RUNBOOK_KEYS = {
    "folder": ("path", "include", "exclude"),
    "web": ("url", *_WIKI),
    "confluence": ("url", "spaces", "email", *_WIKI),
    "notion": ("url", *_WIKI),
}
RUNBOOK_NEEDS = {
    "folder": ("path",),
    "web": ("url",),
    "confluence": ("url", "spaces", "token"),
    "notion": ("token",),
}


def specials(owner_only: bool, folder: Path) -> dict[Any, Special]:
    """Return the decoders of special forms. `owner_only`: may secrets stand in the file itself?"""
    return {
        Secret: lambda check, data, path: _secret(check, data, path, owner_only, folder),
        Alertmanager: _alertmanager,
        Outlet: lambda c, d, p: _of_kind(c, d, p, Outlet, "outlet", OUTLET_KEYS, OUTLET_NEEDS),
        ChangeFeed: lambda c, d, p: _of_kind(c, d, p, ChangeFeed, "source", CHANGE_KEYS, CHANGE_NEEDS),
        RunbookSource: lambda c, d, p: _of_kind(c, d, p, RunbookSource, "source", RUNBOOK_KEYS, RUNBOOK_NEEDS),
        Tracker: lambda c, d, p: _of_kind(c, d, p, Tracker, "tracker", TRACKER_KEYS, TRACKER_NEEDS),
        dict[str, Prometheus]: lambda check, data, path: _servers(check, data, path, Prometheus),
        dict[str, Alertmanager]: lambda check, data, path: _servers(check, data, path, Alertmanager),
    }


def _servers(check: Checker, data: Any, path: KeyPath, cls: type[Struct]) -> Any:
    """Decode `[prometheus] url = …` (the server called main) and `[prometheus.NAME]`, also side by side."""
    if not isinstance(data, dict):
        check.problem(path, "text" if isinstance(data, str) else _type(data), f'a table: [{path[0]}] with url = "…"')
        return MISSING
    names = {*cls.__struct_fields__, "url"}
    own = {key: value for key, value in data.items() if key in names or not isinstance(value, dict)}
    named = {key: value for key, value in data.items() if key not in own}
    servers = check.mapping(cls, named, path)
    if not own:
        return servers
    if MAIN in named:
        check.problem((*path, MAIN), "a second server called main", "another name", "the short form is called main")
    server = check.value(cls, own, path)
    return servers if server is MISSING else {MAIN: server, **servers}


def _alertmanager(check: Checker, data: Any, path: KeyPath) -> Any:
    """Decode an Alertmanager, whose single `url` may stand for `urls`."""
    if not isinstance(data, dict) or "url" not in data:
        return _or_missing(check.struct(Alertmanager, data, path))
    if "urls" in data:
        check.problem((*path, "url"), "url and urls", "one of the two")
    url = check.value(Url, data["url"], (*path, "url"))
    rest = {key: value for key, value in data.items() if key not in ("url", "urls")}
    given = check.struct(Alertmanager, {**rest, "urls": ["http://unread" if url is MISSING else url]}, path)
    return MISSING if url is MISSING else _or_missing(given)


_Keys = Mapping[str, tuple[str, ...]]


def _of_kind(check: Checker, data: Any, path: KeyPath, cls: type[Struct], noun: str, keys: _Keys, needs: _Keys) -> Any:
    """Decode a table that has a `kind`, and hold it to the keys of its kind."""
    made = check.struct(cls, data, path)
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in keys:
        return _or_missing(made)
    for key in data:
        if key in cls.__struct_fields__ and key not in ("kind", *keys[kind]):
            own = one_of(keys[kind]) if keys[kind] else "no further key"
            check.problem((*path, key), key, f"{own} (this {noun} is of kind {kind})")
    for key in needs.get(kind, ()):
        if not data.get(key):
            article = "an" if noun == "outlet" else "a"
            check.problem((*path, key), "nothing", f"a {key}", f"{article} {noun} of kind {kind} needs it")
    return _or_missing(made)


def _or_missing(value: object) -> object:
    return MISSING if value is None else value


def _secret(check: Checker, data: Any, path: KeyPath, owner_only: bool, folder: Path) -> Any:
    if isinstance(data, str) and data:
        return _literal(check, data, path, owner_only)
    if not isinstance(data, dict) or not data:
        check.problem(path, "an empty text" if data == "" else _type(data), REFERENCE)
        return MISSING
    check.unknown_keys(data, ("env", "command", "keyring", "file"), path)
    if len(data) > 1:
        check.problem(path, "several of " + ", ".join(data), REFERENCE)
    source, value = next(iter(data.items()))
    decode = {"env": _text, "keyring": _keyring, "command": _command, "file": _file}.get(source)
    found = decode(check, value, (*path, source)) if decode else MISSING
    if found is MISSING:
        return MISSING
    return _checked_file(check, folder, found, (*path, source)) if source == "file" else Secret(**{source: found})


def _literal(check: Checker, text: str, path: KeyPath, owner_only: bool) -> Any:
    if owner_only:
        return Secret(literal=text)
    found = "a secret written out in a file that others can read"
    check.problem(path, found, REFERENCE, f"refer to it, or make the file owner-only: chmod 600 {check.file}")
    return MISSING


def _type(data: Any) -> str:
    """Name a value's type alone: it may be a secret."""
    return {dict: "an empty table", list: "a list", bool: "true or false"}.get(type(data), "a number or date")


def _text(check: Checker, value: Any, path: KeyPath) -> Any:
    if isinstance(value, str) and value.strip():
        return value
    check.problem(path, "an empty text" if isinstance(value, str) else _type(value), "text, not empty")
    return MISSING


def _keyring(check: Checker, value: Any, path: KeyPath) -> Any:
    text = _text(check, value, path)
    if text is MISSING:
        return text
    service, _, user = text.partition("/")
    if not service or not user:
        check.problem(
            path, "a text that is not two names with a / between", 'the service and the user: "iccon/pagerduty"'
        )
        return MISSING
    return text


def _command(check: Checker, value: Any, path: KeyPath) -> Any:
    form = 'a program and its arguments: ["pass", "show", "pagerduty"]'
    words = value
    if isinstance(value, str):
        try:
            words = shlex.split(value)
        except ValueError:
            words = None
    if not isinstance(words, list) or not words or not words[0] or not all(isinstance(word, str) for word in words):
        check.problem(path, "text" if isinstance(value, str) else _type(value), form, "it is run without a shell")
        return MISSING
    return tuple(words)


def _file(check: Checker, value: Any, path: KeyPath) -> Any:
    return _text(check, value, path)


def _checked_file(check: Checker, folder: Path, name: str, path: KeyPath) -> Any:
    file = located(name, folder)
    try:
        mode = Path(file).stat().st_mode
    except OSError:  # it may come later (a mount, a login): said when the secret is wanted
        return Secret(file=file)
    if mode & 0o077:
        found = f"{file}, which others can read (mode {mode & 0o777:o})"
        check.problem(path, found, "a file that only its owner can read", f"chmod 600 {file}")
    return Secret(file=file)


def located(name: str, folder: Path) -> str:
    """Return a path of the configuration as an absolute one: `~` is home, others are relative to the file's folder."""
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # ~somebody who does not exist
        path = Path(name)
    return str(folder / path)


def url_fault(text: str) -> Fault | None:
    """Return what is wrong with an http(s) URL. Its text is not repeated: it may hold a password."""
    form = "a URL: http:// or https://, a host, and a port where needed"
    if not text.isprintable() or " " in text:
        return Fault("a URL with spaces or control characters", form)
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return Fault("a URL that cannot be read", form, "is the port a number from 1 to 65535?")
    if parts.username is not None or parts.password is not None:
        return Fault(
            "a URL with credentials in it", form + ", without credentials", "use token, or username and password"
        )
    if parts.scheme not in ("http", "https"):
        return Fault("a URL without http:// or https://", form, "write it in full")
    return None if parts.hostname and not parts.fragment else Fault("a URL without a host, or with a #part", form)


def email_fault(text: str) -> Fault | None:
    """Return what is wrong with an e-mail address; the empty text is fine."""
    name, _, host = text.partition("@")
    fine = not text or (name and host and "@" not in host and text.isprintable() and " " not in text)
    return None if fine else Fault(shown(text), "an e-mail address", "PagerDuty wants to know who acts")


def zone_fault(text: str) -> Fault | None:
    """Return what is wrong with a time zone's name."""
    try:
        when.zone_of(text)
    except ValueError:
        known = ("local", *when.zone_names())
        return Fault(shown(text), 'a time zone: "local", "UTC" or such as "Europe/Berlin"', did_you_mean(text, known))
    return None


NOUNS: Mapping[Any, str] = {Secret: REFERENCE}
FORMATS: Mapping[str, Any] = {"uri": url_fault, "email": email_fault, "iana-time-zone": zone_fault}
