"""The guarded HTTP stack over `requests`: one total deadline, one byte limit, no retry, no redirect.

Only adapters load this module, by way of `iccon.net`. The deadline is enforced where the socket is read,
so that a server that sends one byte a second, in its headers or its body, cannot renew it, and without
a watchdog thread for each request. Name resolution alone is outside it: the system gives no handle.
"""

import http.client
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from iccon.faults import FaultKind, SourceFault
from iccon.net import WRITES, Limits, checked, fault_of, host_of, is_loopback
from iccon.net.hosts import host_at

_CHUNK = 65_536
_wire = threading.local()  # of this thread's request: .sent, it has begun to leave; .fresh, on a new connection


class _DeadlineReader(io.RawIOBase):
    """The receiving end of a socket that stops at one instant, however often bytes trickle in."""

    def __init__(self, raw: Any, sock: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """An answer whose headers and body must both arrive before `deadline` (monotonic seconds)."""

    def __init__(self, sock: socket.socket, deadline: float, method: str | None) -> None:
        super().__init__(sock, method=method)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock, deadline), _CHUNK)


class _Guarded:
    """What both connection classes do alike: note that the request left, and read under the deadline.

    urllib3 sets `timeout` to what is left of the total before it asks for the answer.
    """

    sock: Any
    timeout: Any
    response_class: Any
    _up = False

    def connect(self) -> None:
        self._up = False
        super().connect()  # type: ignore[misc]
        self._up = True

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if self._up:  # not while a proxy is being asked for a tunnel
            _wire.sent = True
        super().send(data)  # type: ignore[misc]

    def getresponse(self) -> Any:
        deadline = time.monotonic() + float(self.timeout or 0)
        self.response_class = lambda sock, method=None: _DeadlineResponse(sock, deadline, method)
        return super().getresponse()  # type: ignore[misc]


class _Http(_Guarded, HTTPConnection):
    pass


class _Https(_Guarded, HTTPSConnection):
    def send(self, data: Any) -> None:
        """Send; where the server has hung up, first read the alert in which it says why (TLS 1.3 lets us begin)."""
        try:
            super().send(data)
        except (ssl.SSLEOFError, ConnectionResetError):
            if self._up:
                self.sock.recv(1)
            raise


