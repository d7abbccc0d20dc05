"""Evidence: what was measured, and the samples themselves as one canonical text that a hash can name. Pure.

Instants are aware UTC; times of samples are seconds since 1970 UTC, as the metrics server gave them. What is no finite
number is written as the words NaN, +Inf and -Inf, so that every value comes back as it was, and the same samples always
have the same hash.
"""

import math
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec
from msgspec import Struct

BLOB_LIMIT = 4_000_000  # bytes of one blob

_WORDS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


class Blob(Struct, frozen=True):
    """Content that an entry names by its SHA-256 instead of holding it."""

    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, in lower-case hexadecimal."""
        return sha256(self.content).hexdigest()


class Series(Struct, frozen=True):
    """One service's samples: `times` ascending, `values` of equal number."""

    name: str
    times: tuple[float, ...]
    values: tuple[float, ...]


class Measurement(Struct, frozen=True, kw_only=True):
    """What was asked, of whom, for which range, and when the answer came; thresholds and unit to read it by.

    `server` is its name in the configuration, `address` its URL; `warnings` are the server's.
    """

    service: str
    signal: str
    unit: str
    query: str
    server: str
    address: str
    start: datetime
    end: datetime
    step: timedelta
    fetched_at: datetime
    warnings: tuple[str, ...] = ()
    warn: float | None = None
    bad: float | None = None


class BadSamples(ValueError):
    """A blob does not read as samples; the message says why."""


_Value = float | str
_Wire = list[tuple[str, list[tuple[float, _Value]]]]
_READ = msgspec.json.Decoder(_Wire)


def samples_blob(series: tuple[Series, ...]) -> Blob:
    """Return the samples as one blob: JSON, `[[service, [[time, value], …]], …]` in the order given."""
    wire = [
        (_whole(s.name), [(float(t), _written(v)) for t, v in zip(s.times, s.values, strict=False)]) for s in series
    ]
    return Blob(msgspec.json.encode(wire))


def series_of(measured: Measurement, content: bytes) -> tuple[Series, ...]:
    """Return the samples that were kept with `measured`. Raises BadSamples, also where its times cannot be shown."""
    if any(not 1970 <= at.year < 9999 for at in (measured.start, measured.end, measured.fetched_at)):
        raise BadSamples("the times of the measurement cannot be right")
    return samples_of(content)


def samples_of(content: bytes) -> tuple[Series, ...]:
    """Return the samples that `samples_blob` wrote. Raises BadSamples."""
    try:
        wire = _READ.decode(content)
        return tuple(
            Series(name, tuple(t for t, _ in points), tuple(_read(v) for _, v in points)) for name, points in wire
        )
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError) as error:
        raise BadSamples(f"these are no samples: {error}") from error


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _written(value: float) -> _Value:
    if math.isnan(value):
        return "NaN"
    return float(value) if math.isfinite(value) else "+Inf" if value > 0 else "-Inf"


def _read(value: _Value) -> float:
    return _WORDS[value] if isinstance(value, str) else value
