"""Work off the event loop: tasks that are kept and reported, and threads that never delay the exit."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
_log = logging.getLogger("iccon")
_tasks: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """Start `work` as a task, keep a reference until it ends, and log what it raises."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work.close()
        raise
    task = loop.create_task(work, name=name)
    _tasks.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %s failed", task.get_name(), exc_info=error)


class WorkEnded(RuntimeError):
    """Work on a thread raised what must not pass through an event loop (SystemExit, StopIteration)."""


def on_thread(work: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Start blocking `work` on a daemon thread of its own; return a future that settles when it ends.

    The thread is never joined: work that hangs for half a minute must not hold the exit, which is what the
    standard executor's threads do. Cancelling the future abandons the thread; its result is
    dropped. Raises RuntimeError where the machine gives no more threads.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        outcome = _outcome(work)
        try:
            loop.call_soon_threadsafe(_settle, done, outcome)
        except RuntimeError:  # the loop is closed: nobody waits any more
            _log.debug("%s ended after the loop", name)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done


def _outcome(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except Exception as error:
        return None, _passable(error)
    except BaseException as error:  # a SystemExit in one source must not end the program
        return None, _wrapped(error)


def _passable(error: Exception) -> BaseException:
    """Return `error`, wrapped where a future refuses it: StopIteration would never be delivered."""
    return _wrapped(error) if isinstance(error, StopIteration) else error


def _wrapped(error: BaseException) -> WorkEnded:
    ended = WorkEnded(f"{type(error).__name__}: {error}")
    ended.__cause__ = error
    return ended


def _settle(done: "asyncio.Future[T]", outcome: tuple[T | None, BaseException | None]) -> None:
    if done.done():
        return
    result, error = outcome
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)  # type: ignore[arg-type]  # None only with an error, or where T is None


async def in_thread(work: Callable[[], T], name: str, deadline: float) -> T:
    """Run blocking `work` on a daemon thread; raise TimeoutError after `deadline` seconds.

    The thread of a timed-out or cancelled call is abandoned; see `on_thread`.
    """
    async with asyncio.timeout(deadline):
        return await on_thread(work, name)


def side_by_side(work: Sequence[Callable[[], T]], name: str) -> list[T | Exception]:
    """Run blocking functions at once, each on a daemon thread; return their results or errors in order.

    For code that is already off the event loop. It waits for all of them: each must have its own deadline.
    """
    results: list[T | Exception | None] = [None] * len(work)

    def run(index: int) -> None:
        result, error = _outcome(work[index])
        results[index] = result if error is None else error  # type: ignore[assignment]

    threads = [
        threading.Thread(target=run, args=(index,), name=f"{name} {index}", daemon=True) for index in range(len(work))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results  # type: ignore[return-value]
