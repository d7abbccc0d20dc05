"""A loopback server that answers with exact bytes, or misbehaves, for tests of what the network can do."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Answer = bytes | Callable[[socket.socket], None]


@dataclass
class RawServer:
    """Where it listens, and every request as it came (headers and body)."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole, correct HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_answer(body: bytes) -> bytes:
    return http(body, "200 OK", "Content-Type: application/json")


def hang(stop: threading.Event) -> Callable[[socket.socket], None]:
    return lambda _: stop.wait(30) and None


def reset(connection: socket.socket) -> None:
    """Close with a RST instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(start: bytes, piece: bytes, stop: threading.Event, every: float = 0.05) -> Callable[[socket.socket], None]:
    """Send `start`, then `piece` every `every` seconds for ever."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while not stop.wait(every):
            connection.sendall(piece)

    return answer


def flood(start: bytes, piece: bytes, stop: threading.Event) -> Callable[[socket.socket], None]:
    """Send `start`, then `piece` for ever, as fast as it is taken."""
    return drip(start, piece, stop, 0.0)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part or part[:1] == b"\x16":  # a TLS hello
            return data + part
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def serving(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Answer each connection's one request with the next of `answers`; the last is repeated."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1])
    left = list(answers)

    def converse(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            closing.callback(connection.close)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
                closing.callback(connection.close)
            connection.settimeout(30)
            request = _request(connection)
            if not request:
                return
            server.requests.append(request)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=converse, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
