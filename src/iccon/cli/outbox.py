"""outbox: what was to leave, and how it ended."""

import argparse

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import Session, refuse, session
from iccon.incident.effects import EffectState, OutboxRow
from iccon.incident.ids import short
from iccon.incident.runs import PORT
from iccon.text import clean

_SAID = {"--happened": "took place", "--not-happened": "did not take place"}
_HEAD = ("id", "state", "since", "to", "what", "title", "detail")


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "outbox", _do_outbox)
    states = [str(state) for state in EffectState]
    parser.add_argument("--state", action="append", choices=states, default=[], help="only these (repeatable)")
    text = "read back what is unknown or was left behind by a program that died; sends nothing"
    parser.add_argument("--recover", action="store_true", help=text)
    text = "of one whose outcome is unknown: somebody looked, and it {} (id, or the end of it; repeatable)"
    for option, words in _SAID.items():
        parser.add_argument(option, action="append", default=[], metavar="ID", help=text.format(words))


def _do_outbox(args: argparse.Namespace) -> int:
    judged = [(ref, True) for ref in args.happened] + [(ref, False) for ref in args.not_happened]
    with session(args, read_only=not (args.recover or judged)) as opened:
        if judged:
            return _judge(opened, judged)
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


def _judge(opened: Session, judged: list[tuple[str, bool]]) -> int:
    """Write down what a person found out about writes whose outcome nobody else can tell."""
    from iccon.cli.sending import say_fates
    from iccon.effects import Fate

    rows = [(_meant(opened, ref), happened) for ref, happened in judged]
    for row, happened in rows:
        opened.desk.judge(row.effect.id, happened, opened.setting.actor)
    after = [opened.desk.effect(row.effect.id) for row, _ in rows]
    say_fates(opened, [(row.effect, Fate(row.state, row.detail, row.receipt)) for row in after if row is not None])
    return OK


def _meant(opened: Session, ref: str) -> OutboxRow:
    """Return the one write of unknown outcome that `ref` names. Raises Refused."""
    rows = opened.desk.outbox(EffectState.UNKNOWN)
    found = [row for row in rows if ref in (row.effect.id, short(row.effect.id))]
    if len(found) != 1:
        why = f"{len(found)} writes of unknown outcome are called" if found else "no write of unknown outcome is called"
        raise refuse("no_effect", f"{why} {clean(ref, 60)}", "`iccon outbox --state unknown` lists them")
    return found[0]


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
