"""decide, ask, assign, todo, tasks, accept, done, postpone: what an incident must come back to."""

import argparse
from collections.abc import Callable

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, Parser, add_command, with_incident, with_time
from iccon.cli.session import BadUse, Session, refuse, session, text_of
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.incident.ids import short
from iccon.incident.tasks import Task, TaskKind, open_tasks
from iccon.text import clean
from iccon.when import ago, seconds_of


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    decide = _noting(commands, "decide", TaskKind.DECISION, "--executor", "--check", "when to come back to it: 10m, 1h")
    decide.add_argument("--options", default="", help="what else was proposed")
    decide.add_argument("--risk", default="", help="what can go wrong")
    decide.add_argument("--objections", default="", help="strong objections, and whose")
    _noting(commands, "ask", TaskKind.QUESTION, "--to", "--in", "when to ask again: 5m")
    _noting(commands, "assign", TaskKind.ACTION, "--to", "--in", "when it is due: 10m")
    _noting(commands, "todo", TaskKind.TODO, "--owner", "--in", "when it is due: 3h, 2d")
    listing = add_command(commands, "tasks", _do_list)
    listing.add_argument("--all", action="store_true", help="settled ones too")
    with_incident(listing)
    _about(commands, "accept", lambda args, target: c.AcceptTask(target=target))
    done = _about(commands, "done", lambda args, target: c.SettleTask(target=target, outcome=text_of(args.outcome)))
    done.add_argument("outcome", nargs="*", help="how it came out, the answer; - reads the standard input")
    postpone = _about(commands, "postpone", _postponing)
    postpone.add_argument("span", help="until then: 10m, 1h")
    postpone.add_argument("reason", nargs="+", help="why")


def _noting(commands: Commands, name: str, what: TaskKind, who: str, when: str, when_help: str) -> Parser:
    parser = add_command(commands, name, lambda args: _do_add(args, what))
    parser.add_argument("text", nargs="+", help="what, in one line; - reads the standard input")
    parser.add_argument(who, dest="owner", metavar="PERSON", default="", help="whose it is")
    parser.add_argument(when, dest="span", metavar="SPAN", help=when_help)
    with_incident(parser)
    with_time(parser)
    return parser


def _do_add(args: argparse.Namespace, what: TaskKind) -> int:
    extras = {name: clean(getattr(args, name, "")) for name in ("options", "risk", "objections")}
    text, minutes = text_of(args.text), None if args.span is None else minutes_of(args.span)
    with session(args) as opened:
        at, owner = opened.at(), clean(args.owner)
        return _write(opened, c.AddTask(what=what, text=text, owner=owner, minutes=minutes, at=at, **extras))


def minutes_of(span: str) -> int:
    """Return whole minutes. Raises BadUse."""
    seconds = seconds_of(span)
    if seconds is None or seconds < 60:
        raise BadUse(f"{clean(span, 60)} is no span of at least a minute; 10m, 1h and 2d are")
    return seconds // 60


def _about(commands: Commands, name: str, command: Callable[[argparse.Namespace, str], c.Command]) -> Parser:
    def handle(args: argparse.Namespace) -> int:
        with session(args) as opened:
            return _write(opened, command(args, _target(opened, args.task)))

    parser = add_command(commands, name, handle)
    parser.add_argument("task", help="the task's id, or its last characters, as `iccon tasks` shows them")
    with_incident(parser)
    return parser


def _postponing(args: argparse.Namespace, target: str) -> c.Command:
    return c.PostponeTask(target=target, minutes=minutes_of(args.span), reason=clean(" ".join(args.reason)))


def _write(opened: Session, command: c.Command) -> int:
    say_receipt(opened, opened.do(command, opened.incident(resolved=True)))
    return OK


def _target(opened: Session, ref: str) -> str:
    found = [task.id for task in opened.ledger().state.tasks if task.id.endswith(ref.strip().lower())]
    if len(found) == 1:
        return found[0]
    if not found:
        raise refuse("no_task", f"this incident has no task {clean(ref, 60)}", "`iccon tasks` lists them")
    raise refuse("which_task", f"{len(found)} tasks end so", "give more characters of the id")


def _do_list(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        state = opened.ledger().state
        tasks = list(state.tasks) if args.all else open_tasks(state.tasks)
        if args.json:
            say_json({"incident": state.incident, "tasks": [facts.task(task) for task in tasks]})
        elif tasks:
            table([_row(task, opened) for task in tasks], ("id", "what", "due", "who", "text"))
        else:
            say("nothing is open")
    return OK


def _row(task: Task, opened: Session) -> tuple[str, ...]:
    who = task.owner or "-"
    text = f"{task.text}: {task.outcome}" if task.outcome else task.text
    return short(task.id), task.what, _due(task, opened), f"{who} (yes)" if task.accepted else who, text


def _due(task: Task, opened: Session) -> str:
    if task.settled is not None:
        return "settled"
    if task.due is None:
        return "-"
    left = (task.due - opened.now).total_seconds()
    return f"in {ago(left)}" if left > 0 else f"OVERDUE {ago(-left)}"
