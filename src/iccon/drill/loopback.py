"""A small HTTP server on loopback for the drill: standard library, daemon threads, stops at once."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from iccon.clock import Clock, SystemClock

BODY_LIMIT = 1_000_000  # bytes of a request; more is answered with 413
IDLE = 30.0  # seconds an open connection may say nothing
WAKE = 1.0  # seconds the server's thread has to notice that it shall end


class Asked(Struct, frozen=True):
    """One request. `fields` are those of the query and of a form body; `headers` have lower-case names."""

    method: str
    path: str
    fields: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def field(self, name: str) -> str:
        """Return the first value of a field, or the empty text."""
        return self.fields.get(name, [""])[0]


class Answered(Struct, frozen=True):
    """An answer: status, body, content type."""

    status: int
    body: bytes
    type: str = "application/json"


def as_json(status: int, data: Any) -> Answered:
    """Return `data` as a JSON answer."""
    return Answered(status, json.dumps(data, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def as_text(status: int, text: str) -> Answered:
    """Return a plain-text answer."""
    return Answered(status, text.encode(), "text/plain; charset=utf-8")


class Http(ThreadingHTTPServer):
    """A server on loopback that ends at once, whatever its clients keep open. `port` 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, handler: type["Handler"], name: str, port: int = 0) -> None:
        self.connections: set[socket.socket] = set()
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        super().__init__(("127.0.0.1", port), handler)

    @property
    def url(self) -> str:
        """The base URL: http, loopback, no trailing slash."""
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, end open connections, free the port; a second call does nothing."""
        if self._stopping:
            return
        self._stopping = True
        if self._thread.is_alive():
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.server_port), WAKE):
                self._thread.join(WAKE)
        self.server_close()
        self._hang_up()

    def _serve(self) -> None:
        """Wait for one request after another; unlike serve_forever this costs nothing while nobody asks."""
        while not self._stopping:
            self.handle_request()

    def _hang_up(self) -> None:
        """End connections that clients keep open, so that no thread outlives the server."""
        for connection in tuple(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is no news, and the terminal belongs to the console."""


class Handler(BaseHTTPRequestHandler):
    """What every handler of the drill's servers does: keeps the connection known, prints nothing."""

    protocol_version = "HTTP/1.1"
    server: Http

    def setup(self) -> None:
        """Know the connection, so that it can be ended."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the terminal belongs to the console."""


class LoopbackServer(Http):
    """Answers every request with what `answer` returns for it; `answer` runs on the request's own thread.

    `clock` is what the Date header is read from: in a drill time may run faster.
    """

    def __init__(self, answer: Callable[[Asked], Answered], name: str, clock: Clock | None = None) -> None:
        self.answer = answer
        self.clock = clock or SystemClock()
        super().__init__(_Answering, name)


class _Answering(Handler):
    timeout = IDLE
    server: LoopbackServer

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header, by the server's clock."""
        return format_datetime(self.server.clock.now(), usegmt=True)

    def do_GET(self) -> None:
        """Serve a request."""
        length = self._length()
        if length is None:
            self.close_connection = True
            self._send(as_text(413, "the body is too large, or has no valid length"))
            return
        self._send(self._answer(self.rfile.read(length)))

    do_POST = do_PUT = do_DELETE = do_GET

    def _length(self) -> int | None:
        given = self.headers.get("Content-Length", "0")
        if not given.isdigit() or int(given) > BODY_LIMIT or "Transfer-Encoding" in self.headers:
            return None
        return int(given)

    def _answer(self, body: bytes) -> Answered:
        split = urlsplit(self.path)
        fields = parse_qs(split.query, keep_blank_values=True)
        if self.headers.get_content_type() == "application/x-www-form-urlencoded":
            fields = fields | parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.server.answer(Asked(self.command, split.path, fields, headers, body))

    def _send(self, answered: Answered) -> None:
        self.send_response(answered.status)
        self.send_header("Content-Type", answered.type)
        self.send_header("Content-Length", str(len(answered.body)))
        self.end_headers()
        self.wfile.write(answered.body)
