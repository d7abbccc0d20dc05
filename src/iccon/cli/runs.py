"""runbook run, approve, runs: running a command of a step under guard, and what was run."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK
from iccon.cli.session import BadUse, Session, refuse, session
from iccon.cli.written import say_receipt
from iccon.effects import Fate
from iccon.incident import commands as c
from iccon.incident.effects import EffectState
from iccon.incident.entries import RunPrinted, StepRun
from iccon.incident.ids import short
from iccon.incident.run_rules import last_run, stands
from iccon.incident.runs import RunRole, ago
from iccon.incident.state import State
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.desk import Desk
    from iccon.runbooks.execution import Runner
    from iccon.runbooks.fences import Fence
    from iccon.runbooks.model import Document
    from iccon.runbooks.plan import Plan
    from iccon.runbooks.steps import Step

Found = Callable[[Session, State], "tuple[Document, Step]"]


def options(parser: argparse.ArgumentParser) -> None:
    """Add what `run` and `approve` take beside the runbook and the step."""
    add = parser.add_argument
    add("--command", type=int, metavar="N", default=0, help="run: which command of the step, from 1")
    add("--dry-run", action="store_true", help="run: the variant that only tries it, where the runbook has one")
    add("--page", metavar="SOURCE:ID", default="", help="run: the page whose labels become variables")
    add("--set", metavar="NAME=VALUE", action="append", default=[], help="run: a variable by hand (repeatable)")
    add("--target", metavar="NAME", default="", help="run: what a risky command hits, as it is asked for")
    add("--yes", action="store_true", help="run: do not ask, where it is not risky")
    add("--again", action="store_true", help="run: though it was run before")
    add("--plan", action="store_true", help="run: only show what would be run")


def run(args: argparse.Namespace, find: Found) -> int:
    """Show what would be run, have it confirmed, run it, and say how it ended."""
    with session(args, read_only=args.plan) as opened:
        incident = opened.incident()
        state = opened.desk.ledger(incident).state
        plan, told = _planned(opened, state, find)
        if args.plan:
            _say_plan(opened, state, plan, sys.stdout.write if args.json else say)
            return OK
        if plan.trouble:
            raise refuse("not_run", plan.trouble, "--set NAME=VALUE" if plan.by_hand else "")
        typed, seen = _confirmed(opened, state, plan)
        receipt = opened.do(plan.run(typed, seen), incident)
        return _ended(opened, receipt.effects[0], incident, told)


def _planned(opened: Session, state: State, find: Found) -> "tuple[Plan, tuple[tuple[str, str], ...]]":
    from iccon.bootstrap import run_where
    from iccon.runbooks.fences import commands
    from iccon.runbooks.plan import plan, values_of

    document, step = find(opened, state)
    found = commands(document, step)
    fence, dry = _which(opened.args, found.fences, document.dry_run)
    values = values_of(state, _labels(opened), opened.setting.config.environment) | _by_hand(opened.args.set)
    after = [(str(f.role), f.code) for f in found.fences if f.role in (RunRole.VERIFY, RunRole.ROLLBACK) and f != fence]
    words = [("verification", found.verify), ("rollback", found.rollback)]
    told = tuple((role, text.strip()) for role, text in [*after, *words] if text)
    return plan(document, step, fence, run_where(opened.setting), values, dry), told


def _which(args: argparse.Namespace, fences: "tuple[Fence, ...]", variable: str) -> "tuple[Fence, bool]":
    """Return the command that is meant, and whether a variable makes it a dry run."""
    if not fences:
        raise refuse("no_command", "this step has no command", "only code fences are run")
    if args.command:
        if not 0 < args.command <= len(fences):
            raise BadUse(f"this step has {len(fences)} commands; --command takes their number, from 1")
        return fences[args.command - 1], args.dry_run and variable != ""
    if args.dry_run:
        own = next((fence for fence in fences if fence.role is RunRole.DRY_RUN), None)
        if own is None and not variable:
            raise refuse("no_dry_run", "this runbook has no dry run of that step")
        return own or fences[0], own is None
    return next((fence for fence in fences if fence.role is RunRole.COMMAND), fences[0]), False


def _labels(opened: Session) -> dict[str, str]:
    wanted = opened.args.page
    if not wanted:
        return {}
    from iccon.bootstrap import page_detail
    from iccon.faults import SourceFault

    source, _, ident = wanted.partition(":")
    try:
        return dict(page_detail(opened.setting)(source, ident).page.variables)
    except SourceFault as fault:
        raise refuse("no_page", f"the page cannot be read: {fault}", "give its labels by --set") from None


def _by_hand(words: Iterable[str]) -> dict[str, str]:
    from iccon.runbooks.variables import NAMES

    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in NAMES:
            raise BadUse(f"--set {clean(word, 60)}: one of {', '.join(sorted(NAMES))}, = and a value")
        found[name] = value
    return found


def _say_plan(opened: Session, state: State, plan: "Plan", out: Callable[[str], object]) -> None:
    last = last_run(state, plan.document.runbook.name, plan.step.id, plan.sha256)
    before = f"already run {ago(opened.now - last.at)} by {last.person}: {stands(state, last)}" if last else ""
    if opened.args.json:
        say_json(
            {
                "path": plan.document.runbook.name,
                "step": plan.step.id,
                "role": plan.role,
                "language": plan.fence.language,
                "code": plan.fence.code,
                "host": plan.where.host,
                "environment": plan.where.environment,
                "variables": plan.variables,
                "risks": plan.risks,
                "target": plan.target,
                "trouble": plan.trouble,
                "before": before,
            }
        )
        return
    out(f"{plan.document.runbook.name}: {plan.step.text}")
    out("\n".join(f"  | {line}" for line in plan.fence.code.rstrip("\n").split("\n")))
    for name, value in plan.facts():
        out(f"  {name}: {value}")
    for words in filter(None, (before, plan.trouble and f"cannot be run: {plan.trouble}")):
        out(f"  {words}")


def _confirmed(opened: Session, state: State, plan: "Plan") -> tuple[str, str]:
    """Return what was typed as the target, and the entry of the last run that the person knows of. Raises Refused."""
    args, asks = opened.args, sys.stdin.isatty() and not opened.args.json
    if not args.json:
        _say_plan(opened, state, plan, complain)
    last = last_run(state, plan.document.runbook.name, plan.step.id, plan.sha256)
    seen = last.entry if last and (args.again or asks) else ""
    if plan.risks:
        return args.target or (_ask(f"Type {plan.target} to run it: ") if asks else ""), seen
    if not args.yes and not (asks and _ask("Run it? [y/N] ").lower() in ("y", "yes")):
        raise refuse("not_confirmed", "not run", "" if asks else "--yes runs it without asking, --plan shows it")
    return "", seen


def _ask(words: str) -> str:
    sys.stderr.write(words)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _ended(opened: Session, effect: str, incident: str, told: Iterable[tuple[str, str]]) -> int:
    """Run what waits in the outbox, and print how it ended; 0 only for exit code 0."""
    from iccon.bootstrap import effect_ports, runner
    from iccon.effects import owner_token
    from iccon.effects import run as carry_out

    runs = runner(opened.setting, None if opened.args.json else say)
    with _cancelled_by_ctrl_c(runs.live(effect).cancel):
        fate = carry_out(opened.desk, effect_ports(opened.setting, runs=lambda: runs), effect, owner_token())
    keep(opened.desk, runs, effect, incident)
    printed = runs.printed(effect)
    if opened.args.json:
        state, words = (str(fate.state), fate.detail or fate.receipt) if fate else ("sending", "another process has it")
        say_json({"effect": effect, "incident": incident, "state": state, "ended": words, "printed": printed})
    else:
        complain(_end_words(fate))
        if printed:
            complain(f"log: {printed.log} (SHA-256 {printed.sha256})")
        for role, text in told:
            complain(f"{role}: {text}")
    return OK if fate is not None and fate.state is EffectState.SENT else FAULT


@contextmanager
def _cancelled_by_ctrl_c(cancel: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C end the command and not this program, which has to write down how it ended."""
    before = signal.signal(signal.SIGINT, lambda *_: cancel())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_words(fate: Fate | None) -> str:
    if fate is None:
        return "another process runs it"
    unknown = "outcome unknown: " if fate.state is EffectState.UNKNOWN else ""
    return f"{unknown}{fate.detail or fate.receipt}"


