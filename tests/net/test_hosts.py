"""The budget of a server: so many requests at once, and silence while it asks for it, for all who ask it."""

import contextlib
import socket
import threading
import time

import pytest
from rawserver import http, json_answer, serving

from iccon.clock import SystemClock
from iccon.config.schema import Prometheus, Service
from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, guarded_session
from iccon.net.hosts import AT_ONCE, host_at
from iccon.signals.model import SignalSpec, Unit, Verdict
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.source import BoardSource

LIMITED = http(b"", "429 Too Many Requests", "Retry-After: 30")
EMPTY = json_answer(b'{"status":"success","data":{"resultType":"matrix","result":[]}}')


def test_a_server_is_asked_so_much_at_once_by_all_together() -> None:
    go = threading.Event()

    def wait(connection: socket.socket) -> None:
        go.wait(30)
        connection.sendall(EMPTY)

    with serving(wait) as server:
        sessions = [guarded_session(server.url, shared=True) for _ in range(AT_ONCE)]
        threads = [threading.Thread(target=session.get, args=(server.url,)) for session in sessions]
        for thread in threads:
            thread.start()
        while len(server.requests) < AT_ONCE:
            time.sleep(0.005)
        with pytest.raises(SourceFault, match=r"no turn within 0\.2 s: 4 requests are under way") as caught:
            guarded_session(server.url, Limits(seconds=0.2), shared=True).get(server.url)
        assert (caught.value.kind, len(server.requests)) == (FaultKind.TIMEOUT, AT_ONCE)
        go.set()
        for thread in threads:
            thread.join()
        assert guarded_session(server.url, shared=True).get(server.url).status_code == 200


def test_what_one_is_told_to_wait_holds_for_all_of_that_server_and_no_other() -> None:
    with serving(LIMITED) as server, serving(EMPTY) as other:
        first, second = (guarded_session(server.url, shared=True) for _ in range(2))
        assert first.get(server.url).status_code == 429
        with pytest.raises(SourceFault, match=r"HTTP 429: .*; asked again in (30|29) s") as caught:
            second.get(server.url)
        assert caught.value.kind is FaultKind.RATE_LIMITED
        assert 25 < (caught.value.retry_after or 0) <= 30
        assert len(server.requests) == 1
        assert guarded_session(other.url, shared=True).get(other.url).status_code == 200
        assert guarded_session(server.url).get(server.url).status_code == 429


def test_afterwards_it_is_asked_again() -> None:
    with serving(http(b"", "503 Busy", "Retry-After: 0.05"), EMPTY) as server:
        session = guarded_session(server.url, shared=True)
        assert session.get(server.url).status_code == 503
        answer = None
        while answer is None:
            with contextlib.suppress(SourceFault):
                answer = session.get(server.url)
            time.sleep(0.01)
        assert (answer.status_code, len(server.requests)) == (200, 2)


def test_a_server_that_nobody_asks_any_more_is_forgotten() -> None:
    kept = host_at(("http", "example.com", 80))
    assert host_at(("http", "example.com", 80)) is kept
    kept.hold(SourceFault(FaultKind.RATE_LIMITED, "", 600))
    del kept
    with host_at(("http", "example.com", 80)).turn(1):
        pass


def test_one_signal_that_is_limited_holds_back_the_board_until_then() -> None:
    with serving(LIMITED) as server:
        backends = {name: PrometheusBackend(name, Prometheus(server.url)) for name in ("a", "b")}
        specs = [SignalSpec("latency", "q", "a", Unit.SECONDS), SignalSpec("errors", "q", "b", Unit.RATIO)]
        source = BoardSource(specs, backends, SystemClock(), 900, 15, {"api": Service()})
        with contextlib.suppress(SourceFault):
            source.poll()
        asked = len(server.requests)
        with pytest.raises(SourceFault) as caught:
            source.poll()
        assert len(server.requests) == asked
        assert 25 < (caught.value.retry_after or 0) <= 30  # the feed waits so long, and the screen counts it down
        cell = source.last.cells["api", "errors"]
        assert cell.verdict is Verdict.ERROR
        assert "asked again in" in cell.fault
