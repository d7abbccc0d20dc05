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
SIGNATURE = "x-iccon-signature"  # "sha256=" and the HMAC-SHA256 of the body under the shared secret, in hex; or
# "v1=" and that of the timestamp, a dot and the body, as the webhook outlet signs
TIMESTAMP = "x-iccon-timestamp"
KEYS = (
    "idempotency-key",
    "x-iccon-id",
)  # headers that may carry the message's id, beside the body's own "id"
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
        if asked.method == "GET" and asked.path == PATH and asked.field("id"):
            with self._lock:
                found = asked.field("id") in self._posts
            return as_json(200, {"id": asked.field("id"), "found": found})
        if asked.method == "GET" and asked.path == PATH:
            return as_json(200, {"drill": True, "updates": [_shown(post) for post in self.posts()]})
        if asked.method == "GET" and asked.path.startswith(PATH + "/"):
            with self._lock:
                post = self._posts.get(asked.path.removeprefix(PATH + "/"))
            return as_json(200, _shown(post)) if post else as_json(404, {"error": "no such update"})
        if asked.method != "POST" or asked.path != PATH:
            return as_json(404, {"error": f"post to {PATH}"})
        return self._take(asked)

    def _take(self, asked: Asked) -> Answered:
        signed = bool(self._secret) and _signature_is_good(self._secret, asked)
        if self._secret and not signed:
            return as_json(401, {"error": "the signature is missing or wrong"})
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
        return as_json(200, {"id": post.id, "known": known})


def _id(given: dict[str, Any], asked: Asked) -> CleanText:
    named = next((asked.headers[key] for key in KEYS if key in asked.headers), None)
    return clean(named or given.get("id") or hashlib.sha256(asked.body).hexdigest(), 100)


def _signature_is_good(secret: str, asked: Asked) -> bool:
    given = asked.headers.get(SIGNATURE, "").encode("utf-8", "replace")
    stamped = asked.headers.get(TIMESTAMP, "").encode("utf-8", "replace") + b"." + asked.body
    plain = hmac.new(secret.encode(), asked.body, hashlib.sha256).hexdigest()
    timed = hmac.new(secret.encode(), stamped, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(form.encode(), given) for form in (f"sha256={plain}", f"v1={timed}"))


def _shown(post: Post) -> dict[str, Any]:
    return {"id": post.id, "at": post.at.isoformat(), "text": post.text}
