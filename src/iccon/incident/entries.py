"""What the journal holds: entries, and the body of each kind.

A body class has a `kind` and a `version`; both are promises. A changed body gets the next version and an
upcaster in `journal/codec.py`. Instants are aware UTC.
"""

from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct

from iccon.incident.evidence import Measurement
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.when import Day

NO_INCIDENT = ""  # the incident of entries made while none was declared (a page acknowledged, say)


class Body(Struct, frozen=True, kw_only=True, gc=False):
    """What one entry says."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1

    @property
    def blobs(self) -> tuple[str, ...]:
        """The SHA-256 of each blob that the entry is nothing without."""
        return ()


class Declared(Body, frozen=True, kw_only=True):
    """An incident was declared."""

    kind: ClassVar[str] = "declared"
    title: str
    severity: Severity
    services: tuple[str, ...] = ()
    drill: bool = False


class Retitled(Body, frozen=True, kw_only=True):
    """The incident got another title."""

    kind: ClassVar[str] = "retitled"
    title: str


class Note(Body, frozen=True, kw_only=True):
    """A person wrote something down."""

    kind: ClassVar[str] = "note"
    text: str


class SeveritySet(Body, frozen=True, kw_only=True):
    """The severity changed; a downgrade carries a reason."""

    kind: ClassVar[str] = "severity"
    level: Severity
    reason: str = ""


class PhaseSet(Body, frozen=True, kw_only=True):
    """The phase changed. `resolved` and reopening are phases too."""

    kind: ClassVar[str] = "phase"
    phase: Phase
    reason: str = ""


class GateOverridden(Body, frozen=True, kw_only=True):
    """The incident was resolved although exit criteria were not met."""

    kind: ClassVar[str] = "gate"
    unmet: tuple[str, ...]
    reason: str


class MilestoneSet(Body, frozen=True, kw_only=True):
    """The milestone of that name was reached at the entry's happened-at; the newest one said of a milestone holds."""

    kind: ClassVar[str] = "milestone"
    milestone: str


class RoleTaken(Body, frozen=True, kw_only=True):
    """A person holds a role from now on; an empty person means that nobody does.

    `instead_of` had it and was not asked: the role was taken directly, without a hand-over.
    An expert is one more, who may leave again (`left`).
    """

    kind: ClassVar[str] = "role"
    version: ClassVar[int] = 2
    role: Role
    person: str
    instead_of: str = ""
    left: bool = False


class TeamSet(Body, frozen=True, kw_only=True):
    """A person is in the sub-team `team` from now on, leads it (`lead`), or left it."""

    kind: ClassVar[str] = "team"
    team: str
    person: str
    lead: bool = False
    left: bool = False


class HandoverProposed(Body, frozen=True, kw_only=True):
    """A person is asked to take a role within `minutes`; `holder` has it until then ("" nobody)."""

    kind: ClassVar[str] = "handover"
    role: Role
    person: str
    minutes: int
    holder: str = ""


class HandoverEnded(Body, frozen=True, kw_only=True):
    """The hand-over that entry `target` proposed ended; `end` is one of `handovers.End`, role and person are its own.

    `read_back` are the points that a successor confirmed before accepting.
    """

    kind: ClassVar[str] = "handover_ended"
    target: str
    role: Role
    person: str
    end: str
    reason: str = ""
    read_back: tuple[str, ...] = ()


class ImpactStarted(Body, frozen=True, kw_only=True):
    """Customers are hurt from the entry's happened-at on: who (`scope`), and what part of them, in percent (`share`).

    Its entry id names the segment.
    """

    kind: ClassVar[str] = "impact_started"
    version: ClassVar[int] = 2
    scope: str
    share: float | None = None


class ImpactStopped(Body, frozen=True, kw_only=True):
    """The impact segment `segment` (the id of its start entry) ended."""

    kind: ClassVar[str] = "impact_stopped"
    segment: str


class TheorySet(Body, frozen=True, kw_only=True):
    """The current theory of the cause, and whether it is confirmed."""

    kind: ClassVar[str] = "theory"
    text: str
    confirmed: bool = False


