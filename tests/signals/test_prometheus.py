"""The Prometheus adapter against a server that gives exact bytes."""

import json
import math
from typing import Any
from urllib.parse import parse_qs

import pytest
from rawserver import closed_port, http, json_answer, serving

from iccon.config.schema import Prometheus, Secret
from iccon.config.secrets import SecretFault
from iccon.faults import FaultKind, SourceFault
from iccon.signals.model import Answer, Instant, SignalSpec, Unit
from iccon.signals.prometheus import MOST_SERIES, PrometheusBackend

SPEC = SignalSpec("errors", "sum by (service) (rate(x[1m]))", "main", Unit.RATIO, stale_after=45.0)


def matrix(*series: dict[str, Any], **more: Any) -> bytes:
    return json_answer(
        json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}, **more}).encode()
    )


def one(name: str, *values: tuple[float, str]) -> dict[str, Any]:
    return {"metric": {"service": name}, "values": values}


def ask(answer: bytes, spec: SignalSpec = SPEC, **config: Any) -> Answer:
    with serving(answer) as server:
        return PrometheusBackend("main", Prometheus(server.url, **config)).range(spec, 100.0, 200.0, 15.0)


def fault(answer: bytes) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        ask(answer)
    return caught.value


def test_the_question_is_a_form_and_not_in_the_address() -> None:
    with serving(matrix()) as server:
        PrometheusBackend("main", Prometheus(server.url + "/prom/")).range(SPEC, 100.25, 200.0, 15.0)
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /prom/api/v1/query_range HTTP/1.1")
    form = {name: values[0] for name, values in parse_qs(body).items()}
    assert form == {
        "query": SPEC.query,
        "start": "100.250",
        "end": "200.000",
        "step": "15.000",
        "lookback_delta": "45s",
        "timeout": "10s",
    }


def test_a_long_range_is_asked_in_pieces_on_one_grid_the_newest_first() -> None:
    with serving(matrix(one("api", (1, "1")))) as server:
        PrometheusBackend("main", Prometheus(server.url)).range(SPEC, 100.25, 1000.0, 15.0)
    forms = [parse_qs(request.decode().partition("\r\n\r\n")[2]) for request in server.requests]
    asked = [(form["start"][0], form["end"][0]) for form in forms]
    assert asked == [("550.250", "1000.000"), ("100.250", "535.250")]


def test_more_points_than_a_server_gives_are_never_asked_for() -> None:
    with serving(matrix()) as server:
        PrometheusBackend("main", Prometheus(server.url)).range(SPEC, 0.0, 1_000_000.0, 1.0)
    form = parse_qs(server.requests[0].decode().partition("\r\n\r\n")[2])
    assert 1_000_000.0 / float(form["step"][0]) + 1 <= 11_000


def test_values_that_are_no_numbers_are_kept_and_disorder_is_put_right() -> None:
    answer = ask(matrix(one("api", (130, "+Inf"), (100, "NaN"), (115, "1.5"), (115, "2.5"), (145, "-Inf"))))
    samples = answer.series["api"]  # type: ignore[index]
    assert samples.times == (100, 115, 130, 145)
    assert math.isnan(samples.values[0])
    assert list(samples.values[1:]) == [2.5, math.inf, -math.inf]


def test_labels_are_cleaned_and_a_missing_one_is_named() -> None:
    answer = ask(matrix(one("a\x1b]0;x\x07", (1, "1")), {"metric": {}, "values": [(1, "2")]}))
    assert list(answer.series) == ["a␛]0;x␇", "(no service)"]


@pytest.mark.parametrize(("worse", "values"), [("higher", (3.0, 5.0)), ("lower", (1.0, 2.0))])
def test_several_series_of_a_service_show_the_worst_and_say_so(worse: str, values: tuple[float, ...]) -> None:
    spec = SignalSpec("latency", "q", "main", Unit.SECONDS, worse=worse)
    answer = ask(matrix(one("api", (1, "1"), (2, "5")), one("api", (1, "3"), (2, "2"))), spec)
    assert tuple(answer.series["api"].values) == values  # type: ignore[index]
    assert "several series for api" in answer.warnings[0]


