import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from iccon.signals.model import Unit
from iccon.signals.values import format_value

S, R, P, N = Unit.SECONDS, Unit.PER_SECOND, Unit.RATIO, Unit.NUMBER


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.123, S, "123 ms"),
        (1.2, S, "1.2 s"),
        (0.0, S, "0 s"),
        (0.00005, S, "50 µs"),
        (0.9999, S, "1 s"),
        (65.0, S, "65 s"),
        (600.0, S, "10 min"),
        (7200.0, S, "2 h"),
        (3400.0, R, "3.4 k/s"),
        (12.0, R, "12 /s"),
        (0.25, R, "0.25 /s"),
        (0.0125, P, "1.25 %"),
        (0.2, P, "20 %"),
        (1.0, P, "100 %"),
        (0.0, P, "0 %"),
        (0.00001, P, "<0.01 %"),
        (999.6, N, "1 k"),
        (12_345.0, N, "12.3 k"),
        (0.0, N, "0"),
        (-0.0, N, "0"),
        (-5.0, N, "-5"),
        (math.nan, P, "NaN"),
        (math.inf, S, "∞"),
        (-math.inf, N, "-∞"),
        (None, S, ""),
    ],
)
def test_written(value: float | None, unit: Unit, text: str) -> None:
    assert format_value(value, unit) == text


@given(st.floats(), st.sampled_from(Unit))
def test_always_short_and_zero_is_only_written_for_zero(value: float, unit: Unit) -> None:
    text = format_value(value, unit)
    assert 0 < len(text) <= 13
    if text.lstrip("-").split(" ")[0] == "0":
        assert value == 0
