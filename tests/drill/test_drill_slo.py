"""The drill's objectives: its Prometheus answers the query over every span, and they burn while the fault lasts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drillparts import HandClock, ask

from iccon.config import schema
from iccon.drill.scenario_file import bundled, find
from iccon.drill.world import World
from iccon.signals.model import Verdict
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.slo import spent
from iccon.signals.slosource import SloSource, objectives_of

ERRORS = 'drill:errors:ratio1m{service="checkout"}'


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(clock: HandClock) -> Iterator[World]:
    with World(find(), clock=clock) as started:
        yield started


def source(world: World, clock: HandClock, folder: Path) -> SloSource:
    config = world.config(schema.Folders(folder, folder, folder, folder))
    backends = {"drill": PrometheusBackend("drill", config.prometheus["drill"], clock=clock)}
    return SloSource(objectives_of(config.slo), backends, clock, 15.0)


def mean(world: World, span: str, at: float) -> float:
    _, answer = ask(world.prometheus.url, "/api/v1/query", {"query": f"avg_over_time({ERRORS}[{span}])", "time": at})
    (found,) = answer["data"]["result"]
    assert found["metric"] == {"service": "checkout"}
    return float(found["value"][1])


def test_a_mean_is_that_of_the_samples_and_as_usual_before_the_fault(world: World, clock: HandClock) -> None:
    clock.seconds = 300
    now = clock.now().timestamp()
    fields = {"query": ERRORS, "start": now - 239, "end": now, "step": 1}
    _, answer = ask(world.prometheus.url, "/api/v1/query_range", fields)
    values = [float(value) for _, value in answer["data"]["result"][0]["values"]]
    assert mean(world, "4m", now) == pytest.approx(sum(values) / len(values), rel=0.1)
    usual = world.scenario.service("checkout").errors  # type: ignore[union-attr]
    assert mean(world, "1h", now - 300) == pytest.approx(usual)
    assert usual < mean(world, "30d", now) < mean(world, "1h", now)


@pytest.mark.parametrize("query", ["avg_over_time(x[5m])", f"avg_over_time({ERRORS}[5x])", f"avg_over_time({ERRORS})"])
def test_what_the_drill_does_not_know_is_refused(world: World, query: str) -> None:
    status, answer = ask(world.prometheus.url, "/api/v1/query", {"query": query})
    assert status in (400, 422)
    assert answer["status"] == "error"


def test_an_objective_burns_in_the_outage_and_its_minutes_are_counted(
    world: World, clock: HandClock, tmp_path: Path
) -> None:
    made = source(world, clock, tmp_path)
    names = [each.objective.name for each in made.poll().standings]
    assert names == ["checkout-availability", "payments-availability"]
    before = made.last.standings[0]
    assert (before.verdict, before.why) == (Verdict.OK, "")
    clock.seconds = 900
    during = made.poll().standings[0]
    assert during.verdict is Verdict.BAD
    assert (during.left or 0) < (before.left or 0)
    began = world.instant(world.scenario.fault_at).timestamp()
    found = spent(during, began, None, clock.now().timestamp())
    assert (found.minutes or 0) == pytest.approx(0.075 * (900 - world.scenario.fault_at) / 60, rel=0.3)


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("speed", [0.5, 7, 1_000])
def test_every_scenario_at_every_speed_has_one(name: str, speed: float, tmp_path: Path) -> None:
    clock = HandClock()
    with World(find(name), clock=clock, speed=speed) as world:
        made = source(world, clock, tmp_path)
        for standing in made.poll().standings:
            assert standing.why == ""
            assert standing.verdict is Verdict.OK
            assert 0.2 < (standing.left or 0) < 0.6
        assert made.last.standings
