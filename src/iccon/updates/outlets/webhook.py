"""The outlet `webhook`: updates posted as signed JSON to an address, and asked after by their id; see `net/hook.py`.

{"id", "text", "audience", "title", "severity", "drill", "incident", "phase", "services", "thread", "source": "iccon",
"version": 1}
"""

import msgspec

from iccon.clock import Clock
from iccon.net.hook import Hook
from iccon.updates.model import Message, Posted


class WebhookOutlet:
    """Posts to `url`; `secret` signs. `timeout` is in seconds, from the connection to the last byte of the answer."""

    def __init__(
        self, name: str, url: str, secret: str = "", timeout: float = 10.0, clock: Clock | None = None
    ) -> None:
        self.name = name
        self.hook = Hook(url, secret, timeout, clock)

    def send(self, message: Message) -> Posted:
        """Post once. Raises SourceFault; LOST where the request left and no usable answer came."""
        return Posted(self.hook.post(message.id, msgspec.structs.asdict(message)))

    def read_back(self, message: Message) -> Posted | None:
        """Ask the receiver whether it has the message. Raises SourceFault where it cannot say."""
        receipt = self.hook.ask(message.id)
        return None if receipt is None else Posted(receipt)
