"""state: how an incident stands, as the state screen shows it.

With --json, what `iccon show` gives and: meaning, timers [{due, label, owner, task, audience}], warnings,
exit [{criterion, standing (met, open, unknown), why, by_hand, since (or null)}]. These names are promises.
"""

import argparse
from typing import Any

from iccon.cli import facts
from iccon.cli.output import say, say_json
from iccon.cli.parsing import OK, Commands, add_command, with_incident
from iccon.cli.session import Session, session
from iccon.incident.exit_criteria import Sight, criteria
from iccon.incident.organisation import warnings
from iccon.incident.standing import Line, View, lines
from iccon.incident.state import State
from iccon.incident.timers import running

LABEL = 10  # cells


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "state", _do_state)
    parser.add_argument("--look", action="store_true", help="ask the metrics servers and pagers too")
    with_incident(parser)


def _do_state(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        state = opened.ledger().state
        sight = look(opened, state) if args.look else Sight()
        view = View(state, opened.desk.policy, sight, opened.now, opened.zone)
        if args.json:
            say_json(_facts(view))
        else:
            say("\n".join(map(_line, lines(view))))
    return OK


def _line(line: Line) -> str:
    return f"{line.label:<{LABEL}} {line.text}".rstrip()


def look(opened: Session, state: State) -> Sight:
    """Ask what can be asked of an incident's exit criteria; what does not answer is not known."""
    from iccon.bootstrap import sources
    from iccon.faults import SourceFault
    from iccon.recorder import calm, sight

    found: dict[str, Any] = {}
    for source in sources(opened.setting):
        if source.name in ("signals", "pages"):
            try:
                found[source.name] = source.poll()
            except SourceFault:
                continue
    board = found.get("signals")
    return sight(board, found.get("pages"), calm(board, state, opened.desk.policy), opened.now)


def _facts(view: View) -> facts.Facts:
    exits = criteria(view.state, view.policy, view.sight)
    return {
        **facts.incident(view.state, view.now, view.policy),
        "meaning": view.policy.levels[view.state.severity].meaning,
        "timers": running(view.state, view.policy),
        "warnings": warnings(view.state, view.policy),
        "exit": [
            {"criterion": e.text, "standing": e.standing, "why": e.why, "by_hand": e.by_hand, "since": e.since}
            for e in exits
        ],
    }
