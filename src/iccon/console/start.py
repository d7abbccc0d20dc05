"""Opening the console: the journal is read on its own thread while the screen's library is imported.

Nothing that is not on the first frame is imported or read before it.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from iccon import bootstrap
from iccon.background import spawn
from iccon.config.setting import Setting
from iccon.desk import Desk
from iccon.deskthread import DeskThread
from iccon.incident.entries import Entry
from iccon.incident.state import State
from iccon.journal.store import JournalFault

if TYPE_CHECKING:
    from iccon.config.layout import Layout
    from iccon.config.rolecards import RoleCard
    from iccon.config.schema import Problem
    from iccon.config.theme import ThemeFile
    from iccon.console.app import IcconApp
    from iccon.console.parts import Parts
    from iccon.incident.fold import Ledger

LAST_WORD = 2.0  # seconds that a console whose terminal is gone gets to end by itself
LOG_BYTES = 1_000_000


class First(Struct, frozen=True):
    """What the first frame shows: an incident with its entries, or the list of all."""

    incident: str | None
    entries: Sequence[Entry]
    incidents: Sequence[State]


def run(setting: Setting, incident: str | None) -> int:
    """Open the console and return its exit code. Raises JournalFault where the journal cannot even be read."""
    gc.disable()  # `tidying.py` asks for it, between keys
    os.environ.setdefault("TEXTUAL_FPS", "1000")  # read at import: a key right after a frame waits up to two of these
    sys.setswitchinterval(0.0003)  # a key waits that long, not 5 ms, each time a poll on a thread computes
    _log_to(setting.folders.logs)
    return asyncio.run(_run(setting, incident))


async def _run(setting: Setting, incident: str | None) -> int:
    desk, notice = await _desk(setting)
    reading = spawn(desk.call(lambda d: first_of(d, incident)), "first read")
    await asyncio.sleep(0)  # the desk's thread begins before this one imports
    from iccon.console.app import IcconApp  # most of the start's time: the read runs meanwhile
    from iccon.console.safe import copy

    def clipboard(text: str) -> str:
        return app.call_from_thread(copy, app, text)

    app = IcconApp(parts_of(setting, desk, await reading, clipboard, [notice] if notice else []))
    for number in (signal.SIGHUP, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _hang_up, app)
    try:
        await app.run_async()
    finally:
        await app.parts.feed.stop()
        await desk.stop()
    return app.return_code or 0


async def _desk(setting: Setting) -> tuple[DeskThread, str | None]:
    """Return the running desk; over a journal that cannot be written one that only reads, and why."""
    watching = {"awaited": True} if setting.read_only else {}
    desk = DeskThread(lambda: bootstrap.open_desk(setting, **watching))
    try:
        await desk.start()
    except JournalFault as fault:
        if setting.read_only:
            raise
        notice = f"{fault.reason}. {fault.hint}"
        desk = DeskThread(lambda: bootstrap.open_desk(replace(setting, read_only=True)), notice)
        try:
            await desk.start()
        except JournalFault:
            raise fault from None
        return desk, notice
    return desk, None


def first_of(desk: Desk, incident: str | None) -> First:
    """Return what the first frame shows: of an incident its state and newest entries; the rest follows the frame."""
    if incident is None:
        active = desk.active()
        incident = active[0].incident if len(active) == 1 else None
    if incident is None:
        return First(None, (), desk.incidents())
    return First(incident, desk.glimpse(incident), ())


def parts_of(
    setting: Setting, desk: DeskThread, first: First, clipboard: Callable[[str], str], notices: list[str]
) -> "Parts":
    """Build what the console works with; problems that need a person's eye are added to `notices`."""
    from iccon.console.commands import default_keys, scopes
    from iccon.console.parts import Opened, Parts
    from iccon.effects import EffectRunner
    from iccon.feed.scheduler import Feed
    from iccon.recorder import FlightRecorder, Recorder

    config = setting.config
    theme, layout, narrow = _look(setting, notices)
    keys = default_keys()
    if config.console.keys:
        from iccon.config.keymap import keymap

        keys, problems = keymap(config.console.keys, keys, scopes(), str(setting.file or ""))
        notices += [problem.said for problem in problems]
    writes = not setting.read_only
    runner = cache(lambda: bootstrap.runner(setting))
    return Parts(
        setting=setting,
        policy=bootstrap.policy(setting),
        desk=desk,
        feed=Feed(bootstrap.sources(setting), setting.clock),
        effects=EffectRunner(desk.call, bootstrap.effect_ports(setting, clipboard, runner)) if writes else None,
        runner=runner,
        run_where=cache(lambda: bootstrap.run_where(setting)),
        recorder=Recorder(desk.do) if writes else None,
        flight=FlightRecorder(desk.call) if writes else None,
        library=bootstrap.library(setting),
        export=lambda ledger: _export(setting, ledger),
        page_detail=bootstrap.page_detail(setting),
        page_story=bootstrap.page_story(setting),
        theme=theme,
        role_cards=lambda: _role_cards(setting),
        other_themes=lambda: _other_themes(setting),
        layout=layout,
        narrow=narrow,
        zone=_zone(setting),
        keys=keys,
        opened=None if first.incident is None else Opened(first.incident, first.entries),
        incidents=first.incidents,
        notices=tuple(notices),
    )


def _zone(setting: Setting) -> tzinfo:
    from iccon.when import zone_of

    return zone_of(setting.config.console.zone)


def _look(setting: Setting, notices: list[str]) -> "tuple[ThemeFile, Layout, Layout]":
    """Read the chosen theme and layout; a file of the user's that is wrong gives way to a bundled one, and is said."""
    from iccon.config.layout import layout_files, load_layout
    from iccon.config.theme import load_theme, theme_files

    console, folders = setting.config.console, setting.folders
    theme, problems = load_theme(theme_files(folders)[console.theme])
    if theme is None:
        theme, _ = load_theme(theme_files()["iccon-dark"])
    files = layout_files(folders)
    layout, more = load_layout(files[console.layout])
    narrow, _ = load_layout(layout_files()["narrow"])
    notices += [problem.said for problem in (*problems, *more)]
    assert theme is not None and narrow is not None  # the bundled files are tested
    return theme, layout or narrow, narrow


def _role_cards(setting: Setting) -> "tuple[dict[str, RoleCard], list[Problem]]":
    from iccon.config.rolecards import role_cards  # when a card is looked at

    return role_cards(setting.folders)


def _other_themes(setting: Setting) -> "Sequence[ThemeFile]":
    from iccon.config.theme import themes

    found, _ = themes(setting.folders)
    return [file for name, file in found.items() if name != setting.config.console.theme]


def _export(setting: Setting, ledger: "Ledger") -> Path:
    from iccon.exports.markdown import render
    from iccon.incident.ids import short

    folder = setting.folders.data / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ledger.state.severity.lower()}-{short(ledger.incident)}.md"
    path.write_text(render(ledger, zone=_zone(setting)), encoding="utf-8")
    return path


def _hang_up(app: "IcconApp") -> None:
    """End: the terminal is gone, or somebody asked. What was receipted is on disk already."""
    timer = threading.Timer(LAST_WORD, lambda: os._exit(1))
    timer.daemon = True
    timer.start()
    app.exit(1)


def _log_to(folder: Path) -> None:
    """Log into a file; the terminal belongs to the screen. A folder that cannot be written costs the log only."""
    log = logging.getLogger("iccon")
    log.propagate = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / "iccon.log", maxBytes=LOG_BYTES, backupCount=2, delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
