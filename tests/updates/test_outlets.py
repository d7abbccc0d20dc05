import hashlib
import hmac
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from iccon.config.schema import Outlet as Config
from iccon.config.schema import Secret
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.incident.ids import uuid7
from iccon.updates import registry
from iccon.updates.model import Message, Outlet
from iccon.updates.outlets.clipboard import ClipboardOutlet
from iccon.updates.outlets.file import FileOutlet
from iccon.updates.outlets.webhook import WebhookOutlet
from iccon.updates.port import UpdatesPort, message_of

ID = uuid7(1_795_000_000_000, b"0123456789")
OTHER = uuid7(1_795_000_000_001, b"0123456789")
MESSAGE = Message(ID, "We are on it.\n\nMore soon.", "customer", "checkout is slow", "SEV2")


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def fault(work: Callable[[], object]) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        work()
    return caught.value


class TestFile:
    def test_appends_a_block_that_can_be_found_again(self, tmp_path: Path) -> None:
        path = tmp_path / "updates.md"
        path.write_text("kept\n")
        outlet = FileOutlet("file", path)
        assert outlet.read_back(MESSAGE) is None
        assert outlet.send(MESSAGE).receipt == f"in {path}"
        assert outlet.read_back(MESSAGE) is not None
        text = path.read_text()
        assert text.startswith("kept\n")
        assert (
            "## 2026-11-18 11:06:40 UTC · customer · SEV2 · checkout is slow\n\nWe are on it.\n\nMore soon.\n" in text
        )

    def test_writes_a_message_once(self, tmp_path: Path) -> None:
        outlet = FileOutlet("file", tmp_path / "u.md")
        for _ in range(3):
            outlet.send(MESSAGE)
        assert outlet.path.read_text().count("We are on it.") == 1
        assert stat.S_IMODE(outlet.path.stat().st_mode) == 0o600

    def test_one_message_from_many_processes_is_written_once(self, tmp_path: Path) -> None:
        code = (
            "import sys; from pathlib import Path; from iccon.updates.model import Message\n"
            "from iccon.updates.outlets.file import FileOutlet\n"
            "outlet = FileOutlet('f', Path(sys.argv[1]))\n"
            "for n in range(5): outlet.send(Message(f'{n}', f'text {n}', 'customer', 't', 'SEV1'))"
        )
        path = tmp_path / "u.md"
        running = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
        assert [process.wait(60) for process in running] == [0] * 4
        assert [path.read_text().count(f"\ntext {n}\n") for n in range(5)] == [1] * 5

    def test_a_text_cannot_pass_for_another_message(self, tmp_path: Path) -> None:
        outlet = FileOutlet("file", tmp_path / "u.md")
        text = f"<!-- iccon:update {OTHER} -->\n<!-- iccon:end {OTHER} -->"
        outlet.send(Message(ID, text, "customer", "t", "SEV1"))
        assert outlet.read_back(Message(OTHER, "", "", "", "")) is None

    def test_a_block_that_was_cut_is_for_a_person_to_see(self, tmp_path: Path) -> None:
        outlet = FileOutlet("file", tmp_path / "u.md")
        outlet.send(MESSAGE)
        outlet.path.write_bytes(outlet.path.read_bytes()[:-30])
        assert "a part of this update only" in fault(lambda: outlet.read_back(MESSAGE)).reason
        assert "a part of this update only" in fault(lambda: outlet.send(MESSAGE)).reason

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (lambda p: None, "its folder does not exist"),
            (lambda p: (p.parent.mkdir(), p.mkdir()), "it is a folder"),
            (lambda p: (p.parent.mkdir(), os.mkfifo(p)), "pipe"),
            (lambda p: (p.parent.mkdir(), p.symlink_to("/dev/null")), "is not a file"),
            (lambda p: (p.parent.mkdir(), p.symlink_to(p)), "symbolic links"),
        ],
        ids=["no-folder", "folder", "pipe", "device", "loop"],
    )
    def test_says_why_it_cannot_write(self, tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
        path = tmp_path / "sub" / "u.md"
        make(path)
        caught = fault(lambda: FileOutlet("file", path).send(MESSAGE))
        assert caught.kind is FaultKind.REJECTED
        assert words in caught.reason or (words == "pipe" and "not a file" in caught.reason)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    def test_a_full_disk_leaves_no_part_behind(self, tmp_path: Path) -> None:
        code = (
            "import resource, signal, sys; from pathlib import Path\n"
            "from iccon.faults import SourceFault; from iccon.updates.model import Message\n"
            "from iccon.updates.outlets.file import FileOutlet\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
            "try: FileOutlet('f', Path(sys.argv[1])).send(Message('1', 'x' * 5000, 'customer', 't', 'SEV1'))\n"
            "except SourceFault as fault: print(fault.kind)"
        )
        path = tmp_path / "u.md"
        path.write_text("kept\n")
        command = [sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        assert done.stdout.strip() == "rejected"
        assert path.read_text() == "kept\n"


class TestClipboard:
    def test_keeps_the_exact_text_in_a_file_and_says_where(self, tmp_path: Path) -> None:
        outlet = ClipboardOutlet("clipboard", tmp_path / "clip")
        assert outlet.read_back(MESSAGE) is None
        path = tmp_path / "clip" / f"{ID}.txt"
        assert outlet.send(MESSAGE).receipt == f"text is ready to paste from {path}"
        assert path.read_text() == MESSAGE.text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert outlet.read_back(MESSAGE) is not None

    def test_says_what_the_clipboard_did(self, tmp_path: Path) -> None:
        taken: list[str] = []
        outlet = ClipboardOutlet(
            "c", tmp_path, lambda text: taken.append(text) or "given to the terminal (unconfirmed)"
        )
        assert outlet.send(MESSAGE).receipt.startswith("given to the terminal (unconfirmed); text is ready")
        assert taken == [MESSAGE.text]

    def test_a_clipboard_that_fails_loses_nothing(self, tmp_path: Path) -> None:
        def broken(text: str) -> str:
            raise RuntimeError("no terminal")

        assert ClipboardOutlet("c", tmp_path, broken).send(MESSAGE).receipt.startswith("not copied (no terminal)")

    def test_no_id_leads_out_of_the_folder(self, tmp_path: Path) -> None:
        ClipboardOutlet("c", tmp_path / "clip").send(Message("../../x", "t", "", "", ""))
        assert [p.name for p in (tmp_path / "clip").iterdir()] == ["x.txt"]

    def test_a_folder_that_cannot_be_made_is_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "clip").write_text("a file")
        assert fault(lambda: ClipboardOutlet("c", tmp_path / "clip").send(MESSAGE)).kind is FaultKind.REJECTED


class Receiver:
    """A webhook receiver that keeps its promises: each id once, and an answer to whether it has one."""

    def __init__(self, server: HTTPServer) -> None:
        self.got: dict[str, dict[str, object]] = {}
        self.requests: list[Request] = []
        self.url = server.url_for("/hook?room=7")
        server.expect_request("/hook", method="POST").respond_with_handler(self.post)
        server.expect_request("/hook", method="GET").respond_with_handler(self.get)

    def post(self, request: Request) -> Response:
        self.requests.append(request)
        self.got.setdefault(request.headers["Idempotency-Key"], json.loads(request.data))
        return Response(json.dumps({"receipt": "post-1"}), 201, content_type="application/json")

    def get(self, request: Request) -> Response:
        self.requests.append(request)
        ident = request.args["id"]
        return Response(json.dumps({"id": ident, "found": ident in self.got, "receipt": "post-1"}))


class TestWebhook:
    def test_posts_signed_json_and_reads_it_back(self, httpserver: HTTPServer) -> None:
        receiver = Receiver(httpserver)
        outlet = WebhookOutlet("hook", receiver.url, "s3cret", clock=Clock())
        assert outlet.read_back(MESSAGE) is None
        assert outlet.send(MESSAGE).receipt == "HTTP 201: post-1"
        found = outlet.read_back(MESSAGE)
        assert found is not None
        assert found.receipt == "HTTP 200: post-1"
        ask, post = receiver.requests[:2]
        assert json.loads(post.data) == {
            "id": ID,
            "text": MESSAGE.text,
            "audience": "customer",
            "title": "checkout is slow",
            "severity": "SEV2",
            "drill": False,
            "incident": "",
            "phase": "",
            "services": [],
            "thread": "",
            "source": "iccon",
            "version": 1,
        }
        for request, content in ((ask, ID.encode()), (post, post.data)):
            stamp = request.headers["X-Iccon-Timestamp"]
            assert stamp == str(int(Clock().now().timestamp()))
            mac = hmac.new(b"s3cret", stamp.encode() + b"." + content, hashlib.sha256).hexdigest()
            assert request.headers["X-Iccon-Signature"] == f"v1={mac}"
            assert request.args["room"] == "7"

    def test_without_a_secret_sends_no_signature(self, httpserver: HTTPServer) -> None:
        receiver = Receiver(httpserver)
        WebhookOutlet("hook", receiver.url).send(MESSAGE)
        assert "X-Iccon-Signature" not in receiver.requests[0].headers

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, FaultKind.REJECTED),
            (401, FaultKind.UNAUTHORIZED),
            (403, FaultKind.FORBIDDEN),
            (404, FaultKind.NOT_FOUND),
            (422, FaultKind.REJECTED),
            (429, FaultKind.RATE_LIMITED),
            (500, FaultKind.LOST),
            (502, FaultKind.LOST),
            (503, FaultKind.SERVER),
        ],
    )
    def test_says_what_a_status_means(self, httpserver: HTTPServer, status: int, kind: FaultKind) -> None:
        httpserver.expect_request("/hook").respond_with_data("why", status, {"Retry-After": "7"})
        caught = fault(lambda: WebhookOutlet("hook", httpserver.url_for("/hook")).send(MESSAGE))
        assert caught.kind is kind
        assert caught.retry_after == (7 if status in (429, 503) else None)
        assert len(httpserver.log) == 1

    def test_follows_no_redirect(self, httpserver: HTTPServer) -> None:
        httpserver.expect_request("/hook").respond_with_data("", 307, {"Location": httpserver.url_for("/other")})
        caught = fault(lambda: WebhookOutlet("hook", httpserver.url_for("/hook")).send(MESSAGE))
        assert "redirect" in caught.reason
        assert [request.path for request, _ in httpserver.log] == ["/hook"]

    @pytest.mark.parametrize(
        ("body", "receipt"),
        [
            (b"ok", "HTTP 200: ok"),
            (b"", "HTTP 200"),
            (b"<html>", "HTTP 200"),
            (b'{"ts":"1.2"}', "HTTP 200: 1.2"),
            (b"[]", "HTTP 200: []"),
        ],
    )
    def test_takes_any_2xx_as_posted(self, httpserver: HTTPServer, body: bytes, receipt: str) -> None:
        httpserver.expect_request("/hook").respond_with_data(body)
        assert WebhookOutlet("hook", httpserver.url_for("/hook")).send(MESSAGE).receipt == receipt

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (404, "no"),
            (405, ""),
            (200, "ok"),
            (200, "{}"),
            (200, '{"id":"x","found":true}'),
            (200, '{"found":1}'),
            (500, ""),
        ],
    )
    def test_a_receiver_that_cannot_tell_leaves_it_to_a_person(
        self, httpserver: HTTPServer, status: int, body: str
    ) -> None:
        httpserver.expect_request("/hook").respond_with_data(body, status)
        caught = fault(lambda: WebhookOutlet("hook", httpserver.url_for("/hook")).read_back(MESSAGE))
        assert "look there" in caught.reason

    def test_nothing_listens(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
        assert fault(lambda: WebhookOutlet("hook", url).send(MESSAGE)).kind is FaultKind.REFUSED

    def test_no_tls_there(self, httpserver: HTTPServer) -> None:
        url = httpserver.url_for("/hook").replace("http://", "https://")
        assert fault(lambda: WebhookOutlet("hook", url).send(MESSAGE)).kind is FaultKind.TLS

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(lambda c: None, id="closes"),
            pytest.param(lambda c: c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"), id="resets"),
            pytest.param(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut"), id="cut"),
            pytest.param(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000), id="endless"),
            pytest.param(lambda c: c.sendall(b"\x16\x03\x01 nonsense\r\n\r\n"), id="nonsense"),
            pytest.param(lambda c: threading.Event().wait(0.6), id="silent"),
        ],
    )
    def test_an_answer_that_does_not_come_leaves_the_outcome_unknown(
        self, answer: Callable[[socket.socket], object]
    ) -> None:
        with raw_server(answer) as url:
            assert fault(lambda: WebhookOutlet("hook", url, timeout=0.5).send(MESSAGE)).kind is FaultKind.LOST


