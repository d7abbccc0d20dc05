"""Active pages as plain data, and what a backend that holds them must do. Pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from msgspec import Struct

from iccon.faults import SourceFault, SourceTrouble
from iccon.incident.commands import Captured
from iccon.incident.entries import PageRef
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.pages.grouping import Grouping

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # stands where a backend gave no readable time


class PageStatus(StrEnum):
    """Where a page stands, in PagerDuty's words. Alertmanager: firing is triggered, silenced is `silenced`."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class Page(Struct, frozen=True):
    """One page (PagerDuty incident) or alert (Alertmanager), text cleaned, times aware UTC.

    `alert` is the rule that fired, `place` where: cluster, namespace, region, environment, as far as known.
    `changed_at` is when it got its present status, `changed_by` who gave it that ("" for a machine). `labels` are those
    that a command of a runbook may be told, see `variables`. `quiet_until` is when the last silence over it ends.
    """

    source: str
    id: str
    title: CleanText
    service: CleanText
    status: PageStatus
    urgency: CleanText
    created_at: datetime
    number: CleanText = CleanText("")
    alert: CleanText = CleanText("")
    place: CleanText = CleanText("")
    assignees: tuple[CleanText, ...] = ()
    acknowledged_by: CleanText = CleanText("")
    url: CleanText = CleanText("")
    runbook_url: CleanText = CleanText("")
    changed_at: datetime | None = None
    changed_by: CleanText = CleanText("")
    labels: dict[str, CleanText] = {}
    quiet_until: datetime | None = None

    @property
    def variables(self) -> dict[str, CleanText]:
        """What a command of a runbook is told of it: label, value."""
        return {**self.labels, "service": self.service, "alert": self.alert}

    @property
    def key(self) -> str:
        """What makes this page the same page after a refresh."""
        return f"{self.source}:{self.id}"

    @property
    def ref(self) -> PageRef:
        """The page as entries name it."""
        return PageRef(self.source, self.id, self.title, self.service)


PLACES = ("environment", "region", "cluster", "namespace")


def place(value_of: Callable[[str], object]) -> CleanText:
    """Return where a page comes from, by what `value_of` gives for the label of each of PLACES."""
    found = (value_of(name) for name in PLACES)
    return clean(" ".join(value for value in found if isinstance(value, str) and value), 100)


class Listing(Struct, frozen=True):
    """The open pages of one backend; `notices` says what a person must know about the list.

    `complete` is False where the backend could not give all: a page that is missing then may still be open. `lacks`
    says of verbs that the account cannot do why not, `budget` how many requests it still takes ("": it does not say).
    """

    pages: tuple[Page, ...]
    notices: tuple[CleanText, ...] = ()
    complete: bool = True
    lacks: dict[str, CleanText] = {}
    budget: CleanText = CleanText("")


class Pages(Struct, frozen=True):
    """The open pages of all backends: triggered first, then acknowledged, then silenced; newest first.

    `closed` are those that ended lately, oldest first, with the status resolved: more than one poll's, so that
    a reader who missed one misses no ending; `changed_at` is None where the backend does not say when.
    `verbs` says what each backend can do, `lacks` of what it cannot for this account why not, `budgets` how many
    requests it still takes. A backend in `trouble` has its last known pages in `pages`. `at` is when the poll ended
    (aware UTC). `grouping` says which pages belong together, where somebody has worked that out.
    """

    pages: tuple[Page, ...] = ()
    closed: tuple[Page, ...] = ()
    trouble: tuple[SourceTrouble, ...] = ()
    at: datetime = UNKNOWN_TIME
    notices: tuple[CleanText, ...] = ()
    verbs: dict[str, tuple[str, ...]] = {}
    lacks: dict[str, dict[str, CleanText]] = {}
    budgets: dict[str, CleanText] = {}
    grouping: "Grouping | None" = None


class Trace(Struct, frozen=True):
    """One line of a page's story: `what`, by `who` ("" nobody), `at` (aware UTC). `id` where it can be acted on."""

    what: CleanText
    who: CleanText = CleanText("")
    at: datetime | None = None
    id: CleanText = CleanText("")


