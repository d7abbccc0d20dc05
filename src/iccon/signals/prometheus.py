"""Golden signals from a Prometheus-compatible server, by way of `prometheus_api_client`."""

import math
import threading
from array import array
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace
from prometheus_api_client import PrometheusConnect

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.config.secrets import SecretFault, resolve
from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, checked, clock_text, decode_json, guarded_session
from iccon.precedence import turn
from iccon.signals.model import Answer, Instant, Samples, SignalSpec
from iccon.signals.pieces import in_pieces
from iccon.signals.skew import seen
from iccon.text import CleanText, clean

T = TypeVar("T")

MOST_POINTS = 11_000  # Prometheus answers 400 beyond
MOST_SERIES = 5_000  # services; with more the query most likely forgot to aggregate
NO_SERVICE = CleanText("(no service)")
_WARNINGS = 20

_PAIRS = msgspec.json.Decoder(list[tuple[float, float | str]])


class _Series(Struct):
    metric: dict[str, str]
    values: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"[]"))


class _Point(Struct):
    value: tuple[float, float | str]


class _Data(Struct):
    kind: str = field(name="resultType", default="")
    result: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"[]"))


class _Envelope(Struct):
    """The outer form of every answer of the HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/."""

    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None
    infos: list[str] | None = None


class _Names(Struct):
    """The answer to a question for label values."""

    status: str
    data: list[str] = []
    error: str = ""


class _Connect(PrometheusConnect):  # type: ignore[misc]  # the library has no types
    """`PrometheusConnect` whose range query goes in a form body, and comes back with the server's warnings."""

    def custom_query_range(
        self,
        query: str,
        start_time: datetime,
        end_time: datetime,
        step: str,
        params: dict[str, Any] | None = None,
        timeout: int | None = None,
    ) -> tuple[_Envelope, str]:
        """POST /api/v1/query_range; return the answer and its Date. Raises SourceFault.

        Long queries pass, and none is kept in an access log.
        """
        times = {"start": f"{start_time.timestamp():.3f}", "end": f"{end_time.timestamp():.3f}"}
        form = {"query": query, **times, "step": step, **(params or {})}
        response = self._session.post(f"{self.url}/api/v1/query_range", data=form)
        envelope: _Envelope = decode_json(checked(response), _Envelope)
        return envelope, str(response.headers.get("date", ""))

    def custom_query(self, query: str, params: dict[str, Any] | None = None, timeout: int | None = None) -> _Envelope:
        """POST /api/v1/query, for the server's own now. Raises SourceFault."""
        response = self._session.post(f"{self.url}/api/v1/query", data={"query": query, **(params or {})})
        envelope: _Envelope = decode_json(checked(response), _Envelope)
        return envelope


class Probe(Struct, frozen=True):
    """What a server says of itself. `skew`: its clock minus ours in seconds, to about one; None without a Date."""

    version: CleanText
    skew: float | None


