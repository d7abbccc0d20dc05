"""Which services have targets that are down, as the metrics server's own scrapes tell. Pure."""

import math

from iccon.signals.model import NO_SAMPLES, Windows
from iccon.text import CleanText

SPAN = 60.0  # seconds that are kept: the newest alone is shown


def share(windows: Windows | None, service: str, now: float) -> float | None:
    """Return the share of a service's targets that are up, 0 to 1; None where that is not asked, not known or old."""
    if windows is None or windows.targets is None:
        return None
    samples = windows.targets.series.get(CleanText(service), NO_SAMPLES)
    if not samples.times or abs(now - samples.times[-1]) > windows.targets.spec.stale_after:
        return None
    value = samples.values[-1]
    return None if math.isnan(value) else min(max(value, 0.0), 1.0)


def down(windows: Windows | None, now: float) -> dict[CleanText, float]:
    """Return the services with a target that is down, and the share of theirs that are up."""
    names = windows.targets.series if windows and windows.targets else ()
    shares = ((name, share(windows, name, now)) for name in names)
    return {name: found for name, found in shares if found is not None and found < 1}


def said(up: float | None) -> str:
    """Return a share in words: `up`, `50% up`, `down`, `?` for None. What is not all up never reads 100 %."""
    if up is None:
        return "?"
    return "up" if up >= 1 else f"{min(max(round(up * 100), 1), 99)}% up" if up > 0 else "down"
