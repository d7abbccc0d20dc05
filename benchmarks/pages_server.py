"""On loopback: a PagerDuty account with 1,000 open pages that enforces its limits, an Alertmanager with 10,000 alerts.

    python benchmarks/pages_server.py [PAGES ALERTS]

Prints the two URLs. GET /counts of the second gives {requests, refused} as PagerDuty counted them. One page and one
alert in a hundred are others at each look, so that a refresh is never the one before.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from iccon.drill.pagerduty_api import PagerDutyServer

PAGES, ALERTS = map(int, sys.argv[1:3] if len(sys.argv) > 2 else ("1000", "10000"))
SERVICES = 40
MOVES = 100  # of so many alerts one is another at each look
ACCOUNT = PagerDutyServer()


def alert(number: int, look: int) -> str:
    """Return one alert as Alertmanager's API shows it."""
    name = f"{number}-{look}" if number % MOVES == 0 else str(number)
    labels = {"alertname": f"Alert{number % 25}", "service": f"service-{number % SERVICES}", "pod": f"pod-{name}"}
    return json.dumps(
        {
            "fingerprint": f"f{name}",
            "labels": labels,
            "annotations": {"summary": f"{labels['alertname']} on {labels['pod']}"},
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
            "startsAt": f"2026-01-01T0{number % 7}:00:00.000Z",
        }
    )


STILL = [alert(number, 0) for number in range(ALERTS) if number % MOVES]
LOOKS = count(1)


class Handler(BaseHTTPRequestHandler):
    """The list of alerts, and the counts."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/counts":
            calls = list(ACCOUNT.calls)
            body = json.dumps({"requests": len(calls), "refused": sum(call.status == 429 for call in calls)})
        else:
            look = next(LOOKS)
            body = f"[{','.join([*STILL, *(alert(number, look) for number in range(0, ALERTS, MOVES))])}]"
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed."""
    for number in range(PAGES):
        ACCOUNT.trigger(f"Latency on node {number}", f"service-{number % SERVICES}", alert=f"Page{number % 10}")
    alerts = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with ACCOUNT:
        print(ACCOUNT.url, f"http://127.0.0.1:{alerts.server_port}", flush=True)
        alerts.serve_forever()


if __name__ == "__main__":
    main()
