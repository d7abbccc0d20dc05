"""The bridge from the feed to the screen: one task, one message a tick, never a widget touched from outside."""

from collections.abc import Callable

from iccon.feed.model import Snapshot
from iccon.feed.scheduler import Feed


async def pump(feed: Feed, show: Callable[[Snapshot], object]) -> None:
    """Hand each change of the feed to `show`, the newest only, until cancelled."""
    while True:
        show(await feed.changed())
