"""What a chart shows as evidence, and evidence as a chart again. Pure."""

from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit

from iccon.config.schema import Config
from iccon.console.widgets.chart import Picture, between
from iccon.incident.commands import TakeEvidence
from iccon.incident.entries import EvidenceTaken
from iccon.incident.evidence import Measurement, Series
from iccon.signals.drawing import drawing, unit_of
from iccon.signals.model import Board, Samples, SignalSpec, Window


def evidence_of(picture: Picture, board: Board, config: Config, zone: tzinfo) -> TakeEvidence:
    """Return the command that keeps the samples `picture` shows of `board`; times of its drawing in `zone`."""
    spec = picture.spec
    window = next((w for w in board.windows.signals if w.spec.name == spec.name), None) if board.windows else None
    series = tuple(Series(name, tuple(s.times), tuple(s.values)) for name, s in picture.series)
    others = f" and {len(series) - 1} more" if len(series) > 1 else ""
    measured = Measurement(
        service=series[0].name,
        signal=spec.name,
        unit=str(spec.unit),
        query=spec.query,
        server=spec.server,
        address=_address(config, spec.server),
        start=_instant(picture.start),
        end=_instant(picture.end),
        step=timedelta(seconds=picture.step),
        fetched_at=_instant(window.until if window and window.until is not None else picture.end),
        warnings=_warnings(window),
        warn=spec.warn,
        bad=spec.bad,
    )
    title = f"{series[0].name} {spec.name}{others}"
    return TakeEvidence(title=title, measured=measured, series=series, chart=drawing(measured, series, zone))


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _address(config: Config, server: str) -> str:
    """Return the URL of a server without a password that may stand in it."""
    known = config.prometheus.get(server)
    return urlsplit(known.url)._replace(netloc=urlsplit(known.url).netloc.rpartition("@")[2]).geturl() if known else ""


def _warnings(window: Window | None) -> tuple[str, ...]:
    """Return what the server warned of, and why the last poll failed where it did."""
    if window is None:
        return ()
    return (*window.warnings, *((f"the last poll failed: {window.fault}",) if window.fault else ()))


def picture_of_evidence(body: EvidenceTaken, series: tuple[Series, ...], share: float) -> Picture:
    """Return the newest `share` of what was kept, as it was drawn then, with what was warned of."""
    asked = body.measured
    spec = SignalSpec(asked.signal, asked.query, asked.server, unit_of(asked), warn=asked.warn, bad=asked.bad)
    start, end = asked.start.timestamp(), asked.end.timestamp()
    start = end - (end - start) * share
    shown = tuple((each.name, between(Samples(each.times, each.values), start, end)) for each in series)
    return Picture(spec, shown, start, end, asked.step.total_seconds(), note="; ".join(asked.warnings))
