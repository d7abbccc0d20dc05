"""callout, criterion: the commander's steady beat, and what a person ticks before an incident is resolved."""

import argparse

from iccon.cli.parsing import OK, Commands, add_command, with_incident, with_time
from iccon.cli.session import BadUse, minutes_of, session, text_of
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.text import clean


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    callout = add_command(commands, "callout", _do_callout)
    callout.add_argument("text", nargs="*", help="a word on it, or why it is put off; - reads the standard input")
    callout.add_argument("--snooze", metavar="SPAN", help="make the next one then instead, for a reason: 5m")
    with_incident(callout)
    with_time(callout)
    criterion = add_command(commands, "criterion", _do_criterion)
    criterion.add_argument("text", nargs="+", help="the criterion, as the policy has it")
    criterion.add_argument("--not-met", action="store_true", help="it does not hold any more")
    with_incident(criterion)


def _do_callout(args: argparse.Namespace) -> int:
    if args.snooze is not None and args.at is not None:
        raise BadUse("--snooze counts from now: --at has no place beside it")
    text = text_of(args.text)
    with session(args) as opened:
        if args.snooze is None:
            command: c.Command = c.CallOut(text=text, at=opened.at())
        else:
            command = c.SnoozeCallout(minutes=minutes_of(args.snooze), reason=text)
        say_receipt(opened, opened.do(command, opened.incident()))
    return OK


def _do_criterion(args: argparse.Namespace) -> int:
    command = c.TickCriterion(criterion=clean(" ".join(args.text)), met=not args.not_met)
    with session(args) as opened:
        say_receipt(opened, opened.do(command, opened.incident(resolved=True)))
    return OK
