"""A measurement as lines of text, for the record, a terminal and documents. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from iccon.incident.evidence import Measurement, Series
from iccon.plot import plot, scale
from iccon.signals.model import Unit
from iccon.signals.values import format_value
from iccon.text import clean
from iccon.when import stamp

SIZE = (72, 8)  # cells and lines of the chart alone, where nobody asks for more
SCALE = 9  # cells of the value axis
GAP = 2.5  # steps between two samples that are still joined


def drawing(
    measured: Measurement,
    series: Sequence[Series],
    zone: tzinfo,
    size: tuple[int, int] = SIZE,
    ascii_only: bool = False,
) -> tuple[str, ...]:
    """Return the chart with its axes, times in `zone`, then each service's last value, and the thresholds."""
    lines = [
        *_chart(measured, series, size, ascii_only),
        _axis(measured, zone, size[0]),
        *_legend(measured, series, zone),
    ]
    return tuple(_ascii(line) if ascii_only else line for line in lines)


def unit_of(measured: Measurement) -> Unit:
    """Return the unit; one of a newer program is read as a plain number."""
    return Unit(measured.unit) if measured.unit in set(Unit) else Unit.NUMBER


def _chart(measured: Measurement, series: Sequence[Series], size: tuple[int, int], ascii_only: bool) -> Iterator[str]:
    lines = [(each.times, each.values) for each in series]
    limits = [(limit, "") for limit in (measured.warn, measured.bad) if limit is not None]
    window = measured.start.timestamp(), measured.end.timestamp()
    gap = measured.step.total_seconds() * GAP
    rows = plot(lines, window, (size[0] - SCALE, size[1]), gap=gap, limits=limits, ascii_only=ascii_only)
    low, high = scale(lines, limits)
    unit = unit_of(measured)
    label = {size[1] - 1: format_value(low, unit), 0: format_value(high, unit)}
    for number, row in enumerate(rows):
        yield f"{label.get(number, ''):>{SCALE - 1}} {''.join(text for text, _ in row)}".rstrip()


def _axis(measured: Measurement, zone: tzinfo, width: int) -> str:
    first, last = stamp(measured.start, zone), stamp(measured.end, zone)
    return " " * SCALE + first + " " * max(width - SCALE - len(first) - len(last), 2) + last


def _legend(measured: Measurement, series: Sequence[Series], zone: tzinfo) -> Iterator[str]:
    unit = unit_of(measured)
    for each in series:
        last = f"{format_value(each.values[-1], unit)} at {_at(each.times[-1], zone)}" if each.times else "no data"
        yield f"{clean(each.name, 60)}  {last}"
    limits = (("warn", measured.warn), ("bad", measured.bad))
    if said := [f"{name} {format_value(limit, unit)}" for name, limit in limits if limit is not None]:
        yield "  ".join(said)


def _at(time: float, zone: tzinfo) -> str:
    try:
        return stamp(datetime.fromtimestamp(time, UTC), zone)
    except (ValueError, OverflowError, OSError):
        return "no known time"


def _ascii(line: str) -> str:
    return line.replace("µ", "u").encode("ascii", "replace").decode()
