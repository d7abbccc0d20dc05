"""A drill without a screen: a scripted responder works through the desk, the feed and the outbox of production.

It sees only what the adapters give, and acts only by commands; what happens is printed line by line.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from iccon.drill.report import DrillReport, render, report
from iccon.drill.sight import TRIGGERED, Sight, SnapshotLike, events, sight_of, trouble_lines
from iccon.drill.world import World
from iccon.incident import commands as c
from iccon.incident.decide import Refusal
from iccon.incident.effects import EffectState
from iccon.incident.entries import Entry, PageActed, UpdateIssued, VerdictChanged
from iccon.incident.fold import Ledger
from iccon.incident.milestones import Milestone
from iccon.incident.severity import Audience, Phase
from iccon.incident.timeline import describe
from iccon.text import clean

LOOK = 0.1  # real seconds between two looks
QUIET = 15.0  # scenario seconds the board must be calm before the incident is resolved
NEXT_UPDATE = 20  # minutes: the promise of the first update
OUTLETS = ("status-page", "file")


class Receipt(Protocol):
    """What the desk gives for a command it carried out."""

    @property
    def incident(self) -> str:
        """The incident's id."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was written."""

    @property
    def effects(self) -> tuple[str, ...]:
        """The outbox ids of the writes that are now due."""


class Fate(Protocol):
    """How a write to the outside ended."""

    @property
    def state(self) -> EffectState:
        """Sent, failed or unknown."""

    @property
    def detail(self) -> str:
        """Why, where it was not sent."""

    @property
    def receipt(self) -> str:
        """The other side's proof."""


Deliver = Callable[[str], Awaitable[Fate | None]]
Record = Callable[[str], Awaitable[object]]


class DeskLike(Protocol):
    """The desk, as seen from an event loop."""

    def do(self, command: c.Command, incident: str | None = None) -> Awaitable[Receipt | Refusal]:
        """Carry out a command."""


class FeedLike(Protocol):
    """The feed."""

    def snapshot(self) -> SnapshotLike:
        """Return the latest of every source."""


class Ended(Struct, frozen=True):
    """How a headless drill ended. `refused` lists commands the desk refused; `complete`: everything was done."""

    report: DrillReport
    incident: str
    complete: bool
    refused: tuple[str, ...]


async def run(  # noqa: PLR0913  (one argument a port)
    world: World,
    desk: DeskLike,
    feed: FeedLike,
    *,
    deliver: Deliver,
    ledger: Callable[[str], Awaitable[Ledger]],
    record: Record,
    duration: float,
    out: Callable[[str], object],
    outlets: tuple[str, ...] = OUTLETS,
) -> Ended:
    """Run a started world's drill for at most `duration` real seconds; sooner when everything is over.

    `deliver` performs one effect by its outbox id, `ledger` reads an incident's entries, `out` gets each line
    without its line break. `record` puts what the pagers report into the timeline of an incident. The caller runs the
    feed and stops the world.
    """
    session = _Session(world, desk, feed, deliver, out, outlets, record)
    session.say("drill", f"DRILL {world.scenario.title} (seed {world.seed}, {_pace(world.speed)})")
    complete = False
    try:
        async with asyncio.timeout(duration):
            await _respond(session)
            complete = True
    except TimeoutError:
        session.say("drill", f"{duration:g} s are over")
    found = report(await ledger(session.incident) if session.incident else None, world.facts())
    for line in ("", *render(found).splitlines()):
        out(line)
    return Ended(found, session.incident, complete, tuple(session.refused))


async def _respond(session: "_Session") -> None:
    """See trouble, declare, acknowledge, tell customers, wait for the mitigation, tell them again, resolve."""
    words = session.world.scenario.responder
    await session.until(lambda sight: bool(sight.bad()))
    await session.pause()
    hurt = session.sight.bad()
    await session.do(c.Declare(title=words.title, severity=words.severity, services=hurt, drill=True))
    await session.do(c.StartImpact(scope=words.impact))
    session.on_duty = True
    await session.until(lambda _: bool(session.acted))
    await session.pause()
    await session.do(c.AddNote(text=f"bad: {', '.join(session.sight.bad())}; the page was acknowledged"))
    await session.tell_customers(words.first_update, NEXT_UPDATE)
    await session.do(c.SetTheory(text=words.theory))
    await session.until(lambda sight: not sight.bad())
    await session.do(c.SetMilestone(milestone=Milestone.MITIGATED))
    await session.do(c.SetTheory(text=words.theory, confirmed=True))
    await session.do(c.SetPhase(phase=Phase.MONITORING, reason="no signal is bad any more"))
    await session.quiet()
    await session.do(c.StopImpact())
    await session.tell_customers(words.last_update, None)
    await session.until(lambda sight: not any(page.service in hurt for page in sight.pages.values()))
    await session.do(c.Resolve(summary=words.last_update))


