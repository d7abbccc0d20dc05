"""An incident as a Markdown document, from the same fold as the screen. Pure and deterministic: it asks no clock.

What is not over yet is given as of the last entry. Everything that people or machines wrote is escaped.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from iccon.exports.escape import block, code, fenced, line
from iccon.exports.figures import figures
from iccon.exports.times import duration, moment
from iccon.incident.entries import Entry, EvidenceTaken
from iccon.incident.fold import Ledger
from iccon.incident.ids import short
from iccon.incident.milestones import OWN_ENTRIES, moments
from iccon.incident.roles import TITLES, Role
from iccon.incident.state import Impact, Issued, State
from iccon.incident.steps import StepMark
from iccon.incident.tasks import Task, TaskKind
from iccon.incident.timeline import Item, Timeline
from iccon.incident.timers import elapsed, impact

DRILL = "DRILL"


def render(ledger: Ledger, *, zone: tzinfo, include_machine: bool = True, include_struck: bool = True) -> str:
    """Return the document, times in `zone`. What is left out (machine entries, struck ones) is counted in it."""
    parts = [
        *_header(ledger, zone),
        *_evidence(ledger, zone, include_struck),
        *_timeline(ledger, zone, include_machine, include_struck),
    ]
    return "\n".join(parts) + "\n"


def as_of(ledger: Ledger) -> datetime | None:
    """Return when the last entry was recorded or happened: the instant up to which an export knows."""
    return max((max(e.recorded_at, e.happened_at) for e in ledger.entries), default=None)


def _header(ledger: Ledger, zone: tzinfo) -> Iterator[str]:
    state, until = ledger.state, as_of(ledger)
    mark = f"{DRILL} - " if state.drill else ""
    yield f"# {mark}{state.severity}: {line(state.title) or 'untitled incident'}"
    yield ""
    if state.drill:
        yield "**DRILL: this was an exercise. Nothing in it happened in production.**\n"
    if until is None or state.declared_at is None:
        yield "No declaration was recorded."
        return
    yield from _table(("Fact", "Value"), _facts(state, until, zone))
    yield from _section("Customer impact", _impacts(state, until, zone))
    yield from _section("Roles", _roles(state, zone))
    yield from _section("Intervals", _intervals(ledger))
    if state.tasks:
        yield from _section("Decisions and tasks", _tasks(state, zone))
    if decided := [task for task in state.tasks if task.what == TaskKind.DECISION and any(_record(task))]:
        yield from _section("Decision record", (text for task in decided for text in _decision(task)))
    if state.steps:
        yield from _section("Runbook steps", _steps(state, zone))
    yield from _section("Updates sent", _updates(state, zone))


def _facts(state: State, until: datetime, zone: tzinfo) -> Iterator[tuple[str, str]]:
    over, known = state.resolved_at is not None, f" (not over; as of {moment(until, zone)})"
    yield "Incident", f"`{state.incident}`"
    yield "Severity", str(state.severity)
    yield "Phase", str(state.phase)
    yield "Services", ", ".join(line(service) for service in state.services) or "not recorded"
    yield "Declared", f"{moment(state.declared_at or until, zone)} by {line(state.declared_by) or 'unknown'}"
    for milestone, at in moments(state).items():
        if milestone not in OWN_ENTRIES:
            yield milestone.replace("-", " ").capitalize(), moment(at, zone)
    yield "Resolved", moment(state.resolved_at, zone) if state.resolved_at else "not resolved"
    yield "Duration", duration(elapsed(state, until)) + ("" if over else known)
    lasting = known if state.open_impact else ""
    yield "Customer impact", duration(impact(state, until)) + lasting if state.impacts else "not recorded"
    if state.theory:
        sure = "confirmed" if state.theory.confirmed else "not confirmed"
        yield f"Theory of the cause ({sure})", line(state.theory.text)


def _impacts(state: State, until: datetime, zone: tzinfo) -> Iterator[str]:
    rows = [_impact_row(segment, until, zone) for segment in state.impacts]
    yield from _table(("Started", "Stopped", "Minutes", "Scope", "Entry"), rows) if rows else ("Not recorded.",)


def _impact_row(segment: Impact, until: datetime, zone: tzinfo) -> tuple[str, ...]:
    span = (segment.stopped or until) - segment.started
    stopped = moment(segment.stopped, zone) if segment.stopped else "not stopped"
    minutes = f"{max(span.total_seconds(), 0) / 60:.0f}"
    return moment(segment.started, zone), stopped, minutes, line(segment.said) or "not recorded", _id(segment.id)


def _roles(state: State, zone: tzinfo) -> Iterator[str]:
    single = [(role, held) for role, held in sorted(state.roles.items()) if role != Role.EXPERT]
    held_by = [*single, *((Role.EXPERT, held) for held in state.experts)]
    rows = [(TITLES[role], line(held.person), moment(held.since, zone)) for role, held in held_by]
    yield from _table(("Role", "Person", "Since"), rows) if rows else ("Nobody holds a role.",)


def _intervals(ledger: Ledger) -> Iterator[str]:
    rows = []
    for figure in figures(ledger):
        value = duration(figure.value) if figure.value is not None else figure.missing
        rows.append((figure.name, figure.meaning, value, " ".join(_id(entry) for entry in figure.entries)))
    yield from _table(("Interval", "From -> to", "Value", "Entries"), rows)


def _tasks(state: State, zone: tzinfo) -> Iterator[str]:
    rows = [_task_row(task, state, zone) for task in sorted(state.tasks, key=lambda task: (task.at, task.id))]
    yield from _table(("What", "Text", "Whose", "Noted", "Due", "How it ended", "Tracker", "Entry"), rows)


def _task_row(task: Task, state: State, zone: tzinfo) -> tuple[str, ...]:
    ended = ": ".join(filter(None, (moment(task.settled, zone), line(task.outcome)))) if task.settled else "open"
    whose = line(task.owner) or "nobody's"
    due = str(task.day.date) if task.day else moment(task.due, zone) if task.due else "-"
    done = state.pushed(task)
    pushed = (
        ": ".join(map(line, filter(None, (f"{task.tracker} {done.state}", done.receipt or done.detail))))
        if done
        else "-"
    )
    return line(task.what), line(task.text), whose, moment(task.at, zone), due, ended, pushed, _id(task.id)


def _record(task: Task) -> tuple[str, ...]:
    return task.options, task.risk, task.objections, task.decided


def _decision(task: Task) -> Iterator[str]:
    """Say all that was recorded of a decision beside its line of the table."""
    yield f"### {line(task.text)} ({_id(task.id)})"
    yield ""
    said = zip(("Options", "Risk", "Strong objections", "Decided"), _record(task), strict=True)
    yield from (f"- {name}: {line(text)}" for name, text in said if text)
    yield f"- Executor: {line(task.owner) or 'nobody'}"
    yield f"- How it came out: {line(task.outcome) or 'not recorded'}"
    yield ""


def _steps(state: State, zone: tzinfo) -> Iterator[str]:
    """List the marked steps of each runbook, with the version that was before those who marked them."""
    for path, marks in state.steps.items():
        pinned = state.runbooks.get(path)
        yield f"### {line(pinned.title if pinned and pinned.title else path)} ({code(path)})"
        yield ""
        yield from _table(
            ("Step", "Outcome", "Marked", "Version", "Entry"), [_step_row(mark, zone) for mark in marks.values()]
        )
        yield ""


def _step_row(mark: StepMark, zone: tzinfo) -> tuple[str, ...]:
    return line(mark.text), line(mark.words), moment(mark.at, zone), code(mark.digest[:8]), _id(mark.entry)


def _updates(state: State, zone: tzinfo) -> Iterator[str]:
    if not state.updates:
        yield "None."
    for update in state.updates:
        yield f"### {moment(update.at, zone)}, to {update.audience} ({_id(update.entry)})"
        yield ""
        yield block(update.text)
        yield ""
        yield from _outcomes(state, update, zone)
        promised = moment(update.next_due, zone) if update.next_due else "none"
        yield f"- Next update promised: {promised}"
        yield ""


def _outcomes(state: State, update: Issued, zone: tzinfo) -> Iterator[str]:
    for target, effect in update.effects.items():
        outcome = state.outcomes.get(effect)
        if outcome is None:
            yield f"- {line(target)}: outcome not recorded"
            continue
        details = ": ".join(line(part) for part in (outcome.detail, outcome.receipt) if part)
        yield f"- {line(target)}: {outcome.state}, {moment(outcome.at, zone)}{f' ({details})' if details else ''}"


def _evidence(ledger: Ledger, zone: tzinfo, include_struck: bool) -> Iterator[str]:
    found = [entry for entry in ledger.entries if isinstance(entry.body, EvidenceTaken)]
    shown = [entry for entry in found if include_struck or not ledger.corrections.struck(entry)]
    if shown:
        lines = (text for entry in shown for text in _kept(ledger.effective(entry), ledger, zone))
        yield from _section("Evidence", lines)


def _kept(entry: Entry, ledger: Ledger, zone: tzinfo) -> Iterator[str]:
    assert isinstance(entry.body, EvidenceTaken)
    body, asked = entry.body, entry.body.measured
    mark = " (struck)" if ledger.corrections.struck(entry) else ""
    yield f"### {line(body.title)} ({_id(entry.id)}){mark}"
    yield ""
    yield from fenced(body.chart)
    yield ""
    yield f"- Query: {code(asked.query)}"
    yield f"- Server: {line(f'{asked.server} {asked.address}')}"
    yield f"- Range: {moment(asked.start, zone)} to {moment(asked.end, zone)}, every {duration(asked.step)}"
    yield f"- Fetched: {moment(asked.fetched_at, zone)}; {body.points:,} samples, SHA-256 {code(body.sha256)}"
    yield from (f"- Warning: {line(text)}" for text in asked.warnings)
    yield ""


def _timeline(ledger: Ledger, zone: tzinfo, include_machine: bool, include_struck: bool) -> Iterator[str]:
    items = Timeline(ledger).items()
    wanted = (i for i in items if include_machine or not i.machine or i.pinned)
    shown = [i for i in wanted if include_struck or i.struck is None]
    if pinned := [item for item in shown if item.pinned]:
        yield from _section("Pinned", (_entry(item, zone) for item in pinned))
    yield from ("", "## Timeline", "")
    hidden = len(items) - len(shown)
    if hidden:
        yield f"{hidden} of {len(items)} entries are left out of this document.\n"
    for item in shown:
        yield _entry(item, zone)
    if not shown:
        yield "No entries."


def _entry(item: Item, zone: tzinfo) -> str:
    late = f" (recorded {moment(item.recorded_at, zone)})" if item.late else ""
    who = line(item.actor) or "unknown"
    words = (("machine", item.machine), ("amended", item.amended), ("pinned", item.pinned))
    marks = "".join(f" ({word})" for word, holds in words if holds)
    text = block(item.text, "  ") or "(no text)"
    if item.struck is not None:
        text = f"~~{text}~~ (struck: {line(item.struck) or 'no reason recorded'})"
    return f"- **{moment(item.happened_at, zone)}**{late} {who}{marks} {_id(item.id)}: {text}"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from lines


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _id(ident: str) -> str:
    """Return a short id as code; ids are ours, and still nothing but their letters may pass."""
    return f"`{''.join(c for c in short(ident) if c.isascii() and (c.isalnum() or c == '-'))}`"
