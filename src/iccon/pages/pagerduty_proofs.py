"""How PagerDuty shows that something was done: what an incident says, its log, its notes, and what an answer says."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from iccon.faults import FaultKind, SourceFault
from iccon.incident.page_verbs import span
from iccon.net.wire import first, instant, record, records, text
from iccon.pages.model import Act, PageStatus
from iccon.pages.pagerduty_client import PagerDutyClient
from iccon.pages.pagerduty_decode import INCLUDE, name_of, page_of, receipt
from iccon.pages.pagerduty_names import Reference
from iccon.text import CleanText, clean

MESSAGE: Final = "Please help with this incident"  # of a responder request that was given none
SLACK: Final = timedelta(seconds=5)  # how much older than the wish its trace may look: clocks, and whole seconds
LOG_PAGES: Final = 10  # requests for one incident's log
_PAST: Final = {"acknowledge": "acknowledged", "assign": "assigned", "escalate": "escalated", "snooze": "snoozed"}
Json = dict[str, Any]


class Wish(Struct, frozen=True):
    """An act with what it names looked up: `to` are users or one escalation policy; `me()` gives our own user ids."""

    act: Act
    me: Callable[[], tuple[str, ...]]
    to: tuple[Reference, ...] = ()
    workflow: Reference | None = None

    def argument(self, name: str) -> str:
        """Return an argument, "" where it was not given."""
        return self.act.arguments.get(name, "")


def incident(client: PagerDutyClient, page: str) -> Json:
    """Return one incident as PagerDuty has it. Raises SourceFault."""
    found = record(record(client.get(f"/incidents/{page}", {"include[]": list(INCLUDE)})).get("incident"))
    if not found.get("id"):
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without an incident: is this PagerDuty's address?")
    return found


def log(client: PagerDutyClient, wish: Wish, kinds: tuple[str, ...]) -> Iterator[Json]:
    """Yield the log entries of `kinds` by the person acting, not older than the wish, newest first."""
    since = _since(client, wish)
    query: Json = {"limit": 100, "time_zone": "UTC"} | ({"since": since.isoformat()} if since else {})
    for offset in range(0, LOG_PAGES * 100, 100):
        body = record(client.get(f"/incidents/{wish.act.page}/log_entries", query | {"offset": offset}))
        for entry in records(body.get("log_entries")):
            kind = str(entry.get("type")).removesuffix("_log_entry")
            if kind in kinds and _is_mine(entry, "agent", "created_at", wish, since):
                yield entry
        if body.get("more") is not True:
            return


def _since(client: PagerDutyClient, wish: Wish) -> datetime | None:
    """Return, in PagerDuty's time, from when a trace may be this wish's."""
    return None if wish.act.at is None else wish.act.at - timedelta(seconds=client.skew() or 0.0) - SLACK


def _is_mine(row: Json, who: str, when: str, wish: Wish, since: datetime | None) -> bool:
    at = instant(row.get(when))
    return str(record(row.get(who)).get("id")) in wish.me() and (since is None or (at is not None and at >= since))


def entry_words(entry: Json) -> CleanText:
    """Return what a log entry says: what, by whom, when."""
    kind = str(entry.get("type")).removesuffix("_log_entry")
    return receipt(_PAST.get(kind, kind), name_of(entry.get("agent")), instant(entry.get("created_at")))


# What an incident shows


def shows_status(*wanted: PageStatus) -> Callable[[Json, Wish], CleanText]:
    """Return a function that says an incident's status, by whom and since when, where it is one of `wanted`."""

    def shows(found: Json, wish: Wish) -> CleanText:
        page = page_of("", found)
        if page is None or page.status not in wanted:
            return CleanText("")
        return receipt(page.status.value, page.changed_by, page.changed_at)

    return shows


def shows_assigned(found: Json, wish: Wish) -> CleanText:
    """Say who has it, where those are the users wished for.

    Users only: a policy that has the page already starts again at its first level.
    """
    holders = _holders(found)
    wanted = {one.id for one in wish.to if one.kind == "user"}
    if not wanted or {str(holder.get("id")) for holder in holders} != wanted:
        return CleanText("")
    return clean(f"assigned to {', '.join(map(name_of, holders))}")


def _holders(found: Json) -> list[Json]:
    return [record(row.get("assignee")) for row in records(found.get("assignments"))]


def shows_prioritised(found: Json, wish: Wish) -> CleanText:
    """Say which priority it has, where that is the one wished for."""
    priority, wanted = record(found.get("priority")), wish.argument("priority").casefold()
    names = {str(priority.get(key)).casefold() for key in ("id", "name", "summary") if priority.get(key)}
    return clean(f"priority {name_of(priority)}") if wanted in names else CleanText("")


def shows_urgent(found: Json, wish: Wish) -> CleanText:
    """Say its urgency, where that is the one wished for."""
    wanted = wish.argument("urgency")
    return clean(f"urgency {wanted}") if found.get("urgency") == wanted else CleanText("")


# Other proofs


