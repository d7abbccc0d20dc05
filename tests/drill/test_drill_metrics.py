"""The simulated measurements: pure, smooth, bounded, and touched by a mitigation only afterwards."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from iccon.drill.metrics import noise, series, severity, value
from iccon.drill.scenario import Fault, GoldenSignal, Service, Shape
from iccon.drill.scenario_file import find

SCENARIO = find()
SERVICES = st.sampled_from(SCENARIO.services)
SILENT = replace(SCENARIO, services=(Service("quiet", traffic=1.0),))
SIGNALS = st.sampled_from(GoldenSignal)
TIMES = st.floats(-100_000, 100_000, allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(SERVICES, SIGNALS, st.lists(TIMES, min_size=1, max_size=20), st.integers(0, 50), st.none() | TIMES)
def test_a_value_depends_on_nothing_but_its_arguments(service, signal, times, seed, mitigated) -> None:
    together = series(SCENARIO, seed, service, signal, times, mitigated)
    alone = [value(SCENARIO, seed, service.name, signal, t, mitigated) for t in reversed(times)]
    assert together == alone[::-1]
    top = 1.0 if signal in (GoldenSignal.ERRORS, GoldenSignal.SATURATION) else 1e6
    assert all(0 <= found <= top for found in together)


@settings(max_examples=100, deadline=None)
@given(SERVICES, SIGNALS, st.floats(0, 600), st.floats(0, 600))
def test_a_mitigation_changes_nothing_before_it(service, signal, t, mitigated) -> None:
    before = value(SCENARIO, 1, service.name, signal, t)
    after = value(SCENARIO, 1, service.name, signal, t, mitigated)
    assert t > mitigated or before == after


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64 - 1), TIMES)
def test_noise_is_bounded_and_smooth(key, t) -> None:
    assert -1 <= noise(key, t) <= 1
    assert abs(noise(key, t + 0.5) - noise(key, t)) < 0.2


def test_a_signal_that_a_service_does_not_have_has_no_value() -> None:
    assert value(SILENT, 1, "quiet", GoldenSignal.LATENCY, 5) is None
    assert value(SILENT, 1, "quiet", GoldenSignal.TRAFFIC, 5) is not None


def test_seeds_differ_and_unknown_services_have_nothing() -> None:
    assert value(SCENARIO, 1, "cart", GoldenSignal.LATENCY, 5) != value(SCENARIO, 2, "cart", GoldenSignal.LATENCY, 5)
    assert value(SCENARIO, 1, "nobody", GoldenSignal.LATENCY, 5) is None


def test_a_fault_grows_by_its_shape_and_goes_after_the_mitigation() -> None:
    fault = Fault("checkout", GoldenSignal.LATENCY, 3.0, at=100, ramp=10, shape=Shape.LINEAR)
    assert [severity(fault, t, None, 20) for t in (99, 100, 105, 110, 500)] == [0, 0, 0.5, 1, 1]
    assert [severity(fault, t, 105, 20) for t in (105, 115, 125, 500)] == [0.5, 0.25, 0, 0]
    assert severity(fault, 130, 50, 20) == 0, "mitigated before it began"


def test_a_fault_does_not_touch_the_others() -> None:
    for t in range(0, 300, 10):
        found = value(SCENARIO, 1, "catalog", GoldenSignal.ERRORS, t)
        assert found is not None and found < 0.001
