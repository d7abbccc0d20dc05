"""A simulated production on loopback: servers, a driver that lets the scenario happen, and its configuration."""

import threading
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.drill import script
from iccon.drill.control import RUNBOOKS, ControlServer, Tried
from iccon.drill.pagerduty_api import PagerDutyServer
from iccon.drill.prometheus_api import LABEL, METRIC_OF, Moment, PrometheusServer
from iccon.drill.report import Facts, PageFact
from iccon.drill.scenario import GoldenSignal, PageScript, Scenario
from iccon.drill.script import Course, Step, What
from iccon.drill.sink import Sink
from iccon.text import clean

TICK = 0.2  # real seconds between two looks of the driver
TOKEN = "drill-token"  # noqa: S105  (opens nothing but the simulated pager on loopback)
SECRET = "drill-secret"  # noqa: S105  (signs posts to the simulated status page)
HOST = "drill.example.com"
ON_CALL = f"robin.doe@{HOST}"
ENVIRONMENT = "DRILL"
UPDATES_FILE = "drill-updates.md"
UNITS: Final = {
    GoldenSignal.LATENCY: "seconds",
    GoldenSignal.TRAFFIC: "per_second",
    GoldenSignal.ERRORS: "ratio",
    GoldenSignal.SATURATION: "ratio",
}


