"""oncall: who is on call and how to reach them; the copy on disk where the pager does not answer."""

import argparse
from typing import TYPE_CHECKING, Any

from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command
from iccon.cli.session import Fault, refuse, setting
from iccon.when import ago, stamp, zone_of

if TYPE_CHECKING:
    from iccon.config.setting import Setting
    from iccon.faults import SourceFault
    from iccon.pages.people import Contact, Roster

_NOTES = "Numbers and addresses are kept in a file that only its owner can read, for when the pager is down too."


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    oncall = add_command(commands, "oncall", _do, notes=_NOTES)
    oncall.add_argument("--cached", action="store_true", help="ask nobody; print what was known last")
    oncall.add_argument("--next", action="store_true", help="also those who come next, for two days")


def _do(args: argparse.Namespace) -> int:
    made = setting(args)
    roster, fault = _roster(made, cached=args.cached)
    if roster is None:
        raise fault or Fault("no_copy", "nothing is known yet", "run `iccon oncall` once while the pager answers")
    from iccon.pages.people import contacts

    now = made.clock.now()
    found = [each for each in contacts(roster, now) if each.on_now or args.next]
    age = (now - roster.at).total_seconds()
    if args.json:
        said = None if fault is None else {"kind": str(fault.kind), "reason": fault.reason}
        people = [_facts(each) for each in found]
        say_json({"at": roster.at, "age_seconds": age, "oncall": people, "notices": roster.notices, "fault": said})
    else:
        _say(found, roster, made, age)
    if fault is not None:
        complain(f"pagerduty: {fault}; this is what was known {ago(age)} ago")
    return OK if fault is None else FAULT


def _roster(made: "Setting", *, cached: bool) -> "tuple[Roster | None, SourceFault | None]":
    from iccon.bootstrap import roster_file, roster_source
    from iccon.faults import SourceFault
    from iccon.pages.people import Roster

    source = None if cached else roster_source(made)
    if source is None:
        roster = roster_file(made).load()
        if roster is None and not cached:
            raise refuse("no_pager", "no pager that knows who is on call is configured", "add [pagerduty]")
        return roster, None
    try:
        return source.poll(), None
    except SourceFault as fault:
        return fault.partial if isinstance(fault.partial, Roster) else None, fault


def _facts(contact: "Contact") -> dict[str, Any]:
    """Return one line as JSON. The names are promises; instants are UTC."""
    person, duty = contact.person, contact.duty
    return {
        "name": person.name,
        "email": person.email,
        "phones": person.phones,
        "policy": duty.policy,
        "schedule": duty.schedule,
        "level": duty.level,
        "start": duty.start,
        "end": duty.end,
        "on_call": contact.on_now,
    }


def _say(found: "list[Contact]", roster: "Roster", made: "Setting", age: float) -> None:
    zone = zone_of(made.config.console.zone)
    rows = [
        (
            each.duty.policy,
            each.duty.level,
            each.person.name,
            ", ".join(each.person.phones) or "-",
            each.person.email or "-",
            _turn(each, zone),
        )
        for each in found
    ]
    if rows:
        table(rows, ("policy", "level", "name", "telephone", "e-mail", "turn"))
    else:
        say("nobody is on call by what is known")
    for notice in roster.notices:
        complain(f"pagerduty: {notice}")
    if age > 60:
        say(f"as of {ago(age)} ago")


def _turn(contact: "Contact", zone: Any) -> str:
    start, end = contact.duty.start, contact.duty.end
    if not contact.on_now and start is not None:
        return f"from {stamp(start, zone, day=True)}"
    return f"until {stamp(end, zone, day=True)}" if end else "always"
