"""The timeline: how entries read, in the order in which things happened. Pure."""

from bisect import insort
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from iccon.incident import page_verbs
from iccon.incident.corrections import CORRECTIONS, TEXT_FIELDS
from iccon.incident.effects import EffectState
from iccon.incident.entries import (
    MACHINE_KINDS,
    STALK_SOURCE,
    Amended,
    Body,
    CalledOut,
    ChangeSeen,
    CriterionTicked,
    Declared,
    DraftAdded,
    EffectEnded,
    Entry,
    EvidenceTaken,
    GateOverridden,
    HandoverEnded,
    HandoverProposed,
    ImpactStarted,
    ImpactStopped,
    MilestoneSet,
    Note,
    PageActed,
    PageLogged,
    PageMarked,
    PageSeen,
    PhaseSet,
    Pinned,
    Retitled,
    RoleTaken,
    RunApproved,
    RunbookOpened,
    RunPrinted,
    SeveritySet,
    SourceSeen,
    Stalked,
    StepMarked,
    StepRun,
    Struck,
    TaskAccepted,
    TaskNoted,
    TaskPostponed,
    TaskPushed,
    TaskSettled,
    TeamSet,
    TheorySet,
    Unknown,
    UpdateIssued,
    VerdictChanged,
)
from iccon.incident.fold import Ledger
from iccon.incident.ids import short
from iccon.incident.roles import TITLES, Role
from iccon.incident.runs import RUN_OF, RunRole
from iccon.incident.state import impact_text
from iccon.incident.tasks import ENDS, TaskKind
from iccon.redact import redact

COMMAND = 300  # characters of a command in a line
LATE = timedelta(minutes=2)  # an entry recorded this long after it happened is marked late


class Item(Struct, frozen=True, gc=False):
    """One line of the timeline. `text` is what it says now; `struck` is the reason where it was struck.

    `own` is the text that an amendment replaces, without the words around it. `routine` is what a machine wrote and
    nobody needs to look at.
    """

    id: str
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor: str
    text: str
    machine: bool
    amended: bool = False
    struck: str | None = None
    routine: bool = False
    own: str = ""
    pinned: bool = False

    @property
    def late(self) -> bool:
        """Written down by a person well after it happened; what a machine reports is taken in when it is first seen."""
        return not self.machine and self.recorded_at - self.happened_at > LATE


class Timeline:
    """The entries of a ledger ordered by when they happened, or `by_recorded`: by when they were written down.

    Corrections show on their target, not as lines. An order that was asked for once is kept up to date.
    """

    def __init__(self, ledger: Ledger, *, by_recorded: bool = False) -> None:
        self.ledger = ledger
        self.by_recorded = by_recorded
        self._orders = {by_recorded: sorted((e for e in ledger.entries if is_line(e)), key=self.key)}

    @property
    def order(self) -> list[Entry]:
        """The entries that are lines, in order."""
        return self._orders[self.by_recorded]

    def extend(self, fresh: Iterable[Entry]) -> None:
        """Take in what `Ledger.extend` returned. Amended times move their entries."""
        moved = False
        for entry in fresh:
            if is_line(entry):
                for by_recorded, order in self._orders.items():
                    insort(order, entry, key=self._recorded if by_recorded else self._happened)
            elif isinstance(entry.body, Amended) and entry.body.happened_at is not None:
                moved = True
        if moved and False in self._orders:
            self._orders[False].sort(key=self._happened)

    def turn(self) -> None:
        """Order by the other of the two times."""
        self.by_recorded = not self.by_recorded
        if self.by_recorded not in self._orders:
            self._orders[self.by_recorded] = sorted(self._orders[not self.by_recorded], key=self.key)

    def after(self, entry: Entry, now: datetime) -> datetime:
        """Return an instant right after `entry`: midway to the next line, or to `now`, a minute on at the most."""
        at = self.ledger.effective(entry).happened_at
        times = (self.ledger.effective(line).happened_at for line in self.order)
        until = min((each for each in times if each > at), default=max(now, at))
        return at + min((until - at) / 2, timedelta(minutes=1))

    def items(self) -> list[Item]:
        """Return every line, oldest first."""
        return [self.item(entry) for entry in self.order]

    def item(self, entry: Entry) -> Item:
        """Return `entry` as a line."""
        now = self.ledger.effective(entry)
        strike = self.ledger.corrections.struck(entry)
        pinned = entry.id in self.ledger.state.pins
        return Item(
            id=entry.id,
            kind=now.kind,
            happened_at=now.happened_at,
            recorded_at=entry.recorded_at,
            actor=entry.actor,
            text=describe(now.body),
            machine=entry.kind in MACHINE_KINDS,
            amended=now is not entry,
            struck=strike.body.reason if strike and isinstance(strike.body, Struck) else None,
            routine=is_routine(entry) and not pinned,
            own=getattr(now.body, TEXT_FIELDS.get(now.kind, ""), ""),
            pinned=pinned,
        )

    def key(self, entry: Entry) -> tuple[datetime, str]:
        """Return what `entry` is ordered by."""
        return self._recorded(entry) if self.by_recorded else self._happened(entry)

    def _recorded(self, entry: Entry) -> tuple[datetime, str]:
        return entry.recorded_at, entry.id

    def _happened(self, entry: Entry) -> tuple[datetime, str]:
        return self.ledger.effective(entry).happened_at, entry.id

    def time(self, entry: Entry) -> datetime:
        """Return the one of the two times of `entry` that the order goes by."""
        return self.key(entry)[0]


