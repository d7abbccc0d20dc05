"""The desk: the only writer. A command is decided on the journal's present state, appended, and folded.

Synchronous, and used from one thread; `deskthread.DeskThread` is its face for the event loop.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from iccon.clock import Clock
from iccon.incident import ids
from iccon.incident.commands import ActOnPage, Command, Declare, MarkPage, TellChange
from iccon.incident.decide import Context, Refusal, decide
from iccon.incident.effects import EffectState, OutboxRow
from iccon.incident.entries import NO_INCIDENT, Entry, Note, Struck
from iccon.incident.fold import REPORT_KINDS, STATE_KINDS, Ledger, also_needed
from iccon.incident.severity import DEFAULT_POLICY, Policy
from iccon.incident.state import State
from iccon.journal.store import Journal, JournalFault

T = TypeVar("T")

NEWEST = 20  # entries among which what is written is looked for
GLIMPSE = 300  # entries: more than any terminal has lines


class Receipt(Struct, frozen=True):
    """What was written, durable: the entries, and the effects that wait in the outbox."""

    incident: str
    entries: tuple[Entry, ...]
    effects: tuple[str, ...] = ()


class Desk:
    """Commands in, receipts or refusals out; the folds of the journal, kept up to date.

    `damage` says why the journal could not be read to its end, None when it could; what was read is shown.
    Every method raises JournalFault when the file cannot be used.
    """

    def __init__(self, journal: Journal, clock: Clock, actor: str, policy: Policy = DEFAULT_POLICY) -> None:
        self.journal = journal
        self.clock = clock
        self.actor = actor
        self.policy = policy
        self.damage: JournalFault | None = None
        self._full: dict[str, Ledger] = {}
        self._brief: dict[str, Ledger] = {}  # folds of the state-changing kinds only
        self._all_brief = False
        self._own: set[str] = set()  # appended here and not yet met again in the journal's changes
        self._news: list[Entry] = []

    # -- commands --------------------------------------------------------------------------------------

    def do(self, command: Command, incident: str | None = None, *, drop_draft: str | None = None) -> Receipt | Refusal:
        """Decide `command` about `incident` (a full id; None: the single active one) and append what it leads to.

        The decision is made under the journal's write lock, so that it holds whatever other processes append.
        `drop_draft` is the key of the typed draft that the command makes obsolete.
        """
        with self.journal.transaction():
            self._absorb_others()
            state = self._subject(command, incident)
            outcome = state if isinstance(state, Refusal) else decide(state, command, self._context(state))
            if isinstance(outcome, Refusal):
                return outcome
            done = self.journal.append(outcome.entries, outcome.effects, drop_draft, outcome.blobs)
        self._keep(done)
        subjects = [draft.incident for draft in outcome.entries] or [incident or NO_INCIDENT]
        return Receipt(subjects[0], done, tuple(effect.id for effect in outcome.effects))

    def _subject(self, command: Command, incident: str | None) -> State | Refusal | None:
        if isinstance(command, Declare):
            return None
        if incident is not None:
            return self.state(incident)
        active = self.active()
        if len(active) > 1 and not isinstance(command, ActOnPage | MarkPage | TellChange):
            names = ", ".join(f"{ids.short(s.incident)} ({s.severity} {s.title})" for s in active)
            return Refusal("which", f"{len(active)} incidents are active", f"name one of {names}")
        return active[0] if len(active) == 1 else None

    def _context(self, state: State | None) -> Context:
        def find(ref: str) -> Entry | None:
            found = self.journal.find(ref, state.incident if state else None)
            return found[0] if len(found) == 1 else None

        def newest() -> list[Entry]:
            none: list[Entry] = []
            return self._or(lambda: self.journal.tail(state.incident, NEWEST), lambda: none) if state else none

        return Context(self.clock.now(), self.actor, self._new_id, find, self.policy, newest)

    def _new_id(self) -> str:
        return ids.uuid7(int(self.clock.now().timestamp() * 1000), os.urandom(10))

    # -- what the journal adds up to -------------------------------------------------------------------

    def ledger(self, incident: str) -> Ledger:
        """Return all entries of an incident and their fold; `do` and `catch_up` extend it in place."""
        if incident not in self._full:
            self._full[incident] = Ledger(incident, self._read(incident))
            self._brief.pop(incident, None)
        return self._full[incident]

    def entries(self, incident: str) -> list[Entry]:
        """Return all entries of an incident, in id order, without keeping them here."""
        return self._full[incident].entries[:] if incident in self._full else self._read(incident)

    def state(self, incident: str) -> State:
        """Return how an incident stands; read from its state-changing entries when its ledger is not loaded.

        `entries`, `notes` and `last_id` then count those entries only.
        """
        if incident in self._full:
            return self._full[incident].state
        if incident not in self._brief:
            self._brief[incident] = Ledger(incident, self._counting(incident))
        return self._brief[incident].state

    def glimpse(self, incident: str, count: int = GLIMPSE) -> tuple[Entry, ...]:
        """Return what a first look needs, in id order: what makes the state, and the newest `count` entries."""
        if incident in self._full:
            return tuple(self._full[incident].entries)
        self.state(incident)
        newest: list[Entry] = self._or(lambda: self.journal.tail(incident, count), list)
        found = {entry.id: entry for entry in [*self._brief[incident].entries, *newest]}
        return tuple(found[ident] for ident in sorted(found))

    def incidents(self) -> tuple[State, ...]:
        """Return how all incidents stand, the newest declaration first, without reading their notes."""
        self._load_all()
        counts: dict[str, tuple[int, int, str]] = self._or(self.journal.counts, dict)
        found = [self._counted(ledger, counts) for ledger in (*self._brief.values(), *self._full.values())]
        declared = [state for state in found if state.declared_at is not None and state.incident != NO_INCIDENT]
        return tuple(sorted(declared, key=lambda s: (s.declared_at, s.incident), reverse=True))

    def active(self) -> tuple[State, ...]:
        """Return how the active incidents stand, the newest first."""
        likely = self._or(self.journal.active_incidents, lambda: [s.incident for s in self.incidents()])
        states = [self.state(incident) for incident in likely]
        found = sorted((s for s in states if s.active), key=lambda s: s.incident, reverse=True)
        return tuple(found)

    def resolve_ref(self, ref: str) -> str | Refusal:
        """Return the incident that a full id, a short id, or a unique end or beginning of one names."""
        found = self._or(lambda: self.journal.find_incidents(ref), lambda: self._called(ref))
        if len(found) == 1:
            return found[0]
        if not found:
            return Refusal("no_incident", f"no incident is called {ref!r}", "`iccon list` lists them")
        names = ", ".join(found[:5])
        return Refusal("which", f"{len(found)} incidents are called {ref!r}", f"give more of the id: {names}")

    def _called(self, ref: str) -> list[str]:
        return [s.incident for s in self.incidents() if s.incident.endswith(ref.strip().lower())]

    def _counted(self, ledger: Ledger, counts: dict[str, tuple[int, int, str]]) -> State:
        state = ledger.state
        if ledger.incident in self._full or ledger.incident not in counts:
            return state
        entries, notes, last = counts[ledger.incident]
        strikes = {e.body.target for e in ledger.entries if isinstance(e.body, Struck)}
        targets: tuple[Entry, ...] = self._or(lambda: self.journal.by_ids(strikes), tuple) if strikes else ()
        notes -= sum(entry.kind == Note.kind for entry in targets)
        notes += sum(_is_note(ledger.effective(e)) - _is_note(e) for e in ledger.entries if e.id not in strikes)
        return msgspec.structs.replace(state, entries=entries, notes=notes, last_id=last)

    def _load_all(self) -> None:
        if self._all_brief:
            return
        grouped: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._counting(None):
            grouped[entry.incident].append(entry)
        for incident in grouped.keys() - self._full.keys() - self._brief.keys():
            self._brief[incident] = Ledger(incident, grouped[incident])
        self._all_brief = True

    def _counting(self, incident: str | None) -> list[Entry]:
        """Return what makes the state: of what machines report, the newest of each cell and server only."""
        try:
            reports = self.journal.reports(incident, REPORT_KINDS)
        except JournalFault:  # of a damaged file, what can be read
            return self._with_turned(self._read(incident, STATE_KINDS))
        return self._with_turned([*self._read(incident, STATE_KINDS - REPORT_KINDS), *reports])

    def _with_turned(self, entries: list[Entry]) -> list[Entry]:
        """Return `entries` with the notes that they made tasks: such a note counts for the state too."""
        turned = also_needed(entries)
        notes: tuple[Entry, ...] = self._or(lambda: self.journal.by_ids(turned), tuple) if turned else ()
        return [*entries, *notes]

    def _read(self, incident: str | None, kinds: Iterable[str] | None = None) -> list[Entry]:
        found: list[Entry] = []
        entries = self.journal.entries(incident, None if kinds is None else frozenset(kinds))
        self._or(lambda: found.extend(entries), lambda: None)  # keeps what came before the damage
        return found

    def _or(self, ask: Callable[[], T], otherwise: Callable[[], T]) -> T:
        try:
            return ask()
        except JournalFault as fault:
            if fault.code not in ("damaged", "undecodable"):
                raise
            self.damage = fault
            return otherwise()

    # -- news ------------------------------------------------------------------------------------------

    def catch_up(self) -> tuple[Entry, ...]:
        """Take in what other processes appended since the last call, and return it in id order. Cheap when nothing."""
        return self._absorb_others()

    def drain(self) -> tuple[Entry, ...]:
        """Return all entries taken in since the last call, own and others', in the order of taking in."""
        news, self._news = tuple(self._news), []
        return news

    def _absorb_others(self) -> tuple[Entry, ...]:
        fresh = self.journal.changes()
        others = tuple(entry for entry in fresh if entry.id not in self._own)
        self._own.difference_update(entry.id for entry in fresh)
        self._absorb(others)
        return others

    def _keep(self, entries: tuple[Entry, ...]) -> None:
        self._own.update(entry.id for entry in entries)
        self._absorb(entries)

    def _absorb(self, entries: tuple[Entry, ...]) -> None:
        self._news.extend(entries)
        grouped: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            grouped[entry.incident].append(entry)
        for incident, fresh in grouped.items():
            if incident in self._full:
                self._full[incident].extend(fresh)
            elif incident in self._brief or self._all_brief:
                self._absorb_brief(self._brief.setdefault(incident, Ledger(incident)), fresh)

    def _absorb_brief(self, ledger: Ledger, fresh: list[Entry]) -> None:
        ledger.extend(self._with_turned([entry for entry in fresh if entry.kind in STATE_KINDS]))
        targets = (ledger.by_id.get(entry.body.target) for entry in fresh if isinstance(entry.body, Struck))
        if any(target is not None and target.kind in REPORT_KINDS for target in targets):  # an older one counts again
            self._brief[ledger.incident] = Ledger(ledger.incident, self._counting(ledger.incident))

    # -- effects ---------------------------------------------------------------------------------------

    def outbox(self, *states: EffectState) -> tuple[OutboxRow, ...]:
        """Return the effects in one of `states` (all when none is named), oldest first."""
        return self.journal.outbox(*states)

    def effect(self, effect_id: str) -> OutboxRow | None:
        """Return one effect with its fate so far."""
        return self.journal.effect(effect_id)

    def claim(self, effect_id: str, owner: str) -> bool:
        """Take a queued effect for sending; False when somebody else has it, or it ended."""
        return self.journal.claim(effect_id, owner)

    def settle(self, effect_id: str, state: EffectState, detail: str = "", receipt: str = "") -> tuple[Entry, ...]:
        """Write down how an effect ended; nothing happens when it had ended already."""
        done = self.journal.settle(effect_id, state, detail, receipt)
        self._keep(done)
        return done

    def judge(self, effect_id: str, happened: bool, actor: str) -> tuple[Entry, ...]:
        """Write down what a person found out about a write whose outcome nobody else can tell; only that is taken.

        Nothing happens, and nothing is returned, where the outcome is known.
        """
        row = self.effect(effect_id)
        if row is None or row.state is not EffectState.UNKNOWN:
            return ()
        detail = f"{actor} looked: {'it happened' if happened else 'it did not happen; safe to send again'}"
        state = EffectState.SENT if happened else EffectState.FAILED
        done = self.journal.settle(effect_id, state, detail, "", actor)
        self._keep(done)
        return done

    def now(self) -> datetime:
        """Return the clock's instant."""
        return self.clock.now()


def _is_note(entry: Entry) -> bool:
    return entry.kind == Note.kind
