"""Times and durations as exports show them: always with the zone. Pure."""

from datetime import datetime, timedelta, tzinfo


def moment(at: datetime, zone: tzinfo) -> str:
    """Return `2026-11-24 14:03:20 CET`; a zone without a name of letters reads `UTC+05:45`."""
    local = at.astimezone(zone)
    name, offset = local.tzname() or "", f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M:%S} {name if name[:1].isalpha() else f'UTC{offset[:3]}:{offset[3:5]}'}"


def duration(span: timedelta) -> str:
    """Return `2 h 05 min`, `12 min 30 s`, `40 s`."""
    seconds = int(span.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"
