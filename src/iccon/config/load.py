"""Reading the configuration file: found, parsed, checked whole, with every problem at once."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import structs

from iccon.config.checked import Checker, did_you_mean, one_of, read_toml
from iccon.config.forms import FORMATS, MAIN, NOUNS, located, specials
from iccon.config.layout import layout_files
from iccon.config.lines import KeyPath
from iccon.config.objectives import check_slo
from iccon.config.places import chosen, folders
from iccon.config.policy import check_policy
from iccon.config.risks import check_run
from iccon.config.runbooksources import check_sources
from iccon.config.schema import (
    ChangeFeed,
    Config,
    Folders,
    Loaded,
    Outlet,
    Prometheus,
    Runbooks,
    Secret,
    Signal,
    Signals,
)
from iccon.config.theme import theme_files

__all__ = ["chosen", "folders", "load", "secrets_of"]

SIGNALS = ("latency", "traffic", "errors", "saturation")
MOST_POINTS = 11_000  # Prometheus refuses more points a series
SECRET_HEADERS = ("authorization", "cookie", "token", "secret", "key", "password")


def load(path: Path | None, folders: Folders) -> Loaded:
    """Read and check the configuration file `path`, or the usual one when None.

    A usual file that does not exist is an empty configuration; a named one is a problem. Paths in the file are
    taken from its own folder and every signal is given its server's name. With problems, `config` holds what could be
    read and must not be used.
    """
    file = path or folders.config_file
    if path is None and not os.path.lexists(file):
        return Loaded(Config(), None)
    data, source, fault = read_toml(file)
    if fault is not None:
        return Loaded(Config(), file, (fault,))
    owner_only = _owner_only(file)
    check = Checker(str(file), source, specials(owner_only, file.parent), FORMATS, NOUNS)
    config = check.struct(Config, data, ()) or Config()
    _check(check, config, data, folders, owner_only)
    if check.problems:
        return Loaded(config, file, tuple(sorted(check.problems, key=lambda problem: problem.line or 0)))
    return Loaded(_completed(config, file.parent), file)


def _owner_only(file: Path) -> bool:
    try:
        return file.stat().st_mode & 0o077 == 0
    except OSError:  # gone since it was read
        return False


def _check(check: Checker, config: Config, data: Mapping[str, Any], folders: Folders, owner_only: bool) -> None:
    """Check what no single key can tell."""
    console = config.console
    _known(check, ("console", "theme"), console.theme, theme_files(folders))
    _known(check, ("console", "layout"), console.layout, layout_files(folders))
    servers = _servers(data)
    _check_signals(check, config, servers)
    check_policy(check, config.policy)
    check_run(check, config)
    for name, slo in config.slo.items():
        check_slo(check, ("slo", name), slo)
        _check_which_server(check, ("slo", name), slo.server, servers, "an objective")
    check_sources(check, config.runbooks)
    for name, given in config.changes.items():
        _check_changes(check, config, ("changes", name), given, servers)
    for name, server in config.prometheus.items():
        path = ("prometheus", name) if isinstance(_at(data, "prometheus", name), dict) else ("prometheus",)
        _check_server(check, server, path, owner_only)


def _known(check: Checker, path: KeyPath, name: str, files: Iterable[str]) -> None:
    names = sorted(files)
    if name not in names:
        check.problem(path, f'no {path[-1]} called "{name}"', one_of(names), did_you_mean(name, names))


def _servers(data: Mapping[str, Any]) -> list[str]:
    """Return the names of the servers as written, also of those with problems of their own."""
    table = data.get("prometheus")
    if not isinstance(table, dict):
        return []
    fields = {*Prometheus.__struct_fields__}
    named = [key for key, value in table.items() if isinstance(value, dict) and key not in fields]
    return [*named, *([MAIN] if len(named) < len(table) else [])]


def _at(data: Mapping[str, Any], *keys: str) -> Any:
    value: Any = data
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _check_signals(check: Checker, config: Config, servers: list[str]) -> None:
    given = {name: signal for name in SIGNALS if (signal := getattr(config.signals, name)) is not None}
    for name, signal in given.items():
        _check_thresholds(check, ("signals", name), signal)
        _check_baseline(check, ("signals", name), signal)
        _check_which_server(check, ("signals", name), signal.server, servers, "a signal")
    if config.signals.up is not None:
        _check_which_server(check, ("signals", "up"), config.signals.up.server, servers, "a query")
    if not given and len(servers) > 1 and MAIN not in servers:
        hint = "or give the signals, each with its server"
        check.problem(("prometheus",), "several servers and no signals", f"one called {MAIN}", hint)
    signals = config.signals
    if signals.step > signals.window:
        check.problem(("signals", "step"), f"{signals.step:g}", f"at most the window, {signals.window:g} seconds")
    elif signals.window / signals.step > MOST_POINTS:
        least = signals.window / MOST_POINTS
        check.problem(("signals", "step"), f"{signals.step:g}", f"at least {least:.3g}", "a server gives 11,000 points")


def _check_thresholds(check: Checker, path: KeyPath, signal: Signal) -> None:
    for first, second in (("warn", "bad"), ("warn_ratio", "bad_ratio")):
        near, far = getattr(signal, first), getattr(signal, second)
        if near is not None and far is not None and (near > far if signal.worse == "higher" else near < far):
            side = "above" if signal.worse == "higher" else "below"
            expected = f"{second} on the far side of {first} ({near:g}): {side} it"
            check.problem((*path, second), f"{far:g}", expected, 'worse = "lower" turns the sides round')


def _check_baseline(check: Checker, path: KeyPath, signal: Signal) -> None:
    ratios = {key: ratio for key in ("warn_ratio", "bad_ratio") if (ratio := getattr(signal, key)) is not None}
    if signal.baseline and not ratios:
        check.problem((*path, "baseline"), "no ratio to judge by", "warn_ratio, bad_ratio or both")
    for key, ratio in ratios.items():
        if not signal.baseline:
            check.problem((*path, key), "no baseline", 'baseline = "1d" or "1w" beside it')
        if ratio <= 1 if signal.worse == "higher" else ratio >= 1:
            side = "above 1" if signal.worse == "higher" else "below 1"
            check.problem((*path, key), f"{ratio:g}", f"{side}: 1 is the usual value", f"worse is {signal.worse}")


def _check_changes(check: Checker, config: Config, path: KeyPath, given: ChangeFeed, servers: list[str]) -> None:
    if given.kind == "prometheus":
        _check_which_server(check, path, given.server, servers, "a query")
    elif given.kind == "pagerduty" and given.token is None and config.pagerduty is None:
        check.problem((*path, "token"), "nothing", "a token", "or a [pagerduty] table, whose token is then used")


def _check_which_server(check: Checker, path: KeyPath, server: str, servers: list[str], what: str) -> None:
    if not servers:
        check.problem(path, f"{what}, and no server", 'a [prometheus] table with url = "…"')
    elif server and server not in servers:
        check.problem((*path, "server"), f'no server called "{server}"', one_of(servers), did_you_mean(server, servers))
    elif not server and _default_server(servers) is None:
        check.problem((*path, "server"), "nothing", one_of(servers), "there are several servers: say which")


def _default_server(servers: Iterable[str]) -> str | None:
    """The server of signals that name none: the one called main, else the only one."""
    names = list(servers)
    return MAIN if MAIN in names else names[0] if len(names) == 1 else None


def _check_server(check: Checker, server: Prometheus, path: KeyPath, owner_only: bool) -> None:
    if server.password is not None and not server.username:
        check.problem((*path, "password"), "a password without username", "both, or a token")
    if server.token is not None and server.username:
        check.problem((*path, "token"), "a token and a username", "one of the two")
    for given, missing in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if getattr(server, given) and not getattr(server, missing):
            check.problem((*path, given), f"{given} without {missing}", "both, or neither", "one file may hold both")
    for name in server.headers:
        if not owner_only and any(word in name.lower() for word in SECRET_HEADERS):
            found = "what looks like a secret in a file that others can read"
            hint = f"or make the file owner-only: chmod 600 {check.file}"
            check.problem((*path, "headers", name), found, "token, or username and password", hint)


def _completed(config: Config, folder: Path) -> Config:
    """Fill in what follows from the rest: absolute paths, each signal's server."""
    default = _default_server(config.prometheus)
    return structs.replace(
        config,
        prometheus={name: _server_with_paths(server, folder) for name, server in config.prometheus.items()},
        signals=_completed_signals(config.signals, default),
        slo={n: structs.replace(s, server=s.server or default or "") for n, s in config.slo.items()},
        changes={name: _completed_changes(given, config, folder) for name, given in config.changes.items()},
        trackers={n: structs.replace(t, ca_file=_path(t.ca_file, folder)) for n, t in config.trackers.items()},
        runbooks=_completed_runbooks(config.runbooks, folder),
        updates=structs.replace(
            config.updates,
            outlets={n: _outlet(o, folder) for n, o in config.updates.outlets.items()},
            templates=_path(config.updates.templates, folder),
        ),
    )


