"""The table of commands, and what their parsers share. Standard library only: every start pays for it."""

import argparse
import os
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, NoReturn

OK, FAULT, USAGE, REFUSED = 0, 1, 2, 3

Handler = Callable[[argparse.Namespace], int]
Commands = Any  # argparse's private _SubParsersAction[Parser]


class Spec(NamedTuple):
    """One command: the group it is listed under, the module that parses and does it, and its one-line help."""

    group: str
    module: str
    help: str


_INCIDENT, _RECORD, _OUT, _SETUP = "Incidents", "The record", "The outside", "Setting up"

COMMANDS: dict[str, Spec] = {
    "console": Spec(_INCIDENT, "screen", "open the console (the same as no command)"),
    "watch": Spec(_INCIDENT, "watch", "watch along: the console without any way to write"),
    "declare": Spec(_INCIDENT, "incident", "declare an incident"),
    "list": Spec(_INCIDENT, "reading", "list incidents, newest first"),
    "show": Spec(_INCIDENT, "reading", "show how one incident stands"),
    "state": Spec(_INCIDENT, "state", "print the state screen: impact, people, next updates, exit criteria"),
    "retitle": Spec(_INCIDENT, "incident", "change the title"),
    "severity": Spec(_INCIDENT, "incident", "change the severity"),
    "phase": Spec(_INCIDENT, "incident", "change the phase"),
    "milestone": Spec(_INCIDENT, "incident", "say when it began, was detected, first told, mitigated"),
    "role": Spec(_INCIDENT, "incident", "give a role to a person"),
    "handover": Spec(_INCIDENT, "handover", "hand a role over; it moves once it is accepted"),
    "team": Spec(_INCIDENT, "incident", "put a person into a sub-team, or take them out"),
    "roles": Spec(_INCIDENT, "roles", "show who holds which role, or what a role does"),
    "impact": Spec(_INCIDENT, "incident", "start or stop customer impact"),
    "theory": Spec(_INCIDENT, "incident", "state the current theory of the cause"),
    "resolve": Spec(_INCIDENT, "incident", "resolve the incident"),
    "reopen": Spec(_INCIDENT, "incident", "reopen a resolved incident"),
    "note": Spec(_RECORD, "record", "write a note into the timeline"),
    "change": Spec(_RECORD, "changes", "tell a change: a deploy, a flag, a configuration (for pipelines)"),
    "decide": Spec(_RECORD, "tasks", "record a decision, and when to come back to it"),
    "ask": Spec(_RECORD, "tasks", "record an open question"),
    "assign": Spec(_RECORD, "tasks", "record an action: what, who, by when"),
    "todo": Spec(_RECORD, "tasks", "record something for afterwards"),
    "tasks": Spec(_RECORD, "tasks", "list what is open: decisions, questions, actions, todos"),
    "accept": Spec(_RECORD, "tasks", "say yes to a task"),
    "done": Spec(_RECORD, "tasks", "settle a task: how it came out"),
    "postpone": Spec(_RECORD, "tasks", "come back to a task later, for a reason"),
    "callout": Spec(_RECORD, "callouts", "record that the commander asked around, or put that off"),
    "criterion": Spec(_RECORD, "callouts", "tick an exit criterion, or take the tick back"),
    "timeline": Spec(_RECORD, "reading", "print the timeline"),
    "history": Spec(_RECORD, "reading", "print what became of an entry: who wrote and amended it, and when"),
    "stalk": Spec(_RECORD, "record", "note each change of a signal's verdict, as a console sees it"),
    "amend": Spec(_RECORD, "record", "correct the text or the time of an entry"),
    "strike": Spec(_RECORD, "record", "strike an entry; it stays readable"),
    "pin": Spec(_RECORD, "record", "let an entry stand out in the timeline and in exports"),
    "export": Spec(_RECORD, "export", "write an incident out as Markdown or JSON Lines"),
    "briefing": Spec(_RECORD, "export", "print one page for whoever takes over, from the record alone"),
    "evidence": Spec(_RECORD, "evidence", "list the evidence that was kept, or redraw one from its samples"),
    "import": Spec(_RECORD, "export", "take in records that were exported as JSON Lines"),
    "verify": Spec(_RECORD, "export", "check the chains of the journal"),
    "update": Spec(_OUT, "update", "compose, preview and send a status update"),
    "push": Spec(_OUT, "tasks", "push tasks to a tracker: issues in GitHub or Jira, or a webhook"),
    "outbox": Spec(_OUT, "outbox", "show what was to leave, and how it ended"),
    "signals": Spec(_OUT, "signals", "print the golden signals of every service"),
    "changes": Spec(_OUT, "changes", "list what was changed in the last hours"),
    "pages": Spec(_OUT, "pages", "list the open pages of the configured pagers"),
    "ack": Spec(_OUT, "pages", "acknowledge pages"),
    "page": Spec(_OUT, "pages", "resolve, reassign, snooze pages, write notes on them, and more"),
    "oncall": Spec(_OUT, "oncall", "print who is on call, and how to reach them with every tool down"),
    "runbook": Spec(_OUT, "runbook", "list, show or search the runbooks; mark and run their steps"),
    "init": Spec(_SETUP, "setup", "write a commented starter configuration"),
    "check": Spec(_SETUP, "check", "try everything that is configured"),
    "drill": Spec(_SETUP, "drill", "rehearse against a simulated production"),
    "completion": Spec(_SETUP, "completion", "print the completion script of a shell"),
    "complete": Spec("", "completion", "answer a shell that asks for completions"),
}


