"""The board in the running console through random weather: answers of every kind, keys, pauses, clocks that jump."""

import asyncio
import json
import logging
import math
import random
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from rawserver import http, json_answer, reset, serving
from running import Running, config_of, running, setting_in

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.console.widgets.board import BoardView
from iccon.feed import scheduler
from iccon.signals.model import GOLDEN, Verdict

SERVICES = ("cart", "checkout", "search")
STALE = 60.0
FRESH = (Verdict.OK, Verdict.WARN, Verdict.BAD)
EPOCH = 1_700_000_000.0


class MovedClock(SystemClock):
    """The machine's clock, and how far it was moved, in seconds."""

    moved = 0.0

    def now(self):
        return super().now() + timedelta(seconds=self.moved)


class Weather:
    """A metrics server. Each value is the time of its own sample, so that a screen cannot lie about its age."""

    def __init__(self, seed: int, clock: MovedClock) -> None:
        self.chance = random.Random(seed)
        self.clock = clock
        self.fair = True

    def __call__(self, connection: socket.socket) -> None:
        kind = "good" if self.fair else self.chance.choice([*["good"] * 20, *BROKEN, "old", "ahead", "nan", "few"])
        if kind in BROKEN:
            answer = BROKEN[kind]
            answer(connection) if callable(answer) else connection.sendall(answer)
            return
        newest = self.clock.now().timestamp() + {"old": -300.0, "ahead": 900.0}.get(kind, 0.0)
        times = [newest - 15 * i for i in range(20)]
        shown = self.chance.sample(SERVICES, 1) if kind == "few" else SERVICES
        connection.sendall(
            matrix({name: [(at, math.nan if kind == "nan" else at - EPOCH) for at in times] for name in shown})
        )


BROKEN = {
    "limited": http(b"", "429 Too Many Requests", "Retry-After: 1"),
    "page": http(b"<html>log in"),
    "down": http(b"", "503 Busy"),
    "no JSON": json_answer(b'{"status"'),
    "reset": reset,
    "silent": lambda connection: time.sleep(0.3),
}


def matrix(series: dict[str, list[tuple[float, float]]]) -> bytes:
    result = [
        {"metric": {"service": name}, "values": [(at, str(value)) for at, value in points]}
        for name, points in series.items()
    ]
    return json_answer(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode())


def config(url: str) -> schema.Config:
    signals = {name: schema.Signal(name, "number", warn=EPOCH, stale_after=STALE) for name in GOLDEN}
    return config_of(
        prometheus={"main": schema.Prometheus(url, timeout=0.2)},
        signals=schema.Signals(refresh=0.5, window=600, **signals),
        services=dict.fromkeys(SERVICES, schema.Service()),
    )


class Walk:
    """Random steps, and what must hold after each."""

    def __init__(self, seed: int, console: Running, clock: MovedClock) -> None:
        self.chance = random.Random(seed)
        self.console, self.clock = console, clock
        self.board = console.one(BoardView)
        self.chosen = self.board.chosen

    async def step(self) -> None:
        """Do something; keys of the cursor alone may move the choice."""
        kind = self.chance.choice(["wait", "cursor", "refresh", "pause", "jump", "jump", "chart"])
        if kind == "wait":
            await asyncio.sleep(self.chance.uniform(0, 0.2))
        elif kind == "jump":
            self.clock.moved += self.chance.choice([-7200, -90, -3, 3, 70, 600, 40_000])
        elif kind == "cursor":
            await self.console.press(self.chance.choice(["up", "down", "left", "right"]))
            self.chosen = self.board.chosen
        else:
            keys = {"refresh": ["ctrl+r"], "pause": ["f6"], "chart": ["enter", "escape"]}
            await self.console.press(*keys[kind])

    def holds(self) -> None:
        """Nothing fresh is old, the choice is where it was, and the program goes on."""
        self.console.app._tick()
        board, now = self.board.board, self.board.now
        for cell in board.cells.values() if board else ():
            if cell.verdict in FRESH:
                assert cell.value is not None and cell.at is not None
                assert cell.value + EPOCH == pytest.approx(cell.at, abs=1e-3)  # the very sample
                assert abs(now - cell.at) <= STALE
        assert self.board.chosen == self.chosen
        assert self.console.app.is_running

    async def recovers(self, weather: Weather) -> None:
        """In fair weather every cell is well again."""
        weather.fair = True
        if self.console.app.snapshot.paused:
            await self.console.press("f6")
        await self.console.press("ctrl+r")
        await self.console.until(lambda: {c.verdict for c in self.board.board.cells.values()} == {Verdict.OK}, 10)


async def walked(seed: int, steps: int, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = MovedClock()
    weather = Weather(seed, clock)
    with serving(weather) as server, caplog.at_level(logging.WARNING):
        async with running(setting_in(folder, config(server.url), clock), (160, 36)) as console:
            view = console.one(BoardView)
            await console.until(lambda: view.board)
            weather.fair = False
            view.focus()
            await console.press("down")
            walk = Walk(seed, console, clock)
            for _ in range(steps):
                await walk.step()
                walk.holds()
            await walk.recovers(weather)
            walk.holds()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "_LONGEST_SLEEP", 0.05)


async def test_a_short_walk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await walked(0, 30, tmp_path, caplog)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 7))
async def test_a_long_walk(seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await walked(seed, 300, tmp_path, caplog)
