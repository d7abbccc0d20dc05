"""How a value is written: three digits, a unit, and never a number where there is none. Pure."""

import math

from iccon.signals.model import Unit

_BIG = ("", "k", "M", "G", "T", "P")


def format_value(value: float | None, unit: Unit) -> str:
    """Return `value` in words for a cell: `123 ms`, `1.2 s`, `3.4 k/s`, `1.25 %`, `NaN`, `∞`; empty for None."""
    if value is None:
        return ""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    sign = "-" if value < 0 and value != 0 else ""
    return sign + _WRITERS[unit](abs(value))


def _digits(value: float) -> str:
    """Return `value` (0 or more) with two or three significant digits, without needless zeros."""
    if value >= 99.5:
        return f"{value:.0f}"
    text = f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def _scaled(value: float) -> str:
    index = 0
    while value >= 999.5 and index < len(_BIG) - 1:
        value, index = value / 1000.0, index + 1
    if index == len(_BIG) - 1 and value >= 999.5:
        return f"{value * 1000.0**index:.1e}"
    if index == 0 and 0 < value < 0.01:
        return f"{value:.1e}"
    return f"{_digits(value)} {_BIG[index]}".rstrip()


def _seconds(value: float) -> str:
    if value < 5e-9:
        return "<0.01 µs" if value else "0 s"
    if value < 0.000_999_5:
        return f"{_digits(value * 1e6)} µs"
    if value < 0.999_5:
        return f"{_digits(value * 1e3)} ms"
    if value < 119.5:
        return f"{_digits(value)} s"
    if value < 7170:
        return f"{_digits(value / 60)} min"
    return f"{_scaled(value / 3600)} h"


def _per_second(value: float) -> str:
    text = _scaled(value)
    return text + "/s" if text[-1].isalpha() else text + " /s"


def _ratio(value: float) -> str:
    percent = value * 100
    return "<0.01 %" if 0 < percent < 0.005 else f"{_scaled(percent)} %"


_WRITERS = {Unit.SECONDS: _seconds, Unit.PER_SECOND: _per_second, Unit.RATIO: _ratio, Unit.NUMBER: _scaled}