class Formatter(argparse.HelpFormatter):
    """Help as wide as the terminal. Argparse makes one for every option, and would import shutil for its width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=_columns())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Wrap each paragraph; one with an indented line is a table, and stays."""
        fill = super()._fill_text
        return "\n\n".join(part if "\n " in part else fill(part, width, indent) for part in text.split("\n\n"))


@cache
def _columns() -> int:
    words = os.environ.get("COLUMNS", "")
    if words.isdecimal() and int(words) > 0:
        return int(words) - 2
    try:
        return max(os.get_terminal_size().columns, 40) - 2
    except (OSError, ValueError):  # not a terminal
        return 78


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one clean line, whatever was typed."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message on stderr; leave with exit code 2."""
        from iccon.text import clean

        self.exit(USAGE, f"{self.format_usage()}{self.prog}: error: {clean(message)}\n")


def add_command(commands: Commands, name: str, handler: Handler, *, notes: str = "", with_json: bool = True) -> Parser:
    """Add the parser of command `name`, with the options that every command has; `notes` follow its help."""
    spec = COMMANDS[name]
    parser: Parser = commands.add_parser(
        name,
        description=f"{spec.help[0].upper()}{spec.help[1:]}.",
        epilog=notes,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    common(parser, with_json)
    parser.set_defaults(handler=handler)
    return parser


def common(parser: argparse.ArgumentParser, with_json: bool = True) -> None:
    """Add --config and --drill, and --json where facts are printed."""
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the configuration to read")
    drill = "use the journal of drills, not the real one"
    parser.add_argument("--drill", action="store_true", default=argparse.SUPPRESS, help=drill)
    if with_json:
        parser.add_argument("--json", action="store_true", help="print facts as JSON")


# What a decision says beside its proposal, by option.
RECORD = {
    "options": "of a decision: what else was proposed",
    "risk": "of a decision: what can go wrong",
    "objections": "of a decision: strong objections, and whose",
    "outcome": "of a decision: what was decided, where its text is the proposal",
}


def with_again(parser: argparse.ArgumentParser) -> None:
    """Add --again."""
    parser.add_argument("--again", action="store_true", help="write it though the same was written a moment ago")


def with_incident(parser: argparse.ArgumentParser) -> None:
    """Add --incident."""
    text = "the incident's id or its end (default: the single active one)"
    parser.add_argument("--incident", "-i", metavar="REF", default=argparse.SUPPRESS, help=text)


def with_time(parser: argparse.ArgumentParser) -> None:
    """Add --at."""
    text = "when it happened: 14:05, -5m, 2026-11-24T14:05Z, … (default: now)"
    parser.add_argument("--at", metavar="TIME", help=text)
