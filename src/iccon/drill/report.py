"""How a drill went: durations with the entries they come from, and what was not done. Pure, plain, blameless.

Durations are scenario seconds: real seconds times the drill's speed. What the journal does not say is said to be
missing; nothing is guessed.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from iccon.drill.scenario import Expected
from iccon.incident.effects import EffectState
from iccon.incident.entries import (
    Declared,
    EffectEnded,
    Entry,
    ImpactStarted,
    Note,
    PageActed,
    PageSeen,
    PhaseSet,
    RunbookOpened,
    UpdateIssued,
    VerdictChanged,
)
from iccon.incident.fold import Ledger
from iccon.incident.ids import short
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase
from iccon.text import CleanText

FIRST_UPDATE = 300.0  # scenario seconds from the declaration within which customers should hear something
TROUBLE = ("warn", "bad")


class PageFact(Struct, frozen=True):
    """What the simulated pager knows of one page; instants are aware UTC, None where it did not happen."""

    name: str
    id: str
    title: CleanText
    herring: bool
    triggered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None


class Facts(Struct, frozen=True):
    """What the simulated world knows of the drill; instants are aware UTC, None where it did not happen.

    `tried` holds every verb that was tried as a mitigation, with its instant. `posts` is how many updates the
    simulated status page took.
    """

    scenario: str
    title: CleanText
    seed: int
    speed: float
    started_at: datetime
    ended_at: datetime
    expected: Expected
    fault_at: datetime | None = None
    pages: tuple[PageFact, ...] = ()
    mitigated_at: datetime | None = None
    mitigated_by: str = ""
    recovered_at: datetime | None = None
    tried: tuple[tuple[datetime, str, bool], ...] = ()
    posts: int = 0


class Milestone(Struct, frozen=True):
    """One duration. `seconds` None: not reached, and `missing` says why that is known.

    `entries` are the ids of the journal's entries it comes from; empty where only the simulated world knows.
    `at` is the instant it was reached, `since` what it counts from, `fair` the pace the scenario expects.
    """

    name: str
    since: str
    fair: float
    seconds: float | None = None
    at: datetime | None = None
    entries: tuple[str, ...] = ()
    missing: str = ""


class DrillReport(Struct, frozen=True):
    """The whole report. `undone` and `remarks` are sentences."""

    facts: Facts
    incident: str
    title: str
    milestones: tuple[Milestone, ...]
    undone: tuple[str, ...]
    remarks: tuple[str, ...]


def report(ledger: Ledger | None, facts: Facts, others: Iterable[Entry] = ()) -> DrillReport:
    """Return the report on one drill.

    `ledger` is the declared incident's, None where nobody declared one. `others` are entries that belong to no
    incident, such as a page acknowledged before the declaration. Struck entries do not count; amended times do.
    """
    entries = sorted([*_counted(ledger), *others], key=lambda e: (e.happened_at, e.id))
    record = _Record(tuple(e for e in entries if e.happened_at >= facts.started_at), ledger, facts)
    state = ledger.state if ledger else None
    return DrillReport(
        facts=facts,
        incident=ledger.incident if ledger else "",
        title=state.title if state else "",
        milestones=tuple(find(record) for find in _MILESTONES),
        undone=tuple(_undone(record)),
        remarks=tuple(_remarks(record)),
    )


def _counted(ledger: Ledger | None) -> Iterator[Entry]:
    for entry in ledger.entries if ledger else ():
        if ledger is not None and ledger.corrections.struck(entry) is None:
            yield ledger.effective(entry)


class _Record(Struct, frozen=True):
    entries: tuple[Entry, ...]
    ledger: Ledger | None
    facts: Facts

    def first(self, fits: Callable[[Entry], bool], since: datetime | None = None) -> Entry | None:
        """Return the earliest entry that fits, not before `since`."""
        return next((e for e in self.entries if fits(e) and (since is None or e.happened_at >= since)), None)

    def page(self, ident: str) -> PageFact | None:
        return next((p for p in self.facts.pages if p.id == ident), None)

    def real(self, ident: str) -> bool:
        """Say whether a page has to do with the fault."""
        found = self.page(ident)
        return found is not None and not found.herring

    def ended(self, effect: str) -> Entry | None:
        """Return the newest outcome of a write."""
        found = [e for e in self.entries if isinstance(e.body, EffectEnded) and e.body.effect == effect]
        return found[-1] if found else None

    def sent(self, effect: str) -> bool:
        end = self.ended(effect)
        return end is not None and isinstance(end.body, EffectEnded) and end.body.state == EffectState.SENT

    def measure(self, name: str, since: datetime, at: datetime, of: str, entries: Iterable[Entry]) -> Milestone:
        seconds = (at - since).total_seconds() * self.facts.speed
        fair: float = getattr(self.facts.expected, name.replace(" ", "_"))
        return Milestone(name, of, fair, seconds, at, tuple(e.id for e in entries))

    def missing(self, name: str, of: str, why: str) -> Milestone:
        fair: float = getattr(self.facts.expected, name.replace(" ", "_"))
        return Milestone(name, of, fair, missing=why)


def _detect(record: _Record) -> Milestone:
    start, of = record.facts.fault_at, "the start of the fault"
    if start is None:
        return record.missing("detect", of, "the drill ended before the fault began")
    seen = [(at, e) for e in record.entries if (at := _trouble_seen(record, e)) is not None and at >= start]
    if not seen:
        return record.missing("detect", of, "no entry says when trouble was first seen")
    at, found = min(seen, key=lambda pair: (pair[0], pair[1].id))
    return record.measure("detect", start, at, of, (found,))


def _trouble_seen(record: _Record, entry: Entry) -> datetime | None:
    """Return when this entry shows trouble, None where it shows none.

    The pager gives whole seconds; the simulated world knows to the tick when its page fired.
    """
    body = entry.body
    if isinstance(body, PageSeen):
        page = record.page(body.page.id)
        return page.triggered_at if page and not page.herring and body.status == "triggered" else None
    trouble = isinstance(body, Declared) or (isinstance(body, VerdictChanged) and body.now in TROUBLE)
    return entry.happened_at if trouble else None


def _acknowledge(record: _Record) -> Milestone:
    fired = [p.triggered_at for p in record.facts.pages if p.triggered_at and not p.herring]
    of = "the first page"
    if not fired:
        return record.missing("acknowledge", of, "no page fired")
    acted = record.first(
        lambda e: isinstance(e.body, PageActed) and e.body.verb == "acknowledge" and record.real(e.body.page.id)
    )
    seen = record.first(
        lambda e: isinstance(e.body, PageSeen) and e.body.status == "acknowledged" and record.real(e.body.page.id)
    )
    found = acted or seen  # what was done at a console is known to the millisecond, the pager gives whole seconds
    if found is None:
        return record.missing("acknowledge", of, "no entry says that a page was acknowledged")
    end = record.ended(found.body.effect) if isinstance(found.body, PageActed) else None
    at = max(found.happened_at, min(fired))
    return record.measure("acknowledge", min(fired), at, of, (found, end) if end else (found,))


def _declare(record: _Record) -> Milestone:
    found, of = record.first(lambda e: isinstance(e.body, Declared)), "the start of the fault"
    if found is None:
        return record.missing("declare", of, "no incident was declared")
    if record.facts.fault_at is None:
        return record.missing("declare", of, "the incident was declared before the fault began")
    return record.measure("declare", record.facts.fault_at, found.happened_at, of, (found,))


def _first_update(record: _Record) -> Milestone:
    declared, of = record.first(lambda e: isinstance(e.body, Declared)), "the declaration"
    if declared is None:
        return record.missing("first update", of, "no incident was declared")
    found = record.first(_to_customers)
    if found is None or not isinstance(found.body, UpdateIssued):
        return record.missing("first update", of, "no update to customers is recorded")
    ends = [end for effect in found.body.effects.values() if (end := record.ended(effect))]
    return record.measure("first update", declared.happened_at, found.happened_at, of, (found, *ends))


def _to_customers(entry: Entry) -> bool:
    return isinstance(entry.body, UpdateIssued) and entry.body.audience == Audience.CUSTOMER


def _mitigate(record: _Record) -> Milestone:
    start, at, of = record.facts.fault_at, record.facts.mitigated_at, "the start of the fault"
    if start is None or at is None:
        return record.missing("mitigate", of, "the fault was not mitigated")
    noted = record.first(lambda e: isinstance(e.body, PhaseSet) and e.body.phase == Phase.MONITORING, at)
    return record.measure("mitigate", start, at, of, (noted,) if noted else ())


def _resolve(record: _Record) -> Milestone:
    start, of = record.facts.fault_at, "the start of the fault"
    if record.ledger is None:
        return record.missing("resolve", of, "no incident was declared")
    ends = [e for e in record.entries if isinstance(e.body, PhaseSet) and e.body.phase == Phase.RESOLVED]
    if record.ledger.state.resolved_at is None or not ends or start is None:
        return record.missing("resolve", of, "the incident was not resolved")
    return record.measure("resolve", start, ends[-1].happened_at, of, ends[-1:])


_MILESTONES = (_detect, _acknowledge, _declare, _first_update, _mitigate, _resolve)


def _undone(record: _Record) -> Iterator[str]:
    facts, state = record.facts, record.ledger.state if record.ledger else None
    for page in facts.pages:
        if page.triggered_at and not page.acknowledged_at and not page.herring:
            yield f"The page “{page.title}” was not acknowledged."
    if facts.fault_at is not None and facts.mitigated_at is None:
        yield "The fault was not mitigated."
    if state is None:
        yield "No incident was declared."
        return
    yield from _update_gaps(record)
    if not any(isinstance(e.body, Note) for e in record.entries):
        yield "No note was written."
    if not any(isinstance(e.body, ImpactStarted) for e in record.entries):
        yield "No customer impact was recorded."
    if not state.holder(Role.COMMANDER):
        yield "Nobody held the role of Incident Commander at the end."
    if state.resolved_at is None:
        yield "The incident was not resolved."
    if state.open_impact is not None:
        yield "The customer impact was not ended."


def _update_gaps(record: _Record) -> Iterator[str]:
    told = [e for e in record.entries if _to_customers(e) and isinstance(e.body, UpdateIssued)]
    declared = record.first(lambda e: isinstance(e.body, Declared))
    if declared is not None:
        limit = declared.happened_at + timedelta(seconds=FIRST_UPDATE / record.facts.speed)
        if not any(e.happened_at <= limit for e in told):
            yield f"No customer update within {FIRST_UPDATE / 60:.0f} minutes of the declaration."
    for entry in told:
        body = entry.body
        if isinstance(body, UpdateIssued) and body.effects and not any(map(record.sent, body.effects.values())):
            yield f"No outlet confirmed the customer update {short(entry.id)}."
    mended = record.facts.mitigated_at
    if told and mended is not None and not any(e.happened_at >= mended for e in told):
        yield "No customer update said that it is over."


def _remarks(record: _Record) -> Iterator[str]:
    facts = record.facts
    for page in facts.pages:
        if page.herring and page.triggered_at:
            done = "was acknowledged" if page.acknowledged_at else "was left alone"
            yield f"The page “{page.title}” had nothing to do with the fault; it {done}."
    for at, verb, right in facts.tried:
        yield f"{_clock(at)} {verb} was tried; {'it ended the fault' if right else 'it changed nothing'}."
    if facts.mitigated_at is not None:
        yield f"{_clock(facts.mitigated_at)} The fault was mitigated by {facts.mitigated_by}."
    if not any(isinstance(e.body, RunbookOpened) for e in record.entries):
        yield "No runbook was opened in the console."
    posts = "1 update" if facts.posts == 1 else f"{facts.posts} updates"
    yield f"The simulated status page took {posts}."


def render(found: DrillReport) -> str:
    """Return the report as text, times in UTC, ending in a line break."""
    facts = found.facts
    speed = "" if facts.speed == 1 else f", {facts.speed:g} times as fast as real"
    lines = [
        f"DRILL REPORT  {facts.title} ({facts.scenario}, seed {facts.seed})",
        f"{facts.started_at:%Y-%m-%d} {_clock(facts.started_at)} to {_clock(facts.ended_at)}{speed}",
        f"Incident: {found.title} ({short(found.incident)})" if found.incident else "Incident: none was declared",
        "",
        "Durations, in scenario time" if facts.speed != 1 else "Durations",
        *(_line(m) for m in found.milestones),
        "",
        "What was not done",
        *(f"  {text}" for text in found.undone or ("Nothing is missing.",)),
        "",
        "Remarks",
        *(f"  {text}" for text in found.remarks),
    ]
    return "\n".join(lines) + "\n"


def _line(m: Milestone) -> str:
    if m.seconds is None:
        return f"  {m.name:<13} missing   {m.missing}"
    pace = "" if m.seconds <= m.fair else f"; a fair pace is {_span(m.fair)}"
    source = ", ".join(map(short, m.entries)) or "no entry: the drill's own clock"
    return f"  {m.name:<13} {_span(m.seconds):>7}   from {m.since}{pace} [{source}]"


def _span(seconds: float) -> str:
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    return f"{sign}{whole // 60}:{whole % 60:02d}"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
