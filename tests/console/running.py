"""The real application over a real journal in a temporary folder."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.widget import Widget

from iccon import bootstrap
from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console import start
from iccon.console.app import IcconApp
from iccon.console.screens.base import Modal
from iccon.console.screens.home import HomeScreen
from iccon.console.screens.incident import IncidentScreen
from iccon.desk import Desk, Receipt
from iccon.effects import EffectPort, EffectRunner
from iccon.feed.model import Source
from iccon.feed.scheduler import Feed
from iccon.incident.commands import Command, Declare
from iccon.incident.entries import Body, Entry
from iccon.incident.severity import Severity
from iccon.incident.state import State
from iccon.text import clean

T = TypeVar("T")
W = TypeVar("W", bound=Widget)
B = TypeVar("B", bound=Body)


@dataclass
class Running:
    """A console under test."""

    app: IcconApp
    pilot: Pilot[int]
    setting: Setting

    async def call(self, work: Callable[[Desk], T]) -> T:
        """Ask the console's own desk."""
        return await self.app.parts.desk.call(work)

    async def until(self, holds: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until `holds()` is true; fail after `seconds`."""
        for _ in range(int(seconds / 0.01)):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("what was waited for did not come")

    async def press(self, *keys: str) -> None:
        """Press keys and wait until they have done their work."""
        self.burst(*keys)
        await self.settle()

    def burst(self, *keys: str) -> None:
        """Let keys arrive all at once, as from a slow line."""
        for key in keys:
            self.app.post_message(key_event(key))

    async def settle(self) -> None:
        """Wait until all keys have done their work."""
        gate = self.app._gate
        await asyncio.sleep(0)
        await self.until(lambda: not gate._held and not gate._rounds and self.app._message_queue.empty())
        await self.pilot.pause()

    async def until_modal(self, kind: type[Modal[Any]]) -> None:
        """Wait for a form or the like."""
        await self.until(lambda: isinstance(self.app.screen, kind))

    async def until_incident(self) -> IncidentScreen:
        """Wait for the incident screen and return it."""
        await self.until(lambda: isinstance(self.app.screen, IncidentScreen) and self.app.screen.is_mounted)
        return self.incident_screen

    async def until_home(self) -> HomeScreen:
        """Wait for the home screen and return it."""
        await self.until(lambda: isinstance(self.app.screen, HomeScreen) and self.app.screen.is_mounted)
        screen = self.app.screen
        assert isinstance(screen, HomeScreen)
        return screen

    @property
    def incident_screen(self) -> IncidentScreen:
        """The incident screen on top."""
        screen = self.app.screen
        assert isinstance(screen, IncidentScreen)
        return screen

    def one(self, kind: type[W]) -> W:
        """Return the widget of a kind on the top screen."""
        return self.app.screen.query_one(kind)

    async def entries(self, kind: type[B] | None = None, incident: str | None = None) -> list[Entry]:
        """Return what the journal file holds, read by another connection."""
        found = await self.call(lambda desk: list(desk.journal.entries(incident)))
        return [e for e in found if kind is None or isinstance(e.body, kind)]

    async def bodies(self, kind: type[B]) -> list[B]:
        """Return the bodies of one kind."""
        return [e.body for e in await self.entries(kind) if isinstance(e.body, kind)]

    async def state(self, incident: str | None = None) -> State:
        """Return how an incident stands: the one on the screen unless another is named."""
        ident = incident or self.incident_screen.incident
        return await self.call(lambda desk: desk.ledger(ident).state)

    def shown(self) -> str:
        """Return the whole screen as text."""
        return screen_text(self.app)

    def notices(self) -> str:
        """Return all notices that are shown."""
        return "\n".join(n.message for n in self.app._notifications)


def screen_text(app: IcconApp) -> str:
    """Return what is on the screen, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(s.text for s in strip)[:width].rstrip() for strip in lines[:height])


def key_event(key: str) -> Key:
    """Return the event of a key as a terminal's driver makes it."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        char: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        char = key if len(key) == 1 else None
    return Key(key, char)


def setting_in(folder: Path, config: schema.Config | None = None, clock: Clock | None = None, **more: bool) -> Setting:
    """Return the setting of a console whose files are all in `folder`, as with ICCON_HOME."""
    folders = schema.Folders(config=folder, data=folder / "data", cache=folder / "cache", logs=folder / "logs")
    return Setting(config or config_of(), folders, None, clock or SystemClock(), **more)


def config_of(**parts: Any) -> schema.Config:
    """Return a configuration of a person called kim, times in UTC."""
    parts.setdefault("console", schema.Console(zone="UTC"))
    return schema.Config(me=schema.Me(name="kim", email="kim@example.com"), **parts)


def do_before(setting: Setting, *commands: Command) -> list[str]:
    """Do commands before the console opens; return the incident of each."""
    desk = bootstrap.open_desk(setting)
    done = []
    try:
        for command in commands:
            incident = None if isinstance(command, Declare) else done[-1]
            receipt = desk.do(command, incident)
            assert isinstance(receipt, Receipt), receipt
            done.append(receipt.incident)
    finally:
        desk.journal.close()
    return done


def declared(setting: Setting, title: str = "Checkout fails", level: Severity = Severity.SEV2) -> str:
    """Declare an incident before the console opens and return its id."""
    return do_before(setting, Declare(title=title, severity=level))[0]


@asynccontextmanager
async def running(
    setting: Setting,
    size: tuple[int, int] = (120, 36),
    incident: str | None = None,
    *,
    sources: Sequence[Source] | None = None,
    ports: dict[str, EffectPort] | None = None,
    copied: list[str] | None = None,
) -> AsyncIterator[Running]:
    """Run the console as `iccon` does, without a terminal. `sources` and `ports` stand in for the configured ones."""
    desk, notice = await start._desk(setting)
    first = await desk.call(lambda d: start.first_of(d, incident))

    def copy(text: str) -> str:
        if copied is not None:
            copied.append(text)
        return clean("copied")

    parts = start.parts_of(setting, desk, first, copy, [notice] if notice else [])
    if sources is not None:
        parts = replace(parts, feed=Feed(sources, setting.clock))
    if ports is not None and parts.effects is not None:
        parts = replace(parts, effects=EffectRunner(desk.call, ports))
    app = IcconApp(parts)
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Running(app, pilot, setting)
    finally:
        await app.parts.feed.stop()
        await desk.stop()
