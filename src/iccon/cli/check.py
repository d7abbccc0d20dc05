"""check: try everything that is configured, all at once, each within a deadline, and say what works.

JSON: {ok, checks [{kind, name, configured, ok, detail}]}; `ok` is null where nothing is configured.
"""

import argparse
import os
import shutil
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from iccon.cli.output import say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command
from iccon.cli.session import setting
from iccon.config.schema import Outlet, Tracker
from iccon.config.setting import Setting
from iccon.net.together import together as at_once
from iccon.text import clean

DEADLINE = 15.0  # seconds for all probes together; they run side by side
CONNECT = 5.0  # seconds to reach an address
SMALLEST = (80, 24)


class Probe(Struct, frozen=True):
    """One thing to try: blocking, returns what it found, raises what is wrong. `run` None: nothing is configured."""

    kind: str
    name: str
    run: Callable[[], str] | None


class Finding(Struct, frozen=True):
    """What came of one probe."""

    kind: str
    name: str
    configured: bool
    ok: bool | None
    detail: str


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    add_command(commands, "check", _do_check)


def _do_check(args: argparse.Namespace) -> int:
    chosen = setting(args)
    findings = together([*_local(chosen), *_outside(chosen)], DEADLINE)
    works = all(found.ok is not False for found in findings)
    if args.json:
        say_json({"ok": works, "checks": findings})
    else:
        words = {True: "ok", False: "FAULT", None: "-"}
        table(((words[f.ok], f.kind, f.name, f.detail) for f in findings), ("", "what", "name", "found"))
    return OK if works else FAULT


def together(probes: list[Probe], deadline: float) -> list[Finding]:
    """Run all probes side by side; one that has not ended after `deadline` seconds is a fault and is left behind."""
    found = at_once({f"{i}": partial(_tried, probe) for i, probe in enumerate(probes)}, deadline)
    late = f"no answer within {deadline:g} s"
    pairs = zip(probes, found.values(), strict=True)
    return [each if isinstance(each, Finding) else Finding(p.kind, p.name, True, False, late) for p, each in pairs]


def _tried(probe: Probe) -> Finding:
    if probe.run is None:
        return Finding(probe.kind, probe.name, False, None, "not configured")
    try:
        return Finding(probe.kind, probe.name, True, True, clean(probe.run()))
    except Exception as error:  # whatever an adapter raises is what the person wants to see
        reason = getattr(error, "reason", None) or error
        hint = getattr(error, "hint", "")
        return Finding(probe.kind, probe.name, True, False, clean(f"{reason}; {hint}" if hint else reason))


def _local(chosen: Setting) -> Iterator[Probe]:
    places = chosen.folders
    where = str(chosen.file) if chosen.file else "none; the defaults apply (`iccon init` writes one)"
    yield Probe("configuration", "file", lambda: where)
    for name, folder in (("data", places.data), ("cache", places.cache), ("logs", places.logs)):
        yield Probe("folder", name, partial(_writable, folder))
    yield Probe("journal", chosen.journal.name, lambda: _journal(chosen))
    yield Probe("roles", "cards", lambda: _role_cards(chosen))
    yield from _runbooks(chosen)
    yield Probe("runbooks", "running", (lambda: _running(chosen)) if chosen.config.runbooks.run.allow else None)
    yield Probe("updates", "check", lambda: _leaks(chosen))
    yield Probe("terminal", os.environ.get("TERM", "unknown"), _terminal)


def _writable(folder: Path) -> str:
    near = next(f for f in (folder, *folder.parents) if f.exists())
    if not os.access(near, os.W_OK | os.X_OK):
        raise PermissionError(f"{near} cannot be written")
    return str(folder) if near == folder else f"{folder} (will be made)"


def _journal(chosen: Setting) -> str:
    """Take the write lock and let it go: what a note needs, without writing one."""
    from iccon.bootstrap import open_desk

    desk = open_desk(chosen)
    try:
        with desk.journal.transaction():
            count = sum(entries for entries, _, _ in desk.journal.counts().values())
    finally:
        desk.journal.close()
    return f"{chosen.journal}: writable, {count} entries"


def _role_cards(chosen: Setting) -> str:
    from iccon.config.rolecards import role_cards

    cards, problems = role_cards(chosen.folders)
    if problems:
        raise ValueError("; ".join(problem.said for problem in problems))
    return f"{len(cards)} role cards"


def _runbooks(chosen: Setting) -> Iterator[Probe]:
    from iccon.bootstrap import library

    sources = library(chosen).sources
    yield from (Probe("runbooks", source.name, source.probe) for source in sources)
    if not sources:
        yield Probe("runbooks", "-", None)


