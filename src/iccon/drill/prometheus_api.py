"""A Prometheus HTTP API on loopback that answers the queries of the drill's board, and no others.

Shapes, limits and error words are those of Prometheus 2.42 (https://prometheus.io/docs/prometheus/latest/querying/api).
"""

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from iccon import __version__
from iccon.clock import Clock
from iccon.drill.loopback import Answered, Asked, LoopbackServer, as_json, as_text
from iccon.drill.metrics import series
from iccon.drill.scenario import GoldenSignal, Scenario, Service

POINTS = 11_000  # points of one series in one answer
LABEL = "service"
METRICS: dict[str, GoldenSignal] = {
    "drill:latency_seconds:p99": GoldenSignal.LATENCY,
    "drill:requests:rate1m": GoldenSignal.TRAFFIC,
    "drill:errors:ratio1m": GoldenSignal.ERRORS,
    "drill:saturation:ratio": GoldenSignal.SATURATION,
}
METRIC_OF: dict[GoldenSignal, str] = {signal: metric for metric, signal in METRICS.items()}
MEANS = 60  # samples from which the mean of a stretch with a fault in it is taken
FIELDS = 500  # characters of a query that an error repeats


class Moment(Struct, frozen=True):
    """How wall time and scenario time stand: seconds since 1970 UTC, and what the fault has come to."""

    now: float
    started: float
    speed: float
    mitigated_at: float | None

    def scenario_second(self, at: float) -> float:
        """Return the scenario second of a wall-clock time."""
        return (at - self.started) * self.speed


class Refused(Exception):
    """A request that Prometheus would refuse: status, error type and text."""

    def __init__(self, text: str, status: int = 400, kind: str = "bad_data") -> None:
        self.status = status
        self.kind = kind
        super().__init__(text)


