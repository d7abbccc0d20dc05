"""How a value is written: three digits, a unit, at most eight cells, and never a number where there is none. Pure."""

import math

from iccon.signals.model import Unit
from iccon.when import span_text

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LEAST, _MOST = 1e-99, 1e99  # beyond, an exponent of three digits would not fit; such a value is cut to these


def format_value(value: float | None, unit: Unit) -> str:
    """Return `value` in its unit: `45.4ms`, `2m05s`, `1.2k/s`, `1.25%`, `NaN`, `+Inf`; empty for None.

    At most eight cells. "0" is written for zero alone.
    """
    if value is None:
        return ""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return _WRITERS[unit](math.copysign(min(max(abs(value), _LEAST), _MOST), value) if value else 0.0)


def _short(value: float) -> str:
    size = abs(value)
    for step, letter in _STEPS:
        if size >= step * 0.9995:
            return f"{_digits(value / step, 1)}{letter}" if size < 9.995e14 else _power(value)
    return _power(value) if 0 < size < 0.005 else _digits(value)


def _power(value: float) -> str:
    return f"{value:.0e}".replace("e+", "e")


def _digits(value: float, most: int = 2) -> str:
    """Return `value` with three digits, at most `most` of them behind the point."""
    size = abs(value)
    text = f"{value:.{min(0 if size >= 99.95 else 1 if size >= 9.995 else 2, most)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _seconds(value: float) -> str:
    size = abs(value)
    if size >= 59.95:
        whole = span_text(max(size, 60.0))
        return whole if value > 0 else f"-{whole}"
    if size >= 0.9995 or value == 0:
        return f"{_digits(value)}s"
    if size >= 0.0009995:
        return f"{_digits(value * 1e3)}ms"
    return f"{_digits(value * 1e6)}µs" if size >= 5e-9 else f"{_power(value)}s"


_WRITERS = {
    Unit.SECONDS: _seconds,
    Unit.PER_SECOND: lambda value: f"{_short(value)}/s",
    Unit.RATIO: lambda value: f"{_short(value * 100)}%",
    Unit.NUMBER: _short,
}