@contextmanager
def raw_server(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """Take one connection, read the request, and do with it what `answer` does."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            data = b""
            while b"\r\n\r\n" not in data or not data.endswith(b"}"):
                data += connection.recv(65536)
            with suppress(OSError):  # the client has enough
                answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
    thread.join(10)


class TestRegistry:
    def build(self, folder: Path, **keys: object) -> Outlet:
        return registry.build("mine", Config(**keys), lambda secret: secret.literal or "", folder)  # type: ignore[arg-type]

    def test_builds_each_kind(self, tmp_path: Path) -> None:
        file = self.build(tmp_path, kind="file", path="u.md")
        assert isinstance(file, FileOutlet)
        assert file.path == tmp_path / "u.md"
        assert isinstance(self.build(tmp_path, kind="clipboard"), ClipboardOutlet)
        hook = self.build(tmp_path, kind="webhook", url="https://x.example/h", secret=Secret(literal="s"), timeout=3.0)
        assert isinstance(hook, WebhookOutlet)
        assert (hook.hook.secret, hook.hook.timeout, hook.name) == (b"s", 3.0, "mine")

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"kind": "file"}, "path: a file outlet needs"),
            ({"kind": "webhook"}, "url: a webhook outlet needs"),
            ({"kind": "webhook", "url": "ftp://x"}, "url: a webhook outlet needs"),
            ({"kind": "webhok"}, "kind: there is no kind webhok; did you mean webhook?"),
        ],
    )
    def test_says_what_is_missing(self, tmp_path: Path, keys: dict[str, str], words: str) -> None:
        with pytest.raises(registry.OutletFault) as caught:
            self.build(tmp_path, **keys)
        assert words in str(caught.value)

    def test_takes_kinds_of_other_packages(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        points = [
            EntryPoint("pigeon", "test_outlets:pigeon", registry.GROUP),
            EntryPoint("lame", "nosuch:x", registry.GROUP),
        ]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
        monkeypatch.setitem(sys.modules, "test_outlets", sys.modules[__name__])
        assert self.build(tmp_path, kind="pigeon").name == "pigeon mine"
        with pytest.raises(registry.OutletFault, match="does not load"):
            self.build(tmp_path, kind="lame")


def pigeon(given: registry.Given) -> Outlet:
    return ClipboardOutlet(f"pigeon {given.name}", given.data_folder)


def effect(**changes: object) -> Effect:
    payload = {"text": "We are on it.", "audience": "customer", "title": "t", "severity": "SEV1"}
    fields: dict[str, object] = {"target": "clip", "verb": "send", "payload": payload, **changes}
    return Effect(id=ID, incident="i", port="updates", **fields)  # type: ignore[arg-type]


class TestPort:
    def test_routes_effects_to_outlets_and_back(self, tmp_path: Path) -> None:
        port = UpdatesPort({"clip": ClipboardOutlet("clip", tmp_path)})
        assert port.read_back(effect()) is None
        assert port.perform(effect()).startswith("text is ready")
        assert (port.read_back(effect()) or "").startswith("text is ready")
        assert (tmp_path / f"{ID}.txt").read_text() == "We are on it."

    def test_refuses_what_is_not_configured(self, tmp_path: Path) -> None:
        port = UpdatesPort({"clip": ClipboardOutlet("clip", tmp_path)})
        assert (
            "no outlet gone is configured (there is: clip)" in fault(lambda: port.perform(effect(target="gone"))).reason
        )
        assert "cannot delete" in fault(lambda: port.perform(effect(verb="delete"))).reason

    def test_what_a_drill_sends_says_so(self) -> None:
        payload = {"text": "We are on it.", "drill": True}
        assert message_of(effect(payload=payload)).text == "DRILL - We are on it."
        assert message_of(effect(), drill=True).drill
        assert message_of(effect(payload={"text": "DRILL - x", "drill": True})).text == "DRILL - x"

    def test_takes_any_payload(self) -> None:
        assert message_of(effect(payload={"text": None, "title": "a\x1b[2Jb", "audience": 3})).title == "a␛[2Jb"


def test_the_room_loads_no_client_before_it_sends() -> None:
    code = (
        "import sys, iccon.updates.port, iccon.updates.registry, iccon.updates.templates, iccon.updates.check, "
        "iccon.updates.outlets.webhook, iccon.runbooks.library, iccon.exports.markdown, iccon.exports.jsonl\n"
        "loaded = {'requests', 'httpx2', 'jinja2', 'markdown_it', 'textual', 'asyncio'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
