"""What the application is given: ports and plain data, by constructor. It builds nothing itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from iccon.config.layout import Layout
from iccon.config.setting import Setting
from iccon.config.theme import ThemeFile
from iccon.deskthread import DeskThread
from iccon.effects import EffectRunner
from iccon.feed.scheduler import Feed
from iccon.runbooks.library import Library


@dataclass(slots=True)
class Parts:
    """Everything the console works with. `outlets` maps names to kinds; `notices` are problems to show at the start."""

    setting: Setting
    desk: DeskThread
    feed: Feed
    effects: EffectRunner | None
    library: Library
    outlets: Mapping[str, str]
    themes: Mapping[str, ThemeFile]
    layouts: Mapping[str, Layout]
    zone: tzinfo
    keys: Mapping[str, tuple[str, ...]]
    incident: str | None = None
    notices: tuple[str, ...] = ()
    copy: Callable[[str], str] | None = field(default=None)
