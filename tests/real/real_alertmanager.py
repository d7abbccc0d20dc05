"""A real Alertmanager on loopback, for tests: `with running_alertmanager(folder) as am:`."""

import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PROGRAMS = ("prometheus-alertmanager", "alertmanager")
CONFIG = "route: {receiver: nobody, group_wait: 1s, group_interval: 1s}\nreceivers: [{name: nobody}]\n"


@dataclass(frozen=True)
class Alertmanager:
    """Where it answers; `post` fires alerts, `silence` silences by labels."""

    url: str

    def post(self, *alerts: dict[str, Any]) -> None:
        """Fire alerts: {"labels": {...}, "annotations": {...}}, optional startsAt, endsAt, generatorURL."""
        self.send("/api/v2/alerts", list(alerts))

    def silence(self, **labels: str) -> str:
        """Silence what has these labels for an hour; return the silence's id."""
        now = datetime.now(UTC)  # noqa: TID251  (Alertmanager runs on the machine's clock)
        body = {
            "matchers": [{"name": k, "value": v, "isRegex": False} for k, v in labels.items()],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "test",
            "comment": "test",
        }
        return str(self.send("/api/v2/silences", body)["silenceID"])

    def send(self, path: str, body: Any) -> Any:
        """POST `body` as JSON and return the answer's JSON."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            raw = response.read()
        return json.loads(raw) if raw.strip() else None


def alertmanager_program() -> str | None:
    """Return the program's path: Debian's name first; None where it is not installed."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


@contextmanager
def running_alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """Start one with its state in `folder`, on a free loopback port, without a cluster; end it on leaving."""
    program = alertmanager_program()
    assert program is not None, "install Debian's prometheus-alertmanager, or skip before"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(CONFIG)
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",  # empty: otherwise it opens a public port
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Alertmanager(_address(log, process))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """Wait until it says where it listens and answers there."""
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r'Listening on"? address=(127\.0\.0\.1:\d+)', log.read_text())
        if found and _answers(f"http://{found.group(1)}"):
            return f"http://{found.group(1)}"
        time.sleep(0.05)
    raise AssertionError(f"Alertmanager did not start:\n{log.read_text()[-2000:]}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/-/ready", timeout=2):
            return True
    except OSError:
        return False
