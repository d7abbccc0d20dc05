"""watch: the screen for the second on call and for the wall, without any write path."""

import argparse

from msgspec.structs import replace

from iccon.cli.parsing import Commands, add_command, with_incident
from iccon.cli.screen import need_terminal, opened
from iccon.cli.session import BadUse, refuse, session, setting
from iccon.config.setting import Setting
from iccon.text import clean

NOTES = """\
The journal is opened for reading only and nothing is ever sent. While no incident is open, signals and pages are
shown, and an incident is opened as soon as one is declared. Layouts: secondary, wallboard, or one of your own."""


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "watch", watch, notes=NOTES, with_json=False)
    parser.add_argument("--layout", metavar="NAME", default="secondary", help="the layout (default: secondary)")
    with_incident(parser)


def watch(args: argparse.Namespace) -> int:
    """Open the console without any write path and return its exit code. Raises BadUse."""
    need_terminal()
    chosen = watching(setting(args, read_only=True), args.layout)
    incident = _named(args, chosen) if args.incident else None
    return opened(chosen, incident)


def watching(chosen: Setting, layout: str) -> Setting:
    """Return `chosen` with a layout in place of the configured one. Raises BadUse where there is none of that name."""
    from iccon.config.layout import layout_files

    known = layout_files(chosen.folders)
    if layout not in known:
        raise BadUse(f"no layout {clean(layout, 60)}; there are {', '.join(sorted(known))}")
    config = chosen.config
    return replace(chosen, config=replace(config, console=replace(config.console, layout=layout)))


def _named(args: argparse.Namespace, chosen: Setting) -> str:
    if not chosen.journal.exists():  # a session would make it
        raise refuse("no_incident", "there is no journal yet", "leave --incident out: the next one is opened by itself")
    with session(args, read_only=True) as reading:
        return reading.incident()
