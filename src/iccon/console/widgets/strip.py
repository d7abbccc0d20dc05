"""The state strip: what an Incident Commander must know without moving an eye or a key."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct
from textual.geometry import Size
from textual.strip import Strip

from iccon.console.figures import elapsed_text, time_text, zone_name
from iccon.console.fit import Span, cells, crop, length
from iccon.console.widgets.lines import Lines
from iccon.feed.model import Slot
from iccon.incident import timers
from iccon.incident.handovers import same_person, waiting
from iccon.incident.roles import Role
from iccon.incident.severity import DEFAULT_POLICY, Audience, Phase, Policy
from iccon.incident.state import State
from iccon.text import clean
from iccon.when import span_text

GAP = "  "
SOON = timedelta(minutes=3)  # an update that is due within this is said in colour


class Now(Struct, frozen=True):
    """Everything the strip shows. `troubles` are the slots of sources that do not answer."""

    state: State | None
    now: datetime
    zone: tzinfo = UTC
    policy: Policy = DEFAULT_POLICY
    troubles: Sequence[Slot] = ()
    environment: str = ""
    read_only: bool = False
    record_trouble: str | None = None
    ascii_only: bool = False
    actor: str = ""


class Piece(Struct, frozen=True):
    """A part of the strip: its spans at full length, a short form, and how early it goes when there is no room.

    Rank 0 never goes; a higher rank is shortened first, and then goes first, unless it is to `keep`.
    """

    full: tuple[Span, ...]
    short: tuple[Span, ...] = ()
    rank: int = 0
    keep: bool = False
    spare: bool = False  # shown only where all others are there at full length
    stretch: bool = False  # its last span is cut to the room there is, where the short form leaves some


def view(facts: Now, width: int, height: int) -> list[list[Span]]:
    """Return `height` lines for `width` cells. One line holds the most urgent; the second clocks, the third sources."""
    if width <= 0 or height <= 0:
        return []
    if height == 1:
        return [arrange([*_alarms(facts), *_identity(facts), *_clocks(facts)], width)]
    if height == 2:
        return [
            arrange([*_alarms(facts), *_identity(facts)], width),
            arrange([*_clocks(facts), *_down(facts)], width),
        ]
    lines = [
        arrange([*_alarms(facts), *_identity(facts)], width),
        arrange(_clocks(facts), width),
        arrange([*_sources(facts), *_zone(facts)], width),
    ]
    return lines + [[] for _ in range(height - 3)]


def arrange(pieces: Sequence[Piece], width: int) -> list[Span]:
    """Return the pieces in one line: first shortened, then dropped, highest rank first, until they fit."""
    shown: list[tuple[Piece, tuple[Span, ...]]] = [(p, p.full) for p in pieces if p.full]
    if _size(shown) > width:
        shown = [(p, spans) for p, spans in shown if not p.spare]
    ranks = sorted({p.rank for p in pieces if p.rank}, reverse=True)
    for rank in ranks:
        if _size(shown) > width:
            shown = [(p, p.short) if p.rank == rank and p.short else (p, spans) for p, spans in shown]
    for rank in ranks:
        if _size(shown) > width:
            shown = [(p, spans) for p, spans in shown if p.rank != rank or p.keep]
    shown = _stretched(shown, width)
    line: list[Span] = []
    for _, spans in shown:
        line += [(GAP, ""), *spans] if line else [(" ", ""), *spans]
    return line


def _stretched(shown: list[tuple[Piece, tuple[Span, ...]]], width: int) -> list[tuple[Piece, tuple[Span, ...]]]:
    """Give the room that is left over to the pieces that stretch."""
    out, left = [], width - _size(shown)
    for piece, spans in shown:
        if piece.stretch and spans is piece.short and left > 0:
            text, style = piece.full[-1]
            grown = crop(text, cells(spans[-1][0]) + left)
            left -= cells(grown) - cells(spans[-1][0])
            out.append((piece, (*spans[:-1], (grown, style))))
        else:
            out.append((piece, spans))
    return out


def _size(shown: Sequence[tuple[Piece, tuple[Span, ...]]]) -> int:
    return sum(length(spans) for _, spans in shown) + len(GAP) * max(len(shown) - 1, 0) + 1


def _alarms(facts: Now) -> list[Piece]:
    pieces = []
    if facts.record_trouble is not None:
        reason = clean(facts.record_trouble, 60)
        text = f" RECORD NOT KEPT: {reason} " if reason else " RECORD NOT KEPT "
        pieces.append(Piece(((text, "alarm"),), ((" RECORD NOT KEPT ", "alarm"),), 2, keep=True))
    pieces += _handover(facts)
    if facts.state is not None and facts.state.drill:
        pieces.append(Piece(((" DRILL ", "badge v-warn"),)))
    if facts.environment:
        pieces.append(Piece(((f" {clean(facts.environment, 24)} ", "badge v-nan"),), rank=4))
    if facts.read_only:
        pieces.append(Piece(((" READ-ONLY ", "badge dim"),)))
    return pieces


def _handover(facts: Now) -> list[Piece]:
    """What waits for an answer: loud on the console of the person who was asked."""
    pending = waiting(facts.state.handovers, facts.now) if facts.state else []
    if not pending:
        return []
    asked = next((each for each in pending if same_person(each.person, facts.actor)), None)
    first = asked or pending[0]
    left = span_text((first.due - facts.now).total_seconds())
    if asked is None:
        to = clean(first.person, 24)
        return [Piece(((f"{first.title} to {to}? {left}", "v-warn"),), ((f"to {to}? {left}", "v-warn"),), 2)]
    text = f" HAND-OVER TO YOU: {first.title}, {left} "
    return [Piece(((text, "alarm"),), ((f" HAND-OVER {left} ", "alarm"),), 2, keep=True)]


def _identity(facts: Now) -> list[Piece]:
    state = facts.state
    if state is None:
        return [Piece((("No incident is open", "dim"),))]
    phase, title = str(state.phase), clean(state.title) or "(no title)"
    style = "v-ok" if state.phase is Phase.RESOLVED else "strong"
    return [
        Piece(((f" {state.severity} ", f"sev {state.severity.lower()}"),)),
        Piece(((phase.upper() if state.phase is Phase.RESOLVED else phase, style),)),
        Piece(((title, "strong"),), ((crop(title, 12), "strong"),), 3, stretch=True),
    ]


def _clocks(facts: Now) -> list[Piece]:
    state = facts.state
    if state is None or state.declared_at is None:
        return []
    lasted = elapsed_text(timers.elapsed(state, facts.now))
    who = clean(state.holder(Role.COMMANDER), 40)
    return [
        Piece((("elapsed ", "dim"), (lasted, "strong")), ((lasted, "strong"),), 2),
        Piece(
            (("IC ", "dim"), (who, "strong")) if who else (("no commander", "v-bad"),),
            (("IC ", "dim"), (crop(who, 10), "strong")) if who else (("no IC", "v-bad"),),
            2,
        ),
        _impact(state, facts),
        *_update(state, facts),
        *_task(state, facts),
        *_beat(state, facts),
    ]


def _impact(state: State, facts: Now) -> Piece:
    if not state.impacts:
        return Piece((("no customer impact noted", "dim"),), (("impact none", "dim"),), 4)
    minutes = int(timers.impact(state, facts.now).total_seconds() // 60)
    running = state.open_impact
    if running is None:
        return Piece(((f"impact {minutes} min, stopped", ""),), ((f"impact {minutes}m stopped", ""),), 3)
    scope = f": {clean(running.said, 40)}" if running.said else ""
    word = (f"impact {minutes} min RUNNING", "v-bad")
    return Piece((word, (scope, "")), ((f"impact {minutes}m RUNNING", "v-bad"),), 1)


def _update(state: State, facts: Now) -> list[Piece]:
    due = timers.next_update(state, facts.policy)
    if due is None:
        return []
    left = due - facts.now
    if left <= timedelta():
        late = span_text(-left.total_seconds())
        return [Piece(((f" UPDATE OVERDUE {late} ", "alarm"),), ((f" OVERDUE {late} ", "alarm"),), 1, keep=True)]
    style = "v-warn" if left <= SOON else ""
    at = time_text(due, facts.zone, seconds=False)
    soon = span_text(left.total_seconds())
    return [
        Piece((("update due in ", "dim"), (soon, style), (f" ({at})", "dim")), ((f"update {soon}", style or "dim"),), 3)
    ]


def _task(state: State, facts: Now) -> list[Piece]:
    """The task that runs out first; once some have run out, how many."""
    found = [timer for timer in timers.running(state, facts.policy) if timer.task]
    if not found:
        return []
    first, late = found[0], sum(timer.due <= facts.now for timer in found)
    left = (first.due - facts.now).total_seconds()
    what = clean(f"{first.label}{f' ({first.owner})' if first.owner else ''}", 60)
    if late:
        word = f" {late} DUE " if late > 1 else " DUE "
        return [Piece(((word, "alarm"), (f" {span_text(-left)} ago: {what}", "")), ((word, "alarm"),), 2, keep=True)]
    soon, style = span_text(left), "v-warn" if left <= SOON.total_seconds() else "dim"
    return [Piece(((f"in {soon} ", style), (what, "dim")), ((f"task {soon}", style),), 4)]


def _beat(state: State, facts: Now) -> list[Piece]:
    """The call-out or the internal update, whichever is first: in words without alarm, and counted in spare room."""
    own = (timer for timer in timers.running(state, facts.policy) if not timer.task)
    first = next((timer for timer in own if timer.audience is not Audience.CUSTOMER), None)
    if first is None:
        return []
    left = (first.due - facts.now).total_seconds()
    name, _, checks = first.label.partition(":")
    if left > 0:
        return [Piece(((f"{name} in {span_text(left)}", "dim"),), spare=True)]
    word = (f"{name} due", "v-warn")
    return [Piece((word, (f":{checks}", "dim")) if checks else (word,), (word,), 5)]


def _sources(facts: Now) -> list[Piece]:
    pieces: list[Piece] = []
    down = [slot for slot in facts.troubles if slot.trouble is not None]
    for slot in down[:3]:
        assert slot.trouble is not None
        lasted = span_text((facts.now - slot.trouble.since).total_seconds())
        since = f"{time_text(slot.trouble.since, facts.zone, seconds=False)} {zone_name(facts.zone, facts.now)}"
        name = clean(slot.source, 24)
        full = ((f"! {name} {slot.trouble.kind}", "v-error"), (f" since {since} ({lasted})", "dim"))
        pieces.append(Piece(full, ((f"! {name} {lasted}", "v-error"),), 1))
    if len(down) > 3:
        pieces.append(Piece(((f"and {len(down) - 3} more", "v-error"),), rank=1))
    return pieces


def _down(facts: Now) -> list[Piece]:
    """All unreachable sources as one piece."""
    down = [slot for slot in facts.troubles if slot.trouble is not None]
    if not down:
        return []
    names = ", ".join(clean(slot.source, 24) for slot in down)
    return [Piece(((f"! {names} down", "v-error"),), ((f"! {len(down)} down", "v-error"),), 2)]


def _zone(facts: Now) -> list[Piece]:
    clock = f"{time_text(facts.now, facts.zone)} {zone_name(facts.zone, facts.now)}"
    return [*_theory(facts.state), Piece(((clock, "dim"),), rank=4)]


def _theory(state: State | None) -> list[Piece]:
    if state is None or state.theory is None:
        return []
    word = ("theory (confirmed): " if state.theory.confirmed else "theory: ", "dim")
    text = clean(state.theory.text, 120)
    return [Piece((word, (text, "")), (word, (crop(text, 28), "")), 3, stretch=True)]


class StateStrip(Lines):
    """Shows the state of the incident in one to three lines, as tall as it is made."""

    DEFAULT_CSS = """
    StateStrip {
        height: 2;
        overflow: hidden;
    }
    """

    def __init__(
        self,
        zone: tzinfo = UTC,
        policy: Policy = DEFAULT_POLICY,
        *,
        id: str | None = None,
        classes: str | None = None,
        ascii_only: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes, ascii_only=ascii_only)
        self.zone = zone
        self.policy = policy
        self.facts: Now | None = None
        self._lines: dict[Size, list[list[Span]]] = {}  # of `facts`

    def show(
        self,
        state: State | None,
        now: datetime,
        *,
        troubles: Sequence[Slot] = (),
        environment: str = "",
        read_only: bool = False,
        record_trouble: str | None = None,
        actor: str = "",
    ) -> None:
        """Show `state` as of `now` (aware UTC). `record_trouble` not None: the record is not being kept, and why."""
        self.facts = Now(
            state,
            now,
            self.zone,
            self.policy,
            tuple(troubles),
            environment,
            read_only,
            record_trouble,
            self.ascii_only,
            actor,
        )
        self._lines.clear()
        self.repaint_changed()

    def line(self, y: int) -> Strip:
        """Return one line of the strip."""
        area = self.area
        if area not in self._lines:
            self._lines[area] = view(self.facts, *area) if self.facts else []
        lines = self._lines[area]
        return self.paint(lines[y] if y < len(lines) else [], area.width)

    def on_resize(self) -> None:
        """The strip never scrolls."""
        self._painted.clear()
        self.virtual_size = Size(*self.area)
