"""The bridge between the feed and the screen."""

import asyncio

import pytest

from iccon.background import spawn
from iccon.clock import SystemClock
from iccon.console.bridge import pump
from iccon.console.lull import Lull
from iccon.feed.model import Snapshot
from iccon.feed.scheduler import Feed


async def test_a_snapshot_that_cannot_be_shown_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    feed, failed, done = Feed([], SystemClock()), asyncio.Event(), asyncio.Event()

    def show(snapshot: Snapshot) -> None:
        if snapshot.paused:
            failed.set()
            raise ZeroDivisionError
        done.set()

    task = spawn(pump(feed, show, Lull().come), "bridge")
    feed.pause(True)
    async with asyncio.timeout(20):
        await failed.wait()
        feed.pause(False)
        await done.wait()
    task.cancel()
    assert "showing what the sources say failed" in caplog.text
