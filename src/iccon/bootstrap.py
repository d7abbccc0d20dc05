"""The composition root: builds the adapters that a configuration asks for and hands them to desk, feed and console.

Importing it loads no HTTP client and no screen; each function imports what it builds.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from iccon.config.setting import Setting
from iccon.desk import Desk
from iccon.effects import ManyPort
from iccon.faults import FaultKind, SourceFault
from iccon.incident.page_verbs import VERBS
from iccon.incident.roles import Role
from iccon.incident.severity import DEFAULT_POLICY, Audience, Level, Policy, Severity
from iccon.journal.store import Journal
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.changes.model import Changes, ChangeSource
    from iccon.config.leaks import LeakRule
    from iccon.config.schema import Alertmanager, ChangeFeed, Jsm, PagerDuty
    from iccon.config.schema import Level as LevelForm
    from iccon.effects import EffectPort
    from iccon.feed.model import Source
    from iccon.incident.effects import Effect
    from iccon.pages.model import Act, Detail, Done, Listing, Page, PageBackend, Story
    from iccon.pages.pagerduty import PagerDutyBackend
    from iccon.pages.people import Person, Roster
    from iccon.pages.roster import RosterFile, RosterSource
    from iccon.runbooks.execution import Runner
    from iccon.runbooks.library import Library
    from iccon.runbooks.model import Source as RunbookSource
    from iccon.runbooks.plan import Where
    from iccon.signals.model import InstantBackend
    from iccon.trackers.model import Tracker
    from iccon.updates.model import Outlet
    from iccon.updates.templates import Templates

__all__ = [
    "Setting",
    "change_sources",
    "changes_poll",
    "effect_ports",
    "library",
    "open_desk",
    "outlets",
    "page_backends",
    "page_detail",
    "page_story",
    "policy",
    "roster_file",
    "roster_source",
    "run_where",
    "runner",
    "signal_backends",
    "sources",
    "templates",
    "trackers",
]

PAGERDUTY, JSM = "pagerduty", "jsm"
ROSTER_EVERY = 600.0  # seconds; turns on call are hours long
CHANGES_EVERY = 60.0  # seconds; GitHub allows a console without a token that much


def open_desk(setting: Setting, *, awaited: bool = False) -> Desk:
    """Open the journal of this run and return the desk over it. Raises JournalFault.

    `awaited`: for reading only, and the journal need not exist yet.
    """
    if awaited:
        journal = Journal.awaited(setting.journal, setting.clock)
    else:
        journal = Journal.open(setting.journal, setting.clock, read_only=setting.read_only)
    return Desk(journal, setting.clock, setting.actor, policy(setting))


def policy(setting: Setting) -> Policy:
    """Return the severity policy: the default with what the configuration says otherwise."""
    given = setting.config.policy
    levels = {each: _level(each, getattr(given, each.name.lower())) for each in Severity}
    return Policy(levels, given.first_post, setting.config.runbooks.run.second_person)


def _level(severity: Severity, given: "LevelForm") -> Level:
    said = {name: value for name, value in structs.asdict(given).items() if value is not None}
    if "roles" in said:
        said["roles"] = tuple(map(Role, said["roles"]))
    for every in ("public_cadence", "internal_cadence", "executive_cadence", "callout"):
        if every in said:
            said[every] = said[every] or None
    return structs.replace(DEFAULT_POLICY.levels[severity], **said)


def library(setting: Setting) -> "Library":
    """Return the runbook library of all configured sources; what is known and copied of them is in the cache folder."""
    from iccon.runbooks import registry
    from iccon.runbooks.index import Index
    from iccon.runbooks.library import Library

    given, folder = setting.config.runbooks, setting.folders.cache
    fetched = registry.remote(given, folder / "runbooks", setting.clock)
    return Library([*_folder_sources(setting), *fetched], Index(folder / "runbooks.db"))


def _folder_sources(setting: Setting) -> "list[RunbookSource]":
    from iccon.runbooks.registry import local

    return local(setting.config.runbooks)


def signal_backends(setting: Setting) -> "dict[str, InstantBackend]":
    """Return the configured metrics servers by name; each reads its secrets when it is first asked."""
    from iccon.signals.prometheus import PrometheusBackend

    return {
        name: PrometheusBackend(name, server, clock=setting.clock) for name, server in setting.config.prometheus.items()
    }


def page_backends(setting: Setting) -> "dict[str, PageBackend]":
    """Return the configured pagers by name. One whose credential cannot be had says so whenever it is asked."""
    from iccon.pages.alertmanager import AlertmanagerBackend

    found: dict[str, PageBackend] = {
        name: AlertmanagerBackend(name, manager, setting.clock, setting.actor)
        for name, manager in setting.config.alertmanager.items()
    }
    if setting.config.pagerduty is not None:
        found[PAGERDUTY] = _pagerduty(setting)
    if setting.config.jsm is not None:
        found[JSM] = _jsm(setting.config.jsm, setting)
    return found


def _jsm(config: "Jsm", setting: Setting) -> "PageBackend":
    from iccon.config.secrets import SecretFault, resolve
    from iccon.pages.jsm import JsmBackend

    try:
        return JsmBackend(config, resolve(config.token), JSM, setting.clock)
    except SecretFault as fault:
        return Unusable(JSM, f"no credential: {fault.reason}")


def page_detail(setting: Setting) -> "Callable[[str, str], Detail]":
    """Return how to ask the pager called so for one of its pages. Blocking; raises SourceFault."""
    backends = cache(lambda: page_backends(setting))

    def ask(source: str, page: str) -> "Detail":
        backend = backends().get(source)
        if backend is None:
            raise SourceFault(FaultKind.REJECTED, f"no pager {source!r} is configured any more")
        return backend.detail(page)

    return ask


def page_story(setting: Setting) -> "Callable[[Page], Story]":
    """Return how to ask a page's pager for what its log tells. Blocking; raises SourceFault."""
    backends = cache(lambda: page_backends(setting))

    def ask(page: "Page") -> "Story":
        backend = backends().get(page.source)
        if backend is None:
            raise SourceFault(FaultKind.REJECTED, f"no pager {page.source!r} is configured any more")
        return backend.story(page)

    return ask