def keep(desk: "Desk", runs: "Runner", effect: str, incident: str) -> None:
    """Put on the record what a run printed, as far as it is on disk."""
    printed = runs.printed(effect)
    if printed is not None:
        desk.do(c.KeepOutput(printed=printed), incident)


def approve(args: argparse.Namespace, find: Found) -> int:
    """Let somebody else run a risky command, once."""
    with session(args) as opened:
        incident = opened.incident()
        plan, _ = _planned(opened, opened.desk.ledger(incident).state, find)
        if plan.trouble:
            raise refuse("not_run", plan.trouble)
        if not args.json:
            _say_plan(opened, opened.desk.ledger(incident).state, plan, complain)
        say_receipt(opened, opened.do(plan.approve(), incident))
    return OK


def runs(args: argparse.Namespace) -> int:
    """List what was run."""
    with session(args, read_only=True) as opened:
        ledger = opened.ledger()
        printed = {e.body.effect: e.body for e in ledger.entries if isinstance(e.body, RunPrinted)}
        found = [(e, e.body) for e in ledger.entries if isinstance(e.body, StepRun)]
        if args.json:
            say_json([{**_facts(ledger.state, body), "printed": printed.get(body.effect)} for _, body in found])
        elif not found:
            say("nothing was run")
        else:
            rows = (
                (
                    short(e.id),
                    opened.clock_text(e.happened_at),
                    e.actor,
                    body.path,
                    body.text,
                    stands(ledger.state, ledger.state.runs[body.effect]),
                )
                for e, body in found
            )
            table(rows, ("id", "when", "who", "runbook", "step", "came of it"))
    return OK


def _facts(state: State, body: StepRun) -> dict[str, object]:
    names = ("path", "step", "text", "role", "language", "code", "variables", "host", "directory", "environment")
    more = ("target", "risks", "approved_by", "effect")
    run = state.runs[body.effect]
    own = {name: getattr(body, name) for name in (*names, *more)}
    return {
        **own,
        "person": run.person,
        "at": run.at,
        "state": str(state.outcomes[body.effect].state),
        "ended": stands(state, run),
    }
