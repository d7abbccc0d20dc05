"""A real outage, replayed into a real Prometheus at several speeds: verdicts come in time, go again, and do not flap.

No raw series of a public outage may be passed on with this program; these are made from the figures of two published
postmortems, with the noise that counters have. "proxy" is Cloudflare on 2 July 2019 ("Details of the Cloudflare outage
on July 2, 2019"): from 13:42 UTC a rule used up the processors everywhere, traffic fell by 82 % at the worst point,
what was asked was answered 502; at 14:07 the rule was off, at 14:09 all was as before. "deploys" is Google App Engine
on 21 December 2018 (its issue summary of that day): 8 % of deployments failed for hours, which is set right on a
threshold here, the worst case for flapping. "calm" was well.

The times are those of the postmortem: `promtool` makes blocks of them, and the board's clock is set. A board that looks
every 60 seconds is one that looks every five at a replay twelve times as fast.
"""

import contextlib
import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import real_prometheus
from msgspec.structs import replace

from iccon.config.schema import Prometheus
from iccon.signals.board import verdict_of
from iccon.signals.model import Answer, SignalSpec, Unit, Verdict
from iccon.signals.prometheus import PrometheusBackend
from iccon.signals.source import BoardSource

pytestmark = [
    pytest.mark.skipif(not real_prometheus.installed(), reason="the program prometheus is not installed"),
]

DAY = datetime(2019, 7, 2, tzinfo=UTC)
SCRAPE, EVERY, HOLD = 15, 5, 60.0


def at(hours: int, minutes: int) -> float:
    return (DAY + timedelta(hours=hours, minutes=minutes)).timestamp()


FIRST, START, LAST = at(13, 20), at(13, 30), at(14, 20)  # of the record; from when on the board looks
BROKEN, WORST, OFF, WELL = at(13, 42), at(13, 45), at(14, 7), at(14, 9)
TRAFFIC = "sum by (service) (rate(http_requests_total[1m]))"
FAILED = 'sum by (service) (rate(http_requests_total{code="502"}[1m]))'
SPECS = [
    SignalSpec("traffic", TRAFFIC, "main", Unit.PER_SECOND, warn=700, bad=400, worse="lower"),
    SignalSpec("errors", f"{FAILED} / {TRAFFIC}", "main", Unit.RATIO, warn=0.016, bad=0.08),
    SignalSpec("saturation", "max by (service) (cpu_busy_ratio)", "main", Unit.RATIO, warn=0.8, bad=0.95),
]
RANK = {Verdict.OK: 0, Verdict.WARN: 1, Verdict.BAD: 2}


def broken(now: float) -> float:
    """How far the outage has come: 0 well, 1 at its worst."""
    return max(0.0, min((now - BROKEN) / (WORST - BROKEN), 1.0, (WELL - now) / (WELL - OFF)))


def recorded(seed: int) -> str:
    """The outage as OpenMetrics text."""
    chance = random.Random(seed)
    lines: dict[str, list[str]] = {"http_requests": [], "cpu_busy_ratio": []}
    for service in ("proxy", "deploys", "calm"):
        totals = {"200": 0.0, "502": 0.0}
        for moment in range(int(FIRST), int(LAST) + 1, SCRAPE):
            bad = broken(moment) if service == "proxy" else 0.0
            share = {"proxy": 0.001 + 0.8 * bad, "deploys": 0.08 if BROKEN < moment < WELL else 0.001, "calm": 0.001}
            count = max(0.0, chance.gauss(15_000 * (1 - 0.82 * bad), 500))
            failed = min(count, max(0.0, chance.gauss(count * share[service], (count * share[service]) ** 0.5 * 3)))
            totals = {"200": totals["200"] + count - failed, "502": totals["502"] + failed}
            busy = min(1.0, max(0.0, chance.gauss(0.45 + 0.53 * bad, 0.015)))
            lines["cpu_busy_ratio"].append(f'cpu_busy_ratio{{service="{service}"}} {busy:.4f} {moment}')
            lines["http_requests"] += [
                f'http_requests_total{{service="{service}",code="{code}"}} {total:.0f} {moment}'
                for code, total in totals.items()
            ]
    kinds = {"http_requests": "counter", "cpu_busy_ratio": "gauge"}
    text = [
        line
        for name in lines
        for line in (f"# TYPE {name} {kinds[name]}", *sorted(lines[name], key=lambda line: line.split()[0]))
    ]
    return "\n".join([*text, "# EOF", ""])


