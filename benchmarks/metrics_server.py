"""A metrics server on loopback that answers every range query with a series for each of N services.

    python benchmarks/metrics_server.py SERVICES

Prints its URL. GET /counts gives {queries, bytes, largest}. Every value moves all the time; a few lie beyond
what signals_scale.py calls bad. It keeps nothing, and is no Prometheus.
"""

import json
import random
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SERVICES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
NAMES = [f'{{"metric":{{"service":"service-{n:04}"}},"values":[' for n in range(SERVICES)]
draw = random.Random(7).random
NOISE = [round(draw() * 0.05, 6) for _ in range(1009)]
VALUES = {level: [f"{level + noise:.6f}" for noise in NOISE] for level in (0.2, 0.62, 0.7)}
COUNTS = {"queries": 0, "bytes": 0, "largest": 0}


def level(service: int) -> float:
    """Return about what a service gives: of a hundred, two warn and one is bad."""
    return {7: 0.7, 8: 0.62, 9: 0.62}.get(service % 100, 0.2)


def series(service: int, times: Sequence[float]) -> str:
    """Return one service's series as JSON."""
    values = VALUES[level(service)]
    return NAMES[service] + ",".join([f'[{t},"{values[int(service * 7 + t) % 1009]}"]' for t in times]) + "]}"


def matrix(start: float, end: float, step: float) -> bytes:
    """Return the answer to a range query."""
    times = [round(start + i * step, 3) for i in range(int((end - start) / step + 1e-6) + 1)]
    found = ",".join([series(n, times) for n in range(SERVICES)])
    return f'{{"status":"success","data":{{"resultType":"matrix","result":[{found}]}}}}'.encode()


class Handler(BaseHTTPRequestHandler):
    """The range query, and the counts."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a range query."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = matrix(*(float(form[name][0]) for name in ("start", "end", "step")))
        COUNTS["queries"] += 1
        COUNTS["bytes"] += len(body)
        COUNTS["largest"] = max(COUNTS["largest"], len(body))
        self._answer(body)

    def do_GET(self) -> None:
        """Answer how much was asked and given."""
        self._answer(json.dumps(COUNTS).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
