"""The outlet `email`: a plain-text mail to a list of addresses, by SMTP with TLS.

smtps://HOST[:465] speaks TLS from the first byte, smtp://HOST[:587] demands STARTTLS, except from this machine itself.
The mail's Message-ID and those it answers are made of the ids of effect and incident: mail programs show an incident as
one conversation, and a mail that came twice as one. A mail server cannot be asked whether it has a mail.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from iccon.faults import FaultKind, SourceFault, lost
from iccon.incident.ids import instant_of
from iccon.net import is_loopback
from iccon.text import clean
from iccon.updates.model import Message, Posted
from iccon.updates.outlets.api import unanswerable

_PORTS: Final = {"smtps": 465, "smtp": 587}


class EmailOutlet:
    """One mail server and one list of addresses. Blocking. `timeout` is in seconds, for the whole conversation."""

    def __init__(
        self,
        name: str,
        server: str,
        sender: str,
        to: tuple[str, ...],
        login: tuple[str, str] | None = None,
        timeout: float = 10.0,
        ca_file: str = "",
    ) -> None:
        self.name = name
        self._server, self._parts = server, urlsplit(server)
        self._sender, self._to, self._login = sender, to, login
        self._timeout, self._ca_file = timeout, ca_file

    def send(self, message: Message) -> Posted:
        """Hand the mail over once, to all addresses or none. Raises SourceFault; LOST where nobody knows."""
        mail = self._mail(message)
        with self._open() as smtp:
            self._addressed(smtp)
            return Posted(clean(f"{self._given(smtp, mail)} {mail['Message-ID']}", 300))

    def read_back(self, message: Message) -> Posted | None:
        """Raise SourceFault: a mail server does not tell."""
        raise unanswerable(f"the mail server ({self._ident(message.id)})")

    def probe(self) -> str:
        """Return one line: that the server answers and takes the login. Raises SourceFault."""
        with self._open() as smtp:
            smtp.noop()
        return f"{self._parts.hostname} takes the login; whether it takes a mail only sending shows"

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        drill = "DRILL: " if message.drill else ""
        mail["Subject"] = clean(f"[{drill}{message.severity}] {message.title}", 200)
        mail["From"], mail["To"] = self._sender, ", ".join(self._to)
        mail["Date"] = format_datetime(instant_of(message.id))
        mail["Message-ID"] = self._ident(message.id)
        mail["References"] = self._ident(message.incident)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail

    def _ident(self, ident: str) -> str:
        return f"<{ident}@{self._sender.rpartition('@')[2]}>"

    @contextmanager
    def _open(self) -> Iterator[smtplib.SMTP]:
        """Connect, encrypt and log in; the whole is cut off at the timeout."""
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _fault(error) from None
        cut = threading.Timer(self._timeout, _hang_up, (smtp,))
        cut.daemon = True
        cut.start()
        try:
            self._secured(smtp)
            yield smtp
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _fault(error, not cut.is_alive()) from None
        finally:
            with suppress(OSError, smtplib.SMTPException):  # whatever it says now changes nothing
                smtp.docmd("QUIT")
            cut.cancel()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        host, port = self._parts.hostname or "", self._parts.port or _PORTS[self._parts.scheme]
        if self._parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout, context=self._context())
        return smtplib.SMTP(host, port, timeout=self._timeout)

    def _secured(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._parts.scheme == "smtp" and not (is_loopback(self._server) and not smtp.has_extn("starttls")):
            smtp.starttls(context=self._context())
        if self._login is not None:
            smtp.login(*self._login)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file or None)

    def _addressed(self, smtp: smtplib.SMTP) -> None:
        for code, said in (smtp.mail(self._sender), *(smtp.rcpt(address) for address in self._to)):
            if code not in (250, 251):
                raise SourceFault(FaultKind.REJECTED, f"not sent: {code} {said.decode('utf-8', 'replace')}")

    def _given(self, smtp: smtplib.SMTP, mail: EmailMessage) -> str:
        """Send the text and return the server's words. Once it has begun, a missing answer leaves the outcome open."""
        try:
            code, said = smtp.data(mail.as_bytes())
        except smtplib.SMTPDataError as error:
            raise _fault(error) from None
        except (OSError, smtplib.SMTPException) as error:
            raise lost("update", f"the server did not confirm it: {error}") from None
        words = f"{code} {said.decode('utf-8', 'replace')}"
        if code != 250:
            raise SourceFault(FaultKind.REJECTED, f"not taken: {words}")
        return words


def _hang_up(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        try:
            smtp.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _fault(error: Exception, late: bool = False) -> SourceFault:
    """Return what an error before the text was sent means: nothing was sent."""
    if late or isinstance(error, TimeoutError):
        return SourceFault(FaultKind.TIMEOUT, "the mail server did not answer in time; nothing was sent")
    if isinstance(error, ssl.SSLError):
        return SourceFault(FaultKind.TLS, f"{error.reason or error}; nothing was sent")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SourceFault(FaultKind.UNAUTHORIZED, "the mail server does not take user and password")
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        return SourceFault(FaultKind.REJECTED, f"not sent: {error.smtp_code} {said}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SourceFault(FaultKind.TLS, f"{error}; nothing was sent")
    return SourceFault(FaultKind.REFUSED, f"the mail server does not answer: {error}; nothing was sent")
