"""How an incident stands, in lines: what the state screen shows and `iccon state` prints. Pure; instants aware UTC."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum

from msgspec import Struct

from iccon.incident import timers
from iccon.incident.exit_criteria import Criterion, Sight, Standing, criteria
from iccon.incident.milestones import Milestone, moments
from iccon.incident.organisation import warnings
from iccon.incident.roles import Role
from iccon.incident.severity import Policy
from iccon.incident.state import State
from iccon.incident.tasks import Task, TaskKind, open_tasks
from iccon.text import clean
from iccon.when import ago, stamp

SOON = 180.0  # seconds: what runs out within them is said to be near
IN_A_LINE, NEXT_IN_A_LINE = 4, 3  # milestones, what is due
APART = (Role.COMMANDER, Role.EXPERT)  # roles with words of their own


class Tone(StrEnum):
    """How a part of a line is meant."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


Part = tuple[str, Tone]
Parts = tuple[Part, ...]
MARKS: dict[Standing, Part] = {
    Standing.MET: ("[x] ", Tone.GOOD),
    Standing.OPEN: ("[ ] ", Tone.WARN),
    Standing.UNKNOWN: ("[?] ", Tone.WARN),
}


class Line(Struct, frozen=True):
    """One line: what it is about ("" as the line before), and what it says."""

    label: str
    parts: Parts

    @property
    def text(self) -> str:
        """What it says, without its tones."""
        return "".join(text for text, _ in self.parts)


class View(Struct, frozen=True):
    """What the lines are made from; `zone` is the one in which times are read."""

    state: State
    policy: Policy
    sight: Sight
    now: datetime
    zone: tzinfo


def lines(view: View, room: int | None = None) -> list[Line]:
    """Return how the incident stands, in at most `room` lines where that is possible; what was left out is counted."""
    head = [*_head(view), *_people(view), _theory(view.state), *_next(view), *_known(view)]
    exits = [_criterion(each, view.zone) for each in criteria(view.state, view.policy, view.sight)]
    doing = [_task(task, view.now) for task in _doing(view.state)]
    left = None if room is None else max(room - len(head), 2)
    tasks = _section("actions", doing, None if left is None else max(left - max(len(exits), 1), 1))
    return head + tasks + _section("exit", exits, None if left is None else left - len(tasks))


def _section(label: str, rows: Sequence[Parts], room: int | None) -> list[Line]:
    if not rows:
        return [Line(label, (("none", Tone.DIM),))]
    shown = list(rows)
    if room is not None and len(rows) > room:
        kept = max(room - 1, 0)
        shown = [*rows[:kept], ((f"and {len(rows) - kept} more", Tone.DIM),)]
    return [Line(label if number == 0 else "", row) for number, row in enumerate(shown)]


def _head(view: View) -> Iterator[Line]:
    state = view.state
    phase = Tone.GOOD if state.resolved_at else Tone.STRONG
    drill: Parts = (("DRILL  ", Tone.WARN),) if state.drill else ()
    title = (clean(state.title) or "(no title)", Tone.STRONG)
    yield Line(state.severity, (*drill, (str(state.phase), phase), ("  ", Tone.PLAIN), title))
    yield Line("means", ((clean(view.policy.levels[state.severity].meaning), Tone.PLAIN),))
    lasted = ago(timers.elapsed(state, view.now).total_seconds())
    since = f" since {stamp(state.declared_at, view.zone)}" if state.declared_at else ""
    yield Line("declared", ((lasted, Tone.STRONG), (f"{' in all,' if state.resolved_at else ''}{since}", Tone.DIM)))
    yield Line("impact", _impact(state, view.now))


