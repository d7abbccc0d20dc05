"""change, changes: tell what was changed in production, from a pipeline or by hand; list what all sources tell.

JSON of `change`: new (false: this key was told before), id and short (of the entry that holds it), incident (its id,
"" while none was open), key.
JSON of `changes`: since, changes [{key, at, text, services, source, who, url}] newest first, faults [{source, kind,
reason}], notices [text].
"""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from iccon import when
from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command, with_incident, with_time
from iccon.cli.session import BadUse, Session, session, text_of
from iccon.cli.written import line
from iccon.incident.commands import TellChange
from iccon.incident.entries import ChangeSeen
from iccon.incident.ids import short
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.changes.model import Change, Changes

TELL_NOTES = """\
Works offline and without a configuration, whether or not an incident is open: with one incident open it goes into its
timeline, otherwise it is kept for the list of changes. With --key the same change told again is written once, and the
exit code is 0 all the same."""
LIST_NOTES = """\
The sources of [changes.NAME] in the configuration, and what `iccon change` told. Exit code 1 when a source did not
answer; the others are listed all the same."""


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
    listed = add_command(commands, "changes", _do_changes, notes=LIST_NOTES)
    listed.add_argument("--since", metavar="TIME", default="6h", help="how far back: 2h, 14:05, … (default: 6h)")
    listed.add_argument("--service", metavar="NAME", help="this service only")


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


def _do_changes(args: argparse.Namespace) -> int:
    from iccon.changes.model import MOST, newest, of_service
    from iccon.changes.told import told

    with session(args, read_only=True) as opened:
        since, polled = _since(opened), _polled(opened)
        known = told(opened.desk.journal.newest(ChangeSeen.kind, MOST))
        items = tuple(change for change in newest([*polled.items, *known]) if change.at >= since)
        if args.service is not None:
            items = of_service(items, clean(args.service, 100))
        if args.json:
            say_json(_facts(since, items, polled))
        else:
            _say_changes(opened, items, since)
            for notice in polled.notices:
                say(f"note: {notice}")
        for trouble in polled.trouble:
            complain(f"{trouble.source}: {trouble.kind}: {trouble.reason}")
    return FAULT if polled.trouble else OK


def _since(opened: Session) -> datetime:
    """Return the instant of --since; a span alone means ago."""
    words = opened.args.since
    found = when.moment(f"-{words}" if when.seconds_of(words) else words, opened.now, opened.zone)
    if isinstance(found, when.TimeProblem):
        raise BadUse(f"--since {clean(words, 60)}: {found.reason}; {found.hint}")
    return found


def _polled(opened: Session) -> "Changes":
    """Ask every source once."""
    from iccon.bootstrap import changes_poll
    from iccon.changes.model import Changes
    from iccon.faults import SourceFault

    if not opened.setting.config.changes:
        return Changes(at=opened.now)
    try:
        return changes_poll(opened.setting)()
    except SourceFault as fault:  # all of them
        assert isinstance(fault.partial, Changes)
        return fault.partial


def _facts(since: datetime, items: "tuple[Change, ...]", polled: "Changes") -> dict[str, Any]:
    faults = [{"source": each.source, "kind": str(each.kind), "reason": each.reason} for each in polled.trouble]
    return {"since": since, "changes": items, "faults": faults, "notices": polled.notices}


def _say_changes(opened: Session, items: "tuple[Change, ...]", since: datetime) -> None:
    if not items:
        say(f"no changes are known since {opened.clock_text(since)}")
        return
    rows = (
        (
            opened.clock_text(c.at),
            when.ago((opened.now - c.at).total_seconds()),
            c.source,
            ", ".join(c.services),
            c.text,
        )
        for c in items
    )
    table(rows, ("time", "age", "source", "service", "text"))
