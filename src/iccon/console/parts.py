"""What the application is given: ports and plain data, by constructor. It builds nothing itself."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from iccon.config.layout import Layout
from iccon.config.rolecards import RoleCard
from iccon.config.schema import Problem
from iccon.config.setting import Setting
from iccon.config.theme import ThemeFile
from iccon.deskthread import DeskThread
from iccon.effects import EffectRunner
from iccon.feed.scheduler import Feed
from iccon.incident.entries import Entry
from iccon.incident.fold import Ledger
from iccon.incident.severity import Policy
from iccon.incident.state import State
from iccon.pages.model import Detail, Page, Story
from iccon.recorder import FlightRecorder, Recorder
from iccon.runbooks.library import Library

if TYPE_CHECKING:
    from iccon.runbooks.execution import Runner
    from iccon.runbooks.plan import Where


class Opened(Struct, frozen=True):
    """An incident with its entries, in id order."""

    incident: str
    entries: Sequence[Entry]


class Parts(Struct, frozen=True):
    """Everything the console works with.

    `effects`, `recorder` and `flight` are None for a console without any write path. `export` writes a record and
    returns where. `page_detail` asks a pager, by its name, for one page, `page_story` for what its log tells;
    both block. `runner` runs commands of runbooks, `run_where` reads where and how; both are built at their first use.
    `other_themes` reads those that the first frame does not need; `narrow` is the
    layout for terminals that `layout` does not fit. `notices` are shown at the start.
    """

    setting: Setting
    policy: Policy
    desk: DeskThread
    feed: Feed
    effects: EffectRunner | None
    library: Library
    runner: Callable[[], "Runner"]
    run_where: Callable[[], "Where"]
    recorder: Recorder | None
    flight: FlightRecorder | None
    export: Callable[[Ledger], Path]
    page_detail: Callable[[str, str], Detail]
    page_story: Callable[[Page], Story]
    theme: ThemeFile
    role_cards: Callable[[], tuple[dict[str, RoleCard], list[Problem]]]
    other_themes: Callable[[], Sequence[ThemeFile]]
    layout: Layout
    narrow: Layout
    zone: tzinfo
    keys: Mapping[str, tuple[str, ...]]
    opened: Opened | None = None
    incidents: Sequence[State] = ()
    notices: Sequence[str] = ()
