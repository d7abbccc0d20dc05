"""A PagerDuty account as a pager: its open incidents, complete, and the way to act on them."""

import re
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault, nothing_sent
from iccon.incident import page_verbs
from iccon.net import clock_text
from iccon.net.together import together
from iccon.net.wire import first, record, records, text
from iccon.pages.model import Act, Detail, Done, Listing, Page, Story
from iccon.pages.pagerduty_abilities import Abilities
from iccon.pages.pagerduty_batch import VERBS as MANY
from iccon.pages.pagerduty_batch import act_many, read_back_many
from iccon.pages.pagerduty_client import PagerDutyClient
from iccon.pages.pagerduty_decode import INCLUDE, page_of
from iccon.pages.pagerduty_detail import detail_of, questions
from iccon.pages.pagerduty_names import look_up, own_ids, targets
from iccon.pages.pagerduty_proofs import Wish, incident
from iccon.pages.pagerduty_story import story_of
from iccon.pages.pagerduty_verbs import VERBS, Verb, prepare, proof, send
from iccon.pages.paging import PAGE, Rows, complete
from iccon.precedence import turn
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.pages.people import Person, Roster

REACH: Final = 10_000  # offset + limit: the API refuses to look further
LIST_PATIENCE: Final = 3  # a list of several requests may take this many timeouts
_READERS: Final = ("read_only_user", "read_only_limited_user", "observer")
_ID: Final = re.compile(r"\w{1,64}", re.ASCII)
AT_ONCE: Final = 4  # requests for one page's details
_SKEW: Final = 5.0  # seconds of clock difference that are worth a word