def _impact(state: State, now: datetime) -> Parts:
    if not state.impacts:
        return (("no customer impact noted", Tone.DIM),)
    minutes = int(timers.impact(state, now).total_seconds() // 60)
    going = state.open_impact
    if going is None:
        return ((f"{minutes} min, stopped", Tone.GOOD),)
    return ((f"RUNNING {minutes} min", Tone.BAD), (f"  {clean(going.said)}", Tone.PLAIN))


def _people(view: View) -> Iterator[Line]:
    state = view.state
    held = state.roles.get(Role.COMMANDER)
    if held is None:
        yield Line("commander", (("NOBODY", Tone.BAD),))
    else:
        since = f"  for {ago((view.now - held.since).total_seconds())}"
        yield Line("commander", ((clean(held.person), Tone.STRONG), (since, Tone.DIM)))
    others = [f"{role} {clean(each.person)}" for role, each in state.roles.items() if role not in APART]
    said = ", ".join([*others, *(f"expert {clean(each.person)}" for each in state.experts)])
    yield Line("roles", ((said or "nobody else", Tone.PLAIN if said else Tone.DIM),))
    yield from (Line("", ((f"! {clean(warning)}", Tone.WARN),)) for warning in warnings(state, view.policy))


def _theory(state: State) -> Line:
    if state.theory is None:
        return Line("theory", (("none", Tone.DIM),))
    sure = ("confirmed: ", Tone.GOOD) if state.theory.confirmed else ("not confirmed: ", Tone.WARN)
    return Line("theory", (sure, (clean(state.theory.text), Tone.PLAIN)))


def _next(view: View) -> Iterator[Line]:
    """When each audience is told next, and the call-out."""
    found = [timer for timer in timers.running(view.state, view.policy) if not timer.task]
    if not found:
        yield Line("next", (("nothing is promised", Tone.DIM),))
    for number in range(0, len(found), NEXT_IN_A_LINE):
        parts: list[Part] = []
        for timer in found[number : number + NEXT_IN_A_LINE]:
            gap = "   " if parts else ""
            name = timer.label.partition(":")[0].removesuffix(" update")
            parts += [(f"{gap}{name} ", Tone.PLAIN), _left(timer.due, view.now)]
        yield Line("" if number else "next", tuple(parts))


def _left(due: datetime, now: datetime) -> Part:
    left = (due - now).total_seconds()
    if left <= 0:
        return f"DUE {ago(-left)} ago", Tone.BAD
    return f"in {ago(left)}", Tone.WARN if left <= SOON else Tone.PLAIN


def _known(view: View) -> Iterator[Line]:
    """The milestones, those that are not known as well."""
    known = moments(view.state)
    zone = (f"  {view.now.astimezone(view.zone).tzname()}", Tone.DIM)
    for number in range(0, len(Milestone), IN_A_LINE):
        row = [*Milestone][number : number + IN_A_LINE]
        said = [f"{each} {_moment(known[each], view) if each in known else '-'}" for each in row]
        times = (zone,) if any(each in known for each in row) else ()
        yield Line("" if number else "reached", (("   ".join(said), Tone.PLAIN), *times))


def _moment(at: datetime, view: View) -> str:
    there = at.astimezone(view.zone)
    today = there.date() == view.now.astimezone(view.zone).date()
    return f"{there:%H:%M}" if today else f"{there:%m-%d %H:%M}"


def _doing(state: State) -> list[Task]:
    """What is open and belongs to the response: todos are for afterwards."""
    return [task for task in open_tasks(state.tasks) if task.what != TaskKind.TODO]


def _task(task: Task, now: datetime) -> Parts:
    due = _left(task.due, now) if task.due else ("no time", Tone.DIM)
    who = f"{clean(task.owner) or 'nobody'}{' (yes)' if task.accepted else ''}"
    return (f"{due[0]:<12} ", due[1]), (f"{who}  ", Tone.STRONG), (f"{task.what}: {clean(task.text)}", Tone.PLAIN)


def _criterion(found: Criterion, zone: tzinfo) -> Parts:
    why = found.why or ("by hand" if found.by_hand else "")
    if found.since is not None:
        why += f", since {stamp(found.since, zone)}"
    return MARKS[found.standing], (clean(found.text), Tone.PLAIN), (f"  {clean(why)}" if why else "", Tone.DIM)
