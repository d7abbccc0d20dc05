"""Everything a person or a script can ask the desk to do, as plain data.

`at` is when it happened (aware UTC); None means now. `incident` is the incident's full id.
"""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from iccon.incident.entries import PageLogged, PageRef, PageSeen, RunPrinted, VerdictChanged
from iccon.incident.evidence import Measurement, Series
from iccon.incident.milestones import Milestone
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.incident.steps import StepOutcome
from iccon.incident.tasks import TaskKind
from iccon.when import Day


class Command(Struct, frozen=True, kw_only=True):
    """A request to the desk."""

    name: ClassVar[str] = ""


class Declare(Command, frozen=True, kw_only=True):
    """Declare an incident; the actor becomes its commander unless `commander` names somebody ("" for nobody).

    `began` and `detected` are set as milestones, where they are known.
    """

    title: str
    severity: Severity
    services: tuple[str, ...] = ()
    at: datetime | None = None
    commander: str | None = None
    drill: bool = False
    began: datetime | None = None
    detected: datetime | None = None


class AddNote(Command, frozen=True, kw_only=True):
    """Write a note; `again`: though the same person wrote the same a moment ago."""

    text: str
    at: datetime | None = None
    again: bool = False


class Retitle(Command, frozen=True, kw_only=True):
    """Change the incident's title."""

    title: str


class SetSeverity(Command, frozen=True, kw_only=True):
    """Change the severity; a downgrade needs a reason."""

    level: Severity
    reason: str = ""
    at: datetime | None = None


class SetPhase(Command, frozen=True, kw_only=True):
    """Change the phase (not to resolved: see Resolve)."""

    phase: Phase
    reason: str = ""
    at: datetime | None = None


class SetMilestone(Command, frozen=True, kw_only=True):
    """Say when a milestone was reached, for the first time or anew."""

    milestone: Milestone
    at: datetime | None = None


class TakeRole(Command, frozen=True, kw_only=True):
    """Give a role to a person; an empty person vacates it. Of experts there are several; one can leave."""

    role: Role
    person: str
    leaves: bool = False
    at: datetime | None = None


class PutInTeam(Command, frozen=True, kw_only=True):
    """Put a person into a sub-team, as its `lead` or not; or take them out (`leaves`)."""

    team: str
    person: str
    lead: bool = False
    leaves: bool = False
    at: datetime | None = None


class ProposeHandover(Command, frozen=True, kw_only=True):
    """Ask a person to take a role within so many minutes; it changes hands when they accept."""

    role: Role
    person: str
    minutes: int


class AcceptHandover(Command, frozen=True, kw_only=True):
    """Take the role that the proposal with the id `target` offers; `read_back` are the points read back."""

    target: str
    read_back: tuple[str, ...] = ()


class DeclineHandover(Command, frozen=True, kw_only=True):
    """Say no to a proposal."""

    target: str
    reason: str = ""


class WithdrawHandover(Command, frozen=True, kw_only=True):
    """Take a proposal back."""

    target: str
    reason: str = ""


class SeeHandovers(Command, frozen=True, kw_only=True):
    """Write down which proposals have run out, as far as the record does not say it yet."""


class StartImpact(Command, frozen=True, kw_only=True):
    """Customer impact began; `share` is the part of the customers that is hurt, in percent."""

    scope: str
    share: float | None = None
    at: datetime | None = None


class StopImpact(Command, frozen=True, kw_only=True):
    """Customer impact ended: the open segment, or the one named by the id of its start entry."""

    segment: str | None = None
    at: datetime | None = None


class SetTheory(Command, frozen=True, kw_only=True):
    """State the current theory of the cause."""

    text: str
    confirmed: bool = False


class AddTask(Command, frozen=True, kw_only=True):
    """Note a decision, question, action or todo; come back to it `minutes` after it happened, or by the end of `day`.

    `options`, `risk`, strong `objections` and the `outcome` (what was decided) belong to a decision, whose `text` is
    the proposal; one line without them is enough.
    """

    what: TaskKind
    text: str
    owner: str = ""
    minutes: int | None = None
    options: str = ""
    risk: str = ""
    objections: str = ""
    outcome: str = ""
    day: Day | None = None
    at: datetime | None = None
    again: bool = False


class AcceptTask(Command, frozen=True, kw_only=True):
    """The owner of a task says yes; `target` is the id of the entry that noted it."""

    target: str


class PostponeTask(Command, frozen=True, kw_only=True):
    """Come back to a task `minutes` from now instead, for a reason."""

    target: str
    minutes: int
    reason: str


class SettleTask(Command, frozen=True, kw_only=True):
    """A task is over; a decision needs to say how it came out, a question its answer."""

    target: str
    outcome: str = ""


class CallOut(Command, frozen=True, kw_only=True):
    """A call-out was made, with a word on it."""

    text: str = ""
    at: datetime | None = None


class SnoozeCallout(Command, frozen=True, kw_only=True):
    """Make the next call-out `minutes` from now instead, for a reason."""

    minutes: int
    reason: str


class TickCriterion(Command, frozen=True, kw_only=True):
    """Say that an exit criterion that is ticked by hand holds, or does not any more."""

    criterion: str
    met: bool = True


class PushTasks(Command, frozen=True, kw_only=True):
    """Give open tasks to the tracker of that name, through the outbox: each becomes one ticket there."""

    targets: tuple[str, ...]
    tracker: str


