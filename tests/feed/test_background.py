import asyncio
import logging
import threading

import pytest

from iccon.background import WorkEnded, in_thread, side_by_side, spawn


async def test_a_result_and_an_error_come_back() -> None:
    assert await in_thread(lambda: 7, "seven", 5) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0, "wrong", 5)


async def test_a_deadline_abandons_the_thread() -> None:
    go = threading.Event()
    with pytest.raises(TimeoutError):
        await in_thread(lambda: go.wait(30), "hung", 0.02)
    go.set()


async def test_an_exit_in_a_thread_is_an_error_like_others() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(WorkEnded, match="SystemExit"):
        await in_thread(leave, "leaving", 5)


async def test_a_task_that_fails_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("lost otherwise")

    with caplog.at_level(logging.ERROR, logger="iccon"):
        await asyncio.wait({spawn(fail(), "failing")})
        await asyncio.sleep(0)
    assert "failing" in caplog.text
    assert "lost otherwise" in caplog.text


def test_spawn_without_a_loop_says_so_and_leaves_nothing_unawaited() -> None:
    async def never() -> None: ...

    with pytest.raises(RuntimeError):
        spawn(never(), "never")


def test_side_by_side_runs_at_once_and_keeps_the_order() -> None:
    meet = threading.Barrier(3, timeout=10)

    def fail() -> int:
        meet.wait()
        raise OSError("one of three")

    first, second, third = side_by_side([lambda: meet.wait() * 0 + 1, fail, lambda: meet.wait() * 0 + 3], "three")
    assert (first, third) == (1, 3)
    assert isinstance(second, OSError)
