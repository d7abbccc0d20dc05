"""The preset signals: valid PromQL, and right on series as client libraries give them."""

import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest

from iccon.config.load import SIGNALS
from iccon.config.presets import with_defaults
from iccon.config.schema import Signal, Signals


def queries(**settings: object) -> dict[str, str]:
    signals = with_defaults(Signals(**settings), "main")  # type: ignore[arg-type]
    return {name: getattr(signals, name).query for name in SIGNALS}


@pytest.mark.parametrize("label", ["service", "job", "app_kubernetes_io_name"])
@pytest.mark.parametrize("step", [1.0, 15.0, 60.0])
def test_every_query_is_valid(label: str, step: float) -> None:
    for query in queries(label=label, step=step).values():
        promql_parser.parse(query)
        assert len(query) < 2000


def test_the_span_grows_with_the_step() -> None:
    assert "[120s]" in queries(step=15.0)["traffic"]
    assert "[240s]" in queries(step=60.0)["traffic"]


def test_one_signal_of_ones_own_keeps_the_preset_out() -> None:
    own = Signals(traffic=Signal("up"))
    assert with_defaults(own, "main") is own


def test_what_else_was_set_stays() -> None:
    signals = with_defaults(Signals(label="job", refresh=5), "main")
    assert (signals.label, signals.refresh) == ("job", 5)


SERIES = r"""
  - series: 'http_requests_total{service="checkout", job="k8s", code="200", instance="a"}'
    values: '0+540x40'
  - series: 'http_requests_total{service="checkout", job="k8s", code="503", instance="a"}'
    values: '0+60x40'
  - series: 'http_requests_total{job="plain", status="200"}'
    values: '0+60x40'
  - series: 'http_request_duration_seconds_count{job="histogram-only", status_code="200"}'
    values: '0+90x40'
  - series: 'http_request_duration_seconds_count{job="histogram-only", status_code="500"}'
    values: '0+30x40'
  - series: 'http_request_duration_seconds_bucket{job="histogram-only", le="0.1"}'
    values: '0+60x40'
  - series: 'http_request_duration_seconds_bucket{job="histogram-only", le="0.5"}'
    values: '0+120x40'
  - series: 'http_request_duration_seconds_bucket{job="histogram-only", le="+Inf"}'
    values: '0+120x40'
  - series: 'http_requests_total{job="idle", code="200"}'
    values: '5+0x40'
  - series: 'process_cpu_seconds_total{job="plain", instance="a"}'
    values: '0+30x40'
  - series: 'process_cpu_seconds_total{job="plain", instance="b"}'
    values: '0+45x40'
"""
EXPECTED: dict[str, dict[str, dict[str, float]]] = {
    "service": {
        "traffic": {"checkout": 10, "plain": 1, "histogram-only": 2, "idle": 0},
        "errors": {"checkout": 0.1, "plain": 0, "histogram-only": 0.25},
        "latency": {"histogram-only": 0.492},
        "saturation": {"plain": 0.75},
    },
    "job": {"traffic": {"k8s": 10, "plain": 1, "histogram-only": 2, "idle": 0}},
}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("label", EXPECTED)
def test_the_preset_on_series_with_and_without_the_label(tmp_path: Path, label: str) -> None:
    asked = queries(label=label)
    cases = "".join(_case(f"({asked[name]}) >= 0", label, values) for name, values in EXPECTED[label].items())
    if "errors" in EXPECTED[label]:  # no traffic: not a number, the one value that differs from itself
        cases += _case(f"count by ({label}) (({asked['errors']}) != ({asked['errors']}))", label, {"idle": 1})
    text = f"tests:\n- interval: 1m\n  input_series:{SERIES}\n  promql_expr_test:\n{cases}"
    (tmp_path / "tests.yml").write_text(text)
    run = subprocess.run(
        ["promtool", "test", "rules", "tests.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def _case(query: str, label: str, values: dict[str, float]) -> str:
    quoted = query.replace("'", "''")
    lines = [f"\n      - labels: '{{{label}=\"{name}\"}}'\n        value: {value}" for name, value in values.items()]
    return f"  - expr: '{quoted}'\n    eval_time: 30m\n    exp_samples:{''.join(lines)}\n"
