"""init: a commented starter configuration, and the folders; with --prometheus the signals that a server has.

JSON: {file, folders [path]}; with --prometheus also {label, signals {name: {preset, query, services}}, up,
presets [{name, label, signals [{signal, query, services, fault, only_nan}]}]}: every preset whose metrics are there,
the preferred first, and for each of its queries how many services had numbers (0: it returned nothing, or NaN alone).
`up` is the query for scrape targets, null where targets do not have the label.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccon.cli.files import write_new
from iccon.cli.output import say, say_json
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import BadConfiguration, BadUse, refuse
from iccon.config.schema import Folders, Prometheus, Secret
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.signals.discovery import Discovery


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "init", _do_init)
    parser.add_argument("--prometheus", metavar="URL", help="ask this server what it has, and write signals for it")
    server = parser.add_argument_group("what the server of --prometheus demands, as names of variables, not values")
    server.add_argument("--token-env", metavar="VAR", help="the environment variable that holds a bearer token")
    server.add_argument("--username", metavar="NAME", help="for basic authentication")
    server.add_argument("--password-env", metavar="VAR", help="the environment variable that holds the password")
    tenant = "a header for every request, such as X-Scope-OrgID=team (repeatable)"
    server.add_argument("--header", metavar="NAME=VALUE", action="append", default=[], help=tenant)
    server.add_argument("--ca-file", metavar="FILE", help="the certificate of a private CA, in PEM")
    server.add_argument("--cert-file", metavar="FILE", help="our own certificate, in PEM")
    server.add_argument("--key-file", metavar="FILE", help="its key, in PEM, without a pass phrase")


def _do_init(args: argparse.Namespace) -> int:
    from iccon.config.places import chosen, folders
    from iccon.config.starter import starter_config

    places = folders(os.environ)
    file = chosen(args.config, os.environ) or places.config_file
    if file.exists():
        raise refuse(
            "exists", f"{clean(file)} is there already", "nothing was changed; edit it, or name another with --config"
        )
    server = _server(args)
    found = None if server is None else _discovered(server, places)
    text = starter_config() if found is None or server is None else _written(server, found)
    made = [
        folder for folder in (file.parent, places.config, places.data, places.themes, places.layouts) if _made(folder)
    ]
    write_new(file, [text.encode()])
    if args.json:
        say_json({"file": str(file), "folders": [str(folder) for folder in made], **(_facts(found) if found else {})})
    elif found is None:
        say(f"written: {file}\nIt is all comments: the defaults work. `iccon check` tries what you fill in.")
    else:
        _say_found(file, found)
    return OK


def _server(args: argparse.Namespace) -> Prometheus | None:
    """Return the server that is to be asked, None where none is named. Raises BadUse."""
    from iccon.config.forms import url_fault

    files = {key: _file(getattr(args, key), key) for key in ("ca_file", "cert_file", "key_file")}
    demands = (args.token_env, args.username, args.password_env, args.header, *files.values())
    if args.prometheus is None:
        if any(demands):
            raise BadUse("what a server demands goes with --prometheus URL")
        return None
    if (fault := url_fault(args.prometheus)) is not None:
        raise BadUse(f"--prometheus: {fault.found}, expected {fault.expected}")
    if (args.username is None) != (args.password_env is None) or (args.token_env and args.username):
        raise BadUse("either --token-env, or --username and --password-env together")
    if bool(files["cert_file"]) != bool(files["key_file"]):
        raise BadUse("--cert-file and --key-file go together; one file may hold both")
    return Prometheus(
        args.prometheus,
        token=_variable(args.token_env),
        username=args.username or "",
        password=_variable(args.password_env),
        headers=dict(map(_header, args.header)),
        ca_file=files["ca_file"],
        cert_file=files["cert_file"],
        key_file=files["key_file"],
    )


def _file(given: str | None, key: str) -> str:
    file = Path(given).expanduser().absolute() if given else None
    if file is not None and not file.is_file():
        raise BadUse(f"--{key.replace('_', '-')}: {clean(file)} is no file")
    return str(file or "")


def _variable(name: str | None) -> Secret | None:
    return Secret(env=name) if name else None


def _header(text: str) -> tuple[str, str]:
    """Read NAME=VALUE. A secret has no place in it: it would be in the file, and in the shell's history."""
    from iccon.config.load import SECRET_HEADERS

    name, equals, value = text.partition("=")
    if not equals or not name or not value or not text.isprintable() or not name.replace("-", "").isalnum():
        raise BadUse("--header takes NAME=VALUE, of printable characters")
    if any(word in name.lower() for word in SECRET_HEADERS):
        raise BadUse(
            f"--header {clean(name, 60)} looks like a secret: use --token-env, or --username and --password-env"
        )
    return name, value


def _discovered(server: Prometheus, places: Folders) -> "Discovery":
    """Ask `server`. Raises BadConfiguration, SourceFault, and Refused where nothing was found."""
    from iccon.clock import SystemClock
    from iccon.config.presets_files import presets
    from iccon.signals.discovery import discover, said
    from iccon.signals.prometheus import PrometheusBackend

    known, problems = presets(places)
    if problems:
        raise BadConfiguration(tuple(problems))
    backend = PrometheusBackend("main", server)
    try:
        found = discover(backend, known, SystemClock())
    finally:
        backend.close()
    if not found.chosen:
        lines = "; ".join(said(found)) or f"none of the metrics of {len(known)} presets is there"
        raise refuse("nothing_found", f"no signals found: {lines}", "nothing was written; `iccon init` alone writes")
    return found


def _written(server: Prometheus, found: "Discovery") -> str:
    from iccon.config.starter import Table, starter_with

    tables: dict[str, Table] = {
        name: {"query": each.query, "unit": each.signal.unit, "warn": each.signal.warn, "bad": each.signal.bad}
        | ({"worse": each.signal.worse} if each.signal.worse != "higher" else {})
        for name, each in found.chosen.items()
    }
    if found.up is not None:
        tables["up"] = {"query": found.up.query}
    return starter_with(server, found.label, tables)


def _say_found(file: Path, found: "Discovery") -> None:
    from iccon.signals.discovery import said
    from iccon.signals.model import GOLDEN

    say(f"written: {file}")
    for line in said(found):
        say(f"  {line}")
    missing = [name for name in GOLDEN if name not in found.chosen]
    if missing:
        say(f"nothing found for {', '.join(missing)}: write a query of your own into the file")
    say("Look at the thresholds, then `iccon check` and `iccon signals`.")


def _facts(found: "Discovery") -> dict[str, Any]:
    signals = {
        name: {"preset": each.preset, "query": each.query, "services": each.services}
        for name, each in found.chosen.items()
    }
    presets = [{"name": each.preset.name, "label": each.label, "signals": each.tried} for each in found.found]
    up = found.up and found.up.query
    return {"label": found.label, "signals": signals, "up": up, "presets": presets}


def _made(folder: Path) -> bool:
    if folder.is_dir():
        return False
    folder.mkdir(parents=True, mode=0o700)
    return True