def _running(chosen: Setting) -> str:
    """Say what is run and how it is known to be risky. Raises ValueError for a wrong file of patterns."""
    from iccon.bootstrap import runner
    from iccon.config.risks import risk_patterns

    patterns, problems = risk_patterns(chosen.folders)
    if problems:
        raise ValueError("; ".join(problem.said for problem in problems))
    missing = runner(chosen).missing()
    if missing:
        raise ValueError(f"not installed: {', '.join(missing)}")
    return f"{', '.join(chosen.config.runbooks.run.allow)}; {len(patterns)} patterns of what is risky"


def _leaks(chosen: Setting) -> str:
    """Count the rules for status updates. Raises ValueError for a wrong file of the user's."""
    from iccon.config.leaks import leak_rules

    found, problems = leak_rules(chosen.folders)
    if problems:
        raise ValueError("; ".join(problem.said for problem in problems))
    return f"{len(found)} rules"


def _terminal() -> str:
    if not sys.stdout.isatty():
        return "not a terminal here: size and colours are unknown"
    size = shutil.get_terminal_size()
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        raise ValueError(f"{size.columns}x{size.lines} is small: the console wants {SMALLEST[0]}x{SMALLEST[1]} or more")
    return f"{size.columns}x{size.lines}, {_colours()}"


def _colours() -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256color" in os.environ.get("TERM", "") else "16 colours"


def _outside(chosen: Setting) -> Iterator[Probe]:
    from iccon import bootstrap

    config = chosen.config
    yield from _each("prometheus", config.prometheus, lambda: bootstrap.signal_backends(chosen))
    yield from (Probe("slo", name, partial(_objective, chosen, name)) for name in config.slo)
    alone = (name for name in (bootstrap.PAGERDUTY, bootstrap.JSM) if getattr(config, name) is not None)
    pagers = [*config.alertmanager, *alone]
    yield from _each("pager", pagers, lambda: bootstrap.page_backends(chosen))
    yield from _each("changes", config.changes, lambda: _change_probes(chosen))
    outlets = config.updates.outlets
    yield from (Probe("outlet", name, partial(_outlet, chosen, name, given)) for name, given in outlets.items())
    if not outlets:
        yield Probe("outlet", "-", None)
    trackers = config.trackers
    yield from (Probe("tracker", name, partial(_tracker, chosen, name, given)) for name, given in trackers.items())
    if not trackers:
        yield Probe("tracker", "-", None)


def _each(kind: str, names: Collection[str], build: Callable[[], Mapping[str, Any]]) -> Iterator[Probe]:
    if not names:
        yield Probe(kind, "-", None)
        return
    try:
        built = build()
    except Exception as error:  # whatever keeps one from being built is said of each, and the rest goes on
        yield from (Probe(kind, name, partial(_raise, error)) for name in names)
        return
    yield from (Probe(kind, name, getattr(made, "probe", made)) for name, made in built.items())


def _change_probes(chosen: Setting) -> dict[str, Callable[[], str]]:
    """Return how to ask each source of changes for the last hour."""
    from iccon.bootstrap import change_sources

    def tried(source: Any) -> str:
        now = chosen.clock.now()
        found = source.changes(now - timedelta(hours=1), now)
        return "; ".join((f"changes in the last hour: {len(found.items)}", *found.notices))

    return {name: partial(tried, source) for name, source in change_sources(chosen).items()}


def _objective(chosen: Setting, name: str) -> str:
    """Ask for every span of one objective; what cannot be computed is a fault."""
    from msgspec.structs import replace

    from iccon.cli.objectives import polled
    from iccon.signals.slowords import left_text, rule_text

    board = polled(replace(chosen, config=replace(chosen.config, slo={name: chosen.config.slo[name]})))
    found = board.standings[0]
    if found.why:
        raise ValueError(found.why)
    return "; ".join([found.verdict, left_text(found), *map(rule_text, found.burns), *board.warnings])


def _raise(error: Exception) -> str:
    raise error


def _outlet(chosen: Setting, name: str, given: Outlet) -> str:
    """Try an outlet as far as that goes without sending: its secret, its folder, its address."""
    from iccon.bootstrap import outlets

    built: Any = outlets(chosen)[name]
    if hasattr(built, "probe"):
        found: str = built.probe()
        return found
    if given.kind == "file":
        return f"writes to {_writable(Path(given.path).expanduser().parent)}"
    if given.url:
        return _listens(given.url)
    return f"{given.kind}: nothing to try without sending"


def _tracker(chosen: Setting, name: str, given: Tracker) -> str:
    """Try a tracker as far as that goes without making a ticket."""
    from iccon.bootstrap import trackers

    built: Any = trackers(chosen)[name]
    return str(built.probe()) if hasattr(built, "probe") else _listens(given.url, "a task")


def _listens(url: str, noun: str = "an update") -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = f"{parts.hostname}:{port}"
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT).close()
    except OSError as error:
        raise ConnectionError(f"{place} does not answer: {error.strerror or error}") from None
    return f"{place} answers; whether it takes {noun} only sending shows"
