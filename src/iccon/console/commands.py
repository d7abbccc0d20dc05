"""One registry of what a person can do: keys, footer, help, palette and keymap all read it.

A command's id is a promise: it is the key of `[console.keys]` in the configuration. `action` is the name of the
method `action_…` on the screen or app that is its `scope`.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from textual.binding import Binding, BindingType


class ConsoleCommand(Struct, frozen=True):
    """One thing a person can do.

    `rank` orders the footer (lower first), None keeps it out. `writes` marks what a read-only console lacks.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    scope: str
    action: str
    rank: int | None = None
    writes: bool = False


APP, HOME, DESK, LIVE, PEOPLE, PAGE, TASKS = "anywhere", "home", "incident", "live", "people", "page", "tasks"
CHANGES, STEPS, RUN, BOOKS = "changes", "runbook", "run", "runbooks"
STATE, ROLES = "state", "roles"
CHART, BOARD_CHART = "chart", "chart of the board"

REGISTRY: tuple[ConsoleCommand, ...] = (
    ConsoleCommand("help", "Help", "What every key does, here and elsewhere", ("question_mark", "f1"), APP, "help", 99),
    ConsoleCommand("palette", "Palette", "Find a command by its name", ("ctrl+p", "colon"), APP, "command_palette", 98),
    ConsoleCommand("quit", "Quit", "Leave; everything typed is kept", ("q", "ctrl+q"), APP, "quit", 97),
    ConsoleCommand("refresh", "Refresh", "Ask every source again now", ("ctrl+r", "f5"), APP, "refresh_now"),
    ConsoleCommand("pause", "Pause", "Ask no source until pressed again", ("f6",), APP, "pause"),
    ConsoleCommand("theme", "Theme", "The next theme, until the console is closed", ("f8",), APP, "next_theme"),
    ConsoleCommand("open", "Open", "Open the incident under the cursor", ("enter",), HOME, "open", 10),
    ConsoleCommand("note", "Note", "Write a note into the timeline", ("n",), DESK, "note", 10, True),
    ConsoleCommand(
        "editor", "Editor", "A note of several lines; ^o there: $EDITOR", ("ctrl+o",), DESK, "editor", None, True
    ),
    ConsoleCommand("find", "Find", "Find in the timeline, as is typed", ("slash",), DESK, "find"),
    ConsoleCommand("insert", "Insert", "A note right after the chosen entry", ("I",), DESK, "insert", None, True),
    ConsoleCommand("history", "History", "All versions of the chosen entry", ("V",), DESK, "history"),
    ConsoleCommand("copy", "Copy", "Copy the chosen entry", ("y",), DESK, "copy"),
    ConsoleCommand("acknowledge", "Ack", "Acknowledge the chosen page", ("a",), LIVE, "acknowledge", 11, True),
    ConsoleCommand("page_act", "Act", "Do anything else to the chosen pages", ("A",), LIVE, "page_act", None, True),
    ConsoleCommand("noise", "Noise", "The page was noise; again: it was actionable", ("N",), LIVE, "noise", None, True),
    ConsoleCommand("update", "Update", "Compose a status update", ("u",), DESK, "update", 12, True),
    ConsoleCommand("runbook", "Runbook", "Open the runbook of the page or service", ("r",), LIVE, "runbook", 13),
    ConsoleCommand("library", "Library", "All runbooks; / searches their texts", ("L",), LIVE, "library"),
    ConsoleCommand("severity", "Severity", "Change the severity", ("s",), DESK, "severity", 14, True),
    ConsoleCommand("phase", "Phase", "Change the phase", ("p",), DESK, "phase", 15, True),
    ConsoleCommand("milestone", "Milestone", "When it began, was mitigated …", ("M",), DESK, "milestone", None, True),
    ConsoleCommand("impact", "Impact", "Start or stop customer impact", ("i",), DESK, "impact", 16, True),
    ConsoleCommand("role", "Role", "Set who has a role, without asking them", ("o",), DESK, "role", 17, True),
    ConsoleCommand(
        "handover", "Hand over", "Propose, answer or withdraw a hand-over", ("H",), DESK, "handover", None, True
    ),
    ConsoleCommand("briefing", "Briefing", "One page for whoever takes over", ("B",), DESK, "briefing"),
    ConsoleCommand("theory", "Theory", "State the current theory of the cause", ("t",), DESK, "theory", 18, True),
    ConsoleCommand("state", "State", "How it stands: people, next updates, exit criteria", ("v",), DESK, "state", 17),
    ConsoleCommand("tasks", "Tasks", "Decisions, questions, actions, todos that are open", ("w",), DESK, "tasks", 18),
    ConsoleCommand("task", "Task", "Note a decision, question, action or todo", ("W",), DESK, "task", None, True),
    ConsoleCommand(
        "callout", "Call-out", "Asked around: a word on it, or put it off", ("C",), DESK, "callout", 18, True
    ),
    ConsoleCommand("amend", "Amend", "Correct the chosen entry", ("e",), DESK, "amend", 30, True),
    ConsoleCommand("strike", "Strike", "Strike the chosen entry", ("x",), DESK, "strike", 31, True),
    ConsoleCommand("pin", "Pin", "Let the chosen entry stand out, or no more", ("asterisk",), DESK, "pin", None, True),
    ConsoleCommand("step_done", "Done", "The chosen step of the runbook is done", ("D",), STEPS, "step_done", 40, True),
    ConsoleCommand("step_mark", "Mark step", "It is done, skipped or failed", ("K",), STEPS, "step_mark", 41, True),
    ConsoleCommand("gap", "Draft", "Propose it for the runbook, for later review", ("F",), STEPS, "gap", 42, True),
    ConsoleCommand(
        "step_run", "Run", "Run the chosen step's command", ("exclamation_mark",), STEPS, "step_run", 42, True
    ),
    ConsoleCommand("run_go", "Run", "Run what is shown, once it was read", ("enter",), RUN, "run_go", 9, True),
    ConsoleCommand("run_cancel", "Cancel", "End it and all it started", ("x",), RUN, "run_cancel", 10, True),
    ConsoleCommand("run_done", "Done", "The step is done", ("D",), RUN, "run_done", 11, True),
    ConsoleCommand("run_mark", "Mark step", "It is done, skipped or failed", ("K",), RUN, "run_mark", 12, True),
    ConsoleCommand(
        "run_gap", "Draft", "Propose it for the runbook, for later review", ("F",), RUN, "run_gap", 17, True
    ),
    ConsoleCommand("run_next", "Next command", "Verification, rollback …", ("f3",), RUN, "run_next", 13),
    ConsoleCommand("run_dry", "Dry run", "The variant that only tries it", ("f4",), RUN, "run_dry", 14),
    ConsoleCommand("run_approve", "Approve", "Let somebody else run it, once", ("f2",), RUN, "run_approve", 15, True),
    ConsoleCommand("run_close", "Close", "Back; what runs goes on", ("escape",), RUN, "close", 16),
    ConsoleCommand("resolve", "Resolve", "Resolve the incident, or reopen it", ("R",), DESK, "resolve", 19, True),
    ConsoleCommand("stalk", "Stalk", "Note each change of the cell's verdict", ("S",), DESK, "stalk", 31, True),
    ConsoleCommand("retitle", "Retitle", "Change the title", ("T",), DESK, "retitle", None, True),
    ConsoleCommand("declare", "Declare", "Declare, from the chosen page if any", ("d",), LIVE, "declare", 20, True),
    ConsoleCommand("people", "On call", "Who is on call and how to reach them", ("P",), LIVE, "people", 21),
    ConsoleCommand("evidence", "Evidence", "Keep the chosen cell's samples", ("E",), LIVE, "evidence", None, True),
    ConsoleCommand("changes", "Changes", "What was changed in the last hours", ("c",), LIVE, "changes", 22),
    ConsoleCommand("export", "Export", "Write the record to a Markdown file", ("X",), DESK, "export"),
    ConsoleCommand("zoom", "Zoom", "Let the region fill the screen, and back", ("z",), LIVE, "zoom", 32),
    ConsoleCommand("order", "Order", "Let held rows move; else worst first, or by tier", ("O",), LIVE, "order"),
    ConsoleCommand("next_region", "Next", "Go to the next region", ("tab",), LIVE, "app.focus_next"),
    ConsoleCommand("home", "Home", "Back to the list of incidents", ("escape", "h"), DESK, "home", 33),
    ConsoleCommand("chart_earlier", "Earlier", "Read the values further back", ("left",), CHART, "cursor(-1)", 10),
    ConsoleCommand("chart_later", "Later", "Read the values further on", ("right",), CHART, "cursor(1)", 11),
    ConsoleCommand("chart_in", "Closer", "Show a shorter time", ("plus", "equals_sign"), CHART, "zoom(1)", 12),
    ConsoleCommand("chart_out", "Wider", "Show a longer time", ("minus",), CHART, "zoom(-1)", 13),
    ConsoleCommand("chart_others", "Others", "Add the worst other services", ("o",), CHART, "others", 14),
    ConsoleCommand("chart_close", "Close", "Back to the board", ("escape", "enter", "q"), CHART, "close", 9),
    ConsoleCommand("detail_close", "Close", "Back to where it was opened", ("escape", "q"), PAGE, "close", 9),
    ConsoleCommand("detail_act", "Act", "Do something to this page", ("A", "enter"), PAGE, "act", 10, True),
    ConsoleCommand("people_close", "Close", "Back to where it was opened", ("escape", "q"), PEOPLE, "close", 9),
    ConsoleCommand("chart_recorded", "Recorded", "All that was recorded; back", ("w",), BOARD_CHART, "recorded", 16),
    ConsoleCommand("chart_evidence", "Evidence", "Keep the samples shown", ("E",), BOARD_CHART, "evidence", 15, True),
    ConsoleCommand(
        "state_tick", "Tick", "Tick an exit criterion, or take it back", ("enter",), STATE, "tick", 10, True
    ),
    ConsoleCommand("state_callout", "Call-out", "Asked around, or put it off", ("C",), STATE, "callout", 11, True),
    ConsoleCommand("state_role", "Role", "Hand a role to a person", ("o",), STATE, "role", 12, True),
    ConsoleCommand("state_roles", "Roles", "Who, since when, and what each role does", ("b",), STATE, "roles", 13),
    ConsoleCommand("role_hand", "Hand", "Hand the chosen role to a person", ("enter",), ROLES, "hand", 10, True),
    ConsoleCommand("role_team", "Team", "Put a person into a sub-team", ("t",), ROLES, "team", 10, True),
    ConsoleCommand("role_leave", "Leave", "The chosen expert or member leaves", ("x",), ROLES, "leave", 11, True),
    ConsoleCommand("roles_close", "Close", "Back to the state", ("escape", "b", "q"), ROLES, "close", 9),
    ConsoleCommand("state_tasks", "Tasks", "What is open", ("w",), STATE, "tasks", 13),
    ConsoleCommand("state_close", "Close", "Back to the incident", ("escape", "v", "q"), STATE, "close", 9),
    ConsoleCommand("task_settle", "Settle", "How it came out, the answer", ("enter",), TASKS, "settle", 9, True),
    ConsoleCommand("task_postpone", "Postpone", "Later, for a reason", ("p",), TASKS, "postpone", 10, True),
    ConsoleCommand("task_accept", "Accept", "Its owner says yes", ("y",), TASKS, "accept", 11, True),
    ConsoleCommand("task_add", "Add", "Note a decision, question, action or todo", ("n",), TASKS, "add", 12, True),
    ConsoleCommand("task_push", "Ticket", "Push it to a tracker, as one ticket", ("t",), TASKS, "push", 12, True),
    ConsoleCommand("tasks_close", "Close", "Back to the incident", ("escape", "q"), TASKS, "close", 13),
    ConsoleCommand("book_open", "Open", "Open the chosen runbook", ("enter",), BOOKS, "open", 9),
    ConsoleCommand("book_find", "Search", "Search the texts of all runbooks", ("slash",), BOOKS, "find", 10),
    ConsoleCommand("books_close", "Close", "Back to where it was opened", ("escape", "L", "q"), BOOKS, "close", 11),
    ConsoleCommand("change_details", "Details", "All that is known of the change", ("enter",), CHANGES, "details", 10),
    ConsoleCommand("change_pin", "To the timeline", "Put it on the timeline", ("t",), CHANGES, "pin", 11, True),
    ConsoleCommand("change_service", "Its service", "Only its service, or all again", ("f",), CHANGES, "only", 12),
    ConsoleCommand("change_close", "Close", "Back to where it was opened", ("escape", "c", "q"), CHANGES, "close", 9),
)


