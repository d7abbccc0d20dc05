"""A briefing of one page for whoever takes over, after ICS-201, from the record alone. Pure: it asks no clock.

Times are absolute; what still lasts is given as of one instant. Everything that people or machines wrote is made inert.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TypeVar

from msgspec import Struct

from iccon.exports.escape import line
from iccon.exports.markdown import DRILL, as_of
from iccon.exports.times import duration, moment
from iccon.incident import readback, timers
from iccon.incident.entries import Body, ChangeSeen, Entry, EvidenceTaken, RunbookOpened
from iccon.incident.exit_criteria import Sight, Standing, criteria
from iccon.incident.fold import Ledger
from iccon.incident.handovers import waiting
from iccon.incident.ids import short
from iccon.incident.roles import TITLES, Role
from iccon.incident.severity import Policy
from iccon.incident.state import Impact, State
from iccon.incident.tasks import Task, TaskKind, open_tasks
from iccon.incident.timeline import describe
from iccon.text import clean

T = TypeVar("T")
MOST = 4  # lines of a list: one page is read, two are not
LONGEST = 240  # characters of a line


class _Brief(Struct, frozen=True):
    """What the sections are made from."""

    ledger: Ledger
    policy: Policy
    zone: tzinfo
    at: datetime

    @property
    def state(self) -> State:
        return self.ledger.state

    def time(self, at: datetime) -> str:
        """Return an instant with its zone; with its date unless it is the briefing's own."""
        text = moment(at, self.zone)
        return text[11:] if moment(self.at, self.zone)[:11] == text[:11] else text


def until(ledger: Ledger, at: datetime) -> Ledger:
    """Return the record as it was at an instant (aware UTC): what had been recorded by then."""
    return Ledger(ledger.incident, (entry for entry in ledger.entries if entry.recorded_at <= at))


def render(ledger: Ledger, *, zone: tzinfo, policy: Policy, at: datetime | None = None, plain: bool = False) -> str:
    """Return the briefing, times in `zone`, as of `at` (aware UTC; None: the last entry). Markdown, or `plain` text."""
    instant = at or as_of(ledger)
    if instant is None or ledger.state.declared_at is None:
        return "No declaration was recorded.\n"
    brief = _Brief(ledger, policy, zone, instant)
    return "\n".join(_plain(brief) if plain else _markdown(brief)) + "\n"


def _markdown(brief: _Brief) -> Iterator[str]:
    yield f"# {line(_headline(brief.state))}"
    yield ""
    yield line(_origin(brief))
    for title, lines in _sections(brief):
        yield from ("", f"## {title}", "", *(f"- {line(text[:LONGEST])}" for text in lines))


def _plain(brief: _Brief) -> Iterator[str]:
    yield clean(_headline(brief.state))
    yield clean(_origin(brief))
    for title, lines in _sections(brief):
        yield from ("", title.upper(), *(f"  {clean(text, LONGEST)}" for text in lines))


def _headline(state: State) -> str:
    return f"{f'{DRILL} - ' if state.drill else ''}Briefing, {state.severity}: {state.title or 'untitled incident'}"


def _origin(brief: _Brief) -> str:
    count = len(brief.ledger.entries)
    return f"As of {moment(brief.at, brief.zone)}, from {count} entries of incident {short(brief.state.incident)}."


def _sections(brief: _Brief) -> Iterator[tuple[str, Sequence[str]]]:
    made: tuple[tuple[str, Callable[[_Brief], Iterable[str]]], ...] = (
        ("In short: conditions, actions, needs", _can),
        ("Situation", _situation),
        ("Objectives and decisions", _objectives),
        ("Actions", _actions),
        ("Organisation", _organisation),
        ("Resources", _resources),
        ("What changed", _changes),
        ("Updates", _updates),
        ("Open questions and todos", _open),
    )
    for title, lines in made:
        yield title, list(lines(brief)) or ["none recorded"]


def _can(brief: _Brief) -> Iterator[str]:
    state = brief.state
    said = dict(readback.points(state, brief.policy, brief.at, brief.time))
    needs = [f"nobody is {title}" for title in _unfilled(brief)]
    needs += [f"answer: {task.text}" for task in open_tasks(state.tasks) if task.what == TaskKind.QUESTION]
    yield f"Conditions: {state.phase}; impact {said['impact']}"
    yield f"Actions: {said['actions']}"
    yield f"Needs: {'; '.join(needs) or 'none recorded'}"