class PrometheusBackend:
    """One server. Blocking and usable from several threads. `secrets` gives the value of a Secret."""

    def __init__(
        self,
        name: str,
        config: schema.Prometheus,
        secrets: Callable[[schema.Secret], str] = resolve,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self._config = config
        self._secrets = secrets
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._connected: _Connect | None = None

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        """Return the series of `spec.query`, by service; see SignalBackend.

        The step is widened where it would give more than 11,000 points. Samples are taken from at most
        `stale_after` seconds before each point, so that a dead target does not look alive for five minutes
        (`lookback_delta`; servers that do not know it ignore it). A long range is several requests. Raises SourceFault.
        """
        step = math.ceil(max(step, (end - start) / (MOST_POINTS - 1), 0.001) * 1000) / 1000
        return in_pieces(lambda first, last: self._piece(spec, first, last, step), round(start, 3), end, step)

    def _piece(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        lookback = {"lookback_delta": _whole(spec.stale_after), "timeout": _whole(self._config.timeout)}
        moments = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
        before = self._clock.now()
        envelope, date = self._asked(
            lambda connect: connect.custom_query_range(spec.query, *moments, f"{step:.3f}", lookback)
        )
        skew = seen(date, before, self._clock.now())
        with turn() as give_way:
            return replace(decode(envelope, spec, give_way), skew=skew)

    def instant(self, query: str) -> Instant:
        """Return the values of `query` at the server's own now; see InstantBackend. Raises SourceFault."""
        limit = {"timeout": _whole(self._config.timeout)}
        return decode_instant(self._asked(lambda connect: connect.custom_query(query, limit)))

    def series(
        self, query: str, label: str, start: float, end: float, step: float
    ) -> list[tuple[dict[str, str], Samples]]:
        """Return every series of `query` with its labels, as the server gave them: clean what is shown.

        Times are seconds since 1970 UTC; `label` is what a query with too many series should aggregate by. Raises
        SourceFault.
        """
        moments = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
        limits = {"timeout": _whole(self._config.timeout)}
        envelope, _ = self._asked(lambda connect: connect.custom_query_range(query, *moments, f"{step:.3f}", limits))
        return [(each.metric, _samples(each.values)) for each in _matrix(envelope, label)]

    def probe(self) -> str:
        """Say in one line what answers, and whether its clock agrees. Raises SourceFault."""
        found = self.facts()
        if found.skew is None or abs(found.skew) < 2:
            return found.version
        return clean(f"{found.version}; {clock_text(found.skew)}")

    def facts(self) -> Probe:
        """Ask the server for its version, or else for the number 1. Raises SourceFault."""
        return self._asked(self._facts)

    def metric_names(self) -> frozenset[str]:
        """Return the names of all metrics that the server has. Raises SourceFault."""
        return self._asked(_metric_names)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            connected, self._connected = self._connected, None
        if connected is not None:
            connected.close()

    def _facts(self, connect: _Connect) -> Probe:
        session = connect._session
        before = self._clock.now()
        response = session.get(f"{connect.url}/api/v1/status/buildinfo")
        skew = seen(str(response.headers.get("date", "")), before, self._clock.now())
        middle = None if skew is None else (skew.low + skew.high) / 2
        if response.status_code in (404, 405, 501):  # not every compatible server has it
            checked(session.post(f"{connect.url}/api/v1/query", data={"query": "1"}))
            return Probe(CleanText("reachable; names no version"), middle)
        return Probe(_version(decode_json(checked(response))), middle)

    def _asked(self, ask: Callable[[_Connect], T]) -> T:
        """Ask; after a refusal of the credential forget it, so that a renewed one is read next time."""
        try:
            return ask(self._connect())
        except SourceFault as fault:
            if fault.kind in (FaultKind.UNAUTHORIZED, FaultKind.TLS):
                self.close()
            raise

    def _connect(self) -> _Connect:
        with self._lock:
            if self._connected is None:
                self._connected = self._made()
            return self._connected

    def _made(self) -> _Connect:
        config = self._config
        headers = dict(config.headers)
        try:
            if config.token is not None:
                headers["Authorization"] = f"Bearer {self._secrets(config.token)}"
            password = self._secrets(config.password) if config.password is not None else ""
        except SecretFault as fault:
            raise SourceFault(FaultKind.UNAUTHORIZED, f"no credential: {fault.reason}") from fault
        session = guarded_session(
            config.url,
            Limits(seconds=config.timeout),
            headers=headers,
            auth=(config.username, password) if config.username else None,
            ca_file=config.ca_file,
            cert=(config.cert_file, config.key_file) if config.cert_file else None,
            writes=frozenset(),
            shared=True,
        )
        return _Connect(config.url.rstrip("/"), session=session, method="POST")


def _metric_names(connect: _Connect) -> frozenset[str]:
    response = connect._session.get(f"{connect.url}/api/v1/label/__name__/values")
    answer: _Names = decode_json(checked(response), _Names)
    if answer.status != "success":
        raise SourceFault(FaultKind.REJECTED, f"no metric names: {answer.error or answer.status}")
    return frozenset(answer.data)


def _whole(seconds: float) -> str:
    """Return a duration as every version reads it: some refuse fractions, some a missing unit."""
    return f"{math.ceil(seconds)}s"


def _matrix(envelope: _Envelope, label: str) -> list[_Series]:
    """Return the series of an answer, at most MOST_SERIES. Raises SourceFault."""
    result = _result(envelope, "matrix")
    count = len(_decoded(result, list[msgspec.Raw]))  # 100,000 refused ones would cost 35 MB to decode
    if count > MOST_SERIES:
        words = f"{count:,} series, at most {MOST_SERIES:,}: let the query aggregate by ({label})"
        raise SourceFault(FaultKind.TOO_LARGE, words)
    return _decoded(result, list[_Series])


def decode(envelope: _Envelope, spec: SignalSpec, give_way: Callable[[], None] = lambda: None) -> Answer:
    """Return the answer to a range query by service. Calls `give_way` between series. Raises SourceFault."""
    found = _matrix(envelope, spec.label)
    warnings = [*(envelope.warnings or ()), *(envelope.infos or ())][:_WARNINGS]
    series, doubled = _by_service(found, spec, give_way)
    if doubled:
        warnings.append(f"several series for {', '.join(doubled[:3])}: the worst is shown; let the query aggregate")
    return Answer(series, tuple(clean(text, 200) for text in warnings))


def decode_instant(envelope: _Envelope) -> Instant:
    """Return the answer to an instant query. Raises SourceFault."""
    found = _decoded(_result(envelope, "vector"), list[_Point])
    try:
        values = tuple(float(point.value[1]) for point in found)
    except ValueError:
        raise SourceFault(FaultKind.BAD_ANSWER, "a sample that is no number") from None
    warnings = [*(envelope.warnings or ()), *(envelope.infos or ())][:_WARNINGS]
    return Instant(values, tuple(clean(text, 200) for text in warnings))


def _result(envelope: _Envelope, kind: str) -> msgspec.Raw:
    if envelope.status != "success":
        raise SourceFault(FaultKind.REJECTED, f"the query failed: {envelope.error or envelope.status}")
    if envelope.data is None:
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without data")
    if envelope.data.kind != kind:
        raise SourceFault(FaultKind.BAD_ANSWER, f"a {clean(envelope.data.kind, 30)} instead of a {kind}")
    return envelope.data.result


def _decoded(result: msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(result, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _misshapen(error) from None


def _misshapen(error: Exception) -> SourceFault:
    return SourceFault(FaultKind.BAD_ANSWER, f"samples of another shape: {error}")


def _by_service(
    found: list[_Series], spec: SignalSpec, give_way: Callable[[], None]
) -> tuple[dict[CleanText, Samples], list[CleanText]]:
    """Decode one series after another: the samples of all as Python objects would be ten times the answer."""
    pieces: dict[CleanText, list[Samples]] = {}
    grids: dict[tuple[float, ...], tuple[float, ...]] = {}
    for each in found:
        give_way()
        samples = _samples(each.values)
        shared = Samples(grids.setdefault(samples.times, samples.times), samples.values)
        pieces.setdefault(_service(each, spec.label), []).append(shared)
    pick = min if spec.worse == "lower" else max
    series = {name: several[0] if len(several) == 1 else _worst(several, pick) for name, several in pieces.items()}
    return series, [name for name, several in pieces.items() if len(several) > 1]


def _service(series: _Series, label: str) -> CleanText:
    return clean(series.metric.get(label, ""), 100) or NO_SERVICE


def _samples(values: msgspec.Raw) -> Samples:
    """Return one series, ascending; of two values at one instant the later in the answer holds."""
    try:
        pairs = _PAIRS.decode(values)
        times, numbers = [time for time, _ in pairs], array("d", [float(value) for _, value in pairs])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _misshapen(error) from None
    except ValueError:
        raise SourceFault(FaultKind.BAD_ANSWER, "a sample that is no number") from None
    if all(a < b for a, b in pairwise(times)):
        return Samples(tuple(times), numbers)
    return _ordered(dict(zip(times, numbers, strict=True)))


def _ordered(points: dict[float, float]) -> Samples:
    times = sorted(points)
    return Samples(tuple(times), array("d", [points[time] for time in times]))


def _worst(several: list[Samples], pick: Callable[[float, float], float]) -> Samples:
    """Return one series where several share a service: the worst at each instant, which hides no trouble."""
    points: dict[float, float] = {}
    for each in several:
        for time, value in zip(each.times, each.values, strict=True):
            known = points.get(time, math.nan)
            points[time] = value if math.isnan(known) else known if math.isnan(value) else pick(known, value)
    return _ordered(points)


def _version(data: Any) -> CleanText:
    info = data.get("data") if isinstance(data, dict) else None
    version = info.get("version") if isinstance(info, dict) else None
    return clean(f"version {version}" if version else "reachable; names no version", 100)