def test_warnings_and_infos_are_kept() -> None:
    answer = ask(matrix(warnings=["PromQL \x1b warning"], infos=["metric might not be a counter"]))
    assert answer.warnings == ("PromQL ␛ warning", "metric might not be a counter")


def test_an_empty_answer_is_no_fault() -> None:
    assert ask(matrix()).series == {}
    assert ask(matrix({"metric": {"service": "api"}})).series["api"].times == ()  # type: ignore[index]


FAULTS = [
    (json_answer(b'{"status":"success","data":{"resultType":"vector","result":[]}}'), "BAD_ANSWER", "vector"),
    (json_answer(b'{"status":"error","error":"query timed out"}'), "REJECTED", "query timed out"),
    (json_answer(b'{"status":"success"}'), "BAD_ANSWER", "without data"),
    (json_answer(b"[]"), "BAD_ANSWER", "another shape"),
    (matrix(one("api", (1, "one"))), "BAD_ANSWER", "no number"),
    (matrix({"metric": {"service": 5}, "values": []}), "BAD_ANSWER", "another shape"),
    (matrix({"metric": {}, "values": [[1]]}), "BAD_ANSWER", "another shape"),
    (json_answer(b"<html>log in</html>"), "BAD_ANSWER", "web page"),
    (http(b"<html>bad gateway</html>", "502 Bad Gateway"), "SERVER", "502"),
    (http(b'{"status":"error","error":"parse error"}', "400 Bad Request"), "REJECTED", "parse error"),
    (http(b'{"status":"error","error":"unknown f()"}', "422 No"), "REJECTED", "unknown f()"),
    (http(b"", "401 No"), "UNAUTHORIZED", "token"),
    (http(b"", "403 No"), "FORBIDDEN", "rights"),
    (http(b"", "429 No", "Retry-After: 5"), "RATE_LIMITED", "5 s"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), FAULTS)
def test_each_bad_answer_has_its_word(answer: bytes, kind: str, words: str) -> None:
    found = fault(answer)
    assert found.kind is FaultKind[kind]
    assert words in found.reason


def test_too_many_series_are_refused_with_the_cure() -> None:
    found = fault(matrix(*(one(f"s{n}", (1, "1")) for n in range(MOST_SERIES + 1))))
    assert found.kind is FaultKind.TOO_LARGE
    assert "aggregate by (service)" in found.reason


def test_a_hundred_thousand_series_are_bounded() -> None:
    values = [(float(n), "0.123456789") for n in range(10)]
    answer = matrix(*(one(f"service-{n}", *values) for n in range(100_000)))
    assert len(answer) > 20_000_000
    assert fault(answer).kind is FaultKind.TOO_LARGE


def test_credentials_and_headers_are_sent_and_a_renewed_token_is_read_again() -> None:
    tokens = iter(["old", "new"])
    with serving(http(b"", "401 No"), matrix()) as server:
        config = Prometheus(server.url, token=Secret(env="T"), headers={"X-Scope-OrgID": "a"})
        backend = PrometheusBackend("main", config, lambda _: next(tokens))
        with pytest.raises(SourceFault):
            backend.range(SPEC, 0, 15, 15)
        backend.range(SPEC, 0, 15, 15)
    assert b"Authorization: Bearer old" in server.requests[0]
    assert b"Authorization: Bearer new" in server.requests[1]
    assert b"X-Scope-OrgID: a" in server.requests[1]


def test_a_password_is_basic_authentication() -> None:
    with serving(matrix()) as server:
        config = Prometheus(server.url, username="u", password=Secret(env="P"))
        PrometheusBackend("main", config, lambda _: "p").range(SPEC, 0, 15, 15)
    assert b"Authorization: Basic dTpw" in server.requests[0]