def _situation(brief: _Brief) -> Iterator[str]:
    state = brief.state
    yield f"{state.severity}: {brief.policy.levels[state.severity].meaning}"
    lasted = duration(timers.elapsed(state, brief.at))
    yield f"Declared {brief.time(state.declared_at or brief.at)} by {state.declared_by or 'unknown'}, {lasted} ago"
    if state.resolved_at:
        yield f"Resolved {brief.time(state.resolved_at)}"
    yield from _newest(state.impacts, lambda impact: _impact(impact, brief))
    if state.theory:
        sure = "confirmed" if state.theory.confirmed else "not confirmed"
        yield f"Theory ({sure}, {brief.time(state.theory.at)}): {state.theory.text}"


def _impact(impact: Impact, brief: _Brief) -> str:
    ended = f"until {brief.time(impact.stopped)}" if impact.stopped else "still running"
    return f"Impact since {brief.time(impact.started)}, {ended}: {impact.said or 'scope not given'}"


def _objectives(brief: _Brief) -> Iterator[str]:
    for each in criteria(brief.state, brief.policy, Sight()):
        why = "not in the record" if each.standing is Standing.UNKNOWN else each.why
        yield f"Before it is resolved: {each.text}: {each.standing}{f' ({why})' if why else ''}"
    yield from _newest(_of(brief, TaskKind.DECISION), lambda task: _task(task, brief))
    yield from (f"Risk: {text}" for text in [task.risk for task in brief.state.tasks if task.risk][-MOST:])


def _actions(brief: _Brief) -> Iterator[str]:
    yield from _newest(_of(brief, TaskKind.ACTION), lambda task: _task(task, brief))


def _task(task: Task, brief: _Brief) -> str:
    due = f", due {brief.time(task.due)}" if task.due and task.settled is None else ""
    ended = f": over {brief.time(task.settled)}" if task.settled and task.settled != task.at else ""
    outcome = f", {task.outcome}" if task.outcome else ""
    return f"{brief.time(task.at)} {task.what}: {task.text} ({task.owner or 'nobody'}{due}){ended}{outcome}"


def _organisation(brief: _Brief) -> Iterator[str]:
    for role, held in sorted(brief.state.roles.items()):
        yield f"{TITLES[role]}: {held.person}, since {brief.time(held.since)}"
    yield from (f"{title}: nobody" for title in _unfilled(brief))
    for team, members in brief.state.teams.items():
        yield f"Team {team}: {', '.join(m.person + ' (lead)' * m.lead for m in members)}"
    asked = waiting(brief.state.handovers, brief.at)
    yield from _newest(asked, lambda h: f"Hand-over of {h.title} to {h.person} waits, until {brief.time(h.due)}")


def _unfilled(brief: _Brief) -> list[str]:
    wanted = brief.policy.levels[brief.state.severity].roles
    return [TITLES[role] for role in Role if role in wanted and not brief.state.holder(role)]


def _resources(brief: _Brief) -> Iterator[str]:
    yield f"Services: {', '.join(brief.state.services) or 'none named'}"
    people = dict.fromkeys(e.actor for e in brief.ledger.entries if e.actor != "iccon")
    yield f"People on the record: {', '.join(list(people)[:20]) or 'none'}"
    yield from _told(brief, RunbookOpened, EvidenceTaken)


def _changes(brief: _Brief) -> Iterator[str]:
    yield from _told(brief, ChangeSeen)


def _told(brief: _Brief, *kinds: type[Body]) -> Iterator[str]:
    ledger = brief.ledger
    valid = (e for e in ledger.entries if isinstance(e.body, kinds) and not ledger.corrections.struck(e))
    found = [ledger.effective(e) for e in valid]

    def text(entry: Entry) -> str:
        return f"{brief.time(entry.happened_at)} {describe(entry.body)}"

    yield from _newest(sorted(found, key=lambda e: (e.happened_at, e.id)), text)


def _updates(brief: _Brief) -> Iterator[str]:
    yield from _newest(brief.state.updates, lambda u: f"{brief.time(u.at)} to {u.audience}: {u.text}")
    for timer in timers.running(brief.state, brief.policy):
        if timer.audience:
            yield f"Next {timer.label} due {brief.time(timer.due)}"


def _open(brief: _Brief) -> Iterator[str]:
    left = [t for t in open_tasks(brief.state.tasks) if t.what in (TaskKind.QUESTION, TaskKind.TODO)]
    yield from (_task(task, brief) for task in left[:MOST])
    if len(left) > MOST:
        yield f"and {len(left) - MOST} more"


def _of(brief: _Brief, what: TaskKind) -> list[Task]:
    """Return the tasks of a kind: those over first, then those open, so that the newest that matter are kept."""
    return sorted((t for t in brief.state.tasks if t.what == what), key=lambda t: (t.settled is None, t.at, t.id))


def _newest(found: Sequence[T], text: Callable[[T], str]) -> Iterator[str]:
    """Return the last few as lines; how many come before them is said."""
    if len(found) > MOST:
        yield f"{len(found) - MOST} earlier ones"
    yield from map(text, found[-MOST:])
