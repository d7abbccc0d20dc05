"""Pictures of the whole console: few, each for what no behaviour test can see. Recorded on the pinned versions only.

To record after a change of looks: `pytest tests/console/test_pictures.py --snapshot-update`, then look at each.
"""

import itertools
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from running import setting_in
from textual.pilot import Pilot
from widgetmakers import windows

from iccon import bootstrap
from iccon.config import schema
from iccon.console import start
from iccon.console.app import IcconApp
from iccon.deskthread import DeskThread
from iccon.faults import FaultKind, SourceFault
from iccon.feed.model import Source
from iccon.feed.scheduler import Feed
from iccon.incident import commands as c
from iccon.incident.decide import Refusal
from iccon.incident.effects import EffectState
from iccon.incident.entries import PageRef, PageSeen
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.pages.model import Page, Pages, PageStatus
from iccon.signals.model import GOLDEN, Board, Cell, Unit, Verdict
from iccon.text import CleanText, clean

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SMALL, USUAL, LARGE = (80, 24), (120, 36), (200, 50)
Steps = Callable[[Pilot[Any]], Awaitable[None]]


class Stopped:
    """A clock whose hands a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()


class Pictured(IcconApp):
    """The console, with its desk started when its loop runs."""

    CSS_PATH = Path(start.__file__).with_name("iccon.tcss")

    async def on_load(self) -> None:
        await self.parts.desk.start()


def cell(service: str, signal: str, value: float | None, verdict: Verdict, unit: Unit, age: float = 3) -> Cell:
    at = NOW.timestamp() - age
    limits = {"latency": (0.6, 1.0), "errors": (0.01, 0.03)}.get(signal, (None, None))
    fault = CleanText("timeout: no answer within 10 s") if verdict is Verdict.ERROR else CleanText("")
    return Cell(clean(service), signal, unit, verdict, value, at, *limits, fault)


UNITS = dict(zip(GOLDEN, (Unit.SECONDS, Unit.PER_SECOND, Unit.RATIO, Unit.RATIO), strict=True))
ROWS: dict[str, list[tuple[float | None, Verdict]]] = {
    "checkout": [(3.46, Verdict.BAD), (52.0, Verdict.OK), (0.0875, Verdict.BAD), (0.97, Verdict.BAD)],
    "payments-gateway-eu": [(0.71, Verdict.WARN), (63.0, Verdict.OK), (0.0296, Verdict.WARN), (0.451, Verdict.OK)],
    "search": [(0.17, Verdict.STALE), (257.0, Verdict.STALE), (0.0008, Verdict.STALE), (0.648, Verdict.STALE)],
    "cart": [(0.11, Verdict.OK), (0.0, Verdict.OK), (float("nan"), Verdict.NOT_A_NUMBER), (0.35, Verdict.OK)],
    "catalog": [(0.094, Verdict.ERROR), (399.0, Verdict.ERROR), (0.0003, Verdict.ERROR), (0.4, Verdict.ERROR)],
    "email": [(None, Verdict.NO_DATA), (11.6, Verdict.OK), (0.0033, Verdict.OK), (0.214, Verdict.OK)],
}


def board() -> Board:
    cells = {
        (name, signal): cell(name, signal, value, verdict, UNITS[signal], 340 if verdict is Verdict.STALE else 3)
        for name, row in ROWS.items()
        for signal, (value, verdict) in zip(GOLDEN, row, strict=True)
    }
    shape = [1 + 0.3 * ((i * 7) % 5) / 5 for i in range(40)]
    recent = {key: tuple((cell.value or 0) * part for part in shape) for key, cell in cells.items()}
    return Board(tuple(clean(name) for name in ROWS), GOLDEN, cells, windows=windows(NOW.timestamp(), 40, recent))


def page(ident: str, title: str, service: str, status: PageStatus, minutes: int, by: str = "") -> Page:
    at = NOW - timedelta(minutes=minutes)
    return Page("pagerduty", ident, clean(title), clean(service), status, clean("high"), at, acknowledged_by=clean(by))


LONG = "payments: error ratio above 3% for 5 min " + "and more " * 12
PAGES = (
    page("P1", "checkout: p99 latency above 1 s for 5 min", "checkout", PageStatus.TRIGGERED, 4),
    page("P2", "search-3: disk [/dev/sda1] is 95% full", "search", PageStatus.TRIGGERED, 11),
    page(
        "P3",
        "payments: error ratio above 3% for 5 min " + "and more " * 12,
        "payments",
        PageStatus.ACKNOWLEDGED,
        9,
        "Kim",
    ),
)


def refused() -> Any:
    raise SourceFault(FaultKind.REFUSED, "nothing listens on prometheus.example.com:9090")


def incident(setting: Any, clock: Stopped) -> None:
    """Write the story that most pictures show."""
    desk = bootstrap.open_desk(setting)
    clock.at = NOW - timedelta(minutes=42)
    title = "Checkout fails for most customers in the EU"
    receipt = desk.do(c.Declare(title=title, severity=Severity.SEV2, services=("checkout",), drill=setting.drill))
    assert not isinstance(receipt, Refusal)
    story: list[tuple[int, c.Command]] = [
        (41, c.StartImpact(scope="EU customers, about 30 % of checkouts")),
        (40, c.AddNote(text="support has 40 tickets, all from the EU")),
        (35, c.TakeRole(role=Role.COMMS, person="Ada Byron")),
        (33, c.SetTheory(text="deploy 4711 exhausted the database pool")),
        (30, c.AddNote(text="rolled back deploy 4711", at=NOW - timedelta(minutes=36))),
        (29, c.AddNote(text="this note was a mistake")),
        (26, c.SetPhase(phase=Phase.IDENTIFIED, reason="pool exhausted")),
        (21, c.IssueUpdate(audience=Audience.CUSTOMER, text="We are working on it.", template="progress",
                           outlets=("status-page", "file"), next_minutes=20)),
    ]  # fmt: skip
    for minutes, command in story:
        clock.at = NOW - timedelta(minutes=minutes)
        done = desk.do(command, receipt.incident)
        assert not isinstance(done, Refusal)
        for effect in done.effects:
            desk.claim(effect, "console")
            desk.settle(effect, EffectState.SENT, receipt="202 Accepted")
        if isinstance(command, c.AddNote) and "mistake" in command.text:
            desk.do(c.Strike(target=done.entries[0].id, reason="wrong incident"), receipt.incident)
    for n, name in enumerate(("P1", "P2", "P3")):
        ref = PageRef("pagerduty", name, f"page {name}", "checkout")
        seen = c.Captured(
            f"pagerduty:{name}:triggered", NOW - timedelta(minutes=38 - n), PageSeen(page=ref, status="triggered")
        )
        desk.do(c.Capture(events=(seen,)), receipt.incident)
    clock.at = NOW
    desk.journal.close()


def console(
    folder: Path,
    *,
    theme: str = "iccon-dark",
    layout: str = "ic",
    story: bool = True,
    signals: Callable[[], Any] = board,
    **more: Any,
) -> Pictured:
    """Return a console whose every source, clock and id is fixed."""
    clock = Stopped()
    outlets = {
        "status-page": schema.Outlet("webhook", url="https://status.example.com"),
        "file": schema.Outlet("file", path="updates.md"),
    }
    config = schema.Config(
        me=schema.Me("Kim Doe", "kim@example.com"),
        environment=more.pop("environment", ""),
        updates=schema.Updates(outlets),
        console=schema.Console(theme=theme, layout=layout, zone="Europe/Berlin", ascii=more.pop("ascii", False)),
    )
    setting = msgspec.structs.replace(setting_in(folder, config, clock), **more)
    if story:
        incident(msgspec.structs.replace(setting, read_only=False), clock)
    elif not setting.journal.exists():
        bootstrap.open_desk(msgspec.structs.replace(setting, read_only=False)).journal.close()
    desk = bootstrap.open_desk(setting)
    first = start.first_of(desk, None)
    desk.journal.close()
    pages = Pages(PAGES, at=NOW)
    sources = [Source("signals", signals, 3600, 30), Source("pages", lambda: pages, 3600, 30)]
    parts = start.parts_of(setting, DeskThread(lambda: bootstrap.open_desk(setting)), first, lambda text: text, [])
    return Pictured(msgspec.structs.replace(parts, feed=Feed(sources, clock, jitter=lambda: 0.5), recorder=None))


def after(*keys: str) -> Steps:
    """Return what waits for the sources, then presses `keys` one by one."""

    async def run(pilot: Pilot[Any]) -> None:
        app = pilot.app
        for _ in range(400):
            slots = getattr(app, "snapshot").slots  # noqa: B009  (the pilot's app is typed as any app)
            if all(slot.value is not None or slot.trouble for slot in slots.values()):
                break
            await pilot.pause(0.02)
        await pilot.pause(0.1)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.02)
        await pilot.pause(0.15)

    return run


@pytest.fixture(autouse=True)
def _fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = itertools.count(1)
    monkeypatch.setattr(os, "urandom", lambda size: next(counter).to_bytes(size, "big"))


@pytest.mark.parametrize("theme", ["iccon-dark", "iccon-light", "high-contrast", "colour-safe", "ansi-16"])
def test_every_theme(snap_compare: Any, tmp_path: Path, theme: str) -> None:
    app = console(tmp_path, theme=theme)
    assert snap_compare(app, terminal_size=USUAL, run_before=after("tab", "down"))


@pytest.mark.parametrize(
    ("layout", "size"),
    [("ic", SMALL), ("ic", LARGE), ("secondary", USUAL), ("scribe", USUAL), ("wallboard", LARGE), ("wallboard", USUAL)],
)
def test_every_layout(snap_compare: Any, tmp_path: Path, layout: str, size: tuple[int, int]) -> None:
    assert snap_compare(console(tmp_path, layout=layout), terminal_size=size, run_before=after())


@pytest.mark.parametrize("key", ["s", "o", "i", "t", "R", "d"])
def test_every_kind_of_form_in_a_small_terminal(snap_compare: Any, tmp_path: Path, key: str) -> None:
    assert snap_compare(console(tmp_path), terminal_size=SMALL, run_before=after(key))


@pytest.mark.parametrize("size", [SMALL, USUAL], ids=["small", "usual"])
def test_the_composer_with_findings(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    steps = after("u", *"TODO ask db-01.internal")
    assert snap_compare(console(tmp_path), terminal_size=size, run_before=steps)


def test_the_state_in_a_small_terminal(snap_compare: Any, tmp_path: Path) -> None:
    assert snap_compare(console(tmp_path), terminal_size=SMALL, run_before=after("v"))


def test_help(snap_compare: Any, tmp_path: Path) -> None:
    assert snap_compare(console(tmp_path), terminal_size=SMALL, run_before=after("question_mark"))


def test_home_without_an_incident(snap_compare: Any, tmp_path: Path) -> None:
    assert snap_compare(console(tmp_path, story=False), terminal_size=USUAL, run_before=after())


def test_home_with_incidents(snap_compare: Any, tmp_path: Path) -> None:
    assert snap_compare(console(tmp_path), terminal_size=SMALL, run_before=after("escape"))


def test_a_source_that_is_down_in_a_drill(snap_compare: Any, tmp_path: Path) -> None:
    app = console(tmp_path, signals=refused, drill=True)
    assert snap_compare(app, terminal_size=USUAL, run_before=after())


def test_read_only_in_a_named_environment(snap_compare: Any, tmp_path: Path) -> None:
    app = console(tmp_path, read_only=True, environment="staging")
    assert snap_compare(app, terminal_size=SMALL, run_before=after())


def test_ascii_only(snap_compare: Any, tmp_path: Path) -> None:
    assert snap_compare(console(tmp_path, ascii=True), terminal_size=USUAL, run_before=after("m"))
