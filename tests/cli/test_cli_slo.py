"""Objectives on the command line: `iccon signals` and `iccon check`, against a server that answers by span."""

import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from werkzeug import Request, Response
from wsgiserver import served

CONFIG = """
prometheus.main = {{ url = "{url}", timeout = 2 }}
[signals]
window = 60
step = 15
traffic = {{ query = "traffic" }}
[slo.availability]
service = "checkout"
target = 0.999
query = "errors_$window"
"""
CALM = {"5m": "0", "30m": "0", "1h": "0", "6h": "0.0001", "3d": "0.0002", "30d": "0.00038"}
BURNING = CALM | {"5m": "0.05", "30m": "0.03", "1h": "0.02", "30d": "0.00112"}


class Server:
    """Answers `errors_SPAN` from `ratios`: none where it is "", 503 where it has none; a range is `now` all along."""

    def __init__(self) -> None:
        self.ratios: dict[str, str] = dict(CALM)
        self.now = "0.5"

    def __call__(self, environ, start_response):
        request = Request(environ)
        form = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        return self.answer(request.path, form)(environ, start_response)

    def answer(self, path: str, form: dict[str, str]) -> Response:
        metric = {"service": "checkout"}
        if path.endswith("query_range"):
            start, end, step = (float(form[name]) for name in ("start", "end", "step"))
            times = [start + i * step for i in range(round((end - start) / step) + 1)]
            return self.data("matrix", [{"metric": metric, "values": [[t, self.now] for t in times]}])
        ratio = self.ratios.get(form["query"].removeprefix("errors_"))
        if ratio is None:
            return Response("busy", 503)
        now = time.time()  # noqa: TID251
        return self.data("vector", [{"metric": metric, "value": [now, ratio]}] if ratio else [])

    def data(self, kind: str, result: list[object]) -> Response:
        body = {"status": "success", "data": {"resultType": kind, "result": result}}
        return Response(json.dumps(body), mimetype="application/json")


@pytest.fixture
def server(configure) -> Iterator[Server]:
    made = Server()
    with served(made) as url:
        configure(CONFIG.format(url=url))
        yield made


def test_an_objective_as_json_has_its_promised_fields(iccon, server):
    server.ratios = BURNING
    ran = iccon("signals", "--json")
    assert ran.code == 0
    (slo,) = ran.json["slo"]
    assert (slo["name"], slo["service"], slo["target"], slo["window_seconds"]) == (
        *("availability", "checkout", 0.999, 2_592_000),
    )
    assert (slo["verdict"], slo["exhausted"], slo["missing"], slo["spent"]) == ("bad", True, "", None)
    assert slo["left"] == pytest.approx(-0.12)
    assert slo["budget_minutes"] == pytest.approx(43.2)
    hour = slo["burn"][0]
    assert (hour["long_seconds"], hour["short_seconds"], hour["says"], hour["fires"]) == (3600, 300, "bad", True)
    assert (hour["limit"], hour["long"], hour["short"]) == (
        *(pytest.approx(14.4), pytest.approx(20), pytest.approx(50)),
    )
    assert [burn["fires"] for burn in slo["burn"]] == [True, False, False]


def test_missing_data_is_null_with_the_reason_and_no_fault(iccon, server):
    server.ratios = CALM | {"30d": "", "1h": "NaN"}
    ran = iccon("signals", "--json")
    (slo,) = ran.json["slo"]
    assert ran.code == 0
    assert (slo["verdict"], slo["left"], slo["exhausted"]) == ("not a number", None, None)
    assert slo["missing"] == "1h: not a number, as without traffic; 30d: no data"
    assert slo["burn"][0]["long"] is None


def test_what_the_incident_spent_is_counted_from_its_impact(iccon, server):
    iccon("declare", "Checkout fails", "--at", "-20m")
    iccon("impact", "start", "all", "--at", "-40m")
    (slo,) = iccon("signals", "--json").json["slo"]
    assert slo["spent"]["minutes"] == pytest.approx(20, abs=0.6)
    assert slo["spent"]["share"] == pytest.approx(20 / 43.2, abs=0.02)
    assert slo["spent"]["covered"] == 1
    assert iccon("signals", "--json", "--incident", "zzzz").code == 3


def test_the_table_says_it_in_words(iccon, server):
    server.ratios = BURNING | {"3d": ""}
    iccon("declare", "Checkout fails", "--at", "-20m")
    lines = iccon("signals").out.splitlines()
    assert lines[-4:-2] == [
        "objective     service   says  budget                         burn",
        "availability  checkout  bad   budget EXHAUSTED (112% spent)  1h 20x, 5m 50x (limit 14.4x)",
    ]
    assert lines[-2] == "availability: 3d: no data"
    assert lines[-1].startswith("availability: incident spent ")


@pytest.mark.parametrize(("service", "count"), [("checkout", 1), ("cart", 0)])
def test_one_service_alone(iccon, server, service, count):
    assert len(iccon("signals", "--json", "--service", service).json["slo"]) == count


def test_a_server_that_fails_is_a_fault_where_the_objective_would_be(iccon, server):
    server.ratios = {}
    ran = iccon("signals", "--json")
    assert ran.code == 1
    assert ran.json["slo"][0]["verdict"] == "error"
    assert "503" in ran.json["slo"][0]["missing"]
    assert "slo availability: " in ran.err


def test_check_tries_every_span(iccon, server):
    found = {each["kind"]: each for each in iccon("check", "--json").json["checks"]}["slo"]
    assert (found["name"], found["ok"]) == ("availability", True)
    assert found["detail"].startswith("ok; 62% of budget left; 1h 0x, 5m 0x (limit 14.4x); 6h 0.1x")
    server.ratios = CALM | {"30d": ""}
    found = {each["kind"]: each for each in iccon("check", "--json").json["checks"]}["slo"]
    assert (found["ok"], found["detail"]) == (False, "30d: no data")
