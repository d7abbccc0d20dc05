"""The guarded session against servers that misbehave, on real sockets."""

import contextlib
import gzip
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pagerduty
import pytest
import requests
from rawserver import Answer, closed_port, drip, flood, hang, http, json_answer, reset, serving

from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, decode_json, demand_https, guarded_session, httpx_transport, is_loopback
from iccon.net.transport import AliasAdapter

QUICK = Limits(seconds=0.4, size=1_000_000)
HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = HEAD + b"Content-Type: application/json\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def fault(answer: Answer, method: str = "GET", limits: Limits = QUICK) -> SourceFault:
    with serving(answer) as server, contextlib.closing(guarded_session(server.url, limits)) as session:
        with pytest.raises(SourceFault) as caught:
            session.request(method, server.url + "/x")
        assert len(server.requests) == 1
        return caught.value


def test_a_whole_answer_comes_back() -> None:
    with (
        serving(json_answer(b'{"a": 1}')) as server,
        contextlib.closing(guarded_session(server.url)) as session,
    ):
        assert decode_json(session.get(server.url)) == {"a": 1}


class Keeping(BaseHTTPRequestHandler):
    """Keeps connections open, answers after 0.15 s, notes where requests come from."""

    protocol_version = "HTTP/1.1"
    peers: ClassVar[list[object]] = []

    def do_GET(self) -> None:
        self.peers.append(self.client_address)
        time.sleep(0.15)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def keeping() -> Iterator[str]:
    Keeping.peers.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True, args=(0.02,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_connection_is_used_again_and_the_deadline_is_each_requests_own(keeping: str) -> None:
    with contextlib.closing(guarded_session(keeping, QUICK)) as session:
        for _ in range(4):
            assert session.get(keeping).content == b"{}"
    assert len(Keeping.peers) == 4
    assert len(set(Keeping.peers)) == 1


def test_a_write_never_goes_over_a_connection_that_may_be_closed_already(keeping: str) -> None:
    with contextlib.closing(guarded_session(keeping)) as session:
        for _ in range(2):
            session.post(keeping)
    assert len(set(Keeping.peers)) == 2


def test_no_answer_ends_at_the_deadline(stop: threading.Event) -> None:
    assert fault(hang(stop)).kind is FaultKind.TIMEOUT


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (ENDLESS, b" "),
        (HEAD, b"X: y\r\n"),
        (HEAD, b"X"),
        (CHUNKED, b"1\r\n \r\n"),
        (CHUNKED, b"0"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_a_trickle_does_not_renew_the_deadline(start: bytes, piece: bytes, stop: threading.Event) -> None:
    assert fault(drip(start, piece, stop)).kind is FaultKind.TIMEOUT


@pytest.mark.parametrize(
    ("start", "piece"), [(ENDLESS, b" " * 65536), (CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n")]
)
def test_an_endless_body_is_cut_at_the_byte_limit(start: bytes, piece: bytes, stop: threading.Event) -> None:
    found = fault(flood(start, piece, stop), limits=Limits(20, 1_000_000))
    assert found.kind is FaultKind.TOO_LARGE
    assert "MB" in found.reason


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb_is_bounded_after_decompression(layers: int) -> None:
    bomb = b"\0" * 50_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb)
    names = ", ".join(["gzip"] * layers)
    assert (
        fault(http(bomb, "200 OK", f"Content-Encoding: {names}"), limits=Limits(20, 1_000_000)).kind
        is FaultKind.TOO_LARGE
    )


def test_a_compressed_answer_is_read() -> None:
    answer = http(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip")
    with serving(answer) as server, contextlib.closing(guarded_session(server.url)) as session:
        assert decode_json(session.get(server.url)) == {"a": 1}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(b"xx", "200 OK", "Content-Encoding: gzip"), FaultKind.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", FaultKind.BAD_ANSWER),
        (b"SSH-2.0-OpenSSH_9.2\r\n", FaultKind.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", FaultKind.BAD_ANSWER),
        (b"", FaultKind.REFUSED),
        (reset, FaultKind.REFUSED),
        (http(b"", "302 Found", "Location: http://elsewhere.example/"), FaultKind.BAD_ANSWER),
        (http(b"", "301 Moved", "Location: /x"), FaultKind.BAD_ANSWER),
        (http(b"", "307 Temporary", "Location: http://[::"), FaultKind.BAD_ANSWER),
    ],
)
def test_a_broken_answer_is_one_fault_after_one_request(answer: Answer, kind: FaultKind) -> None:
    assert fault(answer).kind is kind


def test_nothing_listens() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    for method in ("GET", "POST"):
        with pytest.raises(SourceFault) as caught:
            guarded_session(url).request(method, url)
        assert caught.value.kind is FaultKind.REFUSED


def test_no_such_host() -> None:
    with pytest.raises(SourceFault) as caught:
        guarded_session("http://nowhere.invalid").get("http://nowhere.invalid")
    assert caught.value.kind is FaultKind.REFUSED


@pytest.mark.parametrize("answer", [reset, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"])
def test_a_write_whose_answer_is_lost_is_lost_and_sent_once(answer: Answer) -> None:
    assert fault(answer, "POST").kind is FaultKind.LOST


def test_a_write_that_hangs_is_lost(stop: threading.Event) -> None:
    assert fault(hang(stop), "PUT").kind is FaultKind.LOST


def test_a_query_by_post_is_no_write(stop: threading.Event) -> None:
    with serving(hang(stop)) as server:
        session = guarded_session(server.url, QUICK, writes=frozenset())
        with pytest.raises(SourceFault) as caught:
            session.post(server.url)
    assert caught.value.kind is FaultKind.TIMEOUT


def test_a_refusal_whose_body_is_cut_is_still_the_refusal() -> None:
    with (
        pytest.raises(SourceFault) as caught,
        serving(b"HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n{") as server,
    ):
        guarded_session(server.url).post(server.url)
    assert caught.value.kind is FaultKind.FORBIDDEN


def test_credentials_do_not_travel() -> None:
    secret = {"Authorization": "Bearer s3cret"}
    with serving(json_answer(b"{}")) as other:
        with serving(http(b"", "302 Found", f"Location: {other.url}/")) as server:
            session = guarded_session(server.url, headers=secret)
            with pytest.raises(SourceFault) as redirected:
                session.get(server.url)
            with pytest.raises(SourceFault) as elsewhere:
                session.get(other.url)
        assert other.requests == []
    assert b"s3cret" in server.requests[0]
    for caught in (redirected, elsewhere):
        assert f"127.0.0.1:{other.port}" in caught.value.reason


def test_no_cookie_is_kept_and_no_netrc_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login thief password thief")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(http(b"{}", "200 OK", "Set-Cookie: a=b; Path=/")) as server:
        session = guarded_session(server.url, headers={"Authorization": "Bearer mine"})
        session.get(server.url)
        session.get(server.url)
    assert all(b"Bearer mine" in request and b"Cookie" not in request for request in server.requests)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with serving(json_answer(b"{}")) as server:
        assert guarded_session(server.url).get(server.url).content == b"{}"


def test_a_client_library_cannot_bring_its_own_retries() -> None:
    session = guarded_session("http://127.0.0.1")
    before = session.get_adapter("http://127.0.0.1/")
    session.mount("http://127.0.0.1", requests.adapters.HTTPAdapter(max_retries=3))
    assert session.get_adapter("http://127.0.0.1/") is before


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {path} -out {path}.crt"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return path


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", certificate)
    return context


def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent(certificate: Path) -> None:
    with serving(json_answer(b"{}"), tls=_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(SourceFault) as caught:
            guarded_session(url).post(url)
        assert server.requests == []
    assert caught.value.kind is FaultKind.TLS
    assert "ca_file" in caught.value.reason


def test_a_private_authority_is_accepted_where_it_is_named(certificate: Path) -> None:
    with serving(json_answer(b"{}"), tls=_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        assert guarded_session(url, ca_file=f"{certificate}.crt").get(url).content == b"{}"


def test_a_trickle_over_tls_ends_at_the_deadline(certificate: Path, stop: threading.Event) -> None:
    with serving(drip(ENDLESS, b" ", stop), tls=_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(SourceFault) as caught:
            guarded_session(url, QUICK, ca_file=f"{certificate}.crt").get(url)
    assert caught.value.kind is FaultKind.TIMEOUT


def test_https_asked_of_a_server_that_speaks_http() -> None:
    with serving(http(b"", "400 Bad Request")) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(SourceFault) as caught:
            guarded_session(url).get(url)
    assert caught.value.kind is FaultKind.TLS


def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match=r"missing\.pem"):
        guarded_session("https://127.0.0.1:1", ca_file=str(tmp_path / "missing.pem")).get("https://127.0.0.1:1")


def test_an_alias_adapter_sends_https_to_loopback() -> None:
    with serving(json_answer(b"{}")) as server:
        session = guarded_session("https://api.example.com")
        session.mount("https://api.example.com", AliasAdapter("https://api.example.com", server.url))
        assert session.get("https://api.example.com/users/me?a=1").content == b"{}"
    assert server.requests[0].startswith(b"GET /users/me?a=1 HTTP/1.1")


def test_the_pagerduty_client_works_over_the_guard() -> None:
    answers = [
        http(gzip.compress(b'{"user": {"id": "P1"}}'), "200 OK", "Content-Encoding: gzip"),
        http(b"{}", "429 Slow down", "ratelimit-reset: 7"),
        reset,
    ]
    with serving(*answers) as server:
        session = guarded_session(server.url)
        transport = httpx_transport(session, {"https://api.pagerduty.com": server.url})
        client = pagerduty.RestApiV2Client("token", transport=transport)
        assert client.rget("/users/P1")["id"] == "P1"
        with pytest.raises(SourceFault) as limited:
            client.get("/incidents")
        with pytest.raises(SourceFault) as lost:
            client.post("/incidents/P1/notes", json={"note": {"content": "x"}})
        client.close()
    assert (limited.value.kind, limited.value.retry_after) == (FaultKind.RATE_LIMITED, 7)
    assert lost.value.kind is FaultKind.LOST
    assert len(server.requests) == 3
    assert b"Token token=token" in server.requests[0]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1", "http://", "http://[", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(SourceFault) as caught:
        guarded_session(url).get(url)
    assert caught.value.kind in (FaultKind.REJECTED, FaultKind.REFUSED)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:9093", True),
        ("http://127.8.0.1", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_a_token_goes_in_plain_to_this_machine_alone(url: str, here: bool) -> None:
    assert is_loopback(url) is here
    with contextlib.nullcontext() if here else pytest.raises(SourceFault, match="must be https"):
        demand_https(url, "PagerDuty")
    demand_https("https://pager.example.com", "PagerDuty")
