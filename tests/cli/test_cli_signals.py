"""`iccon signals`: the board for scripts, from a server that works, one that fails, and half of each."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qs

import pytest
import rawserver
from werkzeug import Request, Response
from wsgiserver import served

CONFIG = """
prometheus.main = {{ url = "{url}", timeout = 2 }}
[signals]
window = 60
step = 15
latency = {{ query = "latency", unit = "seconds", warn = 0.5, bad = 1 }}
errors = {{ query = "errors", unit = "ratio", warn = 0.01, bad = 0.05 }}
"""
Values = Mapping[str, Mapping[str, str]]


class Server:
    """A range query API; `values` are by query and service, and a query without any is answered 503."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {}
        self.asked = 0
        self.after: Callable[[Server], None] = lambda _: None

    def __call__(self, environ, start_response):
        self.asked += 1
        self.after(self)
        query = parse_qs(Request(environ).get_data(as_text=True))["query"][0]
        if query not in self.values:
            return Response("busy", 503)(environ, start_response)
        now = time.time()  # noqa: TID251
        series = [{"metric": {"service": s}, "values": [[now, v]]} for s, v in self.values[query].items()]
        body = {"status": "success", "data": {"resultType": "matrix", "result": series}}
        return Response(json.dumps(body), mimetype="application/json")(environ, start_response)


@pytest.fixture
def server(configure) -> Iterator[Server]:
    made = Server()
    with served(made) as url:
        configure(CONFIG.format(url=url))
        yield made


def test_tier_and_owner_are_facts_of_a_service(iccon, server, home):
    file = home / "config.toml"
    file.write_text(f'{file.read_text()}\n[services.billing]\ntier = 1\nowner = "team money"\n')
    server.values = {"latency": {"checkout": "1.5"}, "errors": {"checkout": "0.02"}}
    rows = iccon("signals", "--json").json["services"]
    assert [(row["service"], row["tier"], row["owner"]) for row in rows] == [
        ("checkout", None, ""),
        ("billing", 1, "team money"),
    ]


def test_the_board_as_json_has_its_promised_fields(iccon, server):
    server.values = {"latency": {"checkout": "1.5", "cart": "0.1"}, "errors": {"checkout": "0.02", "cart": "NaN"}}
    ran = iccon("signals", "--json")
    assert ran.code == 0
    assert set(ran.json) == {"at", "signals", "services", "faults", "warnings", "slo"}
    assert ran.json["signals"] == ["latency", "errors"]
    first, second = ran.json["services"]
    assert (first["service"], first["worst"]) == ("checkout", "bad")
    assert (second["service"], second["worst"]) == ("cart", "not a number")
    cell = first["signals"]["latency"]
    assert (cell["verdict"], cell["value"], cell["unit"], cell["warn"], cell["bad"]) == ("bad", 1.5, "seconds", 0.5, 1)
    assert 0 <= cell["age_seconds"] < 5
    assert second["signals"]["errors"]["value"] is None


def test_the_table_is_worst_first_and_in_words(iccon, server):
    server.values = {"latency": {"cart": "0.1", "checkout": "1.5"}, "errors": {"checkout": "0.02", "cart": "0"}}
    ran = iccon("signals", "--once")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "service   latency   errors",
        "checkout  bad 1.5s  warn 2%",
        "cart      ok 0.1s   ok 0%",
    ]


def test_targets_that_are_down_have_a_column_and_a_place_in_the_order(iccon, server, home):
    file = home / "config.toml"
    file.write_text(file.read_text() + 'up = { query = "up" }\n')
    server.values = {"latency": {"cart": "0.1", "search": "0.1"}, "errors": {}, "up": {"search": "0.5", "cart": "1"}}
    shown = iccon("signals").out.splitlines()
    assert [line.split() for line in shown] == [
        ["service", "latency", "errors", "targets"],
        ["search", "ok", "0.1s", "no", "data", "50%", "up"],
        ["cart", "ok", "0.1s", "no", "data", "up"],
    ]
    assert [row["targets_up"] for row in iccon("signals", "--json").json["services"]] == [0.5, 1.0]
    del server.values["up"]
    ran = iccon("signals", "--json")
    assert ran.code == 0
    assert [row["targets_up"] for row in ran.json["services"]] == [None, None]
    assert ran.json["warnings"][0].startswith("up: server error: HTTP 503")


def test_one_service_only(iccon, server):
    server.values = {"latency": {"cart": "0.1", "checkout": "1.5"}, "errors": {"checkout": "0.02"}}
    shown = iccon("signals", "--service", "cart", "--json").json["services"]
    assert [row["service"] for row in shown] == ["cart"]
    assert shown[0]["signals"]["errors"]["verdict"] == "no data"


def test_a_signal_that_fails_is_said_and_gives_1_while_the_others_are_shown(iccon, server):
    server.values = {"latency": {"checkout": "0.2"}}
    ran = iccon("signals", "--json")
    assert ran.code == 1
    assert ran.json["services"][0]["signals"]["latency"]["verdict"] == "ok"
    assert ran.json["services"][0]["signals"]["errors"]["verdict"] == "error"
    assert [fault["signal"] for fault in ran.json["faults"]] == ["errors"]
    assert "errors: " in ran.err


def test_a_server_that_refuses_is_a_fault(iccon, configure):
    configure(CONFIG.format(url=f"http://127.0.0.1:{rawserver.closed_port()}"))
    ran = iccon("signals", "--json")
    assert ran.code == 1
    assert ran.json["fault"]["kind"] == "refused"


def test_wait_asks_until_every_verdict_is_known(iccon, server, monkeypatch):
    monkeypatch.setattr("iccon.cli.signals.PAUSE", 0.01)
    server.values = {"latency": {"checkout": "0.2"}, "errors": {}}

    def later(server: Server) -> None:
        if server.asked > 4:
            server.values["errors"] = {"checkout": "0"}

    server.after = later
    ran = iccon("signals", "--wait", "30", "--json")
    assert ran.code == 0
    assert ran.json["services"][0]["signals"]["errors"]["verdict"] == "ok"
    assert server.asked > 4


def test_waiting_ends_in_time_with_what_there_is(iccon, server, monkeypatch):
    monkeypatch.setattr("iccon.cli.signals.PAUSE", 0.01)
    server.values = {"latency": {"checkout": "0.2"}, "errors": {}}
    ran = iccon("signals", "--wait", "0.2", "--json")
    assert ran.code == 0
    assert ran.json["services"][0]["signals"]["errors"]["verdict"] == "no data"


def test_a_configuration_without_a_server_is_refused(iccon, configure):
    configure("")
    ran = iccon("signals")
    assert ran.code == 3
    assert "no metrics server is configured" in ran.err


def test_a_wait_that_makes_no_sense_is_a_usage_error(iccon, server):
    assert iccon("signals", "--wait", "-5").code == 2