def _outlet(outlet: Outlet, folder: Path) -> Outlet:
    return structs.replace(outlet, path=_path(outlet.path, folder), ca_file=_path(outlet.ca_file, folder))


def _server_with_paths(server: Prometheus, folder: Path) -> Prometheus:
    files = {key: _path(getattr(server, key), folder) for key in ("ca_file", "cert_file", "key_file")}
    return structs.replace(server, **files)


def _completed_changes(given: ChangeFeed, config: Config, folder: Path) -> ChangeFeed:
    account = config.pagerduty if given.kind == "pagerduty" and given.token is None else None
    return structs.replace(
        given,
        path=_path(given.path, folder),
        ca_file=_path(given.ca_file, folder),
        server=given.server or _default_server(config.prometheus) or "",
        token=account.token if account else given.token,
        url=given.url or (account.url if account else ""),
    )


def _completed_runbooks(given: Runbooks, folder: Path) -> Runbooks:
    sources = {
        name: structs.replace(source, path=_path(source.path, folder), ca_file=_path(source.ca_file, folder))
        for name, source in given.sources.items()
    }
    return structs.replace(given, folders=tuple(_path(each, folder) for each in given.folders), sources=sources)


def _path(name: str, folder: Path) -> str:
    return located(name, folder) if name else ""


