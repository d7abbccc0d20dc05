"""Runbooks in an incident: opened, what came of their steps, and what the state keeps of both. Pure."""

from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.evidence import BLOB_LIMIT, Blob
from iccon.incident.ruling import Context, Decision, Outcome, Refusal, one, unreadable
from iccon.incident.state import State
from iccon.incident.steps import Pinned, StepMark


def open_runbook(state: State, command: c.OpenRunbook, ctx: Context) -> Outcome:
    """Record that it was opened; its text is kept the first time, so that the incident can go on with it."""
    held = state.runbooks.get(command.path)
    blob = Blob(command.text.encode("utf-8", "replace")) if command.text and not (held and held.sha256) else None
    if blob is not None and len(blob.content) > BLOB_LIMIT:
        blob = None
    body = e.RunbookOpened(
        path=command.path,
        title=command.title,
        digest=command.digest,
        why=command.why,
        sha256=blob.sha256 if blob else "",
        revision=command.revision,
    )
    return Decision((e.Draft(state.incident, body, ctx.now, ctx.actor),), blobs=(blob,) if blob else ())


def mark(state: State, command: c.MarkStep, ctx: Context) -> Outcome:
    """Say what came of a step."""
    note, owner = command.note.strip(), command.owner.strip()
    if note and (refused := unreadable("the note", note)):
        return refused
    held = state.steps.get(command.path, {}).get(command.step)
    if held is not None and (held.outcome, held.note, held.owner) == (command.outcome, note, owner):
        return Refusal("unchanged", f"that step is {command.outcome} already")
    body = e.StepMarked(
        path=command.path,
        digest=command.digest,
        step=command.step,
        text=command.text,
        outcome=command.outcome,
        note=note,
        owner=owner,
        total=command.total,
    )
    return one(state, ctx, body, command.at)


def pinned(state: State, _: e.Entry, body: e.RunbookOpened) -> State:
    """Pin the version that was opened first; one whose text is kept takes the place of one whose text is not."""
    held = state.runbooks.get(body.path)
    if held is not None and (held.sha256 or not body.sha256):
        return state
    return replace(state, runbooks={**state.runbooks, body.path: Pinned(body.title, body.digest, body.sha256)})


def marked(state: State, entry: e.Entry, body: e.StepMarked) -> State:
    """Let the newest mark of a step hold."""
    mark = StepMark(
        body.text,
        body.outcome,
        body.note,
        body.owner,
        entry.actor,
        entry.happened_at,
        body.digest,
        entry.id,
        body.total,
    )
    return replace(state, steps={**state.steps, body.path: {**state.steps.get(body.path, {}), body.step: mark}})
