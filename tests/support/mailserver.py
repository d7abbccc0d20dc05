"""A mail server on loopback for one conversation after another: it keeps what it takes, and misbehaves when told to."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """`mails` are the texts it took, `said` every line it was told, `answers` what it says instead of 250 to a verb."""

    port: int
    mails: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    offers: tuple[str, ...] = ("8BITMIME",)


def _talk(server: MailServer, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    def say(line: str) -> None:
        connection.sendall(line.encode() + b"\r\n")

    stream = connection.makefile("rb")
    say("220 ready")
    while line := stream.readline().decode("utf-8", "replace").strip():
        server.said.append(line)
        verb = line.split()[0].upper()
        told = server.answers.get(verb)
        if told == "hang up":
            return
        if told is not None:
            say(told)
        elif verb == "EHLO":
            say("\r\n".join(f"250-{offer}" for offer in ("me", *server.offers)) + "\r\n250 HELP")
        elif verb == "STARTTLS" and tls is not None:
            say("220 go")
            connection = tls.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
        elif verb == "DATA":
            say("354 go")
            body = b""
            while (part := stream.readline()) not in (b".\r\n", b""):
                body += part
            if server.answers.get(".") != "not taken":
                server.mails.append(body)
            if (last := server.answers.get(".")) == "hang up":
                return
            say(last or "250 queued as 7")
        elif verb == "AUTH":
            say("235 welcome")
        elif verb == "QUIT":
            say("221 bye")
            return
        else:
            say("250 ok")


@contextlib.contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = MailServer(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                _talk(server, connection, tls)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
