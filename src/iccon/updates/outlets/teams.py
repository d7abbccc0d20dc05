"""The outlet `teams`: a card in Microsoft Teams, by the webhook of a workflow that posts what it receives.

The address is a secret: who has it can post. A workflow takes a message with an adaptive card and says 202; whether the
card was then shown it does not tell, and it cannot be asked. Texts go out as `TextRun`s, in which no Markdown and no
mention is read. See https://learn.microsoft.com/en-us/connectors/teams.
"""

from typing import Any, Final

import msgspec

from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, checked, demand_https, guarded_session
from iccon.text import clean
from iccon.updates.model import Message, Posted
from iccon.updates.outlets.api import unanswerable

LIMIT: Final = 28_000  # bytes of a message
_ANSWER: Final = 65_536


class TeamsOutlet:
    """One workflow. Blocking. `address` is resolved; `timeout` is in seconds."""

    def __init__(self, name: str, address: str, timeout: float = 10.0) -> None:
        self.name = name
        self._address = address.strip()
        self._timeout = timeout

    def send(self, message: Message) -> Posted:
        """Post once. Raises SourceFault; LOST where nobody knows."""
        body = msgspec.json.encode(_card(message))
        if len(body) > LIMIT:
            raise SourceFault(FaultKind.REJECTED, f"it is larger than the {LIMIT:,} bytes that Teams takes")
        demand_https(self._address, "Teams")
        with guarded_session(self._address, Limits(self._timeout, _ANSWER)) as session:
            answer = session.post(self._address, data=body, headers={"Content-Type": "application/json"})
        return Posted(clean(f"HTTP {checked(answer, write=True).status_code}: taken by the workflow"))

    def read_back(self, message: Message) -> Posted | None:
        """Raise SourceFault: a workflow does not tell."""
        raise unanswerable("the workflow")


def _card(message: Message) -> dict[str, Any]:
    about = " · ".join(part for part in (message.severity, message.title, message.phase) if part)
    lines = [_block(about, weight="Bolder"), *(_block(part) for part in message.text.split("\n") if part.strip())]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
        "msteams": {"width": "Full"},
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attached]}


def _block(words: str, **look: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **look}]}
