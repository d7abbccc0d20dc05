"""list, show, timeline, history: reading the record. The journal is opened read-only: a read-only home will do."""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

from iccon.cli import facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, Session, entry_id, session
from iccon.incident import timers
from iccon.incident.corrections import CORRECTIONS
from iccon.incident.finding import query
from iccon.incident.fold import Ledger
from iccon.incident.history import Version, history
from iccon.incident.ids import short
from iccon.incident.milestones import Milestone, moments
from iccon.incident.roles import TITLES, Role
from iccon.incident.severity import Audience
from iccon.incident.state import State
from iccon.incident.timeline import Item, Timeline
from iccon.text import clean
from iccon.when import ago

FIND_NOTES = """\
WORDS of --find: text, "a phrase", kind:note (decision, question, page …), person:NAME, service:NAME, page:ID,
source:NAME, machine:yes or machine:no, is:late, is:struck, is:amended, is:pinned, #tag, @name.
What machines reported is looked through too."""

_BOOLEAN = argparse.BooleanOptionalAction


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    listing = add_command(commands, "list", _do_list)
    listing.add_argument("--active", action="store_true", help="only those not resolved")
    listing.add_argument("--last", type=int, metavar="N", default=50, help="at most N (default: 50)")
    show = add_command(commands, "show", _do_show)
    show.add_argument("ref", nargs="?", metavar="REF", help="the incident's id or its end")
    with_incident(show)
    timeline = add_command(commands, "timeline", _do_timeline, notes=FIND_NOTES)
    timeline.add_argument("--machine", action=_BOOLEAN, help="with what machines reported (default: in JSON only)")
    timeline.add_argument("--last", type=int, metavar="N", help="only the newest N lines")
    timeline.add_argument(
        "--by", choices=("happened", "recorded"), default="happened", help="the order (default: happened)"
    )
    timeline.add_argument("--find", metavar="WORDS", help="only lines in which all words hold")
    with_incident(timeline)
    past = add_command(commands, "history", _do_history)
    past.add_argument("entry", help="the entry's id, or its last characters")
    with_incident(past)


def _span(span: timedelta) -> str:
    return ago(span.total_seconds())


