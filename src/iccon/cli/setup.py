"""init: a commented starter configuration, and the folders; with --prometheus the signals that a server has.

JSON: {file, folders [path]}; with --prometheus also {label, signals {name: {preset, query, services}},
presets [{name, label, signals [{signal, query, services, fault}]}]}: every preset whose metrics are there, the
preferred first, and for each of its queries how many services had data (0: it returned nothing).
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccon.cli.files import write_new
from iccon.cli.output import say, say_json
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import BadConfiguration, BadUse, refuse
from iccon.config.schema import Folders
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.signals.discovery import Discovery


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "init", _do_init)
    parser.add_argument("--prometheus", metavar="URL", help="ask this server what it has, and write signals for it")


def _do_init(args: argparse.Namespace) -> int:
    from iccon.config.places import chosen, folders
    from iccon.config.starter import starter_config

    places = folders(os.environ)
    file = chosen(args.config, os.environ) or places.config_file
    if file.exists():
        raise refuse(
            "exists", f"{clean(file)} is there already", "nothing was changed; edit it, or name another with --config"
        )
    found = None if args.prometheus is None else _discovered(args.prometheus, places)
    text = starter_config() if found is None else _written(args.prometheus, found)
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


def _discovered(url: str, places: Folders) -> "Discovery":
    """Ask the server at `url`. Raises BadUse, BadConfiguration, SourceFault, and Refused where nothing was found."""
    from iccon.clock import SystemClock
    from iccon.config.forms import url_fault
    from iccon.config.presets_files import presets
    from iccon.config.schema import Prometheus
    from iccon.signals.discovery import discover, said
    from iccon.signals.prometheus import PrometheusBackend

    if (fault := url_fault(url)) is not None:
        raise BadUse(f"--prometheus: {fault.found}, expected {fault.expected}")
    known, problems = presets(places)
    if problems:
        raise BadConfiguration(tuple(problems))
    backend = PrometheusBackend("main", Prometheus(url))
    try:
        found = discover(backend, known, SystemClock())
    finally:
        backend.close()
    if not found.chosen:
        lines = "; ".join(said(found)) or f"none of the metrics of {len(known)} presets is there"
        raise refuse("nothing_found", f"no signals found: {lines}", "nothing was written; `iccon init` alone writes")
    return found


def _written(url: str, found: "Discovery") -> str:
    from iccon.config.starter import Table, starter_with

    tables: dict[str, Table] = {
        name: {"query": each.query, "unit": each.signal.unit, "warn": each.signal.warn, "bad": each.signal.bad}
        | ({"worse": each.signal.worse} if each.signal.worse != "higher" else {})
        for name, each in found.chosen.items()
    }
    return starter_with(url, found.label, tables)


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
    return {"label": found.label, "signals": signals, "presets": presets}


def _made(folder: Path) -> bool:
    if folder.is_dir():
        return False
    folder.mkdir(parents=True, mode=0o700)
    return True