class Amend(Command, frozen=True, kw_only=True):
    """Correct text or time of an entry; make a note a task or a task a note (`what`), or a task another's (`owner`).

    A decision's record, `options` to `outcome`, can be filled in as well. What is None stays.
    """

    target: str
    text: str | None = None
    at: datetime | None = None
    what: str | None = None
    owner: str | None = None
    options: str | None = None
    risk: str | None = None
    objections: str | None = None
    outcome: str | None = None


class Pin(Command, frozen=True, kw_only=True):
    """Let an entry stand out, or no longer."""

    target: str
    on: bool = True


class Strike(Command, frozen=True, kw_only=True):
    """Strike an entry: it stays readable."""

    target: str
    reason: str


class ActOnPage(Command, frozen=True, kw_only=True):
    """Do `verb` of `incident/page_verbs.py` on a page, through the outbox. Works without an incident too."""

    page: PageRef
    verb: str
    arguments: dict[str, str] = {}


class MarkPage(Command, frozen=True, kw_only=True):
    """Say whether a page was worth it: actionable, or noise. Works without an incident too."""

    page: PageRef
    actionable: bool


class TellChange(Command, frozen=True, kw_only=True):
    """Record that something was changed in production. Works without an incident too.

    One `key` is one change: told again, nothing is written. With `pinned` it is written into the incident at hand even
    where another one, or none, has it already. `url` is http or https.
    """

    text: str
    services: tuple[str, ...] = ()
    key: str = ""
    source: str = ""
    who: str = ""
    url: str = ""
    at: datetime | None = None
    pinned: bool = False


class OpenRunbook(Command, frozen=True, kw_only=True):
    """Record that the runbook named `path` was opened, in the version `revision`; the first time its `text` is kept."""

    path: str
    title: str
    digest: str
    why: str = ""
    text: str = ""
    revision: str = ""


class MarkStep(Command, frozen=True, kw_only=True):
    """Say what came of a step of the runbook `path`, in the version `digest`; `owner` did it, "" names nobody.

    `total` is how many steps that version has, 0 where nobody counted.
    """

    path: str
    digest: str
    step: str
    text: str
    outcome: StepOutcome
    note: str = ""
    owner: str = ""
    total: int = 0
    at: datetime | None = None


class RunStep(Command, frozen=True, kw_only=True):
    """Run a command of a step, through the outbox: `code`, given to the interpreter of `language` as it stands.

    `typed` is what the person typed where `risks` want the `target` typed; `said` are the runbook's own words on its
    risk. `seen` is the entry of the last run of it that the person knows of. `directory` holds the folders of runs,
    `timeout` is in seconds.
    """

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
    timeout: int
    risks: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    typed: str = ""
    seen: str = ""


class ApproveRun(Command, frozen=True, kw_only=True):
    """Let somebody else run a command against `target`."""

    path: str
    digest: str
    step: str
    text: str
    language: str
    code: str
    target: str
    variables: dict[str, str]


class KeepOutput(Command, frozen=True, kw_only=True):
    """Write down what a run printed."""

    printed: RunPrinted


class AddToDraft(Command, frozen=True, kw_only=True):
    """Propose `text` for the runbook `path`; see entries.DraftAdded. `base` is the file's content, byte for byte."""

    path: str
    title: str
    heading: str
    text: str
    base: bytes
    place: str
    nth: int = 0
    target: str = ""


class IssueUpdate(Command, frozen=True, kw_only=True):
    """Send a status update to the named outlets, through the outbox.

    `next_minutes` is the promise of the next update, minutes from now; None promises none. With `findings`
    of the check, a reason to `override` them is needed.
    """

    audience: Audience
    text: str
    template: str
    outlets: tuple[str, ...]
    next_minutes: int | None = None
    findings: tuple[str, ...] = ()
    override: str = ""


class Resolve(Command, frozen=True, kw_only=True):
    """Resolve the incident; open impact segments end at the same instant.

    `unmet` are the exit criteria that the asker saw open outside (resolve_gate.seen_open), beside what the record says;
    `override` is the reason to resolve although some are.
    """

    summary: str = ""
    unmet: tuple[str, ...] = ()
    override: str = ""
    at: datetime | None = None


class Reopen(Command, frozen=True, kw_only=True):
    """Reopen a resolved incident."""

    reason: str


class TakeEvidence(Command, frozen=True, kw_only=True):
    """Keep samples as evidence; `chart` is how they are drawn, as lines of text."""

    title: str
    measured: Measurement
    series: tuple[Series, ...]
    chart: tuple[str, ...] = ()


class Captured(Struct, frozen=True):
    """One event that a machine reported, with the id that makes it the same event when seen again."""

    source: str
    happened_at: datetime
    body: PageSeen | PageLogged | VerdictChanged


class Stalk(Command, frozen=True, kw_only=True):
    """Begin or end that each change of a verdict is an entry; see entries.Stalked for what "" means."""

    service: str = ""
    signal: str = ""
    on: bool = True


class Judged(Struct, frozen=True):
    """A cell as seen: `was` is the verdict by which the watcher knows it, `at` the sample's instant (aware UTC)."""

    service: str
    signal: str
    was: str
    now: str
    value: str
    at: datetime


class Answering(Struct, frozen=True):
    """A metrics server as seen: does it answer, why not, and since when (aware UTC)."""

    source: str
    answers: bool
    at: datetime
    reason: str = ""


class SeeVerdicts(Command, frozen=True, kw_only=True):
    """Write down what changed in the stalked cells, as far as the record does not say it yet."""

    cells: tuple[Judged, ...] = ()
    sources: tuple[Answering, ...] = ()


class Capture(Command, frozen=True, kw_only=True):
    """Keep machine events in the timeline, each once."""

    events: tuple[Captured, ...]