class Detail(Struct, frozen=True):
    """One page with all that its backend tells of it. `notices` say which part could not be had.

    `on_call` is who has duty by the page's policy, now and next; `changes` are those that may have to do with it,
    `past` are pages like it and `related` those that are open beside it, as far as the account has them.
    `budget` says how many requests the backend still takes, "" where it does not say.
    """

    page: Page
    alerts: tuple[Trace, ...] = ()
    notes: tuple[Trace, ...] = ()
    responders: tuple[Trace, ...] = ()
    log: tuple[Trace, ...] = ()
    on_call: tuple[Trace, ...] = ()
    changes: tuple[Trace, ...] = ()
    past: tuple[Trace, ...] = ()
    related: tuple[Trace, ...] = ()
    notices: tuple[CleanText, ...] = ()
    budget: CleanText = CleanText("")


def sections(detail: Detail) -> tuple[tuple[str, tuple[Trace, ...]], ...]:
    """Return what a detail tells, in the order in which it is read, each with its title."""
    return (
        ("Responders", detail.responders),
        ("On call", detail.on_call),
        ("Notes", detail.notes),
        ("Alerts", detail.alerts),
        ("Changes that may have to do with it", detail.changes),
        ("Open beside it", detail.related),
        ("Pages like it before", detail.past),
        ("Log", detail.log),
    )


class Story(Struct, frozen=True):
    """What a pager's own log tells of one page, oldest first; `notice` says what it leaves out."""

    events: tuple[Captured, ...] = ()
    notice: CleanText = CleanText("")


class Act(Struct, frozen=True):
    """One thing to do to a page: a verb of `incident/page_verbs.py` with its arguments.

    `at` is when it was asked for (aware UTC), so that an older trace of the same is not taken for its effect;
    None where nobody noted it.
    """

    verb: str
    page: str
    arguments: dict[str, str] = {}
    at: datetime | None = None


class Done(Struct, frozen=True):
    """A write the other side confirmed; `receipt` is its proof (an id, a status)."""

    receipt: CleanText


class PageBackend(Protocol):
    """A pager. Blocking: called on a thread of its own."""

    name: str
    verbs: tuple[str, ...]
    deadline: float  # seconds within which `listing` ends, one way or the other

    def listing(self) -> Listing:
        """Return all open pages, and what is to be said about them. Raises SourceFault."""
        ...

    def closed(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        """Return, as they are now, those of `pages` that are known to have been resolved. Raises SourceFault."""
        ...

    def list(self) -> tuple[Page, ...]:
        """Return all open pages, complete. Raises SourceFault."""
        ...

    def find(self, page_id: str) -> Page | None:
        """Return one page as it is now, whatever its status; None where there is none. Raises SourceFault."""
        ...

    def detail(self, page_id: str) -> Detail:
        """Return one page with its story. Raises SourceFault, also where there is no such page."""
        ...

    def story(self, page: Page) -> Story:
        """Return what its log tells of a page, with one request; nothing where it keeps none. Raises SourceFault."""
        ...

    def act(self, act: Act) -> Done:
        """Do it once, without retry. Raises SourceFault; LOST where the outcome is unknown."""
        ...

    def read_back(self, act: Act) -> Done | None:
        """Say whether it took effect: Done, or None when it did not. Raises SourceFault where nobody can tell."""
        ...


@runtime_checkable
class ManyBackend(Protocol):
    """A pager that does a verb of `many` to several pages in one request. All acts have one verb and its arguments."""

    many: tuple[str, ...]

    def act_many(self, acts: Sequence[Act]) -> tuple[Done | SourceFault, ...]:
        """Do each once, without retry, and say how each ended. Raises SourceFault where all ended so."""
        ...

    def read_back_many(self, acts: Sequence[Act]) -> tuple[Done | None, ...]:
        """Say of each whether it took effect. Raises SourceFault where nobody can tell."""
        ...