class _Fresh:
    """A pool that makes a new connection for a write.

    A server may have closed an idle connection a moment ago; a read that meets this fails and is due again,
    but a write would count as lost, and a person would have to find out. Costs a handshake a write.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if _wire.fresh:
            connection.close()  # it connects again when it sends
        return connection


class _HttpPool(_Fresh, HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(_Fresh, HTTPSConnectionPool):
    ConnectionCls = _Https


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


class GuardedAdapter(HTTPAdapter):
    """The transport under a GuardedSession: no retries, deadlines by `_Guarded`."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools whose connections keep the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make pools through a proxy whose connections keep the deadline."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class AliasAdapter(GuardedAdapter):
    """A transport that sends what is meant for one base URL to another.

    Mount it for a client that accepts https addresses only: `session.mount("https://api.example.com",
    AliasAdapter("https://api.example.com", "http://127.0.0.1:8001"))`.
    """

    def __init__(self, shown: str, real: str) -> None:
        super().__init__()
        self._aliases = {shown: real}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to the real address."""
        request.url = aliased(str(request.url), self._aliases)
        return super().send(request, *args, **kwargs)


def aliased(url: str, aliases: Mapping[str, str]) -> str:
    """Return `url` with its base exchanged where `aliases` names it."""
    for shown, real in aliases.items():
        base = shown.rstrip("/")
        if url == base or url.startswith((base + "/", base + "?")):
            return real.rstrip("/") + url[len(base) :]
    return url


class GuardedSession(requests.Session):
    """See `iccon.net.guarded_session`.

    `last_date` is the Date header of the latest answer, `last_location` where it redirected to ("" nowhere).
    """

    def __init__(
        self,
        base_url: str,
        limits: Limits,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ca_file: str = "",
        cert: tuple[str, str] | None = None,
        writes: frozenset[str] = WRITES,
        shared: bool = False,
    ) -> None:
        super().__init__()
        self.limits = limits
        self.writes = writes
        self.origin = _origin(base_url)
        self._host = host_at(self.origin) if shared else None
        self.trust_env = False  # .netrc would replace the Authorization header
        self.auth = auth
        self.verify = ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
        if cert is not None:
            _usable(*cert)
            self.cert = cert
        self.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "iccon"})
        self.headers.update(headers or {})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.last_date = ""
        self.last_location = ""
        self.mount("http://", GuardedAdapter())
        self.mount("https://", GuardedAdapter())

    def mount(self, prefix: str | bytes, adapter: Any) -> None:
        """Mount a guarded transport; others are ignored: a client library that brings retries gets none."""
        if isinstance(adapter, GuardedAdapter):
            super().mount(prefix, adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return None: no redirect is followed, nor is its body read to prepare for one."""
        return None

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Build the request. Raises SourceFault where it cannot be: a bad address, an unusable header."""
        try:
            return super().prepare_request(request)
        except (requests.RequestException, ValueError) as error:
            raise network_fault(error, host_of(str(request.url)), self.limits) from None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send once and return the answer with its whole body. Raises SourceFault."""
        host, write = host_of(str(request.url)), str(request.method).upper() in self.writes
        if _origin(str(request.url)) != self.origin:
            raise SourceFault(FaultKind.BAD_ANSWER, f"the answer points to {host}: credentials are not sent there")
        kwargs |= {
            "stream": True,
            "allow_redirects": False,
            "verify": self.verify,
            "proxies": _proxies(str(request.url)),
        }
        if self._host is None:
            return self._sent(request, host, write, self.limits.seconds, kwargs)
        with self._host.turn(self.limits.seconds) as left:
            response = self._sent(request, host, write, left, kwargs)
            self._host.hold(fault_of(response, write=write))
            return response

    def _sent(
        self, request: requests.PreparedRequest, host: str, write: bool, seconds: float, kwargs: dict[str, Any]
    ) -> requests.Response:
        kwargs |= {"timeout": urllib3.Timeout(total=seconds)}
        _wire.sent, _wire.fresh = False, write
        try:
            response = super().send(request, **kwargs)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise network_fault(error, host, self.limits, lost=write and _wire.sent) from error
        self.last_date = response.headers.get("date", "")
        self.last_location = response.headers.get("location", "") if 300 <= response.status_code < 400 else ""
        _read(response, self.limits, host, write)
        if 300 <= response.status_code < 400:
            checked(response)
        return response


def _usable(cert_file: str, key_file: str) -> None:
    """Raise the SourceFault that says which of both files is at fault: at a handshake OpenSSL would not tell."""
    for key, file in (("cert_file", cert_file), ("key_file", key_file)):
        try:
            Path(file).read_bytes()
        except OSError as error:
            raise SourceFault(FaultKind.TLS, f"{key}: {file}: {error.strerror or error}") from None
    both = f"cert_file {cert_file}, key_file {key_file}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, password=_no_pass_phrase)
    except ssl.SSLError as error:
        other = "MISMATCH" in str(error.reason)
        words = "the key is not the certificate's" if other else "not a certificate and its key in PEM"
        raise SourceFault(FaultKind.TLS, f"{both}: {words}") from None
    except ValueError:
        raise SourceFault(FaultKind.TLS, f"{both}: a key with a pass phrase cannot be used") from None


def _no_pass_phrase() -> str:
    raise ValueError  # without this OpenSSL would ask on the terminal


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise SourceFault(FaultKind.REJECTED, "the URL cannot be read") from None
    return scheme, host, port or {"http": 80, "https": 443}.get(scheme)


def _proxies(url: str) -> dict[str, str]:
    """Return the environment's proxies; none for this machine itself, whatever NO_PROXY says."""
    if is_loopback(url) or proxy_bypass(urlsplit(url).hostname or ""):
        return {}
    return {scheme: proxy for scheme, proxy in getproxies().items() if scheme in ("http", "https", "all")}


def _read(response: requests.Response, limits: Limits, host: str, write: bool) -> None:
    """Read the body under the byte limit. Raises SourceFault; the connection is closed then."""
    try:
        response._content = _body(response, limits, host)
    except (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException, SourceFault) as error:
        response.close()
        raise _body_fault(response, error, host, limits, write) from error
    response._content_consumed = True  # type: ignore[attr-defined]