def found_merged(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Say that every source was resolved by being merged into the page."""
    reasons = [record(incident(client, key).get("resolve_reason")) for key in wish.argument("sources").split()]
    into = [record(reason.get("incident")).get("id") == wish.act.page for reason in reasons]
    if any(into) and not all(into):
        raise SourceFault(FaultKind.REJECTED, f"{sum(into)} of {len(into)} pages are merged: look at the others")
    return clean(f"merged {len(into)}") if all(into) else None


def _notes(client: PagerDutyClient, wish: Wish) -> list[Json]:
    body = record(client.get(f"/incidents/{wish.act.page}/notes"))
    if not isinstance(body.get("notes"), list):
        raise SourceFault(FaultKind.BAD_ANSWER, "an answer without notes: is this PagerDuty's address?")
    return records(body["notes"])


def found_noted(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Find our note among the notes."""
    notes, since = _notes(client, wish), _since(client, wish)
    mine = (n for n in notes if _same_text(n, wish) and _is_mine(n, "user", "created_at", wish, since))
    return next((says_note({"note": note}, wish) for note in mine), None)


def found_edited(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Find the note with its new text."""
    same = (n for n in _notes(client, wish) if n.get("id") == wish.argument("note") and _same_text(n, wish))
    return next((says_note({"note": note}, wish) for note in same), None)


def found_deleted(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Say that the note is gone."""
    left = any(note.get("id") == wish.argument("note") for note in _notes(client, wish))
    return None if left else CleanText("deleted")


def _same_text(note: Json, wish: Wish) -> bool:
    return str(note.get("content")).split() == wish.argument("text").split()


def found_requested(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Find our request among those the incident carries."""
    since = _since(client, wish)
    for request in records(incident(client, wish.act.page).get("responder_requests")):
        if request.get("message") == message(wish) and _is_mine(request, "requester", "requested_at", wish, since):
            return says_request({}, wish)
    return None


def found_cancelled(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Say that nobody wished for is still being asked.

    A policy's people cannot be told from those who were asked themselves: any who still is asked counts.
    """
    wanted = {one.id for one in wish.to if one.kind == "user"}
    rows = records(incident(client, wish.act.page).get("incidents_responders"))
    pending = {str(record(row.get("user")).get("id")) for row in rows if row.get("state") == "pending"}
    policies = any(one.kind != "user" for one in wish.to)
    return None if pending & wanted or (policies and pending) else CleanText("nobody of them is asked any more")


def found_updated(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Find our status update in the log."""
    for entry in log(client, wish, ("status_update",)):
        if str(entry.get("message")).split() == wish.argument("text").split():
            return entry_words(entry)
    # The kind is missing from the published description, so that its absence from the log proves nothing.
    raise SourceFault(FaultKind.BAD_ANSWER, "its log shows no such update: look at the page before you post it again")


def found_unreadable(client: PagerDutyClient, wish: Wish) -> CleanText | None:
    """Refuse: PagerDuty has no list of what ran."""
    raise SourceFault(FaultKind.BAD_ANSWER, "PagerDuty does not tell which workflows ran: look at the page there")


# What an answer says


def says_snoozed(body: Json, wish: Wish) -> CleanText:
    """Say until when."""
    actions = records(record(body.get("incident")).get("pending_actions"))
    until = next((instant(row.get("at")) for row in actions if row.get("type") == "unacknowledge"), None)
    words = f"until {until:%Y-%m-%d %H:%M:%S} UTC" if until else f"for {span(wish.argument('seconds'))}"
    return CleanText(f"snoozed {words}")


def says_escalated(body: Json, wish: Wish) -> CleanText:
    """Say to whom."""
    holders = ", ".join(map(name_of, _holders(record(body.get("incident")))))
    return clean(f"escalated to level {wish.argument('level')}: {holders or 'nobody'}")


def says_assigned(body: Json, wish: Wish) -> CleanText:
    """Say to whom the policy gave it. Raises SourceFault where users were wished for and others have it."""
    holders = ", ".join(map(name_of, _holders(record(body.get("incident"))))) or "nobody"
    if any(one.kind == "user" for one in wish.to):
        raise SourceFault(FaultKind.REJECTED, f"PagerDuty answered, but the page is still assigned to {holders}")
    return clean(f"assigned to {holders}")


def says_merge(body: Json, wish: Wish) -> CleanText:
    """Say how many."""
    return CleanText(f"merged {len(wish.argument('sources').split())}")


def says_note(body: Json, wish: Wish) -> CleanText:
    """Say which note."""
    return clean(f"note {text(record(body.get('note')).get('id'))}")


def says_request(body: Json, wish: Wish) -> CleanText:
    """Say whom."""
    return clean(f"requested {', '.join(one.name for one in wish.to)}")


def says_cancel(body: Json, wish: Wish) -> CleanText:
    """Say what became of each request. Raises SourceFault where none was cancelled."""
    names = {one.id: one.name for one in wish.to}
    rows = records(body.get("responder_request_targets"))
    told = ", ".join(f"{names.get(str(row.get('id')), '?')}: {text(row.get('result'))}" for row in rows)
    if not any(row.get("result") == "cancelled" for row in rows):
        raise SourceFault(FaultKind.REJECTED, f"no request was cancelled: {told or 'PagerDuty names nobody'}")
    return clean(told)


def says_status(body: Json, wish: Wish) -> CleanText:
    """Say which update."""
    return clean(f"status update {first(record(body.get('status_update')).get('id'))}")


def says_workflow(body: Json, wish: Wish) -> CleanText:
    """Say which run of it."""
    name = wish.workflow.name if wish.workflow else ""
    return clean(f"workflow {name} started: {text(record(body.get('incident_workflow_instance')).get('id'))}")


def message(wish: Wish) -> str:
    """Return what a responder request says."""
    return wish.argument("message") or MESSAGE
