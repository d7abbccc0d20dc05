"""`iccon init --prometheus` against a real Prometheus: what it writes fills the board."""

import json
from pathlib import Path
from typing import Any

import pytest
import real_prometheus
from instrumented_service import serving

from iccon.cli.main import main

pytestmark = [
    pytest.mark.skipif(not real_prometheus.installed(), reason="the program prometheus is not installed"),
]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code = main([*words, "--json"])
    out = capsys.readouterr().out
    assert code == 0, out
    return json.loads(out)


def test_all_four_signals_are_found_and_then_read(_own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving("checkout") as service, real_prometheus.running({"checkout": service.address}) as prometheus:
        facts = run(capsys, "init", "--prometheus", prometheus.url)
        board = run(capsys, "signals")
    assert {name: each["preset"] for name, each in facts["signals"].items()} == {
        "latency": "HTTP durations",
        "traffic": "HTTP requests",
        "errors": "HTTP requests",
        "saturation": "Process CPU",
    }
    assert facts["label"] == "service"
    [row] = board["services"]
    assert row["service"] == "checkout"
    assert all(isinstance(signal["value"], float) for signal in row["signals"].values())