def _body(response: requests.Response, limits: Limits, host: str) -> bytes:
    parts, size = [], 0
    for part in response.raw.stream(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > limits.size:
            raise SourceFault(
                FaultKind.TOO_LARGE,
                f"the answer of {host} is over {limits.size / 1_048_576:.3g} MB: ask for less",
            )
    return b"".join(parts)


def _body_fault(response: requests.Response, error: Exception, host: str, limits: Limits, write: bool) -> SourceFault:
    """Say what a body that did not arrive means: the status itself where it is a refusal, else what broke."""
    response._content = b""
    fault = fault_of(response, write=write)
    if fault is not None:
        return fault
    if write:
        return network_fault(error, host, limits, lost=True)
    return error if isinstance(error, SourceFault) else network_fault(error, host, limits)


def network_fault(error: Exception, host: str, limits: Limits, *, lost: bool = False) -> SourceFault:
    """Return the fault a network error stands for. `lost`: a write had left, so its outcome is unknown."""
    if lost:
        return SourceFault(
            FaultKind.LOST, f"the request was sent, but no answer came from {host}: it may have taken effect"
        )
    kind, words = _classify(_chain(error), limits)
    return SourceFault(kind, f"{words} ({host})")


def _chain(error: BaseException) -> list[BaseException]:
    """Return `error` and everything it wraps: urllib3 keeps causes in `reason` and in its arguments."""
    found: list[BaseException] = []
    todo: list[Any] = [error]
    while todo and len(found) < 20:
        each = todo.pop(0)
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            todo += [getattr(each, "reason", None), *each.args, each.__cause__, each.__context__]
    return found


_NET = urllib3.exceptions
_CAUSES: tuple[tuple[tuple[type[BaseException], ...], FaultKind, str], ...] = (
    ((ssl.SSLError, _NET.SSLError), FaultKind.TLS, "no TLS connection: is this an https address?"),
    ((_NET.NameResolutionError, socket.gaierror), FaultKind.REFUSED, "no such host, or no name service"),
    ((ConnectionRefusedError,), FaultKind.REFUSED, "nothing listens there (connection refused)"),
    ((TimeoutError,), FaultKind.TIMEOUT, "no complete answer within {seconds:g} s"),
    ((_NET.NewConnectionError,), FaultKind.REFUSED, "no connection"),  # also a urllib3 TimeoutError
    ((_NET.TimeoutError,), FaultKind.TIMEOUT, "no complete answer within {seconds:g} s"),
    ((_NET.DecodeError,), FaultKind.BAD_ANSWER, "the compression of the answer is broken"),
    ((_NET.IncompleteRead, http.client.IncompleteRead), FaultKind.BAD_ANSWER, "cut off before its end"),
    ((ConnectionError,), FaultKind.REFUSED, "the connection was closed before an answer came"),
    ((requests.exceptions.ProxyError, _NET.ProxyError), FaultKind.REFUSED, "the proxy does not answer"),
    ((http.client.HTTPException, _NET.ProtocolError), FaultKind.BAD_ANSWER, "what answers is not HTTP"),
)


_ALERTS = ("_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_HANDSHAKE_FAILURE")  # what a server says of ours


def _classify(chain: list[BaseException], limits: Limits) -> tuple[FaultKind, str]:
    """Find the first cause in `_CAUSES` that occurs in the chain: its order is from telling to vague."""
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return (
                FaultKind.TLS,
                f"certificate not accepted: {each.verify_message}; a private CA goes in ca_file",
            )
        if isinstance(each, ssl.SSLError) and any(word in str(each.reason) for word in _ALERTS):
            return FaultKind.TLS, "the server does not accept our certificate, or wants one: see cert_file and key_file"
    for kinds, kind, words in _CAUSES:
        if any(isinstance(each, kinds) for each in chain):
            return kind, words.format(seconds=limits.seconds)
    return FaultKind.REJECTED, f"the request could not be made: {_harmless(chain[0])}"


def _harmless(error: BaseException) -> str:
    """Say what is wrong without quoting a header, which may be a token."""
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
        return "a header holds characters that cannot be sent; check the token"
    return str(error)