class PagerDutyBackend:
    """A PagerDuty account. Blocking and safe to call from several threads; loads the client at its first call.

    `token` is the resolved credential, `email` the user in whose name is written (the From header).
    """

    verbs: tuple[str, ...] = tuple(VERBS)
    many: tuple[str, ...] = MANY

    def __init__(
        self,
        config: schema.PagerDuty,
        token: str,
        email: str = "",
        name: str = "pagerduty",
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.deadline = config.timeout * LIST_PATIENCE + 1.0
        self._config = config
        self._client = PagerDutyClient(config, token, email, clock or SystemClock())
        self._ids: tuple[str, ...] = ()
        self._clock = clock or SystemClock()
        self._abilities = Abilities(self._client)
        self._told = False

    def list(self) -> tuple[Page, ...]:
        """Return all open pages, complete, each once. Raises SourceFault."""
        return self._listing().pages

    def listing(self) -> Listing:
        """Return all open pages (GET /incidents, 100 at a time), and what to say about them. Raises SourceFault."""
        found = self._listing()
        lacks = self._abilities.lacking() if self._told else {}  # the first rows wait for nothing else
        self._told = True
        return replace(found, lacks=lacks, budget=self._client.budget.said())

    def _listing(self) -> Listing:
        query = self._filters() | {"statuses[]": ["triggered", "acknowledged"], "sort_by": "created_at:asc"}
        until = time.monotonic() + self._config.timeout * LIST_PATIENCE
        rows, missing = complete(lambda offset: self._incidents(query, offset, until), "PagerDuty", REACH)
        with turn() as give_way:
            pages = {page.id: page for row in rows if give_way() is None and (page := page_of(self.name, row))}
        dropped = len(rows) - len(pages)
        nameless = CleanText(f"{dropped} incidents without an id are not shown") if dropped else CleanText("")
        notices = tuple(notice for notice in (missing, nameless, self._client.budget.low()) if notice)
        return Listing(tuple(pages.values()), notices, complete=not missing)

    def closed(self, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        """Return those of `pages` that are among the last 100 resolved ones (one request). Raises SourceFault."""
        query = self._filters() | {"statuses[]": ["resolved"], "sort_by": "resolved_at:desc"}
        rows, _ = _rows(self._client.get("/incidents", query | {"limit": PAGE, "offset": 0}, poll=True))
        wanted = {page.id for page in pages}
        found = (page_of(self.name, row) for row in rows)
        return tuple(page for page in found if page is not None and page.id in wanted)

    def find(self, page_id: str) -> Page | None:
        """Return one page as it is now (GET /incidents/{id}); None where PagerDuty has none. Raises SourceFault."""
        if not _ID.fullmatch(page_id):
            return None
        try:
            return page_of(self.name, incident(self._client, page_id))
        except SourceFault as fault:
            if fault.kind is FaultKind.NOT_FOUND:
                return None
            raise

    def detail(self, page_id: str) -> Detail:
        """Return one page with all that is told of it: one request, then eight, four at a time. Raises SourceFault."""
        if not _ID.fullmatch(page_id):
            raise SourceFault(FaultKind.REJECTED, f"{clean(page_id, 60)!r} is not the id of a PagerDuty incident")
        found = incident(self._client, page_id)
        now = self._clock.now()
        asked = questions(found, now).items()
        calls = {name: partial(self._client.get, path, query) for name, (path, query) in asked}
        names = list(calls)
        answers: dict[str, Any] = {}
        for some in (names[:AT_ONCE], names[AT_ONCE:]):
            answers |= together({name: calls[name] for name in some}, self.deadline)
        told = detail_of(self.name, found, answers, now)
        return replace(told, budget=self._client.budget.said())

    def story(self, page: Page) -> Story:
        """Return the newest 100 rows of the page's log (GET /incidents/{id}/log_entries). Raises SourceFault."""
        if not _ID.fullmatch(page.id):
            raise SourceFault(FaultKind.REJECTED, f"{clean(page.id, 60)!r} is not the id of a PagerDuty incident")
        query = {"limit": PAGE, "time_zone": "UTC"}
        return story_of(page, self._client.get(f"/incidents/{page.id}/log_entries", query))

    def act(self, act: Act) -> Done:
        """Do it, sending the write once. Raises SourceFault; LOST where the outcome is unknown."""
        verb = self._verb(act)
        with nothing_sent():
            wish = self._wish(act)
            ready = prepare(self._client, verb, wish)
        try:
            return Done(ready.already or send(self._client, verb, wish, ready))
        except SourceFault as fault:
            self._abilities.learn(act.verb, fault)
            raise

    def act_many(self, acts: Sequence[Act]) -> tuple[Done | SourceFault, ...]:
        """Do one verb of `many` to several pages, sending the write once; see ManyBackend. Raises SourceFault."""
        verb, wishes = self._wishes(acts)
        told = act_many(self._client, verb, wishes)
        for fault in told:
            if isinstance(fault, SourceFault):
                self._abilities.learn(acts[0].verb, fault)
        return tuple(one if isinstance(one, SourceFault) else Done(one) for one in told)

    def read_back_many(self, acts: Sequence[Act]) -> tuple[Done | None, ...]:
        """Say of each whether it took effect; see ManyBackend. Raises SourceFault where nobody can tell."""
        found = read_back_many(self._client, *self._wishes(acts))
        return tuple(None if one is None else Done(one) for one in found)

    def _wishes(self, acts: Sequence[Act]) -> tuple[Verb, tuple[Wish, ...]]:
        """Look up once what all of `acts` name: they differ in their pages only."""
        verb, *_ = [self._verb(act) for act in acts]
        with nothing_sent():
            one = self._wish(acts[0])
        return verb, tuple(replace(one, act=act) for act in acts)

    def read_back(self, act: Act) -> Done | None:
        """Say whether it took effect, by what PagerDuty shows or its log. Raises SourceFault where nobody can tell."""
        verb = self._verb(act)
        found = proof(self._client, verb, self._wish(act))
        return None if found is None else Done(found)

    def _verb(self, act: Act) -> Verb:
        verb = VERBS.get(act.verb)
        if verb is None:
            raise SourceFault(FaultKind.REJECTED, f"PagerDuty has no verb {clean(act.verb, 30)!r}")
        if wrong := page_verbs.problem(act.verb, act.arguments):
            raise SourceFault(FaultKind.REJECTED, f"{wrong[1]}: {wrong[2]}")
        if not self._client.email:
            raise SourceFault(
                FaultKind.REJECTED,
                "PagerDuty wants to know who acts: set [me] email to your PagerDuty address",
            )
        for key in (act.page, *act.arguments.get("sources", "").split(), act.arguments.get("note", "0")):
            if not _ID.fullmatch(key):
                raise SourceFault(
                    FaultKind.REJECTED, f"{clean(key, 60)!r} is not the id of a PagerDuty incident or note"
                )
        return verb

    def _wish(self, act: Act) -> Wish:
        workflow = act.arguments.get("workflow", "")
        return Wish(
            act,
            self._own_ids,
            to=targets(self._client, act.arguments.get("to", "")),
            workflow=look_up(self._client, "incident_workflow", workflow) if workflow else None,
        )

    def _own_ids(self) -> tuple[str, ...]:
        if not self._ids:
            self._ids = own_ids(self._client)
        return self._ids

    def roster(self, now: datetime, known: "dict[str, Person]") -> "Roster":
        """Return who is on call from `now`; see RosterBackend. Raises SourceFault."""
        from iccon.pages.pagerduty_people import roster  # not for every command that lists pages

        return roster(self._client.get, now, self._config.timeout * LIST_PATIENCE, known)

    def probe(self) -> str:
        """Return one line: whose token this is, what it may do, how far the clocks differ. Raises SourceFault."""
        self._check_ids()
        self._client.get("/abilities")
        who = self._who()
        self._client.get("/incidents", self._filters() | {"limit": 1})
        parts = (who, "may read incidents", self._writing(), self._client.budget.said(), self._skew())
        return "; ".join(part for part in parts if part)

    def _check_ids(self) -> None:
        for key in (*self._config.services, *self._config.teams):
            if not re.fullmatch("[A-Z0-9]+", key):
                raise SourceFault(
                    FaultKind.REJECTED,
                    f"{clean(key, 60)!r} is a name; PagerDuty wants the id at the end of its web address",
                )

    def _who(self) -> str:
        try:
            user = record(record(self._client.get("/users/me")).get("user"))
        except SourceFault as fault:
            if fault.kind is FaultKind.REJECTED and "account-level" in fault.reason:
                return "token of the account"
            raise
        role = str(user.get("role"))
        cannot = ", which may NOT acknowledge" if role in _READERS else ""
        return f"token of {first(user.get('name'), user.get('email'))} (role {text(role)}{cannot})"

    def _writing(self) -> str:
        return (
            f"acts as {clean(self._client.email)}"
            if self._client.email
            else "cannot acknowledge: [me] email is not set"
        )

    def _skew(self) -> str:
        skew = self._client.skew()
        if skew is None:
            return ""
        return clock_text(-skew) if abs(skew) > _SKEW else "clocks agree"

    def _filters(self) -> dict[str, Any]:
        """What every list asks for. Without `date_range` the API leaves out what is older than a month."""
        filters: dict[str, Any] = {"date_range": "all", "time_zone": "UTC", "include[]": list(INCLUDE)}
        if self._config.services:
            filters["service_ids[]"] = list(self._config.services)
        if self._config.teams:
            filters["team_ids[]"] = list(self._config.teams)
        return filters

    def _incidents(self, query: dict[str, Any], offset: int, until: float) -> Rows:
        if time.monotonic() > until:
            raise SourceFault(FaultKind.TIMEOUT, f"the list of pages was not complete at row {offset} in time")
        return _rows(self._client.get("/incidents", query | {"limit": PAGE, "offset": offset}, poll=True))


def _rows(body: Any) -> Rows:
    found = record(body)
    if not isinstance(found.get("incidents"), list):
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without incidents: is this PagerDuty's address?")
    return records(found["incidents"]), found.get("more") is True
