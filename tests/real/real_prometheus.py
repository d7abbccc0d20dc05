"""A real Prometheus on a free loopback port, scraping what it is told every second.

    with running({"checkout": service.address}) as prometheus:
        ...  # prometheus.url

`installed()` says whether the program is there; Debian's package is `prometheus`.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ERRORS = (
    'sum by (service) (rate(http_requests_total{code=~"5.."}[5s])) / sum by (service) (rate(http_requests_total[5s]))'
)
LATENCY = "histogram_quantile(0.9, sum by (service, le) (rate(http_request_duration_seconds_bucket[5s])))"
TRAFFIC = "sum by (service) (rate(http_requests_total[5s]))"
SATURATION = "sum by (service) (http_requests_in_flight)"

CONFIG = """\
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: services
    static_configs:
"""


@dataclass(frozen=True)
class RealPrometheus:
    """Where it answers, and its log file."""

    url: str
    log: Path


def installed() -> bool:
    return shutil.which("prometheus") is not None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    targets: Mapping[str, str],
    ready_within: float = 30.0,
    jobs: Mapping[str, str] | None = None,
    data: Path | None = None,
) -> Iterator[RealPrometheus]:
    """Run Prometheus with `targets` (service name to host:port), once it has two scrapes of each. Raises on failure.

    `jobs` are scraped too, under a job's name, without a service label. `data` is a folder with blocks that it is to
    begin with, however old.
    """
    with tempfile.TemporaryDirectory(prefix="iccon-prometheus-") as folder, contextlib.ExitStack() as closing:
        place, port = Path(folder), free_port()
        (place / "prometheus.yml").write_text(CONFIG + _targets(targets) + _jobs(jobs or {}))
        log = closing.enter_context((place / "log").open("wb"))
        program = subprocess.Popen(
            _command(place, port, data or place / "data"), stdout=log, stderr=subprocess.STDOUT, cwd=place
        )
        closing.callback(_end, program)
        prometheus = RealPrometheus(f"http://127.0.0.1:{port}", place / "log")
        _await(program, prometheus, len(targets) + len(jobs or {}), time.monotonic() + ready_within)
        yield prometheus


def _targets(targets: Mapping[str, str]) -> str:
    entries = [{"targets": [address], "labels": {"service": name}} for name, address in targets.items()]
    return "".join(f"      - {json.dumps(entry)}\n" for entry in entries)


def _jobs(jobs: Mapping[str, str]) -> str:
    made = ({"job_name": name, "static_configs": [{"targets": [address]}]} for name, address in jobs.items())
    return "".join(f"  - {json.dumps(each)}\n" for each in made)


def _command(place: Path, port: int, data: Path) -> list[str]:
    return [
        "prometheus",
        f"--config.file={place / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=99y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def _end(program: "subprocess.Popen[bytes]") -> None:
    program.terminate()
    try:
        program.wait(10)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def _await(program: "subprocess.Popen[bytes]", prometheus: RealPrometheus, targets: int, until: float) -> None:
    while _scraped_twice(prometheus.url) < targets:
        if program.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"prometheus is not ready: {prometheus.log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


def _scraped_twice(url: str) -> int:
    query = f"{url}/api/v1/query?query=count_over_time(up%5B10s%5D)%3E1"
    try:
        with urllib.request.urlopen(query, timeout=2) as answer:
            return len(json.load(answer)["data"]["result"])
    except (OSError, ValueError, KeyError):
        return -1
