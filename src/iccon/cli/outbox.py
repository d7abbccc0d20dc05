"""outbox: what was to leave, and how it ended."""

import argparse

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import Session, session
from iccon.incident.effects import EffectState, OutboxRow
from iccon.incident.ids import short
from iccon.incident.runs import PORT

_HEAD = ("id", "state", "since", "to", "what", "title", "detail")


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "outbox", _do_outbox)
    states = [str(state) for state in EffectState]
    parser.add_argument("--state", action="append", choices=states, default=[], help="only these (repeatable)")
    text = "read back what is unknown or was left behind by a program that died; sends nothing"
    parser.add_argument("--recover", action="store_true", help=text)


def _do_outbox(args: argparse.Namespace) -> int:
    with session(args, read_only=not args.recover) as opened:
        if args.recover:
            return _recover(opened)
        rows = opened.desk.outbox(*map(EffectState, args.state))
        if args.json:
            say_json([facts.effect(row) for row in rows])
        elif not rows:
            say("nothing")
        else:
            table((_row(row, opened) for row in rows), _HEAD)
    return OK


def _row(row: OutboxRow, opened: Session) -> tuple[object, ...]:
    what, since = row.effect, opened.clock_text(row.changed_at)
    title = what.payload.get("title", "")
    return short(what.id), row.state, since, what.target, what.verb, title, row.detail or row.receipt


def _recover(opened: Session) -> int:
    from iccon.bootstrap import effect_ports, runner
    from iccon.cli.runs import keep
    from iccon.cli.sending import say_fates
    from iccon.effects import recover

    ended = list(recover(opened.desk, effect_ports(opened.setting)))
    for effect in (effect for effect, _ in ended if effect.port == PORT):
        keep(opened.desk, runner(opened.setting), effect.id, effect.incident)
    if not ended and not opened.args.json:
        say("nothing was left behind")
    return say_fates(opened, [(effect, fate) for effect, fate in ended])
