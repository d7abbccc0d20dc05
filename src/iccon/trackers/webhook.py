"""The tracker `webhook`: tasks posted as signed JSON to an address, and asked after by their id; see `net/hook.py`.

{"id", "kind": "task", "what", "text", "owner", "due", "incident", "title", "severity", "noted", "drill",
 "source": "iccon", "version": 1}
"""

from iccon.clock import Clock
from iccon.net.hook import Hook
from iccon.text import CleanText
from iccon.trackers.model import Ticket
from iccon.when import iso


class WebhookTracker:
    """Posts to `url`; `secret` signs. `timeout` is in seconds. The task's id is the key: one that was tried before is
    safe to post again, because only what was certainly not taken is.
    """

    def __init__(
        self, name: str, url: str, secret: str = "", timeout: float = 10.0, clock: Clock | None = None
    ) -> None:
        self.name = name
        self._hook = Hook(url, secret, timeout, clock, noun="task")

    def create(self, ticket: Ticket) -> CleanText:
        """Post once; return the receiver's proof. Raises SourceFault; LOST where no usable answer came."""
        content = {
            "id": ticket.task,
            "kind": "task",
            "what": ticket.what,
            "text": ticket.text,
            "owner": ticket.owner,
            "due": ticket.due,
            "incident": ticket.incident,
            "title": ticket.incident_title,
            "severity": ticket.severity,
            "noted": iso(ticket.noted),
            "drill": ticket.drill,
        }
        return self._hook.post(ticket.task, content)

    def find(self, ticket: Ticket) -> CleanText | None:
        """Ask the receiver whether it has the task. Raises SourceFault where it cannot say."""
        return self._hook.ask(ticket.task)
