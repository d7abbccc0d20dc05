"""The state of one incident: what the entries add up to. Plain, immutable data; instants are aware UTC."""

from datetime import datetime

from msgspec import Struct

from iccon.incident.bookdrafts import BookDraft
from iccon.incident.effects import EffectState
from iccon.incident.handovers import Handover
from iccon.incident.roles import Role
from iccon.incident.runs import Approval, Run
from iccon.incident.severity import Audience, Phase, Severity
from iccon.incident.steps import Pinned, StepMark
from iccon.incident.tasks import Task


class Holding(Struct, frozen=True):
    """Who holds a role, since when."""

    person: str
    since: datetime


class Member(Struct, frozen=True):
    """Who is in a sub-team, since when; one leads it."""

    person: str
    since: datetime
    lead: bool = False


class Impact(Struct, frozen=True):
    """One span of customer impact; `stopped` is None while it lasts. `id` is the start entry's, `share` in percent."""

    id: str
    scope: str
    started: datetime
    stopped: datetime | None = None
    share: float | None = None

    @property
    def said(self) -> str:
        """Who is hurt, and what part of them; "" where nobody said."""
        return impact_text(self.scope, self.share)


def impact_text(scope: str, share: float | None) -> str:
    """Return `EU customers (30 %)`, or what is known of that."""
    if share is None:
        return scope
    return f"{scope} ({share:g} %)" if scope else f"{share:g} %"


class Theory(Struct, frozen=True):
    """The current theory of the cause."""

    text: str
    confirmed: bool
    at: datetime


class Issued(Struct, frozen=True):
    """A status update that was given to outlets; `next_due` is what it promised."""

    entry: str
    audience: Audience
    at: datetime
    text: str
    next_due: datetime | None
    effects: dict[str, str]


class Outcome(Struct, frozen=True):
    """How one write to the outside stands."""

    target: str
    state: EffectState
    detail: str
    at: datetime
    receipt: str = ""


class Stalk(Struct, frozen=True):
    """A mark: are changes of verdict entries? `entry` is the id of the entry that set it."""

    on: bool
    entry: str


class Written(Struct, frozen=True):
    """What the record last said of a stalked cell or a metrics server, in which entry, recorded when."""

    word: str
    entry: str
    at: datetime


class Tick(Struct, frozen=True):
    """Who said when that an exit criterion holds."""

    person: str
    at: datetime


class State(Struct, frozen=True):
    """One incident as it stands after its entries so far. `declared_at` None: no declaration was seen yet.

    `milestones` are those that were set by hand; see milestones.py for all that are known. `called_out` is when the
    last call-out was made, `callout_due` until when the next one was put off, `ticks` the exit criteria ticked.
    `runbooks` are those opened, by path, and `steps` the marks of each, by the step's id.
    `drafts` is what is proposed for runbooks, by path.
    `runs` are the commands that were run, by their effect, oldest first, `approvals` those that were allowed.
    `pins` are the ids of the entries that stand out, in the order of pinning.
    `teams` are the sub-teams by name, the lead of each first. `experts` are all there are, the newest last; `roles`
    has that one.
    """

    incident: str
    title: str = ""
    severity: Severity = Severity.SEV3
    phase: Phase = Phase.INVESTIGATING
    declared_at: datetime | None = None
    declared_by: str = ""
    drill: bool = False
    services: tuple[str, ...] = ()
    roles: dict[Role, Holding] = {}
    experts: tuple[Holding, ...] = ()
    teams: dict[str, tuple[Member, ...]] = {}
    impacts: tuple[Impact, ...] = ()
    theory: Theory | None = None
    updates: tuple[Issued, ...] = ()
    outcomes: dict[str, Outcome] = {}
    resolved_at: datetime | None = None
    stalks: dict[tuple[str, str], Stalk] = {}
    verdicts: dict[tuple[str, str], Written] = {}
    metrics: dict[str, Written] = {}
    milestones: dict[str, datetime] = {}
    tasks: tuple[Task, ...] = ()
    called_out: datetime | None = None
    callout_due: datetime | None = None
    ticks: dict[str, Tick] = {}
    handovers: tuple[Handover, ...] = ()
    runbooks: dict[str, Pinned] = {}
    steps: dict[str, dict[str, StepMark]] = {}
    drafts: dict[str, BookDraft] = {}
    runs: dict[str, Run] = {}
    approvals: tuple[Approval, ...] = ()
    pins: tuple[str, ...] = ()
    notes: int = 0
    entries: int = 0
    last_id: str = ""

    @property
    def active(self) -> bool:
        """Declared and not resolved."""
        return self.declared_at is not None and self.resolved_at is None

    @property
    def open_impact(self) -> Impact | None:
        """The newest impact segment that has not ended."""
        return next((i for i in reversed(self.impacts) if i.stopped is None), None)

    def stalk(self, service: str, signal: str) -> Stalk | None:
        """Return the narrowest mark that covers a cell ("": all of them), or None."""
        keys = ((service, signal), (service, ""), ("", ""))
        return next((self.stalks[key] for key in keys if key in self.stalks), None)

    def stalks_any(self) -> bool:
        """Say whether anything is stalked."""
        return any(mark.on for mark in self.stalks.values())

    def pushed(self, task: Task) -> Outcome | None:
        """Return how the last push of `task` to a tracker stands, None where it never was."""
        return self.outcomes.get(task.effect)

    def holder(self, role: Role) -> str:
        """Return who holds `role`, or the empty text."""
        held = self.roles.get(role)
        return held.person if held else ""