class Amended(Body, frozen=True, kw_only=True):
    """Entry `target` reads otherwise from now on; what is None stays. The old text remains readable.

    `what` makes a note a task of that kind, or a task a note ("note") or one of another kind. The rest is a task's, and
    after `owner` a decision's.
    """

    kind: ClassVar[str] = "amended"
    version: ClassVar[int] = 2
    target: str
    text: str | None = None
    happened_at: datetime | None = None
    what: str | None = None
    owner: str | None = None
    options: str | None = None
    risk: str | None = None
    objections: str | None = None
    outcome: str | None = None


class Pinned(Body, frozen=True, kw_only=True):
    """Entry `target` stands out from now on, or (`on` false) no longer."""

    kind: ClassVar[str] = "pinned"
    target: str
    on: bool = True


class Struck(Body, frozen=True, kw_only=True):
    """Entry `target` is struck: it stays readable and counts no more."""

    kind: ClassVar[str] = "struck"
    target: str
    reason: str


class TaskNoted(Body, frozen=True, kw_only=True):
    """A decision, question, action or todo (`what`), due `minutes` after it happened, or at the end of `day`.

    Of a decision `text` is the proposal, `outcome` what was decided.
    """

    kind: ClassVar[str] = "task"
    version: ClassVar[int] = 2
    what: str
    text: str
    owner: str = ""
    minutes: int | None = None
    options: str = ""
    risk: str = ""
    objections: str = ""
    day: Day | None = None
    outcome: str = ""


class OfTask(Body, frozen=True, kw_only=True):
    """Something became of the task that entry `target` noted; `what` and `text` are the task's, to read."""

    target: str
    what: str
    text: str


class TaskAccepted(OfTask, frozen=True, kw_only=True):
    """The owner of a task said yes."""

    kind: ClassVar[str] = "task_accepted"


class TaskPostponed(OfTask, frozen=True, kw_only=True):
    """A task is due `minutes` after this entry instead."""

    kind: ClassVar[str] = "task_postponed"
    minutes: int
    reason: str


class TaskSettled(OfTask, frozen=True, kw_only=True):
    """A task is over, and how it ended."""

    kind: ClassVar[str] = "task_settled"
    outcome: str = ""


class CalledOut(Body, frozen=True, kw_only=True):
    """A call-out was made, with a word on it; or was put off by `minutes`, and `text` is why."""

    kind: ClassVar[str] = "callout"
    text: str = ""
    minutes: int | None = None


class CriterionTicked(Body, frozen=True, kw_only=True):
    """A person says that an exit criterion holds, or does not any more."""

    kind: ClassVar[str] = "criterion"
    criterion: str
    met: bool = True


class TaskPushed(OfTask, frozen=True, kw_only=True):
    """A task is given to the configured tracker `tracker`; `effect` is the outbox's id of the write."""

    kind: ClassVar[str] = "task_pushed"
    tracker: str
    effect: str


class PageRef(Struct, frozen=True):
    """Which page is meant: the system that holds it, its id there, and what a person saw when acting."""

    source: str
    id: str
    title: str
    service: str = ""


class PageSeen(Body, frozen=True, kw_only=True):
    """A machine entry: a page was triggered, acknowledged or resolved (`status`) by `who` ("" unknown)."""

    kind: ClassVar[str] = "page"
    page: PageRef
    status: str
    who: str = ""
    url: str = ""


class PageActed(Body, frozen=True, kw_only=True):
    """Somebody at a console acts on a page; `effect` is the outbox's id of the write.

    `verb` and `arguments` are those of `incident/page_verbs.py`.
    """

    kind: ClassVar[str] = "page_acted"
    version: ClassVar[int] = 2
    page: PageRef
    verb: str
    effect: str
    arguments: dict[str, str]


class PageLogged(Body, frozen=True, kw_only=True):
    """A machine entry: a line of the pager's own log that no status tells: `what` happened, by `who` ("" unknown)."""

    kind: ClassVar[str] = "page_log"
    page: PageRef
    what: str
    who: str = ""
    url: str = ""


