"""The simulated status page: a webhook that keeps what was posted, once each, and checks the signature."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from iccon.clock import Clock
from iccon.drill.loopback import Answered, Asked, LoopbackServer, as_json
from iccon.text import CleanText, clean, clean_block

PATH = "/status-page"
SIGNATURE = "x-iccon-signature"  # "v1=" and, in hex, the HMAC-SHA256 of timestamp "." content under the secret
TIMESTAMP = "x-iccon-timestamp"  # whole seconds since 1970 UTC
KEY = "idempotency-key"  # the message's id; the body's own "id" where the header is missing
STALE = 300.0  # seconds a signed request may be old, so that one that was overheard cannot be used later
KEEP = 1_000  # posts kept; older ones go


class Post(Struct, frozen=True):
    """One update as it arrived; `at` is aware UTC."""

    at: datetime
    id: CleanText
    text: CleanText
    body: bytes
    signed: bool


class Sink:
    """Takes posts. With a secret, an unsigned or wrongly signed one is refused with 401."""

    def __init__(self, clock: Clock, secret: str = "", heard: Callable[[Post], None] | None = None) -> None:
        self._clock = clock
        self._secret = secret
        self._heard = heard
        self._posts: dict[str, Post] = {}
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._answer, "drill-status-page")

    @property
    def url(self) -> str:
        """Where updates are posted to."""
        return self._server.url + PATH

    def posts(self) -> tuple[Post, ...]:
        """Return what was posted, oldest first."""
        with self._lock:
            return tuple(self._posts.values())

    def start(self) -> None:
        """Begin to take posts."""
        self._server.start()

    def stop(self) -> None:
        """Stop. Only after start()."""
        self._server.stop()

    def _answer(self, asked: Asked) -> Answered:
        if asked.path != PATH or asked.method not in ("GET", "POST"):
            return as_json(404, {"error": f"post to {PATH}"})
        if asked.method == "GET" and not asked.field("id"):
            return as_json(200, {"drill": True, "updates": [_shown(post) for post in self.posts()]})
        signed = self._is_signed(asked, asked.body if asked.method == "POST" else asked.field("id").encode())
        if self._secret and not signed:
            return as_json(401, {"error": "the signature is missing, wrong or too old"})
        return self._take(asked, signed) if asked.method == "POST" else self._tell(asked.field("id"))

    def _tell(self, ident: str) -> Answered:
        """Answer whether an update is there, as the webhook outlet asks after a lost answer."""
        with self._lock:
            found = ident in self._posts
        return as_json(200, {"id": ident, "found": found, "receipt": _receipt(ident) if found else ""})

    def _take(self, asked: Asked, signed: bool) -> Answered:
        try:
            data = json.loads(asked.body)
        except (ValueError, RecursionError):
            return as_json(400, {"error": "the body is not JSON"})
        given = data if isinstance(data, dict) else {}
        post = Post(self._clock.now(), _id(given, asked), clean_block(given.get("text", "")), asked.body, signed)
        with self._lock:
            known = post.id in self._posts
            self._posts.setdefault(post.id, post)
            while len(self._posts) > KEEP:
                del self._posts[next(iter(self._posts))]
        if self._heard is not None and not known:
            self._heard(post)
        return as_json(200, {"id": post.id, "receipt": _receipt(post.id), "known": known})

    def _is_signed(self, asked: Asked, content: bytes) -> bool:
        stamp = asked.headers.get(TIMESTAMP, "")
        if not stamp.isdecimal() or len(stamp) > 15:
            return False
        mac = hmac.new(self._secret.encode(), stamp.encode() + b"." + content, hashlib.sha256)
        given = asked.headers.get(SIGNATURE, "").encode("utf-8", "replace")
        fresh = abs(self._clock.now().timestamp() - int(stamp)) <= STALE
        return fresh and hmac.compare_digest(f"v1={mac.hexdigest()}".encode(), given)


def _id(given: dict[str, Any], asked: Asked) -> CleanText:
    named = asked.headers.get(KEY) or given.get("id") or hashlib.sha256(asked.body).hexdigest()
    return clean(named, 100)


def _receipt(ident: str) -> str:
    return f"drill status page, update {clean(ident, 100)[-6:]}"


def _shown(post: Post) -> dict[str, Any]:
    return {"id": post.id, "at": post.at.isoformat(), "text": post.text}
