"""A Prometheus query whose value changes when something is changed, such as a deployment's generation.

The server is asked on a grid of whole steps, and after the first time for what is newer only: a query over every
deployment of a cluster is heavy.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from iccon.changes.model import Change, Found, newest
from iccon.config import schema
from iccon.text import CleanText, clean

STEP: Final = 60.0  # seconds; what changes twice within it is one change
FIRST: Final = 6 * 3600.0  # seconds that are looked back at first
MOST_SERIES: Final = 20_000  # whose last value is remembered
LATE: Final = 15.0  # seconds after which a scrape has certainly been stored
_NOISE: Final = frozenset({"__name__", "instance", "job", "endpoint", "pod", "prometheus", "container"})


class Samples(Protocol):
    """Times, seconds since 1970 UTC and ascending, and as many values."""

    @property
    def times(self) -> Sequence[float]:
        """The times."""
        ...

    @property
    def values(self) -> Sequence[float]:
        """The values; some may be no number."""
        ...


# Query, label of the service, start, end and step in seconds -> labels and samples of each series. Raises SourceFault.
Ask = Callable[[str, str, float, float, float], Sequence[tuple[Mapping[str, str], Samples]]]


class PrometheusChanges:
    """The changes of one query's values; `ask` reaches the server, within `deadline` seconds. See ChangeSource."""

    def __init__(self, name: str, config: schema.ChangeFeed, ask: Ask, deadline: float) -> None:
        self.name, self.deadline = name, deadline
        self._config = config
        self._ask = ask
        self._asked = -math.inf  # up to here
        self._values: dict[str, float] = {}  # of each series, the last that is a number
        self._found: tuple[Change, ...] = ()

    def changes(self, since: datetime, until: datetime) -> Found:
        """Return when a series took another value between two instants. Raises SourceFault."""
        end = (until.timestamp() - LATE) // STEP * STEP
        start = max(self._asked + STEP, end - FIRST, since.timestamp() // STEP * STEP)
        if start <= end:
            answer = self._ask(self._config.query, self._config.label, start, end, STEP)
            fresh = [change for each in answer for change in self._changed(*each)]
            self._asked, self._found = end, newest([*fresh, *self._found])
            if len(self._values) > MOST_SERIES:  # names that come and go, as those of pods do
                self._values = {}
        return Found(tuple(change for change in self._found if change.at >= since))

    def _changed(self, labels: Mapping[str, str], samples: Samples) -> list[Change]:
        """Compare each value with the one before; a series that was away and comes back changed counts too."""
        name = ",".join(f"{label}={labels[label]}" for label in sorted(labels))
        found = []
        for time, value in zip(samples.times, samples.values, strict=True):
            if math.isnan(value):
                continue
            before, self._values[name] = self._values.get(name), value
            if before is not None and before != value:
                found.append(self._change(name, labels, time, before, value))
        return found

    def _change(self, name: str, labels: Mapping[str, str], time: float, before: float, value: float) -> Change:
        at, label = datetime.fromtimestamp(time, UTC), self._config.label
        service = clean(labels.get(label) or self._config.service, 100)
        rest = [f"{k}={v}" for k, v in sorted(labels.items()) if k not in _NOISE and k != label]
        words = f"{labels.get('__name__') or 'value'} {before:g} -> {value:g}"
        return Change(
            # With the time: a flag that goes on, off and on again is three changes.
            key=clean(f"{self.name}:{name}:{value:g}@{at:%Y-%m-%dT%H:%MZ}", 1_000),
            at=at,
            text=clean(f"{words} ({', '.join(rest)})" if rest else words),
            services=(service,) if service else (),
            source=clean(self.name),
            who=CleanText(""),
        )
