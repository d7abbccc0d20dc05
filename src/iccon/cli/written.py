"""What is said after something was written."""

from typing import TYPE_CHECKING

from iccon.cli.output import say, say_json
from iccon.cli.session import Session
from iccon.incident.entries import Entry
from iccon.incident.ids import short
from iccon.incident.timeline import describe

if TYPE_CHECKING:
    from iccon.desk import Receipt


def say_receipt(opened: Session, receipt: "Receipt") -> None:
    """Print what a command wrote: one line an entry, or the receipt as JSON."""
    if opened.args.json:
        from iccon.cli import facts

        say_json(facts.receipt(receipt.incident, receipt.entries, receipt.effects))
        return
    for entry in receipt.entries:
        say(line(opened, entry))


def line(opened: Session, entry: Entry) -> str:
    """Return an entry as one line: its short id, when it happened, what it says."""
    return f"{short(entry.id)}  {opened.clock_text(entry.happened_at)}  {describe(entry.body)}"
