"""The feed: every source polled when due, each on a thread of its own, none able to hold up another.

Runs on one event loop; all methods are called there. Knows no screen: a consumer awaits `changed()`.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from iccon.background import on_thread, spawn
from iccon.clock import Clock
from iccon.faults import FaultKind, SourceFault, as_fault
from iccon.feed.backoff import delay
from iccon.feed.model import Slot, Snapshot, Source, Trouble

_LONGEST_SLEEP = 2.0  # seconds; so soon it is noticed that the machine was suspended
_JUMP = 5.0  # seconds by which the clock must be ahead of that, or go back: less is a correction


@dataclass
class _Line:
    """What the feed remembers about one source. `due` is in monotonic seconds of the feed's clock."""

    source: Source
    slot: Slot
    due: float
    failures: int = 0
    again: bool = False  # the poll that runs began before the machine was suspended: once more when it ends


class Feed:
    """Polls `sources` and keeps the latest value of each.

    Times come from `clock`. `jitter` gives numbers from 0 to 1. After a suspension, or when the clock is set, every
    source is polled at once, whatever it was waiting for. Raises ValueError where two sources have one name.
    """

    def __init__(self, sources: Sequence[Source], clock: Clock, *, jitter: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._jitter = jitter
        start = clock.monotonic()
        self._looked = clock.now()
        self._lines = {each.name: _Line(each, Slot(each.name), start) for each in sources}
        if len(self._lines) != len(sources):
            raise ValueError("two sources of the feed have one name")
        self._watchers: set[asyncio.Task[None]] = set()
        self._waiters: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._version = 0
        self._handed = 0
        self._paused = False
        self._stopped = False

    async def run(self) -> None:
        """Poll until `stop()` or until this task is cancelled."""
        try:
            while not self._stopped:
                self._look_at_the_clock()
                self._start_due()
                await self._sleep()
        finally:
            self._abandon()

    async def stop(self) -> None:
        """End polling at once. Polls that still run are abandoned, not waited for.

        Whoever awaits `changed()` gets CancelledError.
        """
        self._stopped = True
        self._wake.set()
        self._abandon()

    def snapshot(self) -> Snapshot:
        """Return all slots as they are."""
        slots = {name: line.slot for name, line in self._lines.items()}
        return Snapshot(slots, self._version, self._paused)

    async def changed(self, after: int | None = None) -> Snapshot:
        """Wait until there is something newer than version `after`, and return everything.

        Without `after`: newer than what `changed()` returned last; for a single consumer. Changes
        that come together are returned together.
        """
        while self._version <= (self._handed if after is None else after):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            if self._stopped:
                waiter.cancel()
            await waiter
        self._handed = self._version
        return self.snapshot()

    def refresh(self, name: str | None = None) -> None:
        """Poll the source `name` now, or all, even when backing off or paused; one that runs is left to end.

        Raises KeyError for an unknown name.
        """
        for line in [self._lines[name]] if name is not None else list(self._lines.values()):
            self._start(line)
        self._publish()

    def pause(self, paused: bool) -> None:
        """Start no polls until called with False; then every overdue source is polled at once."""
        self._paused = paused
        self._publish()
        self._wake.set()

    async def _sleep(self) -> None:
        """Sleep until a source is due or something changes the plan."""
        now = self._clock.monotonic()
        due = min((line.due for line in self._lines.values()), default=now + _LONGEST_SLEEP)
        seconds = _LONGEST_SLEEP if self._paused else min(max(due - now, 0.0), _LONGEST_SLEEP)
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _look_at_the_clock(self) -> None:
        """Make every source due where more time has passed than was slept, or less than none."""
        now = self._clock.now()
        passed, self._looked = (now - self._looked).total_seconds(), now
        if -_JUMP < passed < _LONGEST_SLEEP + _JUMP:
            return
        for line in self._lines.values():
            line.due, line.failures = self._clock.monotonic(), 0
            line.again = line.slot.busy_since is not None

    def _start_due(self) -> None:
        now = self._clock.monotonic()
        for line in self._lines.values():
            if not self._paused and line.due <= now:
                self._start(line)

    def _start(self, line: _Line) -> None:
        """Start a poll and plan the next; a source that still runs loses its turn."""
        line.due = self._clock.monotonic() + max(line.source.every, 0.01)
        if line.slot.busy_since is None and not self._stopped:
            line.slot = replace(line.slot, busy_since=self._clock.now())
            watcher = spawn(self._watch(line), f"feed {line.source.name}")
            self._watchers.add(watcher)
            watcher.add_done_callback(self._watchers.discard)
        elif line.slot.trouble is not None:
            line.slot = replace(line.slot, trouble=self._next_try(line, line.slot.trouble))

    async def _watch(self, line: _Line) -> None:
        """See one poll through: its outcome, or its deadline and then, perhaps, its late outcome."""
        try:
            running = on_thread(line.source.poll, f"poll {line.source.name}")
        except RuntimeError as error:  # the machine gives no more threads
            self._failed(line, error)
            self._idle(line)
            return
        running.add_done_callback(_seen)
        try:
            done, _ = await asyncio.wait({running}, timeout=line.source.deadline)
            if not done:
                self._overdue(line)
                await asyncio.wait({running})
            self._ended(line, running, late=not done)
        finally:
            running.cancel()

    def _ended(self, line: _Line, poll: "asyncio.Future[Any]", *, late: bool) -> None:
        error = poll.exception()
        if error is None:
            self._came(line, poll.result())
        else:
            line.failures -= late  # the missed deadline was counted
            self._failed(line, error)
        self._idle(line)

    def _idle(self, line: _Line) -> None:
        line.slot = replace(line.slot, busy_since=None)
        if line.again:
            line.again, line.due = False, self._clock.monotonic()
        self._publish()
        self._wake.set()

    def _came(self, line: _Line, value: Any) -> None:
        line.failures = 0
        version = line.slot.version + 1
        line.slot = replace(line.slot, value=value, at=self._clock.now(), trouble=None, version=version)

    def _overdue(self, line: _Line) -> None:
        reason = f"no answer within {line.source.deadline:g} s"
        self._failed(line, SourceFault(FaultKind.TIMEOUT, reason))
        self._publish()
        self._wake.set()

    def _failed(self, line: _Line, error: BaseException) -> None:
        line.failures += 1
        fault = as_fault(error, f"polling {line.source.name}")
        wait = delay(line.source.every, line.failures, fault.retry_after, self._jitter())
        line.due = self._clock.monotonic() + wait
        since = line.slot.trouble.since if line.slot.trouble else self._clock.now()
        trouble = self._next_try(line, Trouble(fault.kind, fault.reason, since, since))
        value = line.slot.value if fault.partial is None else fault.partial
        line.slot = replace(line.slot, value=value, trouble=trouble, version=line.slot.version + 1)

    def _next_try(self, line: _Line, trouble: Trouble) -> Trouble:
        wait = timedelta(seconds=max(0.0, line.due - self._clock.monotonic()))
        return replace(trouble, next_try=self._clock.now() + wait)

    def _publish(self) -> None:
        self._version += 1
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _abandon(self) -> None:
        self._stopped = True
        for watcher in tuple(self._watchers):
            watcher.cancel()
        for waiter in self._waiters:
            waiter.cancel()


def _seen(poll: "asyncio.Future[Any]") -> None:
    """Take note of an error nobody awaits any more, so that asyncio does not complain of it."""
    if not poll.cancelled():
        poll.exception()
