"""What nobody waits for lets keys go first, and is not put off for ever."""

import asyncio
import gc
import threading
from time import monotonic

from iccon import precedence
from iccon.background import spawn
from iccon.console.lull import PATIENCE, Lull
from iccon.console.tidying import SOME, tidy


async def test_where_nobody_types_nothing_waits() -> None:
    lull, begun = Lull(), monotonic()
    await lull.come()
    assert monotonic() - begun < PATIENCE


async def test_news_come_after_the_answer_of_the_next_key_and_never_wait_for_long() -> None:
    lull, said = Lull(), []

    async def news() -> None:
        await lull.come()
        said.append("news")

    lull.pressed()
    lull.answered()
    waiting = spawn(news(), "news")
    await asyncio.sleep(0)
    assert not said
    lull.pressed()
    said.append("key")
    lull.answered()
    await asyncio.wait_for(waiting, 20)
    assert said == ["key", "news"]
    lull.pressed()
    await asyncio.wait_for(lull.come(), 20)  # a key that is never answered
    lull.answered()


def test_threads_compute_one_at_a_time_and_pause_while_a_key_is_answered() -> None:
    inside, most, order = 0, 0, []
    lock = threading.Lock()

    def compute() -> None:
        nonlocal inside, most
        with precedence.turn() as give_way:
            with lock:
                inside += 1
                most = max(most, inside)
            give_way()
            order.append("computed")
            with lock:
                inside -= 1

    precedence.hurry()
    threads = [threading.Thread(target=compute) for _ in range(3)]
    for thread in threads:
        thread.start()
    order.append("answered")
    precedence.calm()
    for thread in threads:
        thread.join(20)
    assert order[0] == "answered" and order.count("computed") == 3 and most == 1


def test_a_key_that_is_held_down_does_not_starve_the_data() -> None:
    precedence.hurry()
    try:
        with precedence.turn() as give_way:
            for _ in range(100):
                give_way()  # waits LONGEST in all, not each time
    finally:
        precedence.calm()


def test_garbage_is_looked_for_between_keys() -> None:
    gc.disable()
    try:
        gc.collect()
        kept = [[] for _ in range(SOME + 1_000)]
        tidy(0.0)
        assert gc.get_count()[0] > SOME
        tidy(5.0)
        assert gc.get_count()[0] < SOME and kept
    finally:
        gc.enable()
