"""The forms that correct an entry of the timeline. No widget code."""

from iccon.console.questions import Answers, Clock, Question, TextField
from iccon.incident import commands as c
from iccon.incident import jotting
from iccon.incident.fold import TEXT_FIELDS
from iccon.incident.state import State
from iccon.incident.timeline import Item
from iccon.journal.drafts import NOTE
from iccon.text import clean_block


def note(clock: Clock, state: State) -> Question:
    """Ask for a note of several lines, which reads as a typed line does."""

    def command(answers: Answers) -> c.Command | str:
        return jotting.command(clean_block(answers["text"]), clock.now, clock.zone, state.declared_at)

    lines = ("Time, kind, whose and when as in a typed line: -5m ! roll back @sam 10m",)
    return Question("Note", (TextField("text", "", required=True, several=True),), command, lines, NOTE)


def amend(item: Item, state: State, clock: Clock) -> Question:
    """Ask for the corrected text of an entry, if it is a person's, and for when it happened."""
    when = clock.write(item.happened_at)

    def command(answers: Answers) -> c.Command | str:
        typed, text = answers["at"].strip(), clean_block(answers.get("text", item.own))
        at = None if typed == when else clock.read(typed, state.declared_at)
        if isinstance(at, str):
            return at
        if at is None and text == item.own:
            return "nothing is changed"
        return c.Amend(target=item.id, text=None if text == item.own else text, at=at)

    text = (TextField("text", "Corrected text", item.own, several=True),) if item.kind in TEXT_FIELDS else ()
    fields = (*text, TextField("at", "When it happened", when, placeholder="for example -12m, 14:03, T+5m"))
    return Question(
        "Amend the entry", fields, command, ("What it said stays readable in the record",), f"amend:{item.id}"
    )


def strike(item: Item) -> Question:
    """Ask why an entry is struck."""

    def command(answers: Answers) -> c.Command:
        return c.Strike(target=item.id, reason=answers["reason"])

    reason = TextField("reason", "Why it is struck", required=True)
    lines = (item.text, "It stays readable, marked as struck")
    return Question("Strike the entry", (reason,), command, lines, f"strike:{item.id}")
