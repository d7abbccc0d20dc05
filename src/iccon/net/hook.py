"""Signed JSON to a webhook, and the question whether it has it: shared by all rooms that speak to one.

    POST URL
    Content-Type: application/json
    Idempotency-Key: ID
    X-Iccon-Timestamp: SECONDS since 1970
    X-Iccon-Signature: v1=HEX of HMAC-SHA256(secret, SECONDS + "." + body)          (only with a secret)

    {"id", …, "source": "iccon", "version": 1}

Any 2xx means taken. Where an answer was lost, `GET URL?id=ID` asks about it, signed over SECONDS + "." + ID; a
receiver that supports this answers `{"id": ID, "found": true | false, "receipt": "…"}`. Any other answer proves
nothing: a chat system's incoming webhook cannot tell, and a person must look.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from iccon.clock import Clock, SystemClock
from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, checked, guarded_session
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

ANSWER_LIMIT = 65_536  # bytes of an answer
_RECEIPTS = ("receipt", "url", "permalink", "message_id", "ts", "id")


class Hook:
    """A webhook at `url`; `secret` signs. `timeout` is in seconds, from the connection to the last byte of the answer.

    `noun` says what is sent: an update, a task.
    """

    def __init__(
        self, url: str, secret: str = "", timeout: float = 10.0, clock: Clock | None = None, noun: str = "update"
    ) -> None:
        self.url = url
        self.secret = secret.encode()
        self.timeout = timeout
        self.clock = clock or SystemClock()
        self.noun = noun

    def post(self, ident: str, content: Mapping[str, Any]) -> CleanText:
        """Post once; return the receiver's proof. Raises SourceFault; LOST where it left and no usable answer came."""
        body = msgspec.json.encode({**content, "source": "iccon", "version": 1})
        headers = {"Content-Type": "application/json", "Idempotency-Key": ident, **self._signed(body)}
        with self._session() as session:
            answer = checked(session.post(self.url, data=body, headers=headers), write=True)
        return _receipt(answer.status_code, bytes(answer.content), ident)

    def ask(self, ident: str) -> CleanText | None:
        """Return the proof that the receiver has `ident`, None where it has not. Raises SourceFault: it cannot say."""
        with self._session() as session:
            answer = session.get(_with_id(self.url, ident), headers=self._signed(ident.encode()))
        data = _json(bytes(answer.content)) if answer.status_code in (200, 404) else None
        if not isinstance(data, dict) or data.get("id") != ident or not isinstance(data.get("found"), bool):
            raise SourceFault(
                FaultKind.BAD_ANSWER,
                f"the receiver cannot tell whether it has this {self.noun} (HTTP {answer.status_code}): look there",
            )
        return _receipt(answer.status_code, bytes(answer.content), ident) if data["found"] else None

    def _session(self) -> "GuardedSession":
        return guarded_session(self.url, Limits(self.timeout, ANSWER_LIMIT))

    def _signed(self, content: bytes) -> dict[str, str]:
        stamp = str(int(self.clock.now().timestamp()))
        headers = {"X-Iccon-Timestamp": stamp}
        if self.secret:
            mac = hmac.new(self.secret, stamp.encode() + b"." + content, hashlib.sha256)
            headers["X-Iccon-Signature"] = f"v1={mac.hexdigest()}"
        return headers


def _with_id(url: str, ident: str) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("id", ident)]
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _receipt(status: int, body: bytes, ident: str) -> CleanText:
    """Return the receiver's own proof, else its status and first words."""
    data = _json(body)
    if isinstance(data, dict):
        for key in _RECEIPTS:
            if isinstance(data.get(key), str | int) and data[key] not in ("", ident, True, False):
                return clean(f"HTTP {status}: {data[key]}", 300)
        return clean(f"HTTP {status}")
    words = clean(body[:200].decode("utf-8", "replace"), 100)
    return clean(f"HTTP {status}: {words}" if words and not words.startswith("<") else f"HTTP {status}")
