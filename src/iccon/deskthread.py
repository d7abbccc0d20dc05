"""The desk for the event loop: one daemon thread on which the journal and the desk live."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from iccon.desk import Desk, Receipt
from iccon.incident.commands import Command
from iccon.incident.decide import Refusal
from iccon.incident.entries import Entry
from iccon.journal.store import JournalFault

T = TypeVar("T")
LOOK_EVERY = 0.25  # seconds between looks for what other processes appended
_Listener = Callable[[tuple[Entry, ...]], None]
_TroubleListener = Callable[[str | None], None]


class DeskThread:
    """Runs work on the desk's thread, and publishes on the loop what came into the journal, by whomever.

    `trouble` says, while it lasts, why the record is NOT being kept (or cannot be read any more, or not to its end).
    `standing` is one that lasts as long as this desk: why it only reads, where it should write.
    """

    def __init__(self, open_desk: Callable[[], Desk], standing: str | None = None) -> None:
        self.trouble: str | None = standing
        self._standing = standing
        self._unkept: str | None = None  # of the last write
        self._unread: str | None = None  # of the last look; both belong to the desk's thread
        self._stopping = False
        self._pending: set[asyncio.Future[Any]] = set()
        self._open_desk = open_desk
        self._jobs: SimpleQueue[Callable[[Desk], None] | None] = SimpleQueue()
        self._listeners: list[_Listener] = []
        self._trouble_listeners: list[_TroubleListener] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._ended: asyncio.Event

    async def start(self) -> None:
        """Open the desk on its thread. Raises what opening raises (JournalFault)."""
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, args=(opened,), name="desk", daemon=True)
        self._thread.start()
        try:
            await opened
        except BaseException:
            self._stopping = True
            raise

    async def do(
        self, command: Command, incident: str | None = None, *, drop_draft: str | None = None
    ) -> Receipt | Refusal:
        """Do `command` as `Desk.do` does. Raises JournalFault: nothing was recorded, and `trouble` is set."""
        return await self.call(lambda desk: desk.do(command, incident, drop_draft=drop_draft))

    async def call(self, work: Callable[[Desk], T]) -> T:
        """Run `work` on the desk's thread; return or raise what it does. Calls run in the order they were made."""
        if self._thread is None or self._stopping or self._ended.is_set():
            raise _closed()
        done: asyncio.Future[T] = self._loop.create_future()
        self._pending.add(done)
        done.add_done_callback(self._pending.discard)
        self._jobs.put(lambda desk: self._run(desk, work, done))
        return await done

    def subscribe(self, listener: _Listener) -> Callable[[], None]:
        """Call `listener(entries)` on the loop for all that comes into the journal; return how to stop that.

        It is called with no entries when `trouble` changed.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_trouble(self, listener: _TroubleListener) -> Callable[[], None]:
        """Call `listener(trouble)` on the loop whenever `trouble` changes; return how to stop that."""
        self._trouble_listeners.append(listener)
        return lambda: self._trouble_listeners.remove(listener)

    async def stop(self, deadline: float = 1.0) -> bool:
        """Finish the work that waits and close the journal; False when that took over `deadline` seconds."""
        if self._thread is None:
            return True
        self._stopping = True
        self._jobs.put(None)
        try:
            async with asyncio.timeout(deadline):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    # -- on the desk's thread --------------------------------------------------------------------------

    def _work(self, opened: asyncio.Future[None]) -> None:
        try:
            desk = self._open_desk()
        except BaseException as error:
            self._post(_settle, opened, None, error)
            self._post(self._finish)
            return
        self._post(_settle, opened, None, None)
        try:
            while self._step(desk):
                pass
        finally:
            desk.journal.close()
            self._post(self._finish)

    def _step(self, desk: Desk) -> bool:
        try:
            job = self._jobs.get(timeout=LOOK_EVERY)
        except Empty:
            self._look(desk)
            return True
        if job is None:
            return False
        job(desk)
        return True

    def _look(self, desk: Desk) -> None:
        self._unread = None
        try:
            desk.catch_up()
        except Exception as error:  # whatever it is, the thread that keeps the record goes on
            self._unread = f"the journal cannot be read: {error}"
        self._report(desk)
        self._publish(desk)

    def _run(self, desk: Desk, work: Callable[[Desk], T], done: asyncio.Future[T]) -> None:
        result: T | None = None
        error: BaseException | None = None
        before = desk.journal.written
        try:
            result = work(desk)
        except BaseException as caught:
            error = caught
        self._judge(error, desk.journal.written > before)
        self._report(desk)
        self._publish(desk)
        self._post(_settle, done, result, error)

    def _judge(self, error: BaseException | None, wrote: bool) -> None:
        if isinstance(error, JournalFault):
            self._unkept = f"the record is NOT being kept: {error}"
        elif error is None and wrote:
            self._unkept = None

    def _report(self, desk: Desk) -> None:
        damage = f"the journal could not be read to its end: {desk.damage}" if desk.damage else None
        self._post(self._set_trouble, self._unkept or self._unread or damage or self._standing)

    def _publish(self, desk: Desk) -> None:
        if news := desk.drain():
            self._post(self._tell, news)

    def _post(self, call: Callable[..., object], *args: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(call, *args)

    # -- on the loop -----------------------------------------------------------------------------------

    def _finish(self) -> None:
        self._ended.set()
        for waiting in tuple(self._pending):
            _settle(waiting, None, _closed())

    def _tell(self, news: tuple[Entry, ...]) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        for listener in tuple(self._trouble_listeners):
            listener(trouble)
        self._tell(())


def _closed() -> JournalFault:
    return JournalFault("closed", "the journal is closed", "nothing was written")


def _settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