class World:
    """One drill. Made, started, stopped once; safe to ask from any thread.

    `speed` is how many scenario seconds pass in a real one. Samples and pages carry real time, so that ages on
    the screen are right. With `automatic` False nothing but `mitigate` ends the fault.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int = 1,
        speed: float = 1.0,
        clock: Clock | None = None,
        automatic: bool = True,
    ) -> None:
        if not 0.01 <= speed <= 1_000:
            raise ValueError(f"the speed of a drill lies between 0.01 and 1,000, not {speed:g}")
        self.scenario = scenario
        self.seed = seed
        self.speed = speed
        self.clock: Clock = clock or SystemClock()
        self.automatic = automatic
        self.started_at: datetime = self.clock.now()
        self._began = self.clock.monotonic()
        self._course = Course()
        self._untold = sorted(scenario.changes, key=lambda change: change.at)
        self._ids: dict[str, str] = {}  # page name -> the pager's id
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self.prometheus = PrometheusServer(scenario, seed, self._moment, self.clock)
        self.pager = PagerDutyServer(token=TOKEN, clock=self.clock, on_call=ON_CALL)
        self.pager.on_change = self._page_changed
        self.sink = Sink(self.clock, SECRET)
        self.control = ControlServer(self.mitigate, self.status)

    def start(self) -> Self:
        """Start the servers and the driver; scenario second 0 is now."""
        self.started_at, self._began = self.clock.now(), self.clock.monotonic()
        for server in (self.prometheus, self.pager, self.sink, self.control):
            server.start()
        threading.Thread(target=self._drive, name="drill-driver", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop the driver and the servers. Only after start()."""
        self._stopping.set()
        servers = (self.prometheus, self.pager, self.sink, self.control)
        stoppers = [threading.Thread(target=s.stop, name="drill-stop", daemon=True) for s in servers]
        for thread in stoppers:
            thread.start()
        for thread in stoppers:
            thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def second(self) -> float:
        """Return the present scenario second."""
        return (self.clock.monotonic() - self._began) * self.speed

    def instant(self, second: float) -> datetime:
        """Return the real instant of a scenario second, UTC."""
        return self.started_at + timedelta(seconds=second / self.speed)

    def course(self) -> Course:
        """Return what has happened up to now."""
        with self._lock:
            self._catch_up()
            return self._course

    def mitigate(self, verb: str, by: str = "somebody at a terminal") -> Tried:
        """Try a mitigation: the scenario's own verb ends the fault, others change nothing."""
        verb, right = clean(verb, 60), self.scenario.mitigation
        if verb not in (right.name, *right.wrong):
            return Tried(False, f"unknown; this drill knows {', '.join(sorted((right.name, *right.wrong)))}")
        with self._lock:
            before = self.course()
            after = script.mitigate(self.scenario, before, verb, self.second(), by)
            self._course = after
        if after.mitigated_at == before.mitigated_at:
            return Tried(False, f"{verb}: done, and nothing changed")
        return Tried(True, right.does)

    def status(self) -> dict[str, Any]:
        """Return how the drill stands, as plain data."""
        course = self.course()
        return {
            "drill": True,
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "second": round(self.second(), 1),
            "speed": self.speed,
            "pages_open": [n for n in course.triggered if n not in course.resolved],
            "mitigated": course.mitigated_at is not None,
            "verbs": sorted((self.scenario.mitigation.name, *self.scenario.mitigation.wrong)),
        }

    def facts(self) -> Facts:
        """Return what the world knows, for the report."""
        course, scenario = self.course(), self.scenario
        ended = script.recovered_at(scenario, course)
        return Facts(
            scenario=scenario.name,
            title=clean(scenario.title),
            seed=self.seed,
            speed=self.speed,
            started_at=self.started_at,
            ended_at=self.clock.now(),
            expected=scenario.expected,
            fault_at=self._instant_if(scenario.fault_at if course.t >= scenario.fault_at else None),
            pages=tuple(self._page_fact(page, course) for page in scenario.pages),
            mitigated_at=self._instant_if(course.mitigated_at),
            mitigated_by=clean(course.mitigated_by, 100),
            recovered_at=self._instant_if(ended if ended is not None and course.t >= ended else None),
            tried=tuple((self.instant(t), v, right) for t, v, right in course.tried),
            posts=len(self.sink.posts()),
        )

    def config(self, folders: schema.Folders, base: schema.Config | None = None) -> schema.Config:
        """Return the configuration that points the ordinary adapters at this world.

        The person, screen and keys are those of `base`; every source and outlet is the drill's own.
        """
        base = base or schema.Config()
        return schema.Config(
            me=schema.Me(base.me.name, base.me.email or _address(base.me.name)),
            environment=ENVIRONMENT,
            prometheus={"drill": schema.Prometheus(self.prometheus.url)},
            signals=self._signals(),
            services={service.name: schema.Service() for service in self.scenario.services},
            slo=self._objectives(),
            changes={"deploys": schema.ChangeFeed("pagerduty", self.pager.url, schema.Secret(literal=TOKEN))},
            pagerduty=schema.PagerDuty(schema.Secret(literal=TOKEN), url=self.pager.url, refresh=self._every(5.0)),
            runbooks=schema.Runbooks((str(RUNBOOKS),)),
            updates=schema.Updates(
                {
                    "status-page": schema.Outlet("webhook", url=self.sink.url, secret=schema.Secret(literal=SECRET)),
                    "file": schema.Outlet("file", path=str(folders.data / UPDATES_FILE)),
                },
                base.updates.templates,
            ),
            console=base.console,
        )

    def _signals(self) -> schema.Signals:
        signals: dict[str, Any] = {s.value: self._signal(s) for s in GoldenSignal}
        step = max(15.0 / self.speed, 1.0)
        return schema.Signals(
            label=LABEL,
            refresh=self._every(5.0),
            window=120 * step,
            step=step,
            hold=min(60.0 / self.speed, 60.0),
            **signals,
        )

    def _signal(self, signal: GoldenSignal) -> schema.Signal:
        limits = self.scenario.thresholds.get(signal)
        found = schema.Signal(METRIC_OF[signal], UNITS[signal], "drill")
        if limits is None:
            return found
        return msgspec.structs.replace(found, warn=limits.warn, bad=limits.bad, worse=limits.worse)

    def _objectives(self) -> dict[str, schema.Slo]:
        """Return an objective for every service whose errors the fault raises; good times spend two thirds of it.

        Over a week, so that a fault of a drill's length matters.
        """
        metric = METRIC_OF[GoldenSignal.ERRORS]
        faults = [fault for fault in self.scenario.faults if fault.signal is GoldenSignal.ERRORS]
        services = dict.fromkeys(self.scenario.service(fault.service) for fault in faults)
        return {
            f"{service.name}-availability": schema.Slo(
                service.name,
                1 - float(f"{service.errors * 1.6:.1g}"),
                f'avg_over_time({metric}{{{LABEL}="{service.name}"}}[$window])',
                7 / self.speed,
                "drill",
                tuple(self._burn(burn) for burn in schema.BURNS),
            )
            for service in services
            if service is not None and service.errors
        }

    def _burn(self, burn: schema.Burn) -> schema.Burn:
        """Return the spans as long as they are in the drill's own time."""
        long, short = (max(round(span / self.speed), least) for span, least in ((burn.long, 2), (burn.short, 1)))
        return msgspec.structs.replace(burn, long=long, short=short)

    def _every(self, seconds: float) -> float:
        """Return how often to look, in real seconds: a faster drill is looked at more often, within reason."""
        return max(seconds / self.speed, 0.5)

    def _moment(self) -> Moment:
        course, now = self.course(), self.clock.now().timestamp()
        return Moment(now, self.started_at.timestamp(), self.speed, course.mitigated_at)

    def _instant_if(self, second: float | None) -> datetime | None:
        return None if second is None else self.instant(second)

    def _page_fact(self, page: PageScript, course: Course) -> PageFact:
        return PageFact(
            name=page.name,
            id=self._ids.get(page.name, ""),
            title=clean(page.title),
            herring=page.herring,
            triggered_at=self._instant_if(course.triggered.get(page.name)),
            acknowledged_at=self._instant_if(course.acknowledged.get(page.name)),
            resolved_at=self._instant_if(course.resolved.get(page.name)),
        )

    def _drive(self) -> None:
        while not self._stopping.wait(TICK):
            self.course()

    def _catch_up(self) -> None:
        """Let everything happen that is due; the caller holds the lock."""
        course = self._course
        while self._untold and self._untold[0].at <= self.second():
            told = self._untold.pop(0)
            self.pager.tell_change(self.instant(told.at), told.text, told.service, told.who)
        self._course, steps = script.advance(self.scenario, self.seed, course, self.second(), automatic=self.automatic)
        for step in steps:
            self._make_it_so(step)

    def _make_it_so(self, step: Step) -> None:
        page = self.scenario.page(step.name)
        if step.what is What.TRIGGER and page is not None:
            link = self.control.runbook_url(page.runbook)
            self._ids[page.name] = self.pager.trigger(
                page.title, page.service, page.urgency, alert=page.alert, runbook_url=link
            )
        elif step.what is What.RESOLVE and page is not None:
            self.pager.resolve(self._ids[page.name])

    def _page_changed(self, ident: str, status: str, by: str) -> None:
        """Hear what a person did to a page; what the world itself did has no name in `by`."""
        if not by:
            return
        with self._lock:
            name = next((n for n, i in self._ids.items() if i == ident), None)
            if name is None:
                return
            course = self.course()
            if status == "acknowledged":
                self._course = script.acknowledge(course, name, self.second())
            elif status == "resolved":
                self._course = script.resolve(course, name, self.second())


def _address(name: str) -> str:
    """Return an e-mail address for a person who gave none; the simulated pager makes their name of it."""
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()
    return f"{'.'.join(letters) or 'commander'}@{HOST}"
