"""The bridge from the feed to the screen: one task, one message a tick, never a widget touched from outside."""

from collections.abc import Awaitable, Callable

from iccon.faults import log_once
from iccon.feed.model import Snapshot
from iccon.feed.scheduler import Feed


async def pump(feed: Feed, show: Callable[[Snapshot], object], lull: Callable[[], Awaitable[None]]) -> None:
    """Hand each change of the feed to `show`, the newest only, when it suits (`lull`), until cancelled.

    One that cannot be shown is logged, and the next is shown: a screen must not stand still for it.
    """
    while True:
        snapshot = await feed.changed()
        await lull()
        try:
            show(snapshot)
        except Exception as error:
            log_once(error, "showing what the sources say")
