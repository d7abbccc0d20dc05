"""handover: propose a role to a person, accept, decline or withdraw that, and show how it stands."""

import argparse

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command, with_incident
from iccon.cli.session import Session, minutes_of, refuse, session
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.incident.handovers import READ_BACK, Handover, run_out, waiting
from iccon.incident.ids import short
from iccon.incident.readback import points
from iccon.incident.roles import Role
from iccon.incident.state import State
from iccon.text import clean
from iccon.when import ago

NOTES = """\
propose PERSON     ask them to take the role; who has it keeps it until they accept
accept             take it; only the person asked, and with --read-back
decline [WHY]      say no; only the person asked
withdraw [WHY]     take the proposal back
show               how it stands, and what the successor reads back"""


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "handover", _do, notes=NOTES)
    parser.add_argument("what", choices=["propose", "accept", "decline", "withdraw", "show"])
    parser.add_argument("words", nargs="*", metavar="WORDS", help="the person (propose), or why")
    parser.add_argument("--role", choices=[str(role) for role in Role], help="default: commander, or what is proposed")
    parser.add_argument("--in", dest="span", metavar="SPAN", default="5m", help="time to answer (default: 5m)")
    parser.add_argument("--read-back", action="store_true", help="state that you have read every point back")
    with_incident(parser)


def _do(args: argparse.Namespace) -> int:
    with session(args) as opened:
        incident = opened.incident(resolved=args.what == "show")
        if run_out(opened.desk.ledger(incident).state.handovers, opened.now):
            opened.do(c.SeeHandovers(), incident)
        if args.what == "show":
            return _show(opened, opened.desk.ledger(incident).state)
        say_receipt(opened, opened.do(_command(opened, opened.desk.ledger(incident).state), incident))
    return OK


def _command(opened: Session, state: State) -> c.Command:
    args, words = opened.args, clean(" ".join(opened.args.words))
    if args.what == "propose":
        return c.ProposeHandover(role=Role(args.role or "commander"), person=words, minutes=minutes_of(args.span))
    target = _pending(opened, state).id
    if args.what == "accept":
        return c.AcceptHandover(target=target, read_back=READ_BACK if args.read_back else ())
    return (c.DeclineHandover if args.what == "decline" else c.WithdrawHandover)(target=target, reason=words)


def _pending(opened: Session, state: State) -> Handover:
    role = opened.args.role
    found = [each for each in waiting(state.handovers, opened.now) if role is None or each.role == role]
    if not found:
        raise refuse("no_handover", "no hand-over waits for an answer", "`iccon handover show` tells how they ended")
    if len(found) > 1:
        raise refuse("which", f"{len(found)} hand-overs wait: {', '.join(f.role for f in found)}", "name one by --role")
    return found[0]


def _show(opened: Session, state: State) -> int:
    left = waiting(state.handovers, opened.now)
    read_back = dict(points(state, opened.desk.policy, opened.now, opened.clock_text)) if left else {}
    if opened.args.json:
        found = [facts.handover(each) for each in state.handovers]
        say_json({"incident": state.incident, "handovers": found, "read_back": read_back})
        return OK
    if not state.handovers:
        say("no role was handed over")
        return OK
    rows = [(short(h.id), h.title, h.person, h.proposer, _standing(h, opened)) for h in state.handovers]
    table(rows, ("id", "role", "to", "proposed by", "how it stands"))
    if left:
        say("\nRead back before accepting:")
        table([(f"  {name}", text) for name, text in read_back.items()])
    return OK


def _standing(handover: Handover, opened: Session) -> str:
    if handover.end is None or handover.ended is None:
        return f"waits, {ago((handover.due - opened.now).total_seconds())} left"
    said = f"{handover.end} {opened.clock_text(handover.ended)}"
    return f"{said}: {handover.reason}" if handover.reason else said
