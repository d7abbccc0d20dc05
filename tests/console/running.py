"""The real application over a real journal in a temporary folder."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from textual.pilot import Pilot

from iccon import bootstrap
from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console import start
from iccon.console.app import IcconApp
from iccon.desk import Desk
from iccon.deskthread import DeskThread

T = TypeVar("T")


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
        for _ in range(int(seconds / 0.02)):
            if holds():
                return
            await self.pilot.pause(0.02)
        raise AssertionError("what was waited for did not come")


def setting_in(
    folder: Path, config: schema.Config | None = None, clock: Clock | None = None, **more: bool
) -> Setting:
    """Return the setting of a console whose files are all in `folder`."""
    folders = schema.Folders(config=folder, data=folder / "data", cache=folder / "cache", logs=folder / "logs")
    me = schema.Me(name="kim", email="kim@example.com")
    console = schema.Console(zone="UTC")
    return Setting(config or schema.Config(me=me, console=console), folders, None, clock or SystemClock(), **more)


@asynccontextmanager
async def running(
    setting: Setting, size: tuple[int, int] = (120, 36), incident: str | None = None
) -> AsyncIterator[Running]:
    """Run the console as `iccon` does, without a terminal."""
    desk = DeskThread(lambda: bootstrap.open_desk(setting))
    await desk.start()
    first = await desk.call(lambda d: start.first_of(d, incident))
    app = IcconApp(start.parts_of(setting, desk, first, lambda text: "copied", []))
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Running(app, pilot, setting)
    finally:
        await app.parts.feed.stop()
        await desk.stop()
