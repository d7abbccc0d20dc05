"""A console that only watches: what writes does not exist, rather than being hidden."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from running import declared, do_before, running, setting_in

from iccon.bootstrap import LazyPort
from iccon.console.commands import CHART, DESK, HOME, LIVE, REGISTRY
from iccon.console.screens.base import WRITES, Surface
from iccon.console.screens.chart import ChartScreen
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.notebar import NoteBar
from iccon.effects import EffectRunner
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident.severity import Severity
from iccon.incident.tasks import TaskKind
from iccon.recorder import Recorder
from iccon.signals.board import judge
from iccon.signals.model import Samples, SignalSpec, Unit, Window, Windows
from iccon.text import CleanText

PORTS = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = [{console!r}, {support!r}]
from running import running, setting_in

async def main():
    async with running(setting_in(Path({folder!r}), read_only=True)) as console:
        await console.settle()
        loaded = [name for name in ("iccon.pages.port", "iccon.updates.port") if name in sys.modules]
        print(console.app.parts.effects, console.app.parts.recorder, loaded)

asyncio.run(main())
"""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the classes of the write path of which one was made."""
    names: list[str] = []

    def noted(kind: type) -> Callable[..., None]:
        usual = kind.__init__

        def init(self: object, *args: object, **kwargs: object) -> None:
            names.append(kind.__name__)
            usual(self, *args, **kwargs)

        return init

    for kind in (EffectRunner, Recorder, LazyPort):
        monkeypatch.setattr(kind, "__init__", noted(kind))
    return names


async def test_no_port_runner_recorder_note_line_or_write_binding_exists(tmp_path: Path, made: list[str]) -> None:
    declared(setting_in(tmp_path))
    async with running(setting_in(tmp_path, read_only=True)) as console:
        screen = await console.until_incident()
        await console.settle()
        assert not screen.query(NoteBar)
        assert _bound(screen) & WRITES == set()
        await console.press("escape")
        assert _bound(await console.until_home()) & WRITES == set()
    assert made == []


async def test_every_key_that_writes_changes_nothing(tmp_path: Path) -> None:
    declared(setting_in(tmp_path))
    latency = SignalSpec("latency", "q", "main", Unit.SECONDS)
    window = Window(latency, {CleanText("checkout"): Samples((1.0,), (1.0,))}, 1.0)
    source = Source("signals", lambda: judge(Windows((window,), 600, 15), 1.0), 5.0, 5.0)
    here = (HOME, DESK, LIVE, CHART)  # a list opened over these has keys of its own
    keys = [command.keys[0] for command in REGISTRY if command.writes and command.scope in here]
    async with running(setting_in(tmp_path, read_only=True), sources=[source]) as console:
        screen = await console.until_incident()
        await console.until(lambda: console.one(BoardView).keys)
        before = await console.entries()
        console.one(BoardView).choose(0)
        await console.press(*keys)
        assert console.app.screen is screen
        await console.press("enter", *keys)
        assert isinstance(console.app.screen, ChartScreen)
        assert _bound(console.app.screen) & WRITES == set()
        await console.press("escape", "escape")
        home = await console.until_home()
        await console.press(*keys)
        assert console.app.screen is home
        assert await console.entries() == before


async def test_a_console_that_writes_has_them(tmp_path: Path, made: list[str]) -> None:
    declared(setting_in(tmp_path))
    async with running(setting_in(tmp_path)) as console:
        assert _bound(await console.until_incident()) >= {"note", "acknowledge", "update"}
    assert set(made) == {"EffectRunner", "Recorder", "LazyPort"}


def _bound(screen: Surface) -> set[str]:
    return {binding.action for each in screen._bindings.key_to_bindings.values() for binding in each}


def test_the_modules_of_the_ports_are_not_even_loaded(tmp_path: Path) -> None:
    here = Path(__file__).parent
    words = {"console": str(here), "support": str(here.parent / "support"), "folder": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PORTS.format(**words)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "None None []"


async def test_tasks_can_be_read_and_not_touched(tmp_path: Path) -> None:
    task = c.AddTask(what=TaskKind.TODO, text="the runbook is wrong")
    do_before(setting_in(tmp_path), c.Declare(title="x", severity=Severity.SEV2), task)
    async with running(setting_in(tmp_path, read_only=True)) as console:
        await console.until_incident()
        await console.press("w")
        await console.until(lambda: "the runbook is wrong" in console.shown())
        before = await console.entries()
        await console.press("enter", "p", "y", "n")
        assert _bound(console.app.screen) & WRITES == set()
        assert await console.entries() == before