@contextlib.contextmanager
def replayed(seed: int, folder: Path) -> Iterator[str]:
    """Run a Prometheus that has recorded the outage; return its address."""
    text = folder / "recorded.txt"
    text.write_text(recorded(seed))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, folder / "data"]
    subprocess.run(command, check=True, capture_output=True)
    with real_prometheus.running({}, data=folder / "data") as prometheus:
        yield prometheus.url


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with replayed(1, tmp_path_factory.mktemp("replay")) as found:
        yield found


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self, start: float) -> None:
        self.at = start

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at


class Then(PrometheusBackend):
    """Prometheus as it was then: the Date of its answers is of today."""

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        return replace(super().range(spec, start, end, step), skew=None)


Story = list[tuple[float, Verdict]]
Stories = dict[tuple[str, str], Story]


def followed(url: str, refresh: int) -> Stories:
    """Let the board follow the outage; return the instants at which each cell's verdict changed."""
    clock = Hands(START)
    source = BoardSource(SPECS, {"main": Then("main", Prometheus(url))}, clock, 3600, SCRAPE, hold=HOLD)
    stories: Stories = {}
    while clock.at < LAST:
        for key, cell in source.poll().cells.items():
            story = stories.setdefault(key, [])
            if not story or story[-1][1] is not cell.verdict:
                story.append((clock.at, cell.verdict))
        clock.at += refresh
    return stories


def recorded_verdicts(url: str) -> Stories:
    """Return what the thresholds say of each value of the record itself, every EVERY seconds."""
    stories: Stories = {}
    for spec in SPECS:
        answer = Then("main", Prometheus(url)).range(spec, START, LAST, EVERY)
        for service, samples in answer.series.items():
            story = [(at, verdict_of(spec, value)) for at, value in zip(samples.times, samples.values, strict=True)]
            stories[service, spec.name] = story
    return stories


def judged(data: Story, story: Story, refresh: int) -> None:
    """Hold what the board said (`story`) to what the record says (`data`)."""
    bad = [moment for moment, verdict in data if verdict is Verdict.BAD]
    said_bad = [moment for moment, verdict in story if verdict is Verdict.BAD]
    assert set(said_bad) <= set(bad)
    lasting = [moment for moment in bad if {moment + after for after in range(0, refresh, EVERY)} <= set(bad)]
    assert not lasting or said_bad[0] <= lasting[0] + 2 * refresh  # a shorter one may lie between two looks
    trouble = [moment for moment, verdict in data if verdict is not Verdict.OK]
    assert story[-1][1] is Verdict.OK
    assert not trouble or story[-1][0] <= trouble[-1] + HOLD + 2 * refresh
    falls = [(now, RANK[after] > RANK[before]) for (_, before), (now, after) in pairwise(story)]
    again = [now for (_, fell), (now, falls_again) in pairwise(falls) if not fell and falls_again]
    assert all(after - before >= HOLD for before, after in pairwise(again))


@pytest.mark.parametrize("refresh", [10, 60])
def test_verdicts_come_in_time_go_again_and_do_not_flap(url: str, refresh: int) -> None:
    data, stories = recorded_verdicts(url), followed(url, refresh)
    assert stories.keys() == data.keys()
    for key in data:
        judged(data[key], stories[key], refresh)
    assert all(stories["calm", spec.name] == [(START, Verdict.OK)] for spec in SPECS)
    for signal in ("traffic", "errors", "saturation"):
        assert Verdict.BAD in [verdict for _, verdict in stories["proxy", signal]]
    last = max(moment for moment, verdict in data["proxy", "traffic"] if verdict is not Verdict.OK)
    assert stories["proxy", "traffic"][-1][0] <= last + 2 * refresh  # the end of a steady outage is seen at once


def test_the_record_itself_flaps(url: str) -> None:
    """Without this the test above would prove nothing."""
    verdicts = [verdict for _, verdict in recorded_verdicts(url)["deploys", "errors"]]
    assert sum(a is not b for a, b in pairwise(verdicts)) > 30


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 7))
def test_other_noise_and_other_speeds(seed: int, tmp_path: Path) -> None:
    with replayed(seed, tmp_path) as url:
        data = recorded_verdicts(url)
        for refresh in (5, 10, 20, 30, 90, 120):
            for key, story in followed(url, refresh).items():
                judged(data[key], story, refresh)
