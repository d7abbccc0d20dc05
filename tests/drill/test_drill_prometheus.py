"""The loopback Prometheus API: the same answers for the same instant, and Prometheus's own words for mistakes."""

from collections.abc import Iterator

import pytest
from drillparts import HandClock, ask

from iccon.drill.prometheus_api import METRICS
from iccon.drill.scenario_file import find
from iccon.drill.world import World

LATENCY = "drill:latency_seconds:p99"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(clock: HandClock) -> Iterator[World]:
    with World(find(), clock=clock) as started:
        yield started


def span(world: World, query: str, start: float, end: float, step: object, *, post: bool = False):
    fields = {"query": query, "start": start, "end": end, "step": step}
    return ask(world.prometheus.url, "/api/v1/query_range", fields, post=post)


@pytest.mark.parametrize("metric", METRICS)
def test_a_range_answers_what_each_instant_answers(world: World, clock: HandClock, metric: str) -> None:
    clock.seconds = 130
    now = clock.now().timestamp()
    status, answer = span(world, metric, now - 100.25, now, 7.5, post=True)
    assert status == 200 and answer["data"]["resultType"] == "matrix"
    assert len(answer["data"]["result"]) >= 7
    for one in answer["data"]["result"]:
        assert one["metric"]["__name__"] == metric
        times = [t for t, _ in one["values"]]
        assert times == [round(now - 100.25 + 7.5 * i, 3) for i in range(14)]
        query = f'{metric}{{service="{one["metric"]["service"]}"}}'
        for at, shown in one["values"][::4]:
            _, instant = ask(world.prometheus.url, "/api/v1/query", {"query": query, "time": at})
            assert [r["value"] for r in instant["data"]["result"]] == [[at, shown]]


def test_a_later_question_about_the_past_gives_the_same_samples(world: World, clock: HandClock) -> None:
    clock.seconds = 200
    now = clock.now().timestamp()
    first = span(world, LATENCY, now - 3600, now, 15)
    world.mitigate("rollback-checkout")
    clock.seconds = 400
    assert span(world, LATENCY, now - 3600, now, 15) == first


def test_there_are_no_samples_of_the_future(world: World, clock: HandClock) -> None:
    now = clock.now().timestamp()
    _, answer = span(world, LATENCY, now - 10, now + 100, 10)
    assert {len(r["values"]) for r in answer["data"]["result"]} == {2}
    assert span(world, LATENCY, now + 10, now + 100, 10)[1]["data"]["result"] == []


def test_speed_moves_the_scenario_and_leaves_the_time_of_samples_alone() -> None:
    slow, fast = HandClock(), HandClock()
    with World(find(), clock=slow) as one, World(find(), clock=fast, speed=10) as ten:
        slow.seconds, fast.seconds = 120, 12
        query = {"query": LATENCY + '{service="checkout"}'}
        _, a = ask(one.prometheus.url, "/api/v1/query", query)
        _, b = ask(ten.prometheus.url, "/api/v1/query", query)
    a_time, a_value = a["data"]["result"][0]["value"]
    b_time, b_value = b["data"]["result"][0]["value"]
    assert a_value == b_value
    assert a_time - b_time == pytest.approx(108)


@pytest.mark.parametrize(
    ("matchers", "services"),
    [
        ('{service="cart"}', ["cart"]),
        ('{service=~"c.*",service!="cart"}', ["checkout", "catalog"]),
        ('{service!~".*[a-z].*"}', []),
        ('{ service = "auth" , }', ["auth"]),
        ('{job="x"}', []),
    ],
)
def test_selectors(world: World, matchers: str, services: list[str]) -> None:
    _, answer = ask(world.prometheus.url, "/api/v1/query", {"query": LATENCY + matchers})
    assert [r["metric"]["service"] for r in answer["data"]["result"]] == services


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"query": LATENCY, "start": 1, "end": 0, "step": 1}, "end timestamp must not be before start time"),
        ({"query": LATENCY, "start": 1, "end": 3, "step": 0}, "zero or negative query resolution step"),
        ({"query": LATENCY, "start": 1, "end": 3, "step": "x"}, 'cannot parse "x" to a valid duration'),
        ({"query": LATENCY, "start": 1, "end": 3, "step": "NaN"}, "zero or negative"),
        ({"query": LATENCY, "start": "x", "end": 3, "step": 1}, 'cannot parse "x" to a valid timestamp'),
        ({"query": LATENCY, "start": "Inf", "end": 3, "step": 1}, 'cannot parse "Inf"'),
        ({"query": LATENCY, "end": 3, "step": 1}, 'invalid parameter "start": cannot parse ""'),
        ({"query": LATENCY, "start": 0, "end": 11_001, "step": 1}, "exceeded maximum resolution of 11,000 points"),
        ({"query": LATENCY + "{", "start": 0, "end": 1, "step": 1}, "unexpected end of input inside braces"),
        ({"query": LATENCY + "{a}", "start": 0, "end": 1, "step": 1}, "unexpected input inside braces"),
        ({"query": LATENCY + '{service=~"("}', "start": 0, "end": 1, "step": 1}, "error parsing regexp"),
        ({"query": "", "start": 0, "end": 1, "step": 1}, "no expression found in input"),
    ],
)
def test_mistakes_are_answered_as_prometheus_does(world: World, fields: dict[str, object], words: str) -> None:
    status, answer = ask(world.prometheus.url, "/api/v1/query_range", fields)
    assert (status, answer["status"], answer["errorType"]) == (400, "error", "bad_data")
    assert words in answer["error"]


@pytest.mark.parametrize("query", ["up", "sum(rate(x[5m]))", '{service="cart"}', "1 +", "\x1b[2J"])
def test_other_queries_are_refused_and_say_which_are_known(world: World, query: str) -> None:
    status, answer = ask(world.prometheus.url, "/api/v1/query", {"query": query})
    assert (status, answer["errorType"]) == (422, "execution")
    assert LATENCY in answer["error"]


def test_times_may_be_written_in_full(world: World, clock: HandClock) -> None:
    at = clock.now().timestamp()
    text = clock.now().isoformat().replace("+00:00", "Z")
    assert span(world, LATENCY, text, text, "1m") == span(world, LATENCY, at, at, 60)  # type: ignore[arg-type]
    assert ask(world.prometheus.url, "/api/v1/query", {"query": "1"})[1]["data"] == {
        "resultType": "scalar",
        "result": [at, "1"],
    }


def test_the_rest_of_the_api(world: World) -> None:
    url = world.prometheus.url
    assert ask(url, "/api/v1/labels")[1]["data"] == ["__name__", "service"]
    assert "checkout" in ask(url, "/api/v1/label/service/values")[1]["data"]
    assert ask(url, "/api/v1/label/__name__/values")[1]["data"] == sorted(METRICS)
    assert ask(url, "/api/v1/label/a-b/values")[0] == 400
    assert ask(url, "/api/v1/status/buildinfo")[1]["data"]["version"].startswith("2.")
    assert ask(url, "/-/healthy")[0] == ask(url, "/-/ready")[0] == 200
    assert ask(url, "/nothing")[0] == 404
    assert ask(url, "/api/v1/series")[0] == 400
    found = ask(url, "/api/v1/series", {"match[]": [LATENCY, "drill:errors:ratio1m"]})[1]["data"]
    assert {"__name__": LATENCY, "service": "cart"} in found and len(found) == 16
