"""Proposals for runbooks in an incident: what may be added to a draft, and what the state keeps of it. Pure."""

from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.bookdrafts import BookDraft, Piece
from iccon.incident.evidence import BLOB_LIMIT, Blob
from iccon.incident.ruling import Context, Decision, Outcome, Refusal, unreadable
from iccon.incident.state import State


def add(state: State, command: c.AddToDraft, ctx: Context) -> Outcome:
    """Propose a text for a runbook. All of one draft are for the file as it was at the first."""
    text = command.text.strip("\n").rstrip()
    if refused := unreadable("the text", text):
        return refused
    held = state.drafts.get(command.path)
    if held and any((p.heading, p.nth, p.text) == (command.heading, command.nth, text) for p in held.pieces):
        return Refusal("unchanged", "that is in the draft already")
    blob = Blob(command.base)
    if len(blob.content) > BLOB_LIMIT:
        return Refusal("too_large", "the runbook is too large to make a patch of it", "write a note instead")
    body = e.DraftAdded(
        path=command.path,
        title=command.title,
        heading=command.heading,
        text=text,
        sha256=held.sha256 if held else blob.sha256,
        place=held.place if held else command.place,
        nth=command.nth,
        target=command.target,
    )
    return Decision((e.Draft(state.incident, body, ctx.now, ctx.actor),), blobs=() if held else (blob,))


def added(state: State, entry: e.Entry, body: e.DraftAdded) -> State:
    """Add a piece to the draft of its runbook."""
    piece = Piece(body.heading, body.nth, body.text, entry.actor, entry.happened_at, entry.id)
    held = state.drafts.get(body.path) or BookDraft(body.title, body.place, body.sha256, ())
    return replace(state, drafts={**state.drafts, body.path: replace(held, pieces=(*held.pieces, piece))})
