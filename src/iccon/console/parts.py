"""What the application is given: ports and plain data, by constructor. It builds nothing itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from iccon.config.layout import Layout
from iccon.config.setting import Setting
from iccon.config.theme import ThemeFile
from iccon.deskthread import DeskThread
from iccon.effects import EffectRunner
from iccon.feed.scheduler import Feed
from iccon.incident.entries import Entry
from iccon.incident.state import State
from iccon.runbooks.library import Library
from iccon.signals.model import Board


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident with its entries, in id order."""

    incident: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the console works with.

    `judge` gives the board as of an instant. `export` writes a record and returns where. `outlets` maps the names of
    outlets to their kinds. `effects` is None for a console without any write path. `notices` are shown at the start.
    """

    setting: Setting
    desk: DeskThread
    feed: Feed
    effects: EffectRunner | None
    library: Library
    judge: Callable[[datetime], Board | None]
    export: Callable[[str, Sequence[Entry]], Path]
    outlets: Mapping[str, str]
    themes: Mapping[str, ThemeFile]
    theme: str
    layouts: Mapping[str, Layout]
    layout: str
    zone: tzinfo
    keys: Mapping[str, tuple[str, ...]]
    opened: Opened | None = None
    incidents: Sequence[State] = ()
    notices: Sequence[str] = ()
