"""The forms that correct an entry of the timeline. No widget code."""

from iccon.console.questions import Answers, ChoiceField, Clock, Field, Question, TextField
from iccon.console.taskforms import RECORD
from iccon.incident import commands as c
from iccon.incident import jotting
from iccon.incident.correction_rules import TURNED
from iccon.incident.corrections import OF_DECISIONS, TEXT_FIELDS
from iccon.incident.state import State
from iccon.incident.tasks import TaskKind
from iccon.incident.timeline import Item
from iccon.journal.drafts import NOTE
from iccon.text import clean_block

KINDS = tuple((kind, kind) for kind in ("note", *(kind.value for kind in TaskKind)))


def note(clock: Clock, state: State) -> Question:
    """Ask for a note of several lines, which reads as a typed line does."""

    def command(answers: Answers) -> c.Command | str:
        return jotting.command(clean_block(answers["text"]), clock.now, clock.zone, state.declared_at)

    lines = ("Time, kind, whose and when as in a typed line: -5m ! roll back @sam 10m",)
    return Question("Note", (TextField("text", "", required=True, several=True),), command, lines, NOTE)


def amend(item: Item, state: State, clock: Clock) -> Question:
    """Ask for when an entry happened, for the corrected text where it is a person's, and what a note or task is."""
    task = next((task for task in state.tasks if task.id == item.id), None)
    before = {
        "text": item.own,
        "what": task.what if task else item.kind,
        "owner": task.owner if task else "",
        "at": clock.write(item.happened_at),
    }
    if task is not None and task.what == TaskKind.DECISION:
        said = (task.options, task.risk, task.objections, task.decided)
        before |= dict(zip(OF_DECISIONS, said, strict=True))

    def command(answers: Answers) -> c.Command | str:
        new = {name: text for name, text in _read(answers).items() if text != before[name]}
        at = clock.read(new["at"], state.declared_at) if "at" in new else None
        if isinstance(at, str):
            return at
        if not new or (at is None and "at" in new and len(new) == 1):
            return "nothing is changed"
        new.pop("at", None)
        return c.Amend(target=item.id, at=at, **new)

    fields: list[Field] = []
    if item.kind in TEXT_FIELDS:
        fields.append(TextField("text", "Corrected text", before["text"], several=True))
    fields.append(TextField("at", "When it happened", before["at"], placeholder="for example -12m, 14:03, T+5m"))
    if item.kind in TURNED:
        fields += [
            ChoiceField("what", "What it is", KINDS, before["what"]),
            TextField("owner", "Whose (not of a note)", before["owner"]),
            *(TextField(name, label, before[name]) for name, label in RECORD if name in before),
        ]
    lines = ("What it said stays readable in the record",)
    return Question("Amend the entry", tuple(fields), command, lines, f"amend:{item.id}")


def _read(answers: Answers) -> dict[str, str]:
    return {name: clean_block(text) if name == "text" else text.strip() for name, text in answers.items()}


def strike(item: Item) -> Question:
    """Ask why an entry is struck."""

    def command(answers: Answers) -> c.Command:
        return c.Strike(target=item.id, reason=answers["reason"])

    reason = TextField("reason", "Why it is struck", required=True)
    lines = (item.text, "It stays readable, marked as struck")
    return Question("Strike the entry", (reason,), command, lines, f"strike:{item.id}")