def roster_file(setting: Setting) -> "RosterFile":
    """Return the copy on disk of who is on call."""
    from iccon.pages.roster import RosterFile

    return RosterFile(setting.roster)


def roster_source(setting: Setting) -> "RosterSource | None":
    """Return what knows who is on call, None where no such pager is configured."""
    from iccon.pages.roster import RosterSource

    if setting.config.pagerduty is None:
        return None
    return RosterSource(_pagerduty(setting), roster_file(setting), setting.clock, keep=not setting.read_only)


def _pagerduty(setting: Setting) -> "PagerDutyBackend | Unusable":
    from iccon.config.secrets import SecretFault, resolve
    from iccon.pages.pagerduty import PagerDutyBackend

    config = setting.config.pagerduty
    assert config is not None
    try:
        token = resolve(config.token)
    except SecretFault as fault:
        return Unusable(PAGERDUTY, f"no credential: {fault.reason}")
    return PagerDutyBackend(config, token, setting.config.me.email, PAGERDUTY, setting.clock)


def change_sources(setting: Setting) -> "dict[str, ChangeSource]":
    """Return the configured sources of changes by name; each reads its secrets when it is first asked."""
    return {name: _change_source(setting, name, given) for name, given in setting.config.changes.items()}


def _change_source(setting: Setting, name: str, given: "ChangeFeed") -> "ChangeSource":
    """Return one source; its kind names the module, of which only that is imported."""
    if given.kind == "pagerduty":
        from iccon.changes.pagerduty import PagerDutyChanges

        account = setting.config.pagerduty
        return PagerDutyChanges(name, given, account.teams if account else ())
    if given.kind == "grafana":
        from iccon.changes.grafana import GrafanaChanges

        return GrafanaChanges(name, given)
    if given.kind == "github":
        from iccon.changes.github import GitHubChanges

        return GitHubChanges(name, given)
    if given.kind == "file":
        from iccon.changes.file import FileChanges

        return FileChanges(name, given)
    from iccon.changes.prometheus import PrometheusChanges
    from iccon.signals.prometheus import PrometheusBackend

    server = setting.config.prometheus[given.server]
    ask = PrometheusBackend(given.server, server, clock=setting.clock).series
    return PrometheusChanges(name, given, ask, server.timeout + 1.0)


def changes_poll(setting: Setting) -> "Callable[[], Changes]":
    """Return how to ask all sources of changes at once."""
    from iccon.changes.source import ChangesSource

    return ChangesSource(tuple(change_sources(setting).values()), setting.clock).poll


