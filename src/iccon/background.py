"""Work off the event loop: tasks that are kept and reported, and threads that never delay the exit."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_log = logging.getLogger("iccon")
_tasks: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """Start `work` as a task, keep a reference until it ends, and log what it raises."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _tasks.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %s failed", task.get_name(), exc_info=error)


async def in_thread(work: Callable[[], T], name: str, deadline: float) -> T:
    """Run blocking `work` on a daemon thread; raise TimeoutError after `deadline` seconds.

    The thread of a timed-out call is abandoned, not joined: a source that hangs for half a minute
    must not hold the exit, which is what the standard executor's threads do.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as caught:
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            _log.debug("%s ended after the loop", name)

    threading.Thread(target=run, name=name, daemon=True).start()
    async with asyncio.timeout(deadline):
        return await done
