"""A server that demands a client certificate, over real TLS: the right one, and all that can be wrong with it."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rawserver import RawServer, json_answer, serving

from iccon.cli.main import main
from iccon.config.load import folders, load
from iccon.config.schema import Prometheus
from iccon.faults import FaultKind, SourceFault
from iccon.signals.prometheus import PrometheusBackend

NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 1 -addext subjectAltName=IP:127.0.0.1"
ONE = {"metric": {"service": "api"}, "values": [[1, "1"]]}
FOUND = json_answer(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [ONE]}}).encode())
OPEN, LOCKED = "-nodes", "-passout pass:x"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates that only they themselves vouch for; the key of one has a pass phrase."""
    folder = tmp_path_factory.mktemp("tls")
    for name, protection in (("server", OPEN), ("ours", OPEN), ("other", OPEN), ("locked", LOCKED)):
        words = f"{NEW} -subj /CN={name} {protection} -keyout {folder}/{name}.key -out {folder}/{name}.pem"
        try:
            subprocess.run(words.split(), check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
    return folder


def demanding(made: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / "server.pem", made / "server.key")
    context.load_verify_locations(made / "ours.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def server(made: Path) -> Iterator[RawServer]:
    with serving(json_answer(b'{"status":"success","data":{"version":"3.1"}}'), tls=demanding(made)) as running:
        yield running


def backend(server: RawServer, made: Path, cert: str = "", key: str = "") -> PrometheusBackend:
    """A backend with these files of the folder, or with a path of its own."""
    files = {name: str(made / file) for name, file in (("cert_file", cert), ("key_file", key)) if file}
    url = server.url.replace("http:", "https:")
    return PrometheusBackend("main", Prometheus(url, ca_file=str(made / "server.pem"), **files))


def test_the_right_certificate_is_let_in(server: RawServer, made: Path) -> None:
    assert backend(server, made, "ours.pem", "ours.key").probe() == "version 3.1"


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("", "", "see cert_file"),
        ("other.pem", "other.key", "see cert_file"),
        ("missing.pem", "ours.key", r"cert_file: .*missing\.pem: No such file"),
        ("ours.pem", ".", "key_file: .*: Is a directory"),
        ("ours.pem", "other.key", "the key is not the certificate's"),
        ("ours.pem", "ours.pem", "not a certificate and its key in PEM"),
        ("locked.pem", "locked.key", "pass phrase"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    server: RawServer, made: Path, cert: str, key: str, words: str
) -> None:
    with pytest.raises(SourceFault, match=words) as caught:
        backend(server, made, cert, key).probe()
    assert caught.value.kind is FaultKind.TLS
    assert server.requests == []


def test_a_certificate_that_was_renewed_is_read_again(server: RawServer, made: Path, tmp_path: Path) -> None:
    asked = backend(server, made, "ours.pem", str(tmp_path / "later.key"))
    with pytest.raises(SourceFault, match="key_file"):
        asked.probe()
    (tmp_path / "later.key").write_bytes((made / "ours.key").read_bytes())
    assert asked.probe() == "version 3.1"


def test_init_asks_with_the_certificate_and_writes_where_it_lies(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICCON_HOME", str(tmp_path))
    monkeypatch.chdir(made)
    answers = json_answer(b'{"status":"success","data":["http_requests_total"]}'), FOUND
    with serving(*answers, tls=demanding(made)) as server:
        url = server.url.replace("http:", "https:")
        words = ("--ca-file", "server.pem", "--cert-file", "ours.pem", "--key-file", "ours.key")
        assert main(["init", "--prometheus", url, *words]) == 0
    written = load(None, folders({"ICCON_HOME": str(tmp_path)})).config.prometheus["main"]
    assert (written.cert_file, written.key_file) == (str(made / "ours.pem"), str(made / "ours.key"))