class _Session:
    """What the responder knows and does. Everything runs on one event loop, one thing after another."""

    def __init__(
        self,
        world: World,
        desk: DeskLike,
        feed: FeedLike,
        deliver: Deliver,
        out: Callable[[str], object],
        outlets: tuple[str, ...],
        record: Record,
    ) -> None:
        self.world = world
        self.sight = Sight()
        self.incident = ""
        self.on_duty = False
        self.acted: set[str] = set()
        self.refused: list[str] = []
        self._desk = desk
        self._feed = feed
        self._deliver = deliver
        self._out = out
        self._outlets = outlets
        self._record = record
        self._met: dict[str, float] = {}  # page -> the scenario second it was first looked at
        self._mitigated = False
        self._earlier: list[c.Captured] = []  # verdicts from before the declaration

    def say(self, what: str, text: str, at: datetime | None = None) -> None:
        """Print one line: wall-clock time, scenario time, what, text."""
        second = round(self.world.second())
        clock = f"{at or self.world.clock.now():%H:%M:%S} UTC"
        self._out(f"{clock}  +{second // 60:02d}:{second % 60:02d}  {what:<8}  {clean(text, 300)}")

    async def until(self, fits: Callable[[Sight], bool]) -> None:
        """Look until what is seen fits."""
        while not fits(self.sight):
            await self._look()

    async def pause(self, seconds: float | None = None) -> None:
        """Look on for some scenario seconds: the time a person takes to react, unless given."""
        wait = self.world.scenario.responder.reaction if seconds is None else seconds
        end = self.world.second() + wait
        while self.world.second() < end:
            await self._look()

    async def quiet(self) -> None:
        """Look until the board has been calm for a while."""
        since = self.world.second()
        while self.world.second() < since + QUIET:
            await self._look()
            if not self.sight.calm():
                since = self.world.second()

    async def do(self, command: c.Command) -> None:
        """Carry out a command and deliver what it sends; a refusal is printed and kept."""
        answer = await self._desk.do(command, self.incident or None)
        if isinstance(answer, Refusal):
            self.refused.append(f"{type(command).__name__}: {answer.reason}")
            self.say("refused", self.refused[-1])
            return
        if isinstance(command, c.Declare):
            self.incident = answer.incident
            await self._capture(self._earlier)
        for entry in answer.entries:
            self.say("you", describe(entry.body))
        targets = _targets(answer.entries)
        for effect in answer.effects:
            if (fate := await self._deliver(effect)) is not None:
                self.say("outside", f"{targets.get(effect, '')} {fate.state}: {fate.detail or fate.receipt}")

    async def tell_customers(self, text: str, next_minutes: int | None) -> None:
        """Send an update to customers through every outlet."""
        update = c.IssueUpdate(
            audience=Audience.CUSTOMER, text=text, template="", outlets=self._outlets, next_minutes=next_minutes
        )
        await self.do(update)

    async def _look(self) -> None:
        await asyncio.sleep(LOOK)
        before, self.sight = self.sight, sight_of(self._feed.snapshot())
        for line in trouble_lines(before, self.sight):
            self.say("source", line)
        fresh = list(events(before, self.sight, self.world.clock.now()))
        for event in fresh:
            self.say("board" if event.body.kind == VerdictChanged.kind else "page", describe(event.body))
        verdicts = [event for event in fresh if event.body.kind == VerdictChanged.kind]
        if self.incident:
            await self._capture(verdicts)
        else:
            self._earlier.extend(verdicts)
        self._say_mitigation()
        if self.on_duty:
            await self._acknowledge()

    async def _capture(self, verdicts: list[c.Captured]) -> None:
        """Put the verdicts seen into the timeline, and what the pagers report as in production."""
        if verdicts:
            await self._desk.do(c.Capture(events=tuple(verdicts)), self.incident)
        await self._record(self.incident)

    def _say_mitigation(self) -> None:
        course = self.world.course()
        if course.mitigated_at is not None and not self._mitigated:
            self._mitigated = True
            self.say("world", f"{self.world.scenario.mitigation.does}, by {course.mitigated_by}")

    async def _acknowledge(self) -> None:
        """Acknowledge, once each and after a moment, the open pages of services that are bad; others can wait."""
        bad, second = self.sight.bad(), self.world.second()
        for key, page in self.sight.pages.items():
            since = self._met.setdefault(key, second)
            due = page.status == TRIGGERED and page.service in bad and key not in self.acted
            if due and second >= since + self.world.scenario.responder.reaction:
                self.acted.add(key)
                await self.do(c.ActOnPage(page=page.ref, verb="acknowledge"))


def _targets(entries: tuple[Entry, ...]) -> dict[str, str]:
    """Return where each effect goes, by its outbox id."""
    found = {e.body.effect: e.body.page.source for e in entries if isinstance(e.body, PageActed)}
    for entry in entries:
        if isinstance(entry.body, UpdateIssued):
            found |= {effect: outlet for outlet, effect in entry.body.effects.items()}
    return found


def _pace(speed: float) -> str:
    return "in real time" if speed == 1 else f"{speed:g} times as fast as real"