class PrometheusServer:
    """Serves the metrics of one scenario. `moment` is asked at every request, on the request's thread.

    Answers are dated by `clock`, so that a board finds the server's clock and its own to be the same.
    """

    def __init__(self, scenario: Scenario, seed: int, moment: Callable[[], Moment], clock: Clock) -> None:
        self.scenario = scenario
        self.seed = seed
        self._moment = moment
        self._server = LoopbackServer(self._answer, "drill-prometheus", clock)

    @property
    def url(self) -> str:
        """The base URL."""
        return self._server.url

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering. Only after start()."""
        self._server.stop()

    def _answer(self, asked: Asked) -> Answered:
        if asked.path in _TEXTS:
            return as_text(200, _TEXTS[asked.path])
        handler = _route(asked.path)
        if handler is None or asked.method not in ("GET", "POST"):
            return as_text(404, "404 page not found\n")
        try:
            data = handler(_World(self.scenario, self.seed, self._moment()), asked)
        except Refused as error:
            return as_json(error.status, {"status": "error", "errorType": error.kind, "error": str(error)})
        return as_json(200, {"status": "success", "data": data})


class _World(Struct, frozen=True):
    scenario: Scenario
    seed: int
    moment: Moment

    def samples(self, metric: str, service: Service, times: list[float]) -> list[list[Any]]:
        """Return [time, "value"] for each of `times` that is not in the future."""
        past = [t for t in times if t <= self.moment.now]
        seconds = [self.moment.scenario_second(t) for t in past]
        values = series(self.scenario, self.seed, service, METRICS[metric], seconds, self.moment.mitigated_at)
        return [[t, f"{v:.15g}"] for t, v in zip(past, values, strict=True)]

    def means(self, metric: str, service: Service, times: list[float], span: float) -> list[list[Any]]:
        """Return the mean over the `span` seconds before each of `times`: before the first fault all was as usual."""
        past = [t for t in times if t <= self.moment.now]
        return [[t, f"{self._mean(metric, service, self.moment.scenario_second(t), span):.15g}"] for t in past]

    def _mean(self, metric: str, service: Service, end: float, span: float) -> float:
        length = span * self.moment.speed
        loud = min(max(end - self.scenario.fault_at, 0.0), length)
        usual = service.baseline(METRICS[metric]) or 0.0
        seconds = [end - loud * (i + 0.5) / MEANS for i in range(MEANS if loud else 0)]
        values = series(self.scenario, self.seed, service, METRICS[metric], seconds, self.moment.mitigated_at)
        return (usual * (length - loud) + sum(values) / MEANS * loud) / length


_TEXTS = {"/-/healthy": "Prometheus Server is Healthy.\n", "/-/ready": "Prometheus Server is Ready.\n"}
_Handler = Callable[[_World, Asked], Any]


def _route(path: str) -> _Handler | None:
    if path.startswith("/api/v1/label/") and path.endswith("/values"):
        return _label_values
    return _ROUTES.get(path)


def _range(world: _World, asked: Asked) -> Any:
    start, end = _time(asked, "start"), _time(asked, "end")
    if end < start:
        raise Refused('invalid parameter "end": end timestamp must not be before start time')
    step = _step(asked.field("step"))
    if (end - start) / step > POINTS:
        words = "points per timeseries. Try decreasing the query resolution (?step=XX)"
        raise Refused(f"exceeded maximum resolution of {POINTS:,} {words}")
    times = [round(start + i * step, 3) for i in range(math.floor((end - start) / step + 1e-6) + 1)]
    query = asked.field("query")
    if _NUMBER.fullmatch(query.strip()):
        return {
            "resultType": "matrix",
            "result": [{"metric": {}, "values": [[t, query.strip()] for t in times]}],
        }
    return {"resultType": "matrix", "result": [{"metric": m, "values": v} for m, v in _found(world, query, times) if v]}


def _instant(world: _World, asked: Asked) -> Any:
    at = _time(asked, "time") if asked.field("time") else math.floor(world.moment.now * 1000) / 1000
    query = asked.field("query")
    if _NUMBER.fullmatch(query.strip()):
        return {"resultType": "scalar", "result": [at, query.strip()]}
    return {
        "resultType": "vector",
        "result": [{"metric": m, "value": v[0]} for m, v in _found(world, query, [at]) if v],
    }


def _found(world: _World, query: str, times: list[float]) -> Iterator[tuple[dict[str, str], list[list[Any]]]]:
    """Yield labels and samples of every series that the query names. Raises Refused."""
    over = _OVER.fullmatch(query)
    span = _step(over.group(2)) if over else 0.0
    for metric, service, labels in _select(world.scenario, over.group(1) if over else query):
        if over:
            yield {LABEL: labels[LABEL]}, world.means(metric, service, times, span)
        else:
            yield labels, world.samples(metric, service, times)


def _series(world: _World, asked: Asked) -> Any:
    wanted = asked.fields.get("match[]", [])
    if not wanted:
        raise Refused("no match[] parameter provided")
    return [labels for query in wanted for _, _, labels in _select(world.scenario, query)]


def _labels(_: _World, __: Asked) -> Any:
    return ["__name__", LABEL]


def _label_values(world: _World, asked: Asked) -> Any:
    name = asked.path.removeprefix("/api/v1/label/").removesuffix("/values")
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        raise Refused(f'invalid label name: "{name[:FIELDS]}"')
    values = {"__name__": list(METRICS), LABEL: [s.name for s in world.scenario.services]}
    return sorted(values.get(name, []))


def _build(_: _World, __: Asked) -> Any:
    return {
        "version": f"2.42.0+drill.{__version__}",
        "revision": "drill",
        "branch": "drill",
        "buildUser": "iccon",
        "buildDate": "",
        "goVersion": "",
    }


_ROUTES: dict[str, _Handler] = {
    "/api/v1/query_range": _range,
    "/api/v1/query": _instant,
    "/api/v1/series": _series,
    "/api/v1/labels": _labels,
    "/api/v1/status/buildinfo": _build,
}

_UNENDED = "parse error: unexpected end of input inside braces"
_OVER = re.compile(r"\s*avg_over_time\((.*)\[(\w+)\]\s*\)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_SELECTOR = re.compile(r"\s*([A-Za-z_:][A-Za-z0-9_:]*)?\s*(?:\{(.*)\})?\s*", re.DOTALL)
_MATCHER = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)')
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
_PARTS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def _select(scenario: Scenario, query: str) -> Iterator[tuple[str, Service, dict[str, str]]]:
    """Yield metric, service and labels of every series that the selector names. Raises Refused."""
    if not query.strip():
        raise Refused('invalid parameter "query": 1:1: parse error: no expression found in input')
    found = _SELECTOR.fullmatch(query)
    if query.count("{") > query.count("}"):
        raise Refused(f'invalid parameter "query": 1:{len(query) + 1}: {_UNENDED}')
    if found is None:
        raise _foreign(query)
    matchers = list(_matchers(found.group(2) or "", query))
    if found.group(1):
        matchers.append(("__name__", "=", found.group(1)))
    names = [m for m in METRICS if all(_fits(m, op, v) for label, op, v in matchers if label == "__name__")]
    if not names or not any(label == "__name__" for label, _, _ in matchers):
        raise _foreign(query)
    for metric in names:
        for service in scenario.services:
            labels = {"__name__": metric, LABEL: service.name}
            fits = all(_fits(labels.get(label, ""), op, v) for label, op, v in matchers)
            if fits and service.baseline(METRICS[metric]) is not None:
                yield metric, service, labels


def _foreign(query: str) -> Refused:
    known = ", ".join(METRICS)
    words = f"the drill answers only {known}, selectors on {LABEL}, and avg_over_time of those"
    return Refused(f'{words}; not "{query[:FIELDS]}"', 422, "execution")


def _matchers(text: str, query: str) -> Iterator[tuple[str, str, str]]:
    at = 0
    while text[at:].strip():
        found = _MATCHER.match(text, at)
        if found is None:
            raise Refused(f'invalid parameter "query": parse error: unexpected input inside braces: "{query[:FIELDS]}"')
        yield found.group(1), found.group(2), re.sub(r"\\(.)", r"\1", found.group(3))
        at = found.end()


def _fits(label: str, operator: str, wanted: str) -> bool:
    if operator in ("=", "!="):
        return (label == wanted) == (operator == "=")
    try:
        return (re.fullmatch(wanted, label) is not None) == (operator == "=~")
    except re.error as error:
        raise Refused(f'invalid parameter "query": error parsing regexp: {error}') from error


def _time(asked: Asked, name: str) -> float:
    """Return a time parameter, Unix seconds or RFC 3339, to the millisecond as Prometheus keeps it."""
    text = asked.field(name)
    try:
        at = float(text)
    except ValueError:
        at = _rfc3339(text)
    if not math.isfinite(at):
        raise Refused(f'invalid parameter "{name}": cannot parse "{text[:FIELDS]}" to a valid timestamp')
    return round(at, 3)


def _rfc3339(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return at.timestamp() if at.tzinfo else math.nan


def _step(text: str) -> float:
    """Return the step in seconds: a number, or a duration such as 1m30s."""
    try:
        step = float(text)
    except ValueError:
        found = _DURATION.fullmatch(text)
        if not text or found is None:
            raise Refused(f'invalid parameter "step": cannot parse "{text[:FIELDS]}" to a valid duration') from None
        step = sum(float(n) * part for n, part in zip(found.groups(), _PARTS, strict=True) if n)
    if not math.isfinite(step) or step < 0.001:
        words = "zero or negative query resolution step widths are not accepted. Try a positive integer"
        raise Refused(f'invalid parameter "step": {words}')
    return round(step, 3)