class PageMarked(Body, frozen=True, kw_only=True):
    """A person says whether a page was worth it: `actionable`, or noise. The newest word on a page holds."""

    kind: ClassVar[str] = "page_marked"
    page: PageRef
    actionable: bool


class RunbookOpened(Body, frozen=True, kw_only=True):
    """A runbook was opened; `digest` is the SHA-256 of the file, `sha256` of its text where this opening keeps it.

    `path` is its whole name, the source's included. `revision` says which version it was: a commit.
    """

    kind: ClassVar[str] = "runbook_opened"
    version: ClassVar[int] = 2
    path: str
    title: str
    digest: str
    why: str = ""
    sha256: str = ""
    revision: str = ""

    @property
    def blobs(self) -> tuple[str, ...]:
        """The text, where this opening keeps it."""
        return (self.sha256,) if self.sha256 else ()


class StepMarked(Body, frozen=True, kw_only=True):
    """What came of step `step` of the runbook `path`, in the version `digest`: done, skipped or failed (`outcome`).

    `text` is the step's first line, to read; `owner` is who did it ("" nobody is named). `total` is how many steps that
    version has (0: not said).
    """

    kind: ClassVar[str] = "step"
    path: str
    digest: str
    step: str
    text: str
    outcome: str
    note: str = ""
    owner: str = ""
    total: int = 0


class StepRun(Body, frozen=True, kw_only=True):
    """A command of step `step` of the runbook `path` is run; `effect` is the outbox's id of the run.

    `code` is the whole text that the interpreter of `language` gets, `variables` its environment beside the usual one.
    `role` is what it is for, `risks` why it is risky; then `target` was typed, and where the policy wants it entry
    `approval` by `approved_by` came before.
    """

    kind: ClassVar[str] = "run"
    path: str
    digest: str
    step: str
    text: str
    role: str
    language: str
    code: str
    variables: dict[str, str]
    host: str
    directory: str
    environment: str
    target: str
    effect: str
    risks: tuple[str, ...] = ()
    approval: str = ""
    approved_by: str = ""


class RunPrinted(Body, frozen=True, kw_only=True):
    """A machine entry: what the run `effect` printed, its last lines (`excerpt`) without secrets.

    `size` are all bytes it printed, `left_out` those that are not in the file `log`, whose SHA-256 is `sha256`.
    `ended` says how it ended and `seconds` after how long, "" and None where nobody knows.
    """

    kind: ClassVar[str] = "run_printed"
    effect: str
    ended: str
    seconds: float | None
    excerpt: tuple[str, ...]
    size: int
    left_out: int
    sha256: str
    log: str


class RunApproved(Body, frozen=True, kw_only=True):
    """A person lets somebody else run a risky command against `target`, once."""

    kind: ClassVar[str] = "run_approved"
    path: str
    digest: str
    step: str
    text: str
    language: str
    code: str
    target: str
    variables: dict[str, str]


class DraftAdded(Body, frozen=True, kw_only=True):
    """`text` (Markdown) is proposed for the runbook `path`, under the heading `heading` ("" at the end).

    `nth` tells headings of the same words apart, from 0. `sha256` names the file that it is proposed for, byte for
    byte, and `place` is its path as a patch names it. `target` is the entry that the text comes from ("" none).
    """

    kind: ClassVar[str] = "runbook_draft"
    path: str
    title: str
    heading: str
    text: str
    sha256: str
    place: str
    nth: int = 0
    target: str = ""

    @property
    def blobs(self) -> tuple[str, ...]:
        """The file."""
        return (self.sha256,)


class UpdateIssued(Body, frozen=True, kw_only=True):
    """A status update was given to outlets; `effects` maps each outlet's name to its outbox id.

    `findings` are what the check objected to, `override` the reason why it was sent all the same.
    """

    kind: ClassVar[str] = "update"
    audience: Audience
    text: str
    template: str
    next_minutes: int | None
    effects: dict[str, str]
    findings: tuple[str, ...] = ()
    override: str = ""


class EffectEnded(Body, frozen=True, kw_only=True):
    """The outside answered, or did not: the outcome of one write.

    `state` is sent, failed or unknown. `receipt` is what the other side gave as proof.
    """

    kind: ClassVar[str] = "effect"
    effect: str
    target: str
    state: str
    detail: str = ""
    receipt: str = ""