class Unusable:
    """A pager, outlet or tracker that cannot be built: every use is the fault that says why, and the others go on."""

    verbs: tuple[str, ...] = tuple(VERBS)
    deadline = 1.0

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason

    def _fault(self) -> SourceFault:
        return SourceFault(FaultKind.UNAUTHORIZED, self.reason)

    def listing(self) -> "Listing":
        """Raise the fault."""
        raise self._fault()

    def roster(self, now: datetime, known: "dict[str, Person]") -> "Roster":
        """Raise the fault."""
        raise self._fault()

    def list(self) -> "tuple[Page, ...]":
        """Raise the fault."""
        raise self._fault()

    def closed(self, pages: "tuple[Page, ...]") -> "tuple[Page, ...]":
        """Raise the fault."""
        raise self._fault()

    def detail(self, page_id: str) -> "Detail":
        """Raise the fault."""
        raise self._fault()

    def story(self, page: "Page") -> "Story":
        """Raise the fault."""
        raise self._fault()

    def find(self, *_: Any) -> Any:
        """Raise the fault."""
        raise self._fault()

    def act(self, act: "Act") -> "Done":
        """Raise the fault: nothing was sent."""
        raise self._fault()

    def send(self, message: Any) -> Any:
        """Raise the fault: nothing was sent."""
        raise self._fault()

    create = send

    def read_back(self, *_: Any) -> Any:
        """Raise the fault."""
        raise self._fault()

    def probe(self) -> str:
        """Raise the fault."""
        raise self._fault()


def outlets(setting: Setting, copy: Callable[[str], str] | None = None) -> "dict[str, Outlet]":
    """Return the configured outlets by name; `copy` reaches the terminal's clipboard, where there is one."""
    from iccon.config.secrets import SecretFault, resolve
    from iccon.updates.registry import OutletFault, build

    found: dict[str, Outlet] = {}
    for name, config in setting.config.updates.outlets.items():
        try:
            found[name] = build(name, config, resolve, setting.folders.data, copy)
        except (SecretFault, OutletFault) as fault:
            found[name] = Unusable(name, fault.reason)
    return found


def trackers(setting: Setting) -> "dict[str, Tracker]":
    """Return the configured trackers by name. One whose credential cannot be had says so whenever it is asked."""
    from iccon.config.secrets import SecretFault, resolve
    from iccon.trackers.registry import build

    found: dict[str, Tracker] = {}
    for name, config in setting.config.trackers.items():
        try:
            found[name] = build(name, config, resolve, setting.clock)
        except SecretFault as fault:
            found[name] = Unusable(name, f"no credential: {fault.reason}")
    return found


class LazyPort:
    """An effect port that is built, with its clients and secrets, at its first use, on the thread that uses it."""

    def __init__(self, build: "Callable[[], EffectPort]") -> None:
        self._built = cache(build)

    def perform(self, effect: "Effect") -> str:
        """Perform by the port."""
        return self._built().perform(effect)

    def read_back(self, effect: "Effect") -> str | None:
        """Read back by the port."""
        return self._built().read_back(effect)

    def alike(self, effect: "Effect") -> str:
        """Say by the port what can go together; "" where it does one thing at a time."""
        port = self._built()
        return port.alike(effect) if isinstance(port, ManyPort) else ""

    def perform_many(self, effects: "Sequence[Effect]") -> "Sequence[str | SourceFault]":
        """Perform by the port what it called alike."""
        return self._many().perform_many(effects)

    def read_back_many(self, effects: "Sequence[Effect]") -> "Sequence[str | None]":
        """Read back by the port what it called alike."""
        return self._many().read_back_many(effects)

    def _many(self) -> "ManyPort":
        port = self._built()
        if not isinstance(port, ManyPort):
            raise SourceFault(FaultKind.REJECTED, "one thing at a time")
        return port


def templates(setting: Setting) -> "Templates":
    """Return the templates of status updates: the bundled ones, and the user's above them."""
    from iccon.updates.templates import Templates

    folder = setting.config.updates.templates
    return Templates(Path(folder) if folder else None)


def leak_rules(setting: Setting) -> "tuple[LeakRule, ...]":
    """Return what a status update must not say. Reads files."""
    from iccon.config import leaks

    return tuple(leaks.leak_rules(setting.folders)[0].values())


def runner(setting: Setting, on_line: Callable[[str], None] | None = None) -> "Runner":
    """Return what runs commands of runbooks, as far as the configuration allows it."""
    from iccon.runbooks.execution import Runner

    where = run_where(setting)
    return Runner(where.directory, where.config, where.patterns, os.environ, on_line)


def run_where(setting: Setting) -> "Where":
    """Return where and how commands of runbooks would run. Reads the patterns of what is risky."""
    from iccon.config.risks import risk_patterns
    from iccon.runbooks.plan import Where

    config, (patterns, problems) = setting.config.runbooks, risk_patterns(setting.folders)
    return Where(
        host=clean(os.uname().nodename, 120),
        environment=clean("drill" if setting.drill else setting.config.environment, 120),
        directory=setting.folders.data / ("drill-runs" if setting.drill else "runs"),
        config=config.run,
        sources=tuple(source.name for source in _folder_sources(setting)),
        patterns=tuple(patterns.values()),
        trouble="; ".join(problem.said for problem in problems),
    )


