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
        (0.0454, S, "45.4ms"),
        (1.32, S, "1.32s"),
        (0.0, S, "0s"),
        (0.0000123, S, "12.3µs"),
        (1e-12, S, "1e-12s"),
        (0.9999, S, "1s"),
        (59.97, S, "1m00s"),
        (125, S, "2m05s"),
        (7200.0, S, "2h00m"),
        (1234.5, R, "1.2k/s"),
        (12.0, R, "12/s"),
        (0.25, R, "0.25/s"),
        (0.0123, P, "1.23%"),
        (1.0, P, "100%"),
        (0.0, P, "0%"),
        (0.00001, P, "1e-03%"),
        (999.9, N, "1k"),
        (8_123_456, N, "8.1M"),
        (0.0, N, "0"),
        (-0.0, N, "0"),
        (-3, N, "-3"),
        (1e300, R, "1e99/s"),
        (math.nan, P, "NaN"),
        (math.inf, S, "+Inf"),
        (-math.inf, N, "-Inf"),
        (None, N, ""),
    ],
)
def test_written(value: float | None, unit: Unit, text: str) -> None:
    assert format_value(value, unit) == text


@given(st.floats(), st.sampled_from(Unit))
def test_at_most_eight_cells_and_zero_is_only_written_for_zero(value: float, unit: Unit) -> None:
    text = format_value(value, unit)
    assert 0 < len(text) <= 8
    if text.lstrip("-").rstrip("%/sµm") == "0":
        assert value == 0