def of(*scopes: str, read_only: bool = False) -> list[ConsoleCommand]:
    """Return the commands of `scopes` in registry order; without those that write where `read_only`."""
    return [c for c in REGISTRY if c.scope in scopes and not (read_only and c.writes)]


def bindings(*scopes: str) -> list[BindingType]:
    """Return Textual bindings for `scopes`; the command's id is the binding's id, which the keymap names."""
    return [Binding(",".join(c.keys), c.action, c.title, id=c.id, show=False) for c in of(*scopes)]


def to_state() -> BindingType:
    """Return the binding that shows the incident's state from a screen over its own on which nothing is typed."""
    return _of_app("state", "app.show_state")


def to_help() -> BindingType:
    """Return the binding that shows the keys from a box over a screen, which hears none of the application's."""
    return _of_app("help", "app.help")


def _of_app(ident: str, action: str) -> BindingType:
    command = next(c for c in REGISTRY if c.id == ident)
    return Binding(",".join(command.keys), action, command.title, id=ident, show=False)


def default_keys() -> dict[str, tuple[str, ...]]:
    """Return each command's keys, by id, as the keymap check wants them."""
    return {c.id: c.keys for c in REGISTRY}


def scopes() -> dict[str, str]:
    """Return on which screens each command's keys are heard, by id; those of the board are heard on all."""
    wider = {LIVE: APP, BOARD_CHART: CHART}
    return {c.id: wider.get(c.scope, c.scope) for c in REGISTRY}


def footer(scopes: Iterable[str], keys: Mapping[str, tuple[str, ...]], read_only: bool) -> list[tuple[str, str]]:
    """Return (key, title) pairs for the footer, most wanted first; of two on one key the first scope's."""
    ranks = {scope: rank for rank, scope in enumerate(scopes)}
    known = [c for c in of(*ranks, read_only=read_only) if keys.get(c.id)]
    inner = {key: c for c in sorted(known, key=lambda c: -ranks[c.scope]) for key in keys[c.id]}
    wanted = [c for c in known if c.rank is not None and inner[keys[c.id][0]] is c]
    return [(key_name(keys[c.id][0]), c.title) for c in sorted(wanted, key=lambda c: c.rank or 0)]


_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "exclamation_mark": "!",
    "slash": "/",
    "asterisk": "*",
    "escape": "esc",
    "enter": "↵",
    "left": "←",
    "right": "→",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
}


def key_name(key: str) -> str:
    """Return a key as people read it: `ctrl+p` is `^p`, `question_mark` is `?`."""
    return _NAMES.get(key, key.replace("ctrl+", "^"))
