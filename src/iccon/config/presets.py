"""Signals for those who gave none: the metric names that Prometheus client libraries use for HTTP by custom.

`http_requests_total` with the status in `code`, `status` or `status_code`, `http_request_duration_seconds` as a
histogram, `process_cpu_seconds_total`. Where a series lacks the service label its `job` takes the place, so that a
plain scrape configuration fills the board.
"""

from msgspec import structs

from iccon.config.schema import Signal, Signals

REQUESTS = ("http_requests_total", "http_request_duration_seconds_count")
STATUS_LABELS = ("code", "status", "status_code")
LATENCY_WARN, LATENCY_BAD = 0.5, 2.0  # seconds at the 99th percentile
ERRORS_WARN, ERRORS_BAD = 0.01, 0.05  # share of requests


def with_defaults(signals: Signals, server: str) -> Signals:
    """Return `signals` with the HTTP preset in place of all four when none is given; unchanged otherwise."""
    if any((signals.latency, signals.traffic, signals.errors, signals.saturation)):
        return signals
    write = _Writer(signals.label, rate_span(signals.step))
    return structs.replace(
        signals,
        latency=Signal(write.latency(), "seconds", server, LATENCY_WARN, LATENCY_BAD),
        traffic=Signal(write.named(write.total()), "per_second", server),
        errors=Signal(write.errors(), "ratio", server, ERRORS_WARN, ERRORS_BAD),
        saturation=Signal(write.saturation(), "ratio", server),
    )


def rate_span(step: float) -> int:
    """Return over how many seconds a rate is taken where points lie `step` seconds apart.

    Four steps, and at least two minutes: two scrapes a minute apart fit in it.
    """
    return max(round(step * 4), 120)


class _Writer:
    """Writes PromQL for one service label; rates are over `span` seconds."""

    def __init__(self, label: str, span: int) -> None:
        self.label = label
        self.span = span
        self.by = label if label == "job" else f"{label}, job"

    def rate(self, metric: str, matchers: str = "") -> str:
        return f"rate({metric}{matchers}[{self.span}s])"

    def named(self, expression: str, gather: str = "sum", keep: str = "") -> str:
        """Gather by the service label, or by the job where a series has no such label."""
        by = f"{self.label}{keep}"
        if self.label == "job":
            return f"{gather} by ({by}) ({expression})"
        joined = f'label_join({expression}, "_name", ";", "{self.label}", "job")'
        return f'{gather} by ({by}) (label_replace({joined}, "{self.label}", "$1", "_name", ";?([^;]+).*"))'

    def latency(self) -> str:
        buckets = f"sum by ({self.by}, le) ({self.rate('http_request_duration_seconds_bucket')})"
        return f"histogram_quantile(0.99, {self.named(buckets, keep=', le')})"

    def total(self) -> str:
        """Requests a second: the counter, or the histogram's own count for services that have only that."""
        return "(" + " or ".join(f"sum by ({self.by}) ({self.rate(metric)})" for metric in REQUESTS) + ")"

    def errors(self) -> str:
        """Share of requests answered 5xx. A service with traffic and no such series has none: 0, not "no data"."""
        failed = " or ".join(f"sum by ({self.by}) ({self.failed(metric)})" for metric in REQUESTS)
        return f"{self.named(f'({failed} or 0 * {self.total()})')} / {self.named(self.total())}"

    def failed(self, metric: str) -> str:
        return " or ".join(self.rate(metric, f'{{{status}=~"5.."}}') for status in STATUS_LABELS)

    def saturation(self) -> str:
        """The busiest process's share of one processor."""
        return self.named(f"max by ({self.by}) ({self.rate('process_cpu_seconds_total')})", "max")
