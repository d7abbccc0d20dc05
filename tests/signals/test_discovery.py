"""`iccon init --prometheus`: which presets a server has, which is chosen, and what is written."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from pytest_httpserver import HTTPServer
from rawserver import closed_port
from werkzeug import Request, Response

from iccon import resources
from iccon.cli.main import main
from iccon.config.load import load
from iccon.config.presets_files import Preset, load_preset
from iccon.config.theme import toml_files
from iccon.signals.discovery import WINDOW

BUNDLED = {path.stem: path for path in toml_files(resources.presets_dir())}
Serve = Callable[..., str]


def bundled(stem: str) -> Preset:
    preset, problems = load_preset(BUNDLED[stem])
    assert preset is not None, problems
    return preset


@pytest.fixture
def serve(httpserver: HTTPServer) -> Serve:
    """A server with these metric names, whose series have the label `label`; a query with a word of `silent` has no
    data, one with the word `broken` fails, one with the word `nan` gives NaN alone.
    """

    def start(
        names: list[str],
        label: str = "service",
        silent: tuple[str, ...] = (),
        broken: str = "\n",
        nan: str = "\n",
    ) -> str:
        def answer(request: Request) -> Response:
            query = request.form["query"]
            if broken in query:
                return Response(json.dumps({"status": "error", "error": "many-to-many"}), 422, mimetype="text/json")
            lacks = any(word in query for word in silent)
            metric = {label: "checkout"} if f"({label}" in query else {}
            result = [] if lacks else [{"metric": metric, "values": [[1, "NaN" if nan in query else "0.5"]]}]
            return Response(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}))

        httpserver.expect_request("/api/v1/label/__name__/values", "GET").respond_with_json(
            {"status": "success", "data": names}
        )
        httpserver.expect_request("/api/v1/query_range", "POST").respond_with_handler(answer)
        return httpserver.url_for("").rstrip("/")

    return start


@pytest.fixture
def init(capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, Any]]:
    def run(url: str) -> tuple[int, Any]:
        code = main(["init", "--prometheus", url, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    return run


@pytest.mark.parametrize("stem", BUNDLED)
def test_every_bundled_preset_is_sound(stem: str) -> None:
    preset = bundled(stem)
    for label in preset.labels:
        for signal in preset.signals().values():
            filled = signal.filled(label, WINDOW)
            promql_parser.parse(filled)
            assert "$service" not in filled and "$window" not in filled and label in filled
            assert ("milliseconds" in filled or "_ms_" in filled or "rq_time" in filled) <= (
                filled.endswith("/ 1000") or signal.unit != "seconds"
            )


@pytest.mark.parametrize("stem", BUNDLED)
def test_every_bundled_preset_is_found_where_its_metrics_are(
    stem: str, serve: Serve, init: Any, _own_home: Path
) -> None:
    preset = bundled(stem)
    code, facts = init(serve(list(preset.needs), label=preset.labels[-1]))
    assert code == 0
    assert set(facts["signals"]) == set(preset.signals())
    assert facts["label"] == preset.labels[-1]
    loaded = load(None, folders_of(_own_home))
    assert not loaded.problems
    assert loaded.config.signals.label == preset.labels[-1]
    for name, signal in preset.signals().items():
        written = getattr(loaded.config.signals, name)
        assert (written.query, written.unit) == (signal.filled(preset.labels[-1], WINDOW), signal.unit)
        assert (written.warn, written.bad, written.worse) == (signal.warn, signal.bad, signal.worse)


def folders_of(home: Path) -> Any:
    from iccon.config.places import folders

    return folders({"ICCON_HOME": str(home)})


def test_the_highest_rank_that_answers_is_written_and_the_others_are_said(serve: Serve, init: Any) -> None:
    names = [*bundled("otel-http").needs, *bundled("http-requests").needs, *bundled("process").needs]
    code, facts = init(serve(names, silent=("http_server_request_duration_seconds_count",)))
    assert code == 0
    assert {name: each["preset"] for name, each in facts["signals"].items()} == {
        "latency": "OpenTelemetry HTTP",
        "traffic": "HTTP requests",
        "errors": "HTTP requests",
        "saturation": "Process CPU",
    }
    otel = facts["presets"][0]
    assert otel["name"] == "OpenTelemetry HTTP"
    assert {each["signal"]: each["services"] for each in otel["signals"]} == {"latency": 1, "traffic": 0, "errors": 0}


def test_what_returned_nothing_is_said_in_text(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    url = serve(["http_requests_total"], label="app", silent=("5..",))
    assert main(["init", "--prometheus", url]) == 0
    out = capsys.readouterr().out
    assert "HTTP requests (by app): written: traffic; returned nothing: errors" in out
    assert "nothing found for latency, errors, saturation" in out


def test_nan_alone_is_no_answer_where_another_preset_has_numbers(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    url = serve(["http_requests_total", "http_server_request_duration_seconds_bucket"], nan="http_response_status_code")
    assert main(["init", "--prometheus", url]) == 0
    out = capsys.readouterr().out
    assert "OpenTelemetry HTTP (by service): written: latency, traffic; only NaN (no traffic in the last" in out
    assert "HTTP requests (by service): written: errors; also there: traffic" in out


def test_nan_alone_is_kept_where_there_is_nothing_better(serve: Serve, init: Any) -> None:
    code, facts = init(serve(["http_server_request_duration_seconds_bucket"], nan="http_response_status_code"))
    assert code == 0
    assert (facts["signals"]["errors"]["services"], facts["presets"][0]["signals"][2]["only_nan"]) == (0, True)


CREDENTIALS = [
    (("--token-env", "T"), "Bearer s3cret", {"token": {"env": "T"}}),
    (
        ("--username", "kim", "--password-env", "T"),
        "Basic a2ltOnMzY3JldA==",
        {"username": "kim", "password": {"env": "T"}},
    ),
    (
        ("--header", 'X-Scope-OrgID=te"am', "--header", "X-A=b=c"),
        None,
        {"headers": {"X-Scope-OrgID": 'te"am', "X-A": "b=c"}},
    ),
]


@pytest.mark.parametrize(("words", "sent", "written"), CREDENTIALS)
def test_credentials_are_sent_and_written_as_references(
    words: tuple[str, ...],
    sent: str | None,
    written: dict[str, Any],
    serve: Serve,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    _own_home: Path,
) -> None:
    monkeypatch.setenv("T", "s3cret")
    url = serve(["http_requests_total"])
    assert main(["init", "--prometheus", url, *words]) == 0
    for request, _ in httpserver.log:
        assert request.headers.get("Authorization") == sent
        assert all(request.headers[name] == value for name, value in written.get("headers", {}).items())
    text = (_own_home / "config.toml").read_text()
    assert "s3cret" not in text
    assert tomllib.loads(text)["prometheus"] == {"url": url, **written}
    assert not load(None, folders_of(_own_home)).problems


def test_a_private_ca_is_written_by_its_whole_path(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, _own_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--prometheus", serve(["http_requests_total"]), "--ca-file", "ca.pem"]) == 0
    config = load(None, folders_of(_own_home)).config
    assert config.prometheus["main"].ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    "words",
    [
        ("--token-env", "T"),
        ("--prometheus", "http://a", "--username", "kim"),
        ("--prometheus", "http://a", "--password-env", "T"),
        ("--prometheus", "http://a", "--token-env", "T", "--username", "kim", "--password-env", "P"),
        ("--prometheus", "http://a", "--header", "X-Scope-OrgID"),
        ("--prometheus", "http://a", "--header", "X-A=a\nb"),
        ("--prometheus", "http://a", "--header", "Authorization=Bearer s3cret"),
        ("--prometheus", "http://a", "--ca-file", "/nowhere/ca.pem"),
        ("--prometheus", "http://a", "--cert-file", __file__),
        ("--key-file", __file__),
    ],
)
def test_credentials_that_do_not_fit_are_a_usage_error(
    words: tuple[str, ...], _own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", *words]) == 2
    assert "s3cret" not in capsys.readouterr().err
    assert not (_own_home / "config.toml").exists()


def test_a_variable_that_is_not_set_is_said(serve: Serve, capsys: pytest.CaptureFixture[str], _own_home: Path) -> None:
    assert main(["init", "--prometheus", serve(["http_requests_total"]), "--token-env", "NOT_SET"]) == 1
    assert "NOT_SET" in capsys.readouterr().err


def test_a_query_that_fails_is_said_with_its_reason_and_stops_nothing(serve: Serve, init: Any) -> None:
    code, facts = init(serve(["http_requests_total"], broken="5.."))
    assert code == 0
    assert [(each["signal"], bool(each["fault"])) for each in facts["presets"][0]["signals"]] == [
        ("traffic", False),
        ("errors", True),
    ]


def test_series_named_by_another_label_are_renamed_to_the_boards(serve: Serve, init: Any, _own_home: Path) -> None:
    from iccon.signals.discovery import Found, Tried, choose

    istio = Found(bundled("istio"), "destination_service_name", (Tried("traffic", "a", 1),))
    process = Found(bundled("process"), "job", (Tried("saturation", "b", 2),))
    found = choose([istio, process])
    assert found.label == "destination_service_name"
    assert found.chosen["traffic"].query == "a"
    query = found.chosen["saturation"].query
    assert query == 'label_replace(b, "destination_service_name", "$1", "job", "(.*)")'
    promql_parser.parse(query)


def test_scrape_targets_are_asked_for_where_they_have_the_boards_label(
    serve: Serve, capsys: pytest.CaptureFixture[str], _own_home: Path
) -> None:
    assert main(["init", "--prometheus", serve(["http_requests_total", "up"], label="app")]) == 0
    assert "scrape targets by app: written: up" in capsys.readouterr().out
    loaded = load(None, folders_of(_own_home))
    assert not loaded.problems
    assert loaded.config.signals.up is not None
    assert loaded.config.signals.up.query == 'avg by (app) (up{app!=""})'


@pytest.mark.parametrize(("names", "silent"), [(["up"], ("(up{",)), ([], ())])
def test_without_targets_of_that_label_none_are_asked_for(
    names: list[str], silent: tuple[str, ...], serve: Serve, init: Any
) -> None:
    code, facts = init(serve(["http_requests_total", *names], silent=silent))
    assert (code, facts["up"]) == (0, None)


def test_a_users_preset_replaces_the_bundled_one(serve: Serve, init: Any, _own_home: Path) -> None:
    folder = _own_home / "presets"
    folder.mkdir()
    (folder / "process.toml").write_text(
        'name = "Ours"\nrank = 1\nneeds = ["our_total"]\nlabels = ["team"]\n'
        '[traffic]\nquery = \'sum by ($service) (rate(our_total{a="b"}[$window]))\'\nworse = "lower"\n'
    )
    code, facts = init(serve(["our_total", "process_cpu_seconds_total"], label="team"))
    assert (code, [each["name"] for each in facts["presets"]]) == (0, ["Ours"])
    signal = tomllib.loads((_own_home / "config.toml").read_text())["signals"]["traffic"]
    assert signal == {"query": 'sum by (team) (rate(our_total{a="b"}[120s]))', "unit": "number", "worse": "lower"}


@pytest.mark.parametrize(
    "text",
    [
        'name = "x"\nrank = 1\nneeds = ["a"]\nlabels = ["b"]\n[traffic]\nquery = "sum by ("\n',
        'name = "x"\nrank = 1\nneeds = ["a"]\nlabels = ["b"]\n',
        'name = "x"\nrank = 1\nneeds = []\nlabels = ["b c"]\n[traffic]\nquery = "a"\n',
        "name = ",
    ],
)
def test_a_bad_preset_is_a_usage_error_that_names_the_file(
    text: str, _own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (_own_home / "presets").mkdir()
    (_own_home / "presets" / "ours.toml").write_text(text)
    assert main(["init", "--prometheus", "http://127.0.0.1:1"]) == 2
    assert "ours.toml" in capsys.readouterr().err
    assert not (_own_home / "config.toml").exists()


@pytest.mark.parametrize("names", [[], ["something_else"]])
def test_nothing_found_is_refused_and_writes_nothing(
    names: list[str], serve: Serve, init: Any, _own_home: Path
) -> None:
    code, facts = init(serve(names))
    assert (code, facts["refused"]["code"]) == (3, "nothing_found")
    assert not (_own_home / "config.toml").exists()


def test_found_but_silent_is_refused_and_said(serve: Serve, init: Any, _own_home: Path) -> None:
    code, facts = init(serve(["http_requests_total"], label="pod"))
    assert code == 3
    assert "HTTP requests: no series has a service label (service, app, job)" in facts["refused"]["reason"]
    assert not (_own_home / "config.toml").exists()


def test_a_server_that_is_not_there_is_a_fault(init: Any, _own_home: Path) -> None:
    code, facts = init(f"http://127.0.0.1:{closed_port()}")
    assert (code, facts["fault"]["kind"]) == (1, "refused")
    assert not (_own_home / "config.toml").exists()


@pytest.mark.parametrize("url", ["", "prometheus:9090", "ftp://a", "http://u:secret@a", "http://a b"])
def test_a_bad_address_is_a_usage_error(url: str, _own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--prometheus", url]) == 2
    assert "secret" not in capsys.readouterr().err
    assert not (_own_home / "config.toml").exists()


def test_an_existing_configuration_is_kept_and_nobody_is_asked(
    httpserver: HTTPServer, init: Any, _own_home: Path
) -> None:
    (_own_home / "config.toml").write_text("# mine\n")
    assert init(httpserver.url_for(""))[0] == 3
    assert (_own_home / "config.toml").read_text() == "# mine\n"
    assert not httpserver.log
