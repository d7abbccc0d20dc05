"""One run's setting: the configuration with what the machine and the command line add to it."""

import getpass
import os
from pathlib import Path

from msgspec import Struct

from iccon.clock import Clock, SystemClock
from iccon.config.schema import Config, Folders
from iccon.text import clean


class Setting(Struct, frozen=True):
    """What every part of one run is built from. `file` is the configuration that was read, None where none exists."""

    config: Config
    folders: Folders
    file: Path | None = None
    clock: Clock = SystemClock()
    drill: bool = False
    read_only: bool = False

    @property
    def actor(self) -> str:
        """Who acts: `me.name` of the configuration, else the login name."""
        return clean(self.config.me.name or _login())

    @property
    def journal(self) -> Path:
        """The journal of this run: drills have one of their own."""
        return self.folders.drill_journal if self.drill else self.folders.journal

    @property
    def roster(self) -> Path:
        """The copy of who is on call; drills have one of their own."""
        return self.folders.data / ("drill-oncall.json" if self.drill else "oncall.json")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user id without a name
        return f"uid{os.getuid()}"
