"""outbox: what was to leave, and how it ended."""

import argparse

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import session
from iccon.incident.effects import EffectState
from iccon.incident.ids import short


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "outbox", _do_outbox)
    states = [str(state) for state in EffectState]
    parser.add_argument("--state", action="append", choices=states, default=[], help="only these (repeatable)")


def _do_outbox(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        rows = opened.desk.journal.outbox(*map(EffectState, args.state))
        if args.json:
            say_json([facts.effect(row) for row in rows])
        elif not rows:
            say("nothing")
        else:
            head = ("id", "state", "since", "to", "what", "title", "detail")
            table(
                (
                    (
                        short(row.effect.id),
                        row.state,
                        opened.clock_text(row.changed_at),
                        row.effect.target,
                        row.effect.verb,
                        row.effect.payload.get("title", ""),
                        row.detail or row.receipt,
                    )
                    for row in rows
                ),
                head,
            )
    return OK
