"""note, stalk, amend, pin, strike: what people write into the record, and ask to have written."""

import argparse

from iccon.cli.parsing import OK, RECORD, Commands, add_command, with_again, with_incident, with_time
from iccon.cli.session import BadUse, Session, entry_id, session, text_of
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.text import clean

KINDS = ("note", "decision", "question", "action", "todo")
SIGNALS = ("latency", "traffic", "errors", "saturation")
STALK_NOTES = """\
While a console has the incident open, one entry is written whenever the verdict changes between ok, warn and bad,
at most one a minute for each signal, and one when the metrics server stops answering or answers again."""


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    note = add_command(commands, "note", _do_note)
    note.add_argument("text", nargs="+", help="what to write down; - reads the standard input")
    with_incident(note)
    with_time(note)
    with_again(note)
    stalk = add_command(commands, "stalk", _do_stalk, notes=STALK_NOTES)
    which = stalk.add_mutually_exclusive_group(required=True)
    which.add_argument("service", nargs="?", help="the service, as the board names it")
    which.add_argument("--all", action="store_true", help="every signal of every service")
    stalk.add_argument("signal", nargs="?", choices=SIGNALS, help="default: all four of the service")
    stalk.add_argument("--off", action="store_true", help="no longer")
    with_incident(stalk)
    amend = add_command(commands, "amend", _do_amend)
    amend.add_argument("entry", help="the entry's id, or its last characters")
    amend.add_argument("text", nargs="*", help="the text it should have; - reads the standard input")
    amend.add_argument("--kind", choices=KINDS, help="what a note or a task should be")
    amend.add_argument("--owner", metavar="PERSON", help='whose a task should be; "" for nobody\'s')
    with_incident(amend)
    with_time(amend)
    for name, text in RECORD.items():
        amend.add_argument(f"--{name}", help=text)
    pin = add_command(commands, "pin", _do_pin)
    pin.add_argument("entry", help="the entry's id, or its last characters")
    pin.add_argument("--off", action="store_true", help="no longer")
    with_incident(pin)
    strike = add_command(commands, "strike", _do_strike)
    strike.add_argument("entry", help="the entry's id, or its last characters")
    strike.add_argument("reason", nargs="+", help="why")
    with_incident(strike)


def _do_note(args: argparse.Namespace) -> int:
    text = text_of(args.text)
    with session(args) as opened:
        return _write(opened, c.AddNote(text=text, at=opened.at(), again=args.again))


def _do_stalk(args: argparse.Namespace) -> int:
    service = clean(args.service or "", 100)
    if not service and not args.all:
        raise BadUse("an empty name is no service: --all takes every one")
    with session(args) as opened:
        command = c.Stalk(service=service, signal=args.signal or "", on=not args.off)
        say_receipt(opened, opened.do(command, opened.incident()))
    return OK


def _do_amend(args: argparse.Namespace) -> int:
    text = text_of(args.text) if args.text else None
    with session(args) as opened:
        target = entry_id(opened, args.entry)
        given = {name: getattr(args, name) for name in ("owner", *RECORD)}
        said = {name: clean(text) for name, text in given.items() if text is not None}
        return _write(opened, c.Amend(target=target, text=text, at=opened.at(), what=args.kind, **said))


def _do_pin(args: argparse.Namespace) -> int:
    with session(args) as opened:
        return _write(opened, c.Pin(target=entry_id(opened, args.entry), on=not args.off))


def _do_strike(args: argparse.Namespace) -> int:
    with session(args) as opened:
        target = entry_id(opened, args.entry)
        return _write(opened, c.Strike(target=target, reason=clean(" ".join(args.reason))))


def _write(opened: Session, command: c.Command) -> int:
    say_receipt(opened, opened.do(command, opened.incident(resolved=True)))
    return OK
