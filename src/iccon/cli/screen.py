"""console: hand over to the screen. What it is made of is imported only then."""

import argparse
import sys

from iccon.cli.parsing import Commands, add_command, with_incident
from iccon.cli.session import BadUse, session, setting
from iccon.config.setting import Setting


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "console", console, with_json=False)
    parser.add_argument("--read-only", action="store_true", help="watch only; nothing can be changed")
    with_incident(parser)


def console(args: argparse.Namespace) -> int:
    """Open the console and return its exit code. Raises BadUse where there is no terminal."""
    need_terminal()
    chosen = setting(args, read_only=args.read_only)
    incident = None
    if args.incident:
        with session(args, read_only=True) as reading:
            incident = reading.incident()
    return opened(chosen, incident)


def opened(chosen: Setting, incident: str | None) -> int:
    """Open the console on `incident` (None: the single active one, else the list) and return its exit code."""
    from iccon.console.start import run

    return run(chosen, incident)


def need_terminal() -> None:
    """Raise BadUse where there is no terminal to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadUse("the console needs a terminal; `iccon --help` lists the commands that do not")
