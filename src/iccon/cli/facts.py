"""Facts as JSON, for scripts. The names of the fields are promises; instants are UTC in RFC 3339, spans are seconds.

incident   id, short, title, severity, phase, active, drill, services, declared_at, declared_by, resolved_at,
           elapsed_seconds, impact_seconds, commander, roles {role: {person, since}}, impacts [{id, scope, share,
           started, stopped}], theory {text, confirmed, at}, milestones {name: at}, next_update, updates [{entry,
           audience, at, text, next_due, outlets {name: {effect, state, detail, receipt}}}], tasks [task], runbooks
           {path: {title, digest}}, steps {path: {step id: {text, outcome, note, owner, person, at, digest, entry}}},
           notes, entries, experts [{person, since}]
task       id, short, what, text, owner, accepted, at, due, due_date, settled, outcome, options, risk, objections,
           decided, pushed {tracker, effect, state, detail, receipt} (or null)
handover   id, short, role, person, proposer, holder, at, due, end (null while it waits), ended, reason
entry      id, short, incident, kind, happened_at, recorded_at, actor, text
line       what an entry has, and machine, late, amended, struck (the reason, or null), pinned, links [{what, name}]
version    id, short, what (written, amended, struck, pinned, unpinned), recorded_at, actor, happened_at, text, why
receipt    incident, entries [entry], effects [id]
effect     id, short, incident, port, target, verb, state, queued_at, changed_at, detail, receipt, title
page       source, id, number, title, service, status, urgency, created_at, assignees, acknowledged_by, url
detail     what a page has, and alerts, notes, responders, log [{id, at, who, what}], notices
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from iccon.incident import timers
from iccon.incident.effects import OutboxRow
from iccon.incident.entries import Entry
from iccon.incident.handovers import Handover
from iccon.incident.history import Version
from iccon.incident.ids import short
from iccon.incident.links import links
from iccon.incident.milestones import moments
from iccon.incident.roles import Role
from iccon.incident.severity import Policy
from iccon.incident.state import Issued, State
from iccon.incident.tasks import Task
from iccon.incident.timeline import Item, describe

if TYPE_CHECKING:
    from iccon.pages.model import Detail, Page

Facts = dict[str, Any]


def incident(state: State, now: datetime, policy: Policy) -> Facts:
    """Return how an incident stands at `now`."""
    return {
        **headline(state, now),
        "services": state.services,
        "declared_by": state.declared_by,
        "roles": {str(role): {"person": held.person, "since": held.since} for role, held in state.roles.items()},
        "experts": state.experts,
        "impacts": state.impacts,
        "theory": state.theory,
        "milestones": {str(name): at for name, at in moments(state).items()},
        "next_update": timers.next_update(state, policy),
        "updates": [_issued(issued, state) for issued in state.updates],
        "tasks": [task(each, state) for each in state.tasks],
        "runbooks": {path: {"title": r.title, "digest": r.digest} for path, r in state.runbooks.items()},
        "steps": state.steps,
        "notes": state.notes,
        "entries": state.entries,
    }


def version(version: Version) -> Facts:
    """Return one version of an entry."""
    return {"short": short(version.id), **msgspec.structs.asdict(version)}


def task(task: Task, state: State) -> Facts:
    """Return one task of an incident."""
    return {
        "id": task.id,
        "short": short(task.id),
        "what": task.what,
        "text": task.text,
        "owner": task.owner,
        "accepted": task.accepted,
        "at": task.at,
        "due": task.due,
        "due_date": task.day.date if task.day else None,
        "settled": task.settled,
        "outcome": task.outcome,
        "options": task.options,
        "risk": task.risk,
        "objections": task.objections,
        "decided": task.decided,
        "pushed": {"tracker": task.tracker, **_outcome(task.effect, state)} if task.effect else None,
    }


def handover(handover: Handover) -> Facts:
    """Return one hand-over."""
    fields = "id role person proposer holder at due end ended reason"
    return {"short": short(handover.id), **{name: getattr(handover, name) for name in fields.split()}}


def headline(state: State, now: datetime) -> Facts:
    """Return what a list of incidents says about each."""
    return {
        "id": state.incident,
        "short": short(state.incident),
        "title": state.title,
        "severity": state.severity,
        "phase": state.phase,
        "active": state.active,
        "drill": state.drill,
        "commander": state.holder(Role.COMMANDER),
        "declared_at": state.declared_at,
        "resolved_at": state.resolved_at,
        "elapsed_seconds": int(timers.elapsed(state, now).total_seconds()),
        "impact_seconds": int(timers.impact(state, now).total_seconds()),
    }


def _issued(issued: Issued, state: State) -> Facts:
    outlets = {name: _outcome(effect, state) for name, effect in issued.effects.items()}
    return {
        "entry": issued.entry,
        "audience": issued.audience,
        "at": issued.at,
        "text": issued.text,
        "next_due": issued.next_due,
        "outlets": outlets,
    }


def _outcome(effect: str, state: State) -> Facts:
    found = state.outcomes.get(effect)
    if found is None:
        return {"effect": effect, "state": "queued", "detail": "", "receipt": ""}
    return {"effect": effect, "state": found.state, "detail": found.detail, "receipt": found.receipt}


def entry(entry: Entry) -> Facts:
    """Return one entry as it was written."""
    return {
        "id": entry.id,
        "short": short(entry.id),
        "incident": entry.incident,
        "kind": entry.kind,
        "happened_at": entry.happened_at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "text": describe(entry.body),
    }


def line(item: Item, incident: str) -> Facts:
    """Return one line of a timeline."""
    return {
        "id": item.id,
        "short": short(item.id),
        "incident": incident,
        "kind": item.kind,
        "happened_at": item.happened_at,
        "recorded_at": item.recorded_at,
        "actor": item.actor,
        "text": item.text,
        "machine": item.machine,
        "late": item.late,
        "amended": item.amended,
        "struck": item.struck,
        "pinned": item.pinned,
        "links": links(item.own),
    }


def receipt(incident: str, entries: Iterable[Entry], effects: Iterable[str]) -> Facts:
    """Return what a command wrote."""
    return {"incident": incident, "entries": [entry(e) for e in entries], "effects": list(effects)}


def effect(row: OutboxRow) -> Facts:
    """Return one row of the outbox."""
    what = row.effect
    return {
        "id": what.id,
        "short": short(what.id),
        "incident": what.incident,
        "port": what.port,
        "target": what.target,
        "verb": what.verb,
        "state": row.state,
        "queued_at": row.queued_at,
        "changed_at": row.changed_at,
        "detail": row.detail,
        "receipt": row.receipt,
        "title": what.payload.get("title", ""),
    }


def detail(detail: "Detail") -> Facts:
    """Return one page with its story."""
    told = {name: getattr(detail, name) for name in detail.__struct_fields__ if name != "page"}
    return {**page(detail.page), **told}


def page(page: "Page") -> Facts:
    """Return one page."""
    fields = "source id number title service status urgency created_at assignees acknowledged_by url quiet_until"
    return {name: getattr(page, name) for name in fields.split()}
