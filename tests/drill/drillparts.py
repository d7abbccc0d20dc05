"""Small helpers of the drill's tests: plain HTTP without a client library, and a clock that stands still."""

import http.client
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9, 30, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return 1_000.0 + self.seconds


def ask(
    url: str, path: str, fields: Any = None, *, post: bool = False, body: bytes | None = None, headers: Any = None
) -> tuple[int, Any]:
    """Return status and decoded JSON (or text) of one request."""
    encoded = urlencode(fields or {}, doseq=True)
    headers = dict(headers or {})
    if post and body is None:
        body, encoded = encoded.encode(), ""
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("POST" if post else "GET", path + ("?" + encoded if encoded else ""), body, headers)
    answer = connection.getresponse()
    raw = answer.read().decode()
    connection.close()
    is_json = answer.headers.get_content_type() == "application/json"
    return answer.status, json.loads(raw) if is_json else raw
