"""change: tell what was changed in production, from a pipeline or by hand.

JSON of `change`: new (false: this key was told before), id and short (of the entry that holds it), incident (its id,
"" while none was open), key.
"""

import argparse

from iccon.cli.output import say, say_json
from iccon.cli.parsing import OK, Commands, add_command, with_incident, with_time
from iccon.cli.session import Session, session, text_of
from iccon.cli.written import line
from iccon.incident.commands import TellChange
from iccon.incident.ids import short
from iccon.text import clean

TELL_NOTES = """\
Works offline and without a configuration, whether or not an incident is open: with one incident open it goes into its
timeline, otherwise it is kept for the list of changes. With --key the same change told again is written once, and the
exit code is 0 all the same."""


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    tell = add_command(commands, "change", _do_change, notes=TELL_NOTES)
    tell.add_argument("text", nargs="+", help="what was changed, in one line; - reads the standard input")
    tell.add_argument("--service", action="append", default=[], metavar="NAME", help="a service changed (repeatable)")
    tell.add_argument("--key", default="", help="what makes it the same change when told again: a build, a commit")
    tell.add_argument("--source", metavar="NAME", default="cli", help="who tells it: your pipeline's name")
    tell.add_argument("--who", metavar="PERSON", default="", help="who made the change")
    tell.add_argument("--url", default="", help="where to read more: https://…")
    with_incident(tell)
    with_time(tell)


def _do_change(args: argparse.Namespace) -> int:
    with session(args) as opened:
        incident = opened.incident() if args.incident else None
        command = _told(args, opened, pinned=incident is not None)
        receipt = opened.do(command, incident)
        if args.json:
            _say_facts(opened, command.key, receipt.entries[0].id if receipt.entries else "")
        elif receipt.entries:
            say(line(opened, receipt.entries[0]))
        else:
            say(f"known already: {command.key}")
    return OK


def _told(args: argparse.Namespace, opened: Session, *, pinned: bool) -> TellChange:
    source, key = clean(args.source, 100), clean(args.key, 300)
    return TellChange(
        text=clean(text_of(args.text)),
        services=tuple(clean(name, 100) for name in args.service),
        key=f"{source}:{key}" if key else "",
        source=source,
        who=clean(args.who, 100),
        url=clean(args.url, 2_100),
        at=opened.at(),
        pinned=pinned,
    )


def _say_facts(opened: Session, key: str, written: str) -> None:
    from iccon.incident.decide import change_source

    ident = written or opened.desk.journal.holder(change_source(key)) or ""
    (entry,) = opened.desk.journal.by_ids([ident])
    facts = {"new": bool(written), "id": ident, "short": short(ident), "incident": entry.incident, "key": key}
    say_json(facts)