def _completed_signals(signals: Signals, default: str | None) -> Signals:
    named = {
        name: structs.replace(signal, server=signal.server or default or "")
        for name in SIGNALS
        if (signal := getattr(signals, name)) is not None
    }
    return structs.replace(signals, **named)


def secrets_of(config: Config) -> dict[str, Secret]:
    """Return every secret of the configuration by its key path, for `iccon check`."""
    found: dict[str, Secret | None] = {}
    for name, server in config.prometheus.items():
        found |= {f"prometheus.{name}.token": server.token, f"prometheus.{name}.password": server.password}
    if config.pagerduty is not None:
        found["pagerduty.token"] = config.pagerduty.token
    if config.jsm is not None:
        found["jsm.token"] = config.jsm.token
    found |= {f"changes.{name}.token": given.token for name, given in config.changes.items()}
    for name, outlet in config.updates.outlets.items():
        own = {key: getattr(outlet, key) for key in ("address", "secret", "token", "password")}
        found |= {f"updates.outlets.{name}.{key}": secret for key, secret in own.items()}
    found |= {f"runbooks.sources.{name}.token": source.token for name, source in config.runbooks.sources.items()}
    for name, tracker in config.trackers.items():
        found |= {f"trackers.{name}.token": tracker.token, f"trackers.{name}.secret": tracker.secret}
    return {key: secret for key, secret in found.items() if secret is not None}
