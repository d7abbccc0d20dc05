"""The outlet `slack`: one living message an incident in a channel, its updates in the thread below.

The first update is posted (`chat.postMessage`); later ones answer it in its thread, and the message above is edited
(`chat.update`) so that the channel always shows the latest. Each post carries its id as message metadata, by which a
lost one is looked for (`conversations.replies`, `conversations.history`). See https://docs.slack.dev/reference/methods.
Texts go out as `plain_text` blocks: no mention, link or format of Slack's is read in them. Incoming webhooks cannot
edit and cannot be asked, so a bot's token is needed: chat:write, and channels:history (groups:history in a private
channel) to read back.
"""

from typing import Any, Final

from iccon.faults import FaultKind, SourceFault, lost
from iccon.net.wire import record, records, text
from iccon.text import clean
from iccon.updates.model import Message, Posted
from iccon.updates.outlets.api import Api, written_since

URL: Final = "https://slack.com/api"
BLOCK: Final = 3_000  # characters of a section's text
BLOCKS: Final = 45  # of a message; Slack takes 50
EVENT: Final = "iccon_update"
PAGE: Final = "200"
_KINDS: Final = {
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"), FaultKind.UNAUTHORIZED
    ),
    **dict.fromkeys(
        ("missing_scope", "not_in_channel", "is_archived", "restricted_action", "no_permission", "access_denied"),
        FaultKind.FORBIDDEN,
    ),
    **dict.fromkeys(("channel_not_found", "message_not_found", "thread_not_found"), FaultKind.NOT_FOUND),
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), FaultKind.RATE_LIMITED),
}
_UNCLEAR: Final = ("fatal_error", "internal_error", "request_timeout", "service_unavailable")


class SlackOutlet:
    """One channel, by its id. Blocking. `token` is a bot's, resolved."""

    def __init__(
        self, name: str, channel: str, token: str, url: str = "", timeout: float = 10.0, ca_file: str = ""
    ) -> None:
        self.name = name
        self._channel = channel
        self._api = Api("Slack", url or URL, {"Authorization": f"Bearer {token}"}, timeout, ca_file)

    def send(self, message: Message) -> Posted:
        """Post once, then bring the living message up to date. Raises SourceFault; LOST where nobody knows.

        That the living message was not edited is said in the receipt: the update itself is there.
        """
        channel, head = _place(message.thread, self._channel)
        under = {"thread_ts": head} if head else {}
        about = {"event_type": EVENT, "event_payload": {"id": message.id, "incident": message.incident}}
        content = {**_content(message), "channel": channel, "metadata": about, **under}
        made = self._written("/chat.postMessage", content, new=True)
        stamp = text(made.get("ts"))
        if not stamp:
            raise lost("update", "its answer names no message: is this Slack's address?")
        return self._posted(message, text(made.get("channel")) or channel, head, stamp)

    def read_back(self, message: Message) -> Posted | None:
        """Look for the message by its id. Raises SourceFault, where the bot may not read the channel among others."""
        channel, head = _place(message.thread, self._channel)
        asked = {"channel": channel, "limit": PAGE, "include_all_metadata": "true"}
        asked["oldest"] = f"{written_since(message.id).timestamp():.6f}"
        path = "/conversations.history"
        if head:
            path, asked["ts"] = "/conversations.replies", head
        rows = _good(self._api.get(path, **asked), write=False)
        found = next((row for row in records(rows.get("messages")) if _ident(row) == message.id), None)
        if found is not None:
            return self._posted(message, channel, head, text(found.get("ts")))
        if rows.get("has_more"):
            raise SourceFault(FaultKind.BAD_ANSWER, "too many messages since then: look there")
        return None

    def probe(self) -> str:
        """Return one line: whose token it is. Raises SourceFault."""
        found = _good(self._api.get("/auth.test"), write=False)
        return f"{text(found.get('user'))} of {text(found.get('team'))}; whether it may post only sending shows"

    def _posted(self, message: Message, channel: str, head: str, stamp: str) -> Posted:
        """Show the latest update in the living message too; what went wrong with that is said, no more."""
        also = ""
        if head:
            try:
                self._written("/chat.update", {**_content(message), "channel": channel, "ts": head})
            except SourceFault as fault:
                also = f" (the first message was not edited: {fault})"
        return Posted(clean(f"{channel} {stamp}{also}", 300))

    def _written(self, path: str, content: dict[str, Any], new: bool = False) -> dict[str, Any]:
        return _good(self._api.write("POST", path, content), write=new)


def _good(answer: Any, write: bool) -> dict[str, Any]:
    """Return an answer that says `ok`; Slack says with status 200 what it refuses. Raises SourceFault."""
    found = record(answer)
    if found.get("ok") is True:
        return found
    said = text(found.get("error"))
    if write and (not said or said in _UNCLEAR):
        raise lost("update", f"Slack says {said or 'nothing that it means'}")
    needed = f" (it needs {text(found['needed'])})" if found.get("needed") else ""
    raise SourceFault(_KINDS.get(said, FaultKind.REJECTED if said else FaultKind.BAD_ANSWER), f"Slack: {said}{needed}")


def _content(message: Message) -> dict[str, Any]:
    about = " · ".join(part for part in (message.severity, message.title, message.phase) if part)
    whole = f"{about}\n\n{message.text}"
    pieces = [whole[at : at + BLOCK] for at in range(0, len(whole), BLOCK)][:BLOCKS]
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": piece, "emoji": False}} for piece in pieces]
    return {
        "text": _escaped(whole[:BLOCK]),  # for notifications and screen readers
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": blocks,
    }


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ident(row: dict[str, Any]) -> str:
    metadata = record(row.get("metadata"))
    return text(record(metadata.get("event_payload")).get("id")) if metadata.get("event_type") == EVENT else ""


def _place(receipt: str, channel: str) -> tuple[str, str]:
    """Return channel and stamp of the first message, from its receipt; the channel alone where there is none."""
    words = receipt.split(" ", 2)
    known = len(words) > 1 and words[1].replace(".", "").isdecimal()
    return (words[0], words[1]) if known else (channel, "")
