"""Ages and times as people read them. Pure."""

import math
from datetime import UTC, datetime, timedelta, tzinfo


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
