"""What can be done to a PagerDuty incident: for each verb the request, who must be named, and how it is read back.

    verb               request                                          From  read back by
    acknowledge        PUT  /incidents/{page}  status                   yes   its status, or its log
    resolve            PUT  /incidents/{page}  status, resolution       yes   its status
    reopen             PUT  /incidents/{page}  status                   yes   its status
    reassign           PUT  /incidents/{page}  assignments or policy    yes   who has it, or its log
    escalate           PUT  /incidents/{page}  escalation_level         yes   its log
    priority, urgency  PUT  /incidents/{page}  priority, urgency        yes   the incident
    snooze             POST /incidents/{page}/snooze                    yes   its log
    merge              PUT  /incidents/{page}/merge                     yes   why the others were resolved
    note               POST /incidents/{page}/notes                     yes   the notes
    edit_note          PUT  /incidents/{page}/notes/{note}              yes   the note
    delete_note        DELETE /incidents/{page}/notes/{note}            no    the notes
    responders         POST /incidents/{page}/responder_requests        no    the incident's requests
    cancel_responders  PUT  /incidents/{page}/responder_requests/cancel no    the incident's responders
    workflow           POST /incident_workflows/{workflow}/instances    no    nothing: a person must look
    status             POST /incidents/{page}/status_updates            yes   its log

"Its log" means an entry of the right kind, by the person in whose name was written, not older than the wish.
See https://developer.pagerduty.com/api-reference for the calls.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import record, text
from iccon.pages import pagerduty_proofs as told
from iccon.pages.model import PageStatus
from iccon.pages.pagerduty_client import PagerDutyClient, unreadable
from iccon.pages.pagerduty_decode import page_of
from iccon.pages.pagerduty_proofs import Json, Wish
from iccon.text import CleanText, clean


class Verb(Struct, frozen=True):
    """One row of the table above.

    `answer` is the key that a good answer has. `shows` says of an incident that it is as wished ("" it is not);
    `logs` are the kinds of log entries that prove the effect, `found` is any other proof. `needs_open` tells
    whether the page must be open before; None: it is not looked at.
    """

    method: str
    path: str
    body: Callable[[Wish], Json | None]
    answer: str = "incident"
    shows: Callable[[Json, Wish], CleanText] | None = None
    logs: tuple[str, ...] = ()
    found: Callable[[PagerDutyClient, Wish], CleanText | None] | None = None
    done: Callable[[Json, Wish], CleanText] | None = None
    needs_open: bool | None = None


class Ready(Struct, frozen=True):
    """What is to be sent; or that it is so `already`, and nothing needs to be."""

    path: str = ""
    body: Json | None = None
    already: CleanText = CleanText("")


def prepare(client: PagerDutyClient, verb: Verb, wish: Wish) -> Ready:
    """Return what to send, sending nothing. Raises SourceFault.

    The page is looked at first where it matters: a status set on a resolved incident would reopen it.
    """
    if verb.needs_open is not None:
        now = told.incident(client, wish.act.page)
        if already := before(verb, wish, now):
            return Ready(already=already)
    return Ready(_path(verb, wish), verb.body(wish))


def send(client: PagerDutyClient, verb: Verb, wish: Wish, ready: Ready) -> CleanText:
    """Send the write once and return the proof. Raises SourceFault; LOST where the outcome is unknown."""
    answer = client.write(verb.method, ready.path, ready.body)
    if verb.method == "DELETE":
        return CleanText("deleted")
    return answered(verb, record(answer), wish)


def answered(verb: Verb, body: Json, wish: Wish) -> CleanText:
    """Return the proof that an answer to the write gives. Raises SourceFault where it gives none."""
    if verb.answer not in body:
        raise unreadable(SourceFault(FaultKind.BAD_ANSWER, f"it has no {verb.answer}: is this PagerDuty's address?"))
    shown = record(body[verb.answer])
    if verb.shows is not None and (proof := verb.shows(shown, wish)):
        return proof
    if verb.done is not None:
        return verb.done(body, wish)
    raise SourceFault(FaultKind.REJECTED, f"PagerDuty answered, but the page is still {text(shown.get('status'))}")


def proof(client: PagerDutyClient, verb: Verb, wish: Wish) -> CleanText | None:
    """Return the proof that it took effect, None where it did not. Raises SourceFault where nobody can tell."""
    if verb.found is not None:
        return verb.found(client, wish)
    if verb.shows is not None and (shown := verb.shows(told.incident(client, wish.act.page), wish)):
        return shown
    return next((told.entry_words(entry) for entry in told.log(client, wish, verb.logs)), None) if verb.logs else None


def before(verb: Verb, wish: Wish, now: Json) -> CleanText:
    """Return why nothing needs to be sent to a page that is as `now`, "" where it does.

    Raises SourceFault where it must not be sent.
    """
    if verb.shows is not None and (shown := verb.shows(now, wish)):
        return clean(f"already {shown}")
    page = page_of("", now)
    if verb.needs_open and page is not None and page.status is PageStatus.RESOLVED:
        by = f" by {page.changed_by}" if page.changed_by else ""
        raise SourceFault(FaultKind.REJECTED, f"the page is resolved already{by}: nothing was sent")
    return CleanText("")


def _path(verb: Verb, wish: Wish) -> str:
    workflow = wish.workflow.id if wish.workflow else ""
    return verb.path.format(page=wish.act.page, note=wish.argument("note"), workflow=workflow)


# Bodies


def _update(**fields: Any) -> Json:
    return {"incident": {"type": "incident_reference"} | fields}


def _resolution(wish: Wish) -> Json:
    said = wish.argument("resolution")
    return _update(status="resolved") if not said else _update(status="resolved", resolution=said)


def _assignment(wish: Wish) -> Json:
    users = [{"assignee": one.body} for one in wish.to if one.kind == "user"]
    policies = [one.body for one in wish.to if one.kind != "user"]
    if len(policies) > 1 or (policies and users):
        raise SourceFault(FaultKind.REJECTED, "a page goes to people or to one escalation policy, not to both")
    return _update(escalation_policy=policies[0]) if policies else _update(assignments=users)


def _priority(wish: Wish) -> Json:
    return _update(priority=wish.argument("priority"))


def _sources(wish: Wish) -> Json:
    return {"source_incidents": [{"id": key, "type": "incident_reference"} for key in wish.argument("sources").split()]}


def _note(wish: Wish) -> Json:
    return {"note": {"content": wish.argument("text")}}


def _request(wish: Wish) -> Json:
    targets = [{"responder_request_target": one.body} for one in wish.to]
    return {"requester_id": wish.me()[0], "message": told.message(wish), "responder_request_targets": targets}


def _cancel(wish: Wish) -> Json:
    return {"requester_id": wish.me()[0], "responder_request_targets": [one.body for one in wish.to]}


def _instance(wish: Wish) -> Json:
    return {"incident_workflow_instance": {"incident": {"id": wish.act.page, "type": "incident_reference"}}}


_ACK, _RES = PageStatus.ACKNOWLEDGED, PageStatus.RESOLVED
_ONE: Final = "/incidents/{page}"

VERBS: Final[dict[str, Verb]] = {
    "acknowledge": Verb(
        "PUT",
        _ONE,
        lambda _: _update(status="acknowledged"),
        shows=told.shows_status(_ACK),
        logs=("acknowledge",),
        needs_open=True,
    ),
    "resolve": Verb("PUT", _ONE, _resolution, shows=told.shows_status(_RES), needs_open=True),
    "reopen": Verb(
        "PUT",
        _ONE,
        lambda _: _update(status="triggered"),
        shows=told.shows_status(PageStatus.TRIGGERED, _ACK),
        needs_open=False,
    ),
    "reassign": Verb(
        "PUT", _ONE, _assignment, shows=told.shows_assigned, logs=("assign",), done=told.says_assigned, needs_open=True
    ),
    "escalate": Verb(
        "PUT",
        _ONE,
        lambda wish: _update(escalation_level=int(wish.argument("level"))),
        logs=("escalate", "assign"),
        done=told.says_escalated,
        needs_open=True,
    ),
    "priority": Verb("PUT", _ONE, _priority, shows=told.shows_prioritised, needs_open=True),
    "urgency": Verb(
        "PUT", _ONE, lambda wish: _update(urgency=wish.argument("urgency")), shows=told.shows_urgent, needs_open=True
    ),
    "snooze": Verb(
        "POST",
        _ONE + "/snooze",
        lambda wish: {"duration": int(wish.argument("seconds"))},
        logs=("snooze",),
        done=told.says_snoozed,
        needs_open=True,
    ),
    "merge": Verb("PUT", _ONE + "/merge", _sources, found=told.found_merged, done=told.says_merge, needs_open=True),
    "note": Verb("POST", _ONE + "/notes", _note, "note", found=told.found_noted, done=told.says_note),
    "edit_note": Verb("PUT", _ONE + "/notes/{note}", _note, "note", found=told.found_edited, done=told.says_note),
    "delete_note": Verb("DELETE", _ONE + "/notes/{note}", lambda _: None, found=told.found_deleted),
    "responders": Verb(
        "POST",
        _ONE + "/responder_requests",
        _request,
        "responder_request",
        found=told.found_requested,
        done=told.says_request,
    ),
    "cancel_responders": Verb(
        "PUT",
        _ONE + "/responder_requests/cancel",
        _cancel,
        "responder_request_targets",
        found=told.found_cancelled,
        done=told.says_cancel,
    ),
    "workflow": Verb(
        "POST",
        "/incident_workflows/{workflow}/instances",
        _instance,
        "incident_workflow_instance",
        found=told.found_unreadable,
        done=told.says_workflow,
    ),
    "status": Verb(
        "POST",
        _ONE + "/status_updates",
        lambda wish: {"message": wish.argument("text")},
        "status_update",
        found=told.found_updated,
        done=told.says_status,
    ),
}