def effect_ports(
    setting: Setting, copy: Callable[[str], str] | None = None, runs: "Callable[[], Runner] | None" = None
) -> "Mapping[str, EffectPort]":
    """Return the rooms that write to the outside, by port name; `runs` gives what runs commands, and shows them."""
    return {
        "pages": LazyPort(lambda: _pages_port(setting)),
        "updates": LazyPort(lambda: _updates_port(setting, copy)),
        "trackers": LazyPort(lambda: _trackers_port(setting)),
        "runbooks": LazyPort(runs or (lambda: runner(setting))),
    }


def _pages_port(setting: Setting) -> "EffectPort":
    from iccon.pages.port import PagesPort

    return PagesPort(page_backends(setting))


def _updates_port(setting: Setting, copy: Callable[[str], str] | None) -> "EffectPort":
    from iccon.updates.port import UpdatesPort
    from iccon.updates.registry import audiences

    meant = {name: audiences(config) for name, config in setting.config.updates.outlets.items()}
    return UpdatesPort(outlets(setting, copy), setting.drill, meant)


def outlets_for(setting: Setting, audience: Audience) -> tuple[str, ...]:
    """Return the names of the outlets that are for `audience`, as they stand in the configuration."""
    from iccon.updates.registry import audiences

    return tuple(name for name, config in setting.config.updates.outlets.items() if audience in audiences(config))


def _trackers_port(setting: Setting) -> "EffectPort":
    from iccon.trackers.port import TrackersPort

    return TrackersPort(trackers(setting), setting.drill)


def sources(setting: Setting) -> "list[Source]":
    """Return what the feed polls, as far as they are configured: "signals", "slo", "pages", "oncall" and "changes".

    Clients are imported and secrets read at the first poll, on its thread, so that neither delays the first frame.
    """
    from iccon.feed.model import Source

    config, found = setting.config, []
    if config.prometheus:
        deadline = max(server.timeout for server in config.prometheus.values()) + 1.0
        found.append(Source("signals", _lazily(lambda: _board(setting)), config.signals.refresh, deadline))
    if config.slo:
        every, patience = _slo_pace(setting)
        found.append(Source("slo", _lazily(lambda: _slos(setting)), every, 2 * patience + 1.0))
    alone = (pager for pager in (config.pagerduty, config.jsm) if pager is not None)
    pagers: list[Alertmanager | PagerDuty | Jsm] = [*config.alertmanager.values(), *alone]
    if pagers:
        every, patience = min(p.refresh for p in pagers), max(p.timeout for p in pagers)
        found.append(Source("pages", _lazily(lambda: _pages(setting)), every, patience * 3 + 2.0))
    if config.pagerduty is not None:
        deadline = config.pagerduty.timeout * 4 + 2.0
        found.append(Source("oncall", _lazily(lambda: _roster(setting)), ROSTER_EVERY, deadline))
    if config.changes:
        patience = max(given.timeout for given in config.changes.values()) * 3 + 2.0
        found.append(Source("changes", _lazily(lambda: changes_poll(setting)), CHANGES_EVERY, patience))
    return found


def _lazily(build: Callable[[], Callable[[], Any]]) -> Callable[[], Any]:
    """Return a poll whose source is built at its first call."""
    built = cache(build)

    def poll() -> Any:
        return built()()

    return poll


def _board(setting: Setting) -> Callable[[], Any]:
    from iccon.config.schema import Service
    from iccon.signals.source import BoardSource, specs_of, targets_of

    config, servers = setting.config.signals, setting.config.prometheus
    specs, up = specs_of(config, servers), targets_of(config, servers)
    backends = signal_backends(setting)
    services = {slo.service: Service() for slo in setting.config.slo.values()} | setting.config.services
    return BoardSource(specs, backends, setting.clock, config.window, config.step, services, config.hold, up).poll


def _slos(setting: Setting) -> Callable[[], Any]:
    from iccon.signals.slosource import SloSource, objectives_of

    every, patience = _slo_pace(setting)
    return SloSource(objectives_of(setting.config.slo), signal_backends(setting), setting.clock, every, patience).poll


def _slo_pace(setting: Setting) -> tuple[float, float]:
    """Return how often objectives are read, and how long a poll begins queries: seconds.

    A third as often as the board: their shortest span is minutes.
    """
    config = setting.config
    servers = {slo.server for slo in config.slo.values()}
    patience = max(server.timeout for name, server in config.prometheus.items() if name in servers)
    return 3 * config.signals.refresh, patience


def _roster(setting: Setting) -> Callable[[], Any]:
    source = roster_source(setting)
    assert source is not None
    return source.poll


def _pages(setting: Setting) -> Callable[[], Any]:
    from iccon.pages.source import PagesSource

    return PagesSource(tuple(page_backends(setting).values()), setting.clock).poll