def is_line(entry: Entry) -> bool:
    """Say whether `entry` is a line of its own: a correction shows on its target."""
    return entry.kind not in CORRECTIONS


def is_routine(entry: Entry) -> bool:
    """Say whether a machine wrote `entry` and it may be folded.

    Not a write that failed, or whose end nobody knows, not what a person stalks, and not a change: it may be the cause.
    """
    if entry.kind not in MACHINE_KINDS:
        return False
    asked = (entry.source or "").startswith(STALK_SOURCE) or isinstance(entry.body, ChangeSeen)
    failed = isinstance(entry.body, EffectEnded) and entry.body.state != EffectState.SENT
    return not failed and not asked


def describe(body: Body) -> str:
    """Return the one-line English reading of a body, without time or actor."""
    reading = _READINGS.get(type(body))
    return reading(body) if reading else body.kind


def _with_reason(text: str, reason: str) -> str:
    return f"{text}: {reason}" if reason else text


def _update_text(body: UpdateIssued) -> str:
    where = ", ".join(body.effects) or "nowhere"
    return f"update to {body.audience} via {where}: {body.text}"


def _role_text(body: RoleTaken) -> str:
    title = TITLES[Role(body.role)]
    if body.left:
        return f"{body.person} is {title} no more"
    directly = f", without a hand-over from {body.instead_of}" if body.instead_of else ""
    return f"{body.person} is {title}{directly}" if body.person else f"nobody is {title} now"


def _team_text(body: TeamSet) -> str:
    if body.left:
        return f"{body.person} leaves team {body.team}"
    return f"{body.person} {'leads' if body.lead else 'joins'} team {body.team}"


def _handover_text(body: HandoverProposed) -> str:
    stays = f"; {body.holder} has it until then" if body.holder else ""
    return f"hand-over proposed: {body.person} as {TITLES[Role(body.role)]}, {body.minutes} min to answer{stays}"


def _handover_ended_text(body: HandoverEnded) -> str:
    said = _with_reason(f"hand-over {body.end}: {body.person} as {TITLES[Role(body.role)]}", body.reason)
    return f"{said}; read back: {', '.join(body.read_back)}" if body.read_back else said


def _change_text(body: ChangeSeen) -> str:
    of = f" of {', '.join(body.services)}" if body.services else ""
    return f"change{of}{' by ' + body.who if body.who else ''}: {body.text}{' ' + body.url if body.url else ''}"


def _stalk_text(body: Stalked) -> str:
    what = f"{body.service} {body.signal or '(every signal)'}" if body.service else "every signal of every service"
    return f"{'stalking' if body.on else 'no longer stalking'} {what}"


def _source_text(body: SourceSeen) -> str:
    said = "answers again" if body.answers else "does not answer"
    return _with_reason(f"metrics server {body.source} {said}", body.reason)


def _task_text(body: TaskNoted) -> str:
    back = f"{'back' if body.what == TaskKind.DECISION else 'due'} in {body.minutes} min" if body.minutes else ""
    back = f"due {body.day.date}" if body.day else back
    whose = ", ".join(part for part in (body.owner, back) if part)
    more = (("options", body.options), ("risk", body.risk), ("objections", body.objections), ("decided", body.outcome))
    rest = "".join(f"; {name}: {text}" for name, text in more if text)
    return f"{body.what}: {body.text}{f' ({whose})' if whose else ''}{rest}"


def _step_text(body: StepMarked) -> str:
    return _with_reason(f"step {body.outcome}{' by ' + body.owner if body.owner else ''}: {body.text}", body.note)


def _code(code: str) -> str:
    """Return a command as one line, without what looks like a secret in it."""
    lines = (line.strip() for line in redact(code).split("\n"))
    words = " ⏎ ".join(line for line in lines if line)
    return words if len(words) <= COMMAND else f"{words[:COMMAND]}…"