def _do_list(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        states = opened.desk.active() if args.active else opened.desk.incidents()
        shown = states[: max(args.last, 0)]
        if args.json:
            say_json([facts.headline(state, opened.now) for state in shown])
        elif not shown:
            say("no incidents" if not args.active else "no incident is active")
        else:
            table((_row(state, opened) for state in shown), ("id", "severity", "phase", "declared", "lasted", "title"))
            if len(shown) < len(states):
                say(f"({len(states) - len(shown)} older ones not shown; --last N shows more)")
    return OK


def _row(state: State, opened: Session) -> tuple[str, ...]:
    declared = opened.clock_text(state.declared_at) if state.declared_at else "?"
    lasted = _span(timers.elapsed(state, opened.now))
    title = f"DRILL {state.title}" if state.drill else state.title
    return short(state.incident), state.severity, state.phase, declared, lasted, title


def _do_show(args: argparse.Namespace) -> int:
    if args.ref:
        args.incident = args.ref
    with session(args, read_only=True) as opened:
        state = opened.ledger().state
        if args.json:
            say_json(facts.incident(state, opened.now, opened.desk.policy))
        else:
            say("\n".join(chain(_head(state, opened), _people(state), _clock(state, opened), _updates(state, opened))))
    return OK


def _head(state: State, opened: Session) -> Iterator[str]:
    yield f"{'DRILL  ' if state.drill else ''}{state.severity}  {state.phase}  {state.title}"
    yield f"id            {state.incident}"
    if state.services:
        yield f"services      {', '.join(state.services)}"
    if state.declared_at:
        yield f"declared      {opened.clock_text(state.declared_at)} by {state.declared_by}"
    for milestone, at in moments(state).items():
        if milestone is not Milestone.DECLARED:
            yield f"{milestone:<13} {opened.clock_text(at)}"
    yield f"elapsed       {_span(timers.elapsed(state, opened.now))}"
    if state.theory:
        yield f"theory        {state.theory.text} ({'confirmed' if state.theory.confirmed else 'not confirmed'})"


def _people(state: State) -> Iterator[str]:
    if not state.holder(Role.COMMANDER):
        yield "commander     nobody"
    single = [(role, held) for role, held in state.roles.items() if role != Role.EXPERT]
    for role, held in [*single, *((Role.EXPERT, held) for held in state.experts)]:
        yield f"{role:<13} {held.person} ({TITLES[Role(role)]})"


def _clock(state: State, opened: Session) -> Iterator[str]:
    if state.impacts:
        lasting = ", not ended" if state.open_impact else ""
        yield f"impact        {_span(timers.impact(state, opened.now))} in {len(state.impacts)} span(s){lasting}"
    due = timers.next_update(state, opened.desk.policy)
    if due is not None:
        late = f" (late by {_span(opened.now - due)})" if due < opened.now else ""
        yield f"next update   {opened.clock_text(due)} to {Audience.CUSTOMER}{late}"


def _updates(state: State, opened: Session) -> Iterator[str]:
    for issued in state.updates:
        ends = [f"{name} {_fate(effect, state)}" for name, effect in issued.effects.items()]
        yield f"update        {opened.clock_text(issued.at)} to {issued.audience}: {', '.join(ends)}"
    yield f"record        entries: {state.entries}, notes: {state.notes}"


def _fate(effect: str, state: State) -> str:
    found = state.outcomes.get(effect)
    return str(found.state) if found else "queued"


def _do_timeline(args: argparse.Namespace) -> int:
    asked = query(args.find or "")
    if asked.problem:
        raise BadUse(f"--find: {clean(asked.problem, 200)}")
    with session(args, read_only=True) as opened:
        ledger = opened.ledger()
        timeline = Timeline(ledger, by_recorded=args.by == "recorded")
        items = [timeline.item(entry) for entry in timeline.order if asked.finds(entry, timeline)]
        wanted = args.machine if args.machine is not None else args.json or bool(args.find)
        shown = [item for item in items if wanted or not item.routine]
        hidden = len(items) - len(shown)
        if args.last is not None:
            shown = shown[-args.last :] if args.last > 0 else []
        if args.json:
            say_json(_timeline_facts(ledger, shown, hidden))
        else:
            _say_lines(shown, hidden, opened)
    return OK


def _do_history(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        ledger = opened.ledger()
        entry = ledger.by_id[entry_id(opened, args.entry)]
        target = getattr(entry.body, "target", "") if entry.kind in CORRECTIONS else ""
        entry = ledger.by_id.get(target, entry)
        versions = history(ledger, entry)
        if args.json:
            said = [facts.version(version) for version in versions]
            say_json({"incident": ledger.incident, "id": entry.id, "short": short(entry.id), "versions": said})
        else:
            table(_past(opened, version) for version in versions)
    return OK


def _past(opened: Session, version: Version) -> tuple[str, ...]:
    why = f" [{version.why}]" if version.why else ""
    happened = opened.clock_text(version.happened_at)
    text = version.text.replace("\n", " ⏎ ")
    return opened.clock_text(version.recorded_at), version.actor, version.what, happened, f"{text}{why}"


def _timeline_facts(ledger: Ledger, items: list[Item], hidden: int) -> dict[str, Any]:
    lines = [facts.line(item, ledger.incident) for item in items]
    return {"incident": ledger.incident, "lines": lines, "hidden": hidden}


def _say_lines(items: list[Item], hidden: int, opened: Session) -> None:
    table(
        (short(item.id), opened.clock_text(item.happened_at), item.actor, f"{_reading(item)}{_marks(item)}")
        for item in items
    )
    if hidden:
        say(f"({hidden} machine {'entry' if hidden == 1 else 'entries'} hidden; --machine shows them)")


def _reading(item: Item) -> str:
    return item.text.replace("\n", " ⏎ ")


def _marks(item: Item) -> str:
    marks = []
    if item.struck is not None:
        marks.append(f"struck: {item.struck}")
    if item.amended:
        marks.append("amended")
    if item.pinned:
        marks.append("pinned")
    if item.late:
        marks.append(f"recorded {_span(item.recorded_at - item.happened_at)} later")
    return f" [{'; '.join(marks)}]" if marks else ""