def test_a_secret_that_cannot_be_had_is_a_fault_and_a_bad_one_is_not_quoted() -> None:
    def missing(_: Secret) -> str:
        raise SecretFault("the environment variable T is not set")

    config = Prometheus(f"http://127.0.0.1:{closed_port()}", token=Secret(env="T"))
    with pytest.raises(SourceFault, match="T is not set"):
        PrometheusBackend("main", config, missing).range(SPEC, 0, 15, 15)
    for bad in ("s3cret\r\nX: y", "s3cret€"):
        with serving(matrix()) as server, pytest.raises(SourceFault) as caught:
            PrometheusBackend("main", Prometheus(server.url, token=Secret(env="T")), lambda _, b=bad: b).range(
                SPEC, 0, 15, 15
            )
        assert "s3cret" not in caught.value.reason


def test_probe_names_the_version_and_a_clock_that_differs() -> None:
    body = b'{"status":"success","data":{"version":"2.53.0"}}'
    with serving(http(body, "200 OK", "Date: Mon, 09 Nov 2015 10:00:00 GMT")) as server:
        said = PrometheusBackend("main", Prometheus(server.url)).probe()
    assert said.startswith("version 2.53.0; its clock is ")
    assert said.endswith(" s behind")


def test_probe_of_a_server_without_buildinfo_asks_a_question_instead() -> None:
    with serving(http(b"", "404 Not Found"), json_answer(b'{"status":"success"}')) as server:
        assert "no version" in PrometheusBackend("main", Prometheus(server.url)).probe()
    with serving(json_answer(b'{"status":"success","data":{}}')) as server:
        assert "no version" in PrometheusBackend("main", Prometheus(server.url)).probe()


def test_probe_of_what_is_not_there_is_a_fault() -> None:
    with pytest.raises(SourceFault) as caught:
        PrometheusBackend("main", Prometheus(f"http://127.0.0.1:{closed_port()}")).probe()
    assert caught.value.kind is FaultKind.REFUSED


# One moment


def vector(*values: str, **more: Any) -> bytes:
    result = [{"metric": {"n": str(at)}, "value": [1.5, value]} for at, value in enumerate(values)]
    return json_answer(
        json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}, **more}).encode()
    )


def ask_now(answer: bytes) -> Instant:
    with serving(answer) as server:
        return PrometheusBackend("main", Prometheus(server.url)).instant("x[5m]")


def test_the_question_for_one_moment_is_a_form_too() -> None:
    with serving(vector()) as server:
        PrometheusBackend("main", Prometheus(server.url + "/prom/")).instant("rate(x[5m])")
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /prom/api/v1/query HTTP/1.1")
    assert parse_qs(body) == {"query": ["rate(x[5m])"], "timeout": ["10s"]}


def test_one_moment_gives_every_value_and_the_warnings() -> None:
    found = ask_now(vector("0.25", "NaN", "+Inf", warnings=["a \x1b warning"]))
    assert found.values[0] == 0.25
    assert math.isnan(found.values[1])
    assert found.values[2] == math.inf
    assert found.warnings == ("a ␛ warning",)
    assert ask_now(vector()).values == ()


NOT_A_VECTOR = [
    (
        json_answer(b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'),
        "scalar instead of a vector",
    ),
    (matrix(one("api", (1, "1"))), "matrix instead of a vector"),
    (vector("one"), "no number"),
    (json_answer(b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}'), "another shape"),
    (json_answer(b'{"status":"error","error":"query timed out"}'), "query timed out"),
    (http(b"<html>bad gateway</html>", "502 Bad Gateway"), "502"),
]


@pytest.mark.parametrize(("answer", "words"), NOT_A_VECTOR)
def test_each_bad_answer_for_one_moment_has_its_word(answer: bytes, words: str) -> None:
    with pytest.raises(SourceFault, match=words):
        ask_now(answer)
