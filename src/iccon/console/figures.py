"""Numbers, ages and times as people read them. Pure."""

import math
from datetime import UTC, datetime, timedelta, tzinfo

from iccon.signals.model import Unit

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def value_text(value: float | None, unit: Unit) -> str:
    """Return `value` in its unit, at most eight characters; "" for None, "NaN" and "+Inf" as such."""
    if value is None:
        return ""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if unit is Unit.SECONDS:
        return _seconds(value)
    if unit is Unit.RATIO:
        return f"{_short(value * 100)}%"
    return f"{_short(value)}/s" if unit is Unit.PER_SECOND else _short(value)


def _short(value: float) -> str:
    size = abs(value)
    for step, letter in _STEPS:
        if size >= step * 0.9995:
            return f"{_digits(value / step, 1)}{letter}" if size < 1e15 else f"{value:.0e}"
    if 0 < size < 0.001:
        return f"{value:.0e}"
    return _digits(value)


def _digits(value: float, most: int = 2) -> str:
    """Return `value` with three digits, at most `most` of them behind the point."""
    size = abs(value)
    text = f"{value:.{min(0 if size >= 99.95 else 1 if size >= 9.995 else 2, most)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _seconds(value: float) -> str:
    size = abs(value)
    if size >= 59.95:
        return span_text(value) if value > 0 else f"-{span_text(-value)}"
    if size >= 0.9995 or value == 0:
        return f"{_digits(value)}s"
    return f"{_digits(value * 1e3)}ms" if size >= 0.0009995 else f"{_digits(value * 1e6)}µs"


def span_text(seconds: float) -> str:
    """Return a span in its two largest units: 42s, 4m05s, 2h07m, 3d04h. Below zero or not finite: "0s" and "?"."""
    if not math.isfinite(seconds):
        return "?"
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    days = whole // 86400
    return f"{days}d{whole % 86400 // 3600:02d}h" if days < 1000 else f"{min(days, 99999)}d"


def age_text(seconds: float) -> str:
    """Return an age in its largest unit alone: 42s, 4m, 2h, 3d; "ahead" for an instant in the future by over 5 s."""
    if not math.isfinite(seconds):
        return "?"
    if seconds < -5:
        return "ahead"
    whole = max(int(seconds), 0)
    for size, letter in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{min(whole // size, 9999)}{letter}"
    return f"{whole}s"


def elapsed_text(span: timedelta) -> str:
    """Return a running time as a clock shows it: 0:07:42, or 3d 04:05:06 beyond a day."""
    whole = max(int(span.total_seconds()), 0)
    days, rest = divmod(whole, 86400)
    hours, minutes, seconds = rest // 3600, rest % 3600 // 60, rest % 60
    return f"{days}d {hours:02d}:{minutes:02d}:{seconds:02d}" if days else f"{hours}:{minutes:02d}:{seconds:02d}"


def time_text(instant: datetime, zone: tzinfo, *, seconds: bool = True) -> str:
    """Return the time of day of `instant` in `zone`; the caller shows `zone_name` beside or above it."""
    return instant.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def zone_name(zone: tzinfo, at: datetime) -> str:
    """Return what `zone` is called at the instant `at`: "UTC", "CEST", "+05:45"."""
    if zone is UTC:
        return "UTC"
    name = at.astimezone(zone).tzname() or ""
    return name if name.isascii() and name.isprintable() and name else at.astimezone(zone).strftime("%z")
