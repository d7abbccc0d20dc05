"""What a refresh of the board asks of a real Prometheus with 10, 100 and 1,000 services: queries, and bytes.

    python benchmarks/signals_refresh.py [SERVICES ...]

One target exposes all services; Prometheus scrapes it every second. The board first reads its whole window (a minute,
a point a second), then what is newer, every five seconds. Queries must not follow the services, and the bytes of a
refresh must follow the new samples, not the window. Needs the `prometheus` program.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from common import table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "real"))

import real_prometheus

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.signals.model import Board, SignalSpec, Unit
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.source import BoardSource

WINDOW, STEP, EVERY, ROUNDS = 60.0, 1.0, 5.0, 4  # seconds, seconds, seconds, refreshes
QUERIES = {
    "latency": "histogram_quantile(0.9, sum by (name, le) (rate(bench_seconds_bucket[5s])))",
    "traffic": "sum by (name) (rate(bench_requests_total[5s]))",
    "errors": 'sum by (name) (rate(bench_requests_total{code="500"}[5s])) / '
    "sum by (name) (rate(bench_requests_total[5s]))",
    "saturation": "max by (name) (bench_busy)",
}
BUCKETS = ("0.1", "0.5", "1", "+Inf")


def exposition(services: int, turn: int) -> str:
    """Return the metrics of all services at scrape number `turn`, in Prometheus's text format."""
    lines: list[str] = []
    for n in range(services):
        name = f'name="service-{n:04}"'
        lines += [
            f'bench_requests_total{{{name},code="{code}"}} {turn * rate}' for code, rate in (("200", 99), ("500", 1))
        ]
        lines += [f'bench_seconds_bucket{{{name},le="{le}"}} {turn * (40 + 20 * i)}' for i, le in enumerate(BUCKETS)]
        lines.append(f"bench_busy{{{name}}} {random.random():.4f}")
    return "\n".join(lines) + "\n"


@contextmanager
def target(services: int) -> Iterator[str]:
    """Serve the metrics; give host and port."""

    class Metrics(BaseHTTPRequestHandler):
        turn = 0

        def do_GET(self) -> None:
            type(self).turn += 1
            body = exposition(services, self.turn).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Counting(PrometheusBackend):
    """The ordinary adapter, counting its queries and the bytes of their results, as JSON after decompression."""

    queries = 0
    size = 0

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        envelope, date = super()._asked(ask)
        self.queries += 1
        self.size += len(bytes(envelope.data.result))
        return envelope, date


def taken(source: BoardSource, backend: Counting) -> tuple[Board, int, int]:
    """Poll once; return the board, the queries and the bytes."""
    queries, size = backend.queries, backend.size
    board = source.poll()
    return board, backend.queries - queries, backend.size - size


def measured(services: int) -> tuple[str, ...]:
    """Return one row of the table."""
    with target(services) as address, real_prometheus.running({"bench": address}) as prometheus:
        time.sleep(WINDOW)
        backend = Counting("bench", schema.Prometheus(prometheus.url, timeout=30.0))
        specs = [SignalSpec(name, query, "bench", Unit.NUMBER, label="name") for name, query in QUERIES.items()]
        source = BoardSource(specs, {"bench": backend}, SystemClock(), WINDOW, STEP)
        board, first_queries, whole = taken(source, backend)
        newer = []
        for _ in range(ROUNDS):
            time.sleep(EVERY)
            newer.append(taken(source, backend))
        backend.close()
    refresh = sum(size for _, _, size in newer) / ROUNDS
    queries = {queries for _, queries, _ in newer}
    points = f"{refresh / whole:.3f} ({EVERY / WINDOW:.3f})"
    return (
        f"{services:,}",
        f"{len(board.services):,}",
        str(first_queries),
        "/".join(map(str, sorted(queries))),
        f"{whole / 1000:.1f}",
        f"{refresh / 1000:.1f}",
        points,
    )


def main() -> None:
    """Measure and print."""
    if not real_prometheus.installed():
        sys.exit("needs the program prometheus (Debian package prometheus)")
    rows = [measured(services) for services in map(int, sys.argv[1:] or ("10", "100", "1000"))]
    heads = ("services", "on the board", "queries: first", "refresh", "KB: first", "refresh", "share (of the points)")
    table(f"A refresh every {EVERY:g} s, window {WINDOW:g} s, four signals", heads, rows)


if __name__ == "__main__":
    main()
