"""decide, ask, assign, todo, tasks, accept, done, postpone, push: what an incident must come back to."""

import argparse
from collections.abc import Callable

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, RECORD, Commands, Parser, add_command, with_again, with_incident, with_time
from iccon.cli.session import BadUse, Session, minutes_of, refuse, session, text_of
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.incident.ids import short
from iccon.incident.state import State
from iccon.incident.tasks import Task, TaskKind, open_tasks
from iccon.text import clean
from iccon.when import Day, TimeProblem, day, due_text

_PUSH = """\
Each task becomes one ticket, with its owner, its date and the incident in the text. It is sent once; where the answer
is lost, the tracker is asked whether it has the ticket. A task that is in a tracker, or may be, is not pushed again."""


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    decide = _noting(commands, "decide", TaskKind.DECISION, "--executor", "--check", "when to come back to it: 10m, 1h")
    for name, text in RECORD.items():
        decide.add_argument(f"--{name}", default="", help=text)
    _noting(commands, "ask", TaskKind.QUESTION, "--to", "--in", "when to ask again: 5m")
    for noting in (
        _noting(commands, "assign", TaskKind.ACTION, "--to", "--in", "when it is due: 10m"),
        _noting(commands, "todo", TaskKind.TODO, "--owner", "--in", "when it is due: 3h, 2d"),
    ):
        noting.add_argument("--due", metavar="DATE", help="the day by whose end it is due: 2026-12-01")
    listing = add_command(commands, "tasks", _do_list)
    listing.add_argument("--all", action="store_true", help="settled ones too")
    with_incident(listing)
    _about(commands, "accept", lambda args, target: c.AcceptTask(target=target))
    done = _about(commands, "done", lambda args, target: c.SettleTask(target=target, outcome=text_of(args.outcome)))
    done.add_argument("outcome", nargs="*", help="how it came out, the answer; - reads the standard input")
    postpone = _about(commands, "postpone", _postponing)
    postpone.add_argument("span", help="until then: 10m, 1h")
    postpone.add_argument("reason", nargs="+", help="why")
    push = add_command(commands, "push", _do_push, notes=_PUSH)
    push.add_argument("task", nargs="+", help="a task's id, or its last characters, as `iccon tasks` shows them")
    push.add_argument("--to", metavar="NAME", help="which tracker (default: the only one)")
    with_incident(push)


def _noting(commands: Commands, name: str, what: TaskKind, who: str, when: str, when_help: str) -> Parser:
    parser = add_command(commands, name, lambda args: _do_add(args, what))
    parser.add_argument("text", nargs="+", help="what, in one line; - reads the standard input")
    parser.add_argument(who, dest="owner", metavar="PERSON", default="", help="whose it is")
    parser.add_argument(when, dest="span", metavar="SPAN", help=when_help)
    with_incident(parser)
    with_time(parser)
    with_again(parser)
    return parser


def _do_add(args: argparse.Namespace, what: TaskKind) -> int:
    extras = {name: clean(getattr(args, name, "")) for name in RECORD}
    text, minutes = text_of(args.text), None if args.span is None else minutes_of(args.span)
    with session(args) as opened:
        at, owner, due = opened.at(), clean(args.owner), _day(opened)
        asked = c.AddTask(
            what=what, text=text, owner=owner, minutes=minutes, day=due, at=at, again=args.again, **extras
        )
        return _write(opened, asked)


def _day(opened: Session) -> Day | None:
    """Return the day of --due. Raises BadUse."""
    words = getattr(opened.args, "due", None)
    found = None if words is None else day(words, opened.now, opened.zone)
    if isinstance(found, TimeProblem):
        raise BadUse(f"--due: {found.reason}; {found.hint}")
    return found


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


def _do_push(args: argparse.Namespace) -> int:
    from iccon.cli.sending import perform

    with session(args) as opened:
        targets = tuple(_target(opened, ref) for ref in args.task)
        command = c.PushTasks(targets=targets, tracker=_tracker(opened))
        return perform(opened, opened.do(command, opened.incident(resolved=True)))


def _tracker(opened: Session) -> str:
    known, wanted = tuple(opened.setting.config.trackers), opened.args.to
    if not known:
        raise refuse("no_tracker", "no tracker is configured", "add [trackers.NAME] to the configuration")
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        found = f"no tracker is called {clean(wanted, 60)}" if wanted else "there are several trackers"
        raise refuse("which_tracker", found, f"--to one of {', '.join(known)}")
    return str(wanted)


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
            say_json({"incident": state.incident, "tasks": [facts.task(task, state) for task in tasks]})
        elif tasks:
            table([_row(task, state, opened) for task in tasks], ("id", "what", "due", "who", "tracker", "text"))
        else:
            say("nothing is open")
    return OK


def _row(task: Task, state: State, opened: Session) -> tuple[str, ...]:
    who = task.owner or "-"
    text = f"{task.text}: {task.outcome}" if task.outcome else task.text
    done = state.pushed(task)
    where = ": ".join(filter(None, (f"{task.tracker} {done.state}", done.receipt))) if done else "-"
    return short(task.id), task.what, _due(task, opened), f"{who} (yes)" if task.accepted else who, where, text


def _due(task: Task, opened: Session) -> str:
    if task.settled is not None:
        return "settled"
    if task.due is None:
        return "-"
    left = (task.due - opened.now).total_seconds()
    return str(task.day.date) if task.day is not None and left > 0 else due_text(left)
