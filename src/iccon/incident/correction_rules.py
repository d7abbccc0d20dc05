"""Decisions about corrections: an entry amended, struck, pinned. Pure."""

from datetime import UTC

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.corrections import CORRECTIONS, OF_DECISIONS, OF_TASKS, TEXT_FIELDS
from iccon.incident.ruling import Context, Outcome, Refusal, one, unreadable
from iccon.incident.state import State
from iccon.incident.tasks import TaskKind

TURNED = (e.Note.kind, e.TaskNoted.kind)  # what can become one another


def _target(state: State, target: str, ctx: Context) -> e.Entry | Refusal:
    found = ctx.find(target)
    if found is None or found.incident != state.incident:
        return Refusal("no_entry", f"this incident has no entry {target}", "`iccon timeline` lists the ids")
    if found.kind in CORRECTIONS:
        return Refusal("correction", "a correction cannot be corrected", "correct the entry it is about")
    return found


def amend(state: State, command: c.Amend, ctx: Context) -> Outcome:
    """Text, time, kind and whose it is; what is None stays."""
    found = _target(state, command.target, ctx)
    if isinstance(found, Refusal):
        return found
    said = {name: getattr(command, name) for name in ("text", *OF_TASKS)}
    if command.at is None and command.what is None and all(each is None for each in said.values()):
        return Refusal("empty", "nothing to amend", "give a text, a time, a kind or a person")
    if refused := _text(found, command.text) or _kind(state, found, command):
        return refused
    body = e.Amended(
        target=found.id,
        happened_at=None if command.at is None else command.at.astimezone(UTC),
        what=command.what,
        **{name: None if text is None else text.strip() for name, text in said.items()},
    )
    return one(state, ctx, body)


def _text(found: e.Entry, text: str | None) -> Refusal | None:
    if text is None:
        return None
    if found.kind not in TEXT_FIELDS:
        return Refusal(
            "fixed_text", f"the text of a {found.kind} entry is not a person's", "amend its time, or strike it"
        )
    return unreadable("the text", text)


def _kind(state: State, found: e.Entry, command: c.Amend) -> Refusal | None:
    """Refuse what the entry cannot be, or what it has no room for."""
    if command.what is None and all(getattr(command, name) is None for name in OF_TASKS):
        return None
    if found.kind not in TURNED:
        return Refusal("fixed_kind", f"a {found.kind} entry stays one", "strike it, and write what it should be")
    task = next((task for task in state.tasks if task.id == found.id), None)
    what = command.what or (task.what if task else e.Note.kind)
    if what == e.Note.kind and command.owner:
        return Refusal("owner", "a note is nobody's", "make it an action, a question, a decision or a todo")
    if what != TaskKind.DECISION and any(getattr(command, name) for name in OF_DECISIONS):
        said = f"a {what} has no options, risk, objections or outcome"
        return Refusal("decision_only", said, "put them into its text")
    if what == e.Note.kind and task is not None and task.effect:
        return Refusal("pushed", f"that {task.what} was pushed to {task.tracker}", "settle it, or strike it")
    return None


def strike(state: State, command: c.Strike, ctx: Context) -> Outcome:
    """It counts no more and stays readable."""
    found = _target(state, command.target, ctx)
    if isinstance(found, Refusal):
        return found
    if isinstance(found.body, e.Declared):
        return Refusal("declaration", "the declaration cannot be struck", "resolve the incident instead")
    if not command.reason.strip():
        return Refusal("reason", "a strike needs a reason", "give the reason")
    return one(state, ctx, e.Struck(target=found.id, reason=command.reason.strip()))


def pin(state: State, command: c.Pin, ctx: Context) -> Outcome:
    """It stands out wherever it is shown, or no longer."""
    found = _target(state, command.target, ctx)
    if isinstance(found, Refusal):
        return found
    if (found.id in state.pins) == command.on:
        return Refusal("unchanged", f"that is {'pinned already' if command.on else 'not pinned'}")
    return one(state, ctx, e.Pinned(target=found.id, on=command.on))
