"""A small real HTTP service with the usual metrics, under load from itself, and a switch that breaks it."""

import contextlib
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
CALM, SLOW = 0.004, 0.3  # seconds an answer takes
FAILING = 0.2  # share of errors while broken


@dataclass
class Service:
    """Its name, where it listens, and what it has counted. `broken` makes a fifth of the answers fail and all slow."""

    name: str
    port: int = 0
    broken: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _codes: dict[int, int] = field(default_factory=dict)
    _buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))
    _seconds: float = 0.0
    _count: int = 0
    _running: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def work(self) -> int:
        """Do one piece of work, as well as the service can now; return the status."""
        started = time.monotonic()
        with self._lock:
            self._running += 1
        time.sleep(SLOW if self.broken.is_set() else CALM)
        code = 500 if self.broken.is_set() and random.random() < FAILING else 200
        self._note(code, time.monotonic() - started)
        return code

    def _note(self, code: int, seconds: float) -> None:
        with self._lock:
            self._running -= 1
            self._codes[code] = self._codes.get(code, 0) + 1
            self._seconds += seconds
            self._count += 1
            for index, bound in enumerate(BUCKETS):
                self._buckets[index] += seconds <= bound

    def metrics(self) -> str:
        """The metrics in Prometheus' text format."""
        with self._lock:
            codes = {200: 0, 500: 0, **self._codes}
            lines = ["# TYPE http_requests_total counter"]
            lines += [f'http_requests_total{{code="{code}"}} {count}' for code, count in codes.items()]
            lines += ["# TYPE http_request_duration_seconds histogram"]
            name = "http_request_duration_seconds"
            lines += [f'{name}_bucket{{le="{b}"}} {n}' for b, n in zip(BUCKETS, self._buckets, strict=True)]
            lines += [f'{name}_bucket{{le="+Inf"}} {self._count}', f"{name}_sum {self._seconds}"]
            lines += [f"{name}_count {self._count}", "# TYPE http_requests_in_flight gauge"]
            lines += [f"http_requests_in_flight {self._running}", "# TYPE process_cpu_seconds_total counter"]
            lines += [f"process_cpu_seconds_total {time.process_time()}"]
        return "\n".join(lines) + "\n"


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = (200, service.metrics()) if self.path == "/metrics" else (service.work(), "done\n")
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    return Handler


def _load(service: Service, stop: threading.Event) -> None:
    """Ask about every 0.1 s until told to stop."""
    while not stop.wait(0.1):
        with contextlib.suppress(urllib.error.HTTPError, OSError):
            urllib.request.urlopen(f"http://{service.address}/work", timeout=5).close()


@contextlib.contextmanager
def serving(name: str, clients: int = 3) -> Iterator[Service]:
    """Run the service with `clients` threads asking it, each some ten times a second while it is well."""
    service, stop = Service(name), threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(service)) as server:
        server.daemon_threads = True
        service.port = server.server_port
        threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)]
        threads += [threading.Thread(target=_load, args=(service, stop), daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield service
        finally:
            stop.set()
            server.shutdown()
            for thread in threads:
                thread.join(10)
