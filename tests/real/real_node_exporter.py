"""A real node_exporter on a free loopback port; Debian's package is `prometheus-node-exporter`."""

import contextlib
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator

from real_prometheus import free_port

PROGRAM = "prometheus-node-exporter"


def installed() -> bool:
    return shutil.which(PROGRAM) is not None


@contextlib.contextmanager
def exporting(ready_within: float = 20.0) -> Iterator[str]:
    """Run it; give its host:port once it answers. Raises on failure."""
    address = f"127.0.0.1:{free_port()}"
    command = [PROGRAM, f"--web.listen-address={address}", "--collector.disable-defaults", "--collector.cpu"]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(program, address, time.monotonic() + ready_within)
        yield address
    finally:
        program.terminate()
        program.wait(10)


def _await(program: "subprocess.Popen[bytes]", address: str, until: float) -> None:
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{address}/metrics", timeout=2).close()
            return
        if program.poll() is not None or time.monotonic() > until:
            raise RuntimeError("node_exporter does not answer")
        time.sleep(0.1)