def _run_text(body: StepRun) -> str:
    what = "ran" if body.role == RunRole.COMMAND else f"ran the {body.role}"
    told = " ".join(f"{name}={value}" for name, value in body.variables.items())
    risk = f"; risky ({', '.join(body.risks)}), {body.target} typed" if body.risks else ""
    approved = f", approved by {body.approved_by}" if body.approved_by else ""
    return f"{what} on {body.host}: {_code(body.code)}{f' ({told})' if told else ''}{risk}{approved}"


def _printed_text(body: RunPrinted) -> str:
    cut = f", {body.left_out:,} left out" if body.left_out else ""
    said = " ⏎ ".join(body.excerpt) or "nothing printed"
    ended = body.ended or "nobody knows how it ended"
    return f"{ended}: {said} ({body.size:,} bytes{cut}; log SHA-256 {body.sha256[:8]})"


def _effect_text(body: EffectEnded) -> str:
    word = body.state
    if body.target.startswith(RUN_OF):
        word = {"sent": "ended", "unknown": "outcome unknown"}.get(word, word)
    return _with_reason(f"{body.target} {word}", body.detail or body.receipt)


def _draft_text(body: DraftAdded) -> str:
    first, *more = body.text.strip().split("\n")
    where = f" under {body.heading}" if body.heading else ""
    return f"proposed for the runbook {body.title}{where}: {first}{' …' if more else ''}"


def _callout_text(body: CalledOut) -> str:
    return _with_reason("call-out" if body.minutes is None else f"call-out put off by {body.minutes} min", body.text)


def _amended_text(body: Amended) -> str:
    turned = f" to {body.what}" if body.what else ""
    return _with_reason(f"amended {short(body.target)}{turned}", body.text or "")


_READINGS: dict[type[Body], Callable[[Any], str]] = {
    Declared: lambda b: f"declared {b.severity}: {b.title}",
    Retitled: lambda b: f"title: {b.title}",
    Note: lambda b: b.text,
    SeveritySet: lambda b: _with_reason(f"severity {b.level}", b.reason),
    PhaseSet: lambda b: _with_reason(f"phase {b.phase}", b.reason),
    GateOverridden: lambda b: _with_reason(f"resolved although not met: {'; '.join(b.unmet)}", b.reason),
    MilestoneSet: lambda b: f"milestone: {b.milestone}",
    RoleTaken: _role_text,
    TeamSet: _team_text,
    HandoverProposed: _handover_text,
    HandoverEnded: _handover_ended_text,
    ImpactStarted: lambda b: _with_reason("customer impact started", impact_text(b.scope, b.share)),
    ImpactStopped: lambda b: f"customer impact stopped ({short(b.segment)})",
    TheorySet: lambda b: f"theory{' (confirmed)' if b.confirmed else ''}: {b.text}",
    TaskNoted: _task_text,
    TaskAccepted: lambda b: f"accepted: {b.text}",
    TaskPostponed: lambda b: f"postponed by {b.minutes} min: {b.text}: {b.reason}",
    TaskPushed: lambda b: f"{b.what} pushed to {b.tracker}: {b.text}",
    TaskSettled: lambda b: _with_reason(f"{b.what} {ENDS.get(b.what, 'settled')}: {b.text}", b.outcome),
    CalledOut: _callout_text,
    CriterionTicked: lambda b: f"exit criterion {'met' if b.met else 'no longer met'}: {b.criterion}",
    Amended: _amended_text,
    Pinned: lambda b: f"{'pinned' if b.on else 'unpinned'} {short(b.target)}",
    Struck: lambda b: _with_reason(f"struck {short(b.target)}", b.reason),
    PageSeen: lambda b: f"page {b.status}{' by ' + b.who if b.who else ''}: {b.page.title}",
    PageActed: lambda b: page_verbs.words(b.verb, b.arguments, b.page.title),
    PageLogged: lambda b: f"page: {b.page.title}: {b.what}",
    PageMarked: lambda b: f"page {'actionable' if b.actionable else 'noise'}: {b.page.title}",
    RunbookOpened: lambda b: _with_reason(f"runbook opened: {b.title}", "; ".join(filter(None, (b.why, b.revision)))),
    StepMarked: _step_text,
    StepRun: _run_text,
    RunPrinted: _printed_text,
    RunApproved: lambda b: f"approved, to be run on {b.target}: {_code(b.code)}",
    DraftAdded: _draft_text,
    UpdateIssued: _update_text,
    EffectEnded: _effect_text,
    VerdictChanged: lambda b: f"{b.service} {b.signal} {b.was} -> {b.now}{' (' + b.value + ')' if b.value else ''}",
    ChangeSeen: _change_text,
    EvidenceTaken: lambda b: f"evidence: {b.title} ({b.points:,} samples, SHA-256 {b.sha256[:8]})",
    Stalked: _stalk_text,
    SourceSeen: _source_text,
    Unknown: lambda b: f"{b.original_kind} (version {b.original_version}, written by a newer iccon)",
}
