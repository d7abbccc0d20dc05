"""A silence whose answer is lost is in force exactly once; one that was not made is known not to be."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.pages.alertmanager import AlertmanagerBackend
from iccon.pages.port import PagesPort


class Manager(ThreadingHTTPServer):
    """An Alertmanager with one alert. `lose`: the next write is done (`does`) or not, and never answered."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.silences: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self.lose = self.does = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def in_force(self) -> list[str]:
        return [key for key, silence in self.silences.items() if silence["status"]["state"] == "active"]

    def alerts(self) -> list[dict[str, Any]]:
        status = {"state": "suppressed" if self.in_force else "active", "silencedBy": self.in_force}
        labels = {"alertname": "A", "service": "db"}
        return [{"fingerprint": "f1", "labels": labels, "status": status, "startsAt": "2026-03-01T12:00:00.000Z"}]


class Handler(BaseHTTPRequestHandler):
    server: Manager

    def do_GET(self) -> None:
        self._say(self.server.alerts() if self.path.endswith("alerts") else [*self.server.silences.values()])

    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = f"s{len(self.server.silences)}"
        self._write(lambda: self.server.silences.update({key: wanted | {"id": key, "status": {"state": "active"}}}))

    def do_DELETE(self) -> None:
        silence = self.server.silences[self.path.rsplit("/", 1)[1]]
        self._write(lambda: silence.update(status={"state": "expired"}))

    def _write(self, work: Any) -> None:
        server = self.server
        server.writes += 1
        if not server.lose or server.does:
            work()
        if server.lose:
            server.lose = False
            self.close_connection = True
        else:
            self._say({"silenceID": "s"})

    def _say(self, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def manager() -> Iterator[Manager]:
    with Manager() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def port(manager: Manager) -> PagesPort:
    return PagesPort({"am": AlertmanagerBackend("am", schema.Alertmanager(urls=(manager.url,), timeout=5.0))})


def effect(verb: str, at: datetime, **arguments: str) -> Effect:
    payload = {"page": "f1", "arguments": arguments, "at": at.isoformat()}
    return Effect("e1", "", "pages", "am", verb, payload)


def silence(at: datetime) -> Effect:
    return effect("silence", at, seconds="600", text="known")


@pytest.mark.parametrize("does", [True, False])
def test_the_lost_answer_of_a_silence_is_read_back(manager: Manager, does: bool) -> None:
    manager.lose, manager.does = True, does
    wish, ways = silence(SystemClock().now()), port(manager)
    _lost(ways, wish)
    receipt = ways.read_back(wish)
    assert (receipt is not None and receipt.startswith("silenced until")) == does
    assert (manager.writes, len(manager.in_force)) == (1, int(does))


@pytest.mark.parametrize("does", [True, False])
def test_the_lost_answer_of_an_end_is_read_back(manager: Manager, does: bool) -> None:
    ways = port(manager)
    ways.perform(silence(SystemClock().now()))
    manager.lose, manager.does = True, does
    wish = effect("unsilence", SystemClock().now())
    _lost(ways, wish)
    assert ways.read_back(wish) == ("no silence is over it" if does else None)
    assert (manager.writes, len(manager.in_force)) == (2, int(not does))


def test_an_older_silence_of_the_same_words_is_no_proof(manager: Manager) -> None:
    ways = port(manager)
    ways.perform(silence(SystemClock().now()))
    for known in manager.silences.values():
        known["startsAt"] = (SystemClock().now() - timedelta(hours=1)).isoformat()
    manager.lose = True
    wish = silence(SystemClock().now())
    _lost(ways, wish)
    assert ways.read_back(wish) is None


def _lost(ways: PagesPort, wish: Effect) -> None:
    with pytest.raises(SourceFault) as caught:
        ways.perform(wish)
    assert caught.value.kind is FaultKind.LOST


def test_the_list_says_until_when_an_alert_is_silenced(manager: Manager) -> None:
    pager = AlertmanagerBackend("am", schema.Alertmanager(urls=(manager.url,)))
    assert [page.quiet_until for page in pager.list()] == [None]
    until = datetime(2026, 3, 1, 14, tzinfo=UTC)
    for key, ends in (("s1", until), ("s2", until - timedelta(hours=1)), ("s3", None)):
        manager.silences[key] = {"id": key, "status": {"state": "active"}, "endsAt": ends and ends.isoformat()}
    assert [page.quiet_until for page in pager.list()] == [until]
