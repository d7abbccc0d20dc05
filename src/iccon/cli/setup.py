"""init: a commented starter configuration, and the folders."""

import argparse
import os
from pathlib import Path

from iccon.cli.files import write_new
from iccon.cli.output import say, say_json
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import refuse
from iccon.text import clean


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    add_command(commands, "init", _do_init)


def _do_init(args: argparse.Namespace) -> int:
    from iccon.config.places import chosen, folders
    from iccon.config.starter import starter_config

    places = folders(os.environ)
    file = chosen(args.config, os.environ) or places.config_file
    if file.exists():
        raise refuse(
            "exists", f"{clean(file)} is there already", "nothing was changed; edit it, or name another with --config"
        )
    made = [
        folder for folder in (file.parent, places.config, places.data, places.themes, places.layouts) if _made(folder)
    ]
    write_new(file, [starter_config().encode()])
    if args.json:
        say_json({"file": str(file), "folders": [str(folder) for folder in made]})
    else:
        say(f"written: {file}\nIt is all comments: the defaults work. `iccon check` tries what you fill in.")
    return OK


def _made(folder: Path) -> bool:
    if folder.is_dir():
        return False
    folder.mkdir(parents=True, mode=0o700)
    return True
