"""The feed, with real threads and the real clock: what hangs holds up nobody."""

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from iccon.background import spawn
from iccon.clock import SystemClock
from iccon.faults import FaultKind, SourceFault
from iccon.feed.model import Slot, Source
from iccon.feed.scheduler import Feed


class Hanging:
    """A poll that does not return until it is let go; counts how many run at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls = self.running = self.most = 0

    def __call__(self) -> str:
        self.calls += 1
        self.running += 1
        self.most = max(self.most, self.running)
        self.go.wait(30)
        self.running -= 1
        return "late"


@contextlib.asynccontextmanager
async def feeding(*sources: Source, **options: Any) -> AsyncIterator[Feed]:
    feed = Feed(sources, SystemClock(), **options)
    runner = spawn(feed.run(), "feed")
    try:
        yield feed
    finally:
        await feed.stop()
        await runner


async def until(feed: Feed, name: str, ready: Callable[[Slot], bool]) -> Slot:
    async with asyncio.timeout(10):
        slot = feed.snapshot().slots[name]
        while not ready(slot):
            slot = (await feed.changed()).slots[name]
        return slot


def failing(kind: FaultKind = FaultKind.REFUSED, **options: Any) -> Callable[[], Any]:
    def poll() -> Any:
        raise SourceFault(kind, "as ordered", **options)

    return poll


async def test_a_value_arrives_with_its_time_and_goes_on_arriving() -> None:
    numbers = iter(range(1000))
    async with feeding(Source("a", lambda: next(numbers), 0.02, 1)) as feed:
        first = await until(feed, "a", lambda slot: slot.value is not None)
        later = await until(feed, "a", lambda slot: (slot.value or 0) >= 3)
    assert first.at is not None
    assert first.at.tzinfo is not None
    assert later.version > first.version
    assert later.trouble is None


async def test_a_hung_source_delays_neither_the_others_nor_the_stop() -> None:
    hung, numbers = Hanging(), iter(range(1000))
    async with feeding(Source("hung", hung, 0.02, 0.05), Source("ok", lambda: next(numbers), 0.02, 1)) as feed:
        slot = await until(feed, "hung", lambda slot: slot.trouble is not None)
        await until(feed, "ok", lambda slot: (slot.value or 0) >= 5)
        assert slot.trouble is not None
        assert slot.trouble.kind is FaultKind.TIMEOUT
        assert feed.snapshot().slots["hung"].busy_since is not None
    assert (hung.calls, hung.running) == (1, 1)
    hung.go.set()


async def test_a_source_is_never_polled_twice_at_once_not_even_when_asked_to() -> None:
    hung = Hanging()
    async with feeding(Source("hung", hung, 0.01, 0.02)) as feed:
        await until(feed, "hung", lambda slot: slot.trouble is not None)
        for _ in range(5):
            feed.refresh("hung")
            await asyncio.sleep(0.02)
        assert hung.calls == 1
        hung.go.set()
        slot = await until(feed, "hung", lambda slot: slot.value == "late" and slot.busy_since is None)
        assert slot.trouble is None
        await until(feed, "hung", lambda slot: hung.calls > 1)
    assert hung.most == 1


async def test_trouble_keeps_the_last_value_and_says_since_when_and_when_next() -> None:
    broken = threading.Event()

    def poll() -> str:
        if broken.is_set():
            raise SourceFault(FaultKind.SERVER, "HTTP 500")
        return "good"

    async with feeding(Source("a", poll, 0.02, 1)) as feed:
        good = await until(feed, "a", lambda slot: slot.value == "good")
        broken.set()
        first = await until(feed, "a", lambda slot: slot.trouble is not None)
        second = await until(feed, "a", lambda slot: slot.version > first.version)
        broken.clear()
        healed = await until(feed, "a", lambda slot: slot.trouble is None)
    assert first.trouble is not None
    assert second.trouble is not None
    assert (second.value, second.trouble.since) == ("good", first.trouble.since)
    assert second.at is not None
    assert second.at < second.trouble.since < second.trouble.next_try
    assert healed.value == "good"
    assert good.trouble is None


async def test_retry_after_is_honoured_and_a_person_may_override_it() -> None:
    calls = 0

    def poll() -> Any:
        nonlocal calls
        calls += 1
        raise SourceFault(FaultKind.RATE_LIMITED, "wait", retry_after=120)

    async with feeding(Source("a", poll, 0.01, 1), jitter=lambda: 0.0) as feed:
        slot = await until(feed, "a", lambda slot: slot.trouble is not None)
        assert slot.trouble is not None
        assert 119 < (slot.trouble.next_try - slot.trouble.since).total_seconds() < 121
        await asyncio.sleep(0.1)
        assert calls == 1
        feed.refresh()
        await until(feed, "a", lambda _: calls == 2)


async def test_what_a_failed_poll_can_still_show_is_shown() -> None:
    async with feeding(Source("a", failing(partial="old, marked"), 5, 1)) as feed:
        slot = await until(feed, "a", lambda slot: slot.trouble is not None)
    assert (slot.value, slot.at) == ("old, marked", None)


@pytest.mark.parametrize("error", [ValueError("a bug"), StopIteration(), SystemExit(3), KeyboardInterrupt()])
async def test_no_error_of_a_poll_ends_the_program(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    def poll() -> None:
        raise error

    with caplog.at_level(logging.CRITICAL, logger="iccon"):
        async with feeding(Source("a", poll, 0.01, 1)) as feed:
            slot = await until(feed, "a", lambda slot: slot.trouble is not None)
    assert slot.trouble is not None
    assert type(error).__name__ in slot.trouble.reason


async def test_a_pause_starts_no_polls_and_its_end_makes_up_for_them() -> None:
    calls = 0

    def poll() -> int:
        nonlocal calls
        calls += 1
        return calls

    async with feeding(Source("a", poll, 0.01, 1)) as feed:
        await until(feed, "a", lambda slot: slot.value is not None)
        feed.pause(True)
        await until(feed, "a", lambda slot: slot.busy_since is None)
        before = calls
        await asyncio.sleep(0.1)
        assert (calls, feed.snapshot().paused) == (before, True)
        feed.pause(False)
        await until(feed, "a", lambda slot: slot.value > before)


async def test_changes_that_come_together_are_handed_out_together() -> None:
    sources = [Source(f"s{n}", failing(), 60, 1) for n in range(20)]
    async with feeding(*sources) as feed:
        turns = 0
        async with asyncio.timeout(10):
            while any(slot.trouble is None or slot.busy_since for slot in (await feed.changed()).slots.values()):
                turns += 1
        assert turns < 40
        nothing = spawn(feed.changed(), "nothing new")
        await asyncio.sleep(0.05)
        assert not nothing.done()
    with pytest.raises(asyncio.CancelledError):
        await nothing


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        Feed([Source("a", str, 1, 1), Source("a", str, 1, 1)], SystemClock())


_PROGRAM = """
import asyncio, time
from iccon.background import spawn
from iccon.clock import SystemClock
from iccon.feed.model import Source
from iccon.feed.scheduler import Feed

async def main():
    feed = Feed([Source("hung", lambda: time.sleep(30), 1, 0.05)], SystemClock())
    runner = spawn(feed.run(), "feed")
    while not (await feed.changed()).slots["hung"].trouble:
        pass
    await feed.stop()
    await runner

asyncio.run(main())
print("left", flush=True)
"""


def test_a_program_with_a_hung_source_leaves_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "left\n"
        program.wait(timeout=5)  # 30 s where the thread were joined
    assert program.returncode == 0
