"""`iccon init --prometheus` against a real Prometheus: what it writes fills the board."""

import json
from pathlib import Path
from typing import Any

import pytest
import real_node_exporter
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


@pytest.mark.skipif(not real_node_exporter.installed(), reason="the program prometheus-node-exporter is not installed")
def test_a_service_and_node_exporter_give_four_signals_with_verdicts_and_no_edit(
    _own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        serving("checkout") as service,
        real_node_exporter.exporting() as node,
        real_prometheus.running({"checkout": service.address}, jobs={"node": node}) as prometheus,
    ):
        facts = run(capsys, "init", "--prometheus", prometheus.url)
        board = run(capsys, "signals", "--wait", "20")
    assert {name: each["preset"] for name, each in facts["signals"].items()} == {
        "latency": "HTTP durations",
        "traffic": "HTTP requests",
        "errors": "HTTP requests",
        "saturation": "Process CPU",
    }
    assert (facts["label"], facts["up"]) == ("service", 'avg by (service) (up{service!=""})')
    found = {each["name"]: each for each in facts["presets"]}
    assert [(each["signal"], each["services"]) for each in found["node_exporter"]["signals"]] == [("saturation", 1)]
    assert found["node_exporter"]["label"] == "job"
    assert found["Process CPU"]["signals"][0]["services"] == 1
    [row] = board["services"]
    assert (row["service"], row["targets_up"]) == ("checkout", 1)
    assert [signal["verdict"] for signal in row["signals"].values()] == ["ok"] * 4


@pytest.mark.skipif(not real_node_exporter.installed(), reason="the program prometheus-node-exporter is not installed")
def test_node_exporter_alone_gives_the_machine_not_the_exporters_own_process(
    _own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with real_node_exporter.exporting() as node, real_prometheus.running({}, jobs={"node": node}) as prometheus:
        facts = run(capsys, "init", "--prometheus", prometheus.url)
        board = run(capsys, "signals", "--wait", "20")
    assert (facts["signals"]["saturation"]["preset"], facts["label"]) == ("node_exporter", "job")
    [row] = board["services"]
    assert 0 < row["signals"]["saturation"]["value"] <= 1