class VerdictChanged(Body, frozen=True, kw_only=True):
    """A machine entry: a golden signal's verdict changed."""

    kind: ClassVar[str] = "verdict"
    service: str
    signal: str
    was: str
    now: str
    value: str = ""


class ChangeSeen(Body, frozen=True, kw_only=True):
    """Something was changed in production: a deploy, a flag, a configuration.

    `key` makes it the same change wherever it is told ("" where nobody named it), `source` says who told it
    (a pipeline, a configured source), `who` made the change ("" unknown).
    """

    kind: ClassVar[str] = "change_seen"
    text: str
    services: tuple[str, ...] = ()
    key: str = ""
    source: str = ""
    who: str = ""
    url: str = ""


class EvidenceTaken(Body, frozen=True, kw_only=True):
    """Samples were kept as evidence: `points` of them in the blob `sha256`; `chart` is how they were drawn, as text."""

    kind: ClassVar[str] = "evidence"
    title: str
    measured: Measurement
    sha256: str
    points: int
    chart: tuple[str, ...] = ()

    @property
    def blobs(self) -> tuple[str, ...]:
        """The samples."""
        return (self.sha256,)


class Stalked(Body, frozen=True, kw_only=True):
    """From now on (`on`), or no longer, each change of a verdict is an entry.

    Of one signal of a service, of all its signals where `signal` is "", of every service where `service` is "" too.
    The narrowest mark holds; a wider one takes the place of those within it.
    """

    kind: ClassVar[str] = "stalk"
    service: str = ""
    signal: str = ""
    on: bool = True


class SourceSeen(Body, frozen=True, kw_only=True):
    """A machine entry: a metrics server stopped answering, or answers again, while signals are stalked."""

    kind: ClassVar[str] = "source"
    source: str
    answers: bool
    reason: str = ""


class Unknown(Body, frozen=True, kw_only=True):
    """A body of a kind or version this program is too old for: kept, verified and shown, never interpreted."""

    kind: ClassVar[str] = "unknown"
    original_kind: str
    original_version: int
    raw: dict[str, Any]


BODIES: dict[str, type[Body]] = {
    cls.kind: cls
    for cls in (
        Declared,
        Retitled,
        Note,
        SeveritySet,
        PhaseSet,
        GateOverridden,
        MilestoneSet,
        RoleTaken,
        TeamSet,
        HandoverProposed,
        HandoverEnded,
        ImpactStarted,
        ImpactStopped,
        TheorySet,
        TaskNoted,
        TaskAccepted,
        TaskPostponed,
        TaskSettled,
        CalledOut,
        CriterionTicked,
        TaskPushed,
        Amended,
        Struck,
        Pinned,
        PageSeen,
        PageActed,
        PageLogged,
        PageMarked,
        RunbookOpened,
        StepMarked,
        DraftAdded,
        StepRun,
        RunPrinted,
        RunApproved,
        UpdateIssued,
        EffectEnded,
        VerdictChanged,
        ChangeSeen,
        EvidenceTaken,
        Stalked,
        SourceSeen,
    )
}

MACHINE_KINDS = frozenset({"page", "verdict", "effect", "source", ChangeSeen.kind})
STALK_SOURCE = "stalk:"  # how the source of a machine entry begins that a person asked for


class Draft(Struct, frozen=True):
    """An entry before the journal gave it an id, a sequence and its hashes.

    `source` identifies a captured event outside, so that the same event is kept once; None for what people do.
    It is kept once an incident, or with `once_only` once in the whole journal.
    """

    incident: str
    body: Body
    happened_at: datetime
    actor: str
    source: str | None = None
    once_only: bool = False


class Entry(Struct, frozen=True, gc=False):
    """One record of the journal, decoded. The order of ids is the order of entries, across writers."""

    id: str
    incident: str
    writer: str
    seq: int
    happened_at: datetime
    recorded_at: datetime
    actor: str
    source: str | None
    body: Body

    @property
    def kind(self) -> str:
        """The body's kind."""
        return self.body.kind
