"""The journal: one SQLite file that is only ever appended to. Synchronous; used from one thread.

Several processes may append to the same file: it has one writer id, and the head of the chain is read inside
each transaction. Every method raises JournalFault when the file cannot be used; then nothing was written.
"""

import math
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from iccon.clock import Clock
from iccon.incident.effects import Effect, EffectState, OutboxRow
from iccon.incident.entries import Draft, EffectEnded, Entry
from iccon.incident.evidence import Blob
from iccon.incident.ids import uuid7
from iccon.journal import append, blobs, drafts, flight, importing, outbox, reading, schema
from iccon.journal import verify as verification
from iccon.journal.chain import Record
from iccon.journal.drafts import TypedDraft
from iccon.journal.faults import BrokenChain, JournalFault, explained
from iccon.journal.importing import Imported
from iccon.journal.verify import BadRecord, Verification

__all__ = [
    "BadRecord",
    "BrokenChain",
    "Imported",
    "Journal",
    "JournalFault",
    "TypedDraft",
    "Verification",
]

T = TypeVar("T")
_BEYOND = 1 << 62  # a position that no entry reaches: of a file whose end is lost, nothing new is expected


class Journal:
    """One open journal file. `writer` is the id under which this file's processes append.

    `damage` is set once the file turned out to be damaged; from then on nothing is written to it.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, clock: Clock, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._db = db
        self._clock = clock
        with explained(path):
            self.writer = schema.writer_of(db, path)
            self._version = self._data_version()
        self.damage: JournalFault | None = None
        self._seen = self._last_pos()
        self._appended = False
        self._awaited = False

    @classmethod
    def open(cls, path: Path, clock: Clock, *, read_only: bool = False) -> "Journal":
        """Open the journal at `path`; create it (owner-only) unless `read_only`. Raises JournalFault."""
        if not read_only and not path.exists():
            writer = uuid7(int(clock.now().timestamp() * 1000), os.urandom(10))
            schema.create(path, writer)
        return cls(path, schema.connect(path, read_only), clock, read_only)

    @classmethod
    def awaited(cls, path: Path, clock: Clock) -> "Journal":
        """Open the journal at `path` for reading only; where there is none yet, `changes` finds it once it is made.

        Nothing is created. Raises JournalFault where there is a file that cannot be read.
        """
        if path.exists():
            return cls.open(path, clock, read_only=True)
        journal = cls(path, schema.nothing(), clock, read_only=True)
        journal._awaited = True
        return journal

    @property
    def written(self) -> int:
        """How many rows this connection has written so far: it grows with every write that was committed."""
        return self._db.total_changes

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock, so that what is read now is still so when it is appended. Commits, durable, on leaving.

        An exception rolls everything back. Inside another transaction it joins that one.
        """
        if self._db.in_transaction:
            yield
            return
        if self.read_only:
            raise JournalFault("read_only", f"{self.path} is open for reading only", "nothing was written")
        if self.damage is not None:
            raise self.damage
        with explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def append(
        self,
        drafts_: Sequence[Draft],
        effects: Sequence[Effect] = (),
        drop_draft: str | None = None,
        blobs_: Sequence[Blob] = (),
    ) -> tuple[Entry, ...]:
        """Append entries and the blobs they name, queue effects, drop the typed draft: one transaction, durable.

        A draft whose `source` is in its incident (`once_only`: in the journal) already is skipped and not returned.
        """
        with self.transaction():
            now = self._clock.now()
            blobs.put(self._db, blobs_)
            done = append.append(self._db, self.writer, drafts_, now)
            outbox.queue(self._db, effects, now)
            if drop_draft is not None:
                drafts.drop(self._db, drop_draft)
        self._appended = self._appended or bool(done)
        return done

    def import_records(self, records: Iterable[Record | Blob]) -> Imported:
        """Take in records of other journals and the blobs they name, all or none.

        Raises BrokenChain when they do not hold together.
        """
        with self.transaction():
            done = importing.take_in(self._db, self.writer, records)
        self._appended = self._appended or done.added > 0
        return done

    # -- reading ---------------------------------------------------------------------------------------

    def entries(self, incident: str | None = None, kinds: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield entries in id order. On a damaged file: those that can be read, then JournalFault."""
        return self._watched(reading.entries(self._db, self.path, incident, kinds))

    def tail(self, incident: str, count: int) -> list[Entry]:
        """Return the newest `count` entries of an incident, in id order."""
        return reading.tail(self._db, self.path, incident, count)

    def reports(self, incident: str | None, kinds: Collection[str]) -> tuple[Entry, ...]:
        """Return the newest entry of each cell and server that entries of `kinds` name and nobody struck."""
        return reading.reports(self._db, self.path, incident, kinds)

    def newest(self, kind: str, count: int) -> list[Entry]:
        """Return the newest `count` entries of a kind, of all incidents and of none, in id order."""
        return reading.newest(self._db, self.path, kind, count)

    def changes(self) -> tuple[Entry, ...]:
        """Return what came into the file since the last call (the first: since opening), by whomever."""
        if self._awaited and self.path.exists():
            self._arrive()
        with explained(self.path):
            version = self._data_version()
        if version == self._version and not self._appended and not self._db.in_transaction:
            return ()
        self._seen, fresh = reading.since(self._db, self.path, self._seen)
        self._version, self._appended = version, False
        return tuple(fresh)

    def records(self, incident: str | None = None) -> Iterator[Record]:
        """Yield records as stored, in id order."""
        return self._watched(reading.records(self._db, self.path, incident))

    def blob(self, sha256: str) -> Blob:
        """Return the blob of that hash. Raises JournalFault where it is missing, broken or altered."""
        with explained(self.path):
            try:
                return blobs.sound(self._db, sha256)
            except blobs.BadBlob as error:
                raise JournalFault("undecodable", str(error), "`iccon verify` says more") from error

    def find(self, ref: str, incident: str | None = None) -> tuple[Entry, ...]:
        """Return the entries whose id is `ref`, else ends in it, else begins with it (four characters at least)."""
        found = reading.find_ids(self._db, self.path, ref, incident, None)
        return reading.by_ids(self._db, self.path, found[:50]) if found else ()

    def by_ids(self, idents: Collection[str]) -> tuple[Entry, ...]:
        """Return the entries with these ids, in id order; unknown ids are passed over."""
        return reading.by_ids(self._db, self.path, idents)

    def holder(self, source: str) -> str | None:
        """Return the id of an entry of any incident, or of none, with this source."""
        with explained(self.path):
            return append.holder(self._db, source)

    def find_incidents(self, ref: str) -> list[str]:
        """Return the declared incidents that `ref` names, as `find` does."""
        return reading.find_ids(self._db, self.path, ref, None, "declared")

    def active_incidents(self) -> list[str]:
        """Return the incidents that may be active, oldest first, without folding them."""
        return reading.active(self._db, self.path)

    def incidents_with_page(self, service: str, fits: Callable[[str], bool], besides: str, count: int) -> list[str]:
        """Return the newest `count` incidents, but `besides`, that saw a page of `service` whose title fits."""
        return reading.incidents_with_page(self._db, self.path, service, fits, besides, count)

    def counts(self) -> dict[str, tuple[int, int, str]]:
        """Return for each incident how many entries and notes it has, and its newest id."""
        return reading.counts(self._db, self.path)

    def verify(self) -> Verification:
        """Check every hash, chain and sequence, and every blob that a record names; name the first bad record."""
        return verification.verify(self._db, self.path)

    # -- flight recorder -------------------------------------------------------------------------------

    def record_flight(self, incident: str, rows: Sequence[flight.Row]) -> bool:
        """Keep what the flight recorder gives; False, and nothing is kept, where an incident has its full measure."""
        with self.transaction():
            return flight.put(self._db, incident, rows)

    def flight_ends(self, incident: str) -> dict[str, float]:
        """Return up to when each signal is recorded, seconds since 1970 UTC."""
        with explained(self.path):
            return flight.ends(self._db, incident)

    def flight(self, incident: str, signal: str | None = None, span: float = math.inf) -> list[bytes]:
        """Return the packed chunks of a signal (None: of all) of the newest `span` seconds recorded, oldest first."""
        with explained(self.path):
            return flight.select(self._db, incident, signal, span)

    # -- typed drafts ----------------------------------------------------------------------------------

    def draft(self, key: str) -> TypedDraft | None:
        """Return what was being typed under `key`."""
        with explained(self.path):
            return drafts.get(self._db, key)

    def drafts(self) -> tuple[TypedDraft, ...]:
        """Return all that was being typed, by key."""
        with explained(self.path):
            return drafts.every(self._db)

    def save_draft(self, key: str, text: str, cursor: int) -> None:
        """Keep what is being typed; durable on return."""
        with self.transaction():
            drafts.put(self._db, key, text, cursor, self._clock.now())

    def drop_draft(self, key: str) -> None:
        """Forget what was being typed under `key`."""
        with self.transaction():
            drafts.drop(self._db, key)

    # -- outbox ----------------------------------------------------------------------------------------

    def outbox(self, *states: EffectState) -> tuple[OutboxRow, ...]:
        """Return the effects in one of `states` (all when none is named), oldest first."""
        with explained(self.path):
            return outbox.select(self._db, states)

    def effect(self, effect_id: str) -> OutboxRow | None:
        """Return one effect with its fate so far."""
        with explained(self.path):
            return outbox.get(self._db, effect_id)

    def claim(self, effect_id: str, owner: str) -> bool:
        """Take a queued effect for sending; False when it is not queued (any more)."""
        with self.transaction():
            return outbox.claim(self._db, effect_id, owner, self._clock.now())

    def settle(
        self, effect_id: str, state: EffectState, detail: str, receipt: str, actor: str = "iccon"
    ) -> tuple[Entry, ...]:
        """Write down how an effect ended, in the outbox and as an entry of its incident.

        Nothing happens, and nothing is returned, when it had ended so or otherwise already.
        """
        with self.transaction():
            now, row = self._clock.now(), outbox.get(self._db, effect_id)
            if row is None or not outbox.settle(self._db, row, state, detail, receipt, now):
                return ()
            target = row.effect.target
            body = EffectEnded(effect=effect_id, target=target, state=str(state), detail=detail, receipt=receipt)
            return self.append([Draft(row.effect.incident, body, now, actor)])

    # --------------------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        """Go over to the file that has been made meanwhile; everything in it is new."""
        arrived = schema.connect(self.path, read_only=True)
        with explained(self.path):
            self.writer = schema.writer_of(arrived, self.path)
        self._db.close()
        self._db, self._awaited, self._seen, self._version = arrived, False, 0, -1

    def _data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _last_pos(self) -> int:
        try:
            with explained(self.path):
                return int(self._db.execute("SELECT coalesce(max(pos), 0) FROM entries").fetchone()[0])
        except JournalFault as fault:
            if not self.read_only or fault.code != "damaged":
                raise
            self.damage = fault
            return _BEYOND

    def _watched(self, found: Iterator[T]) -> Iterator[T]:
        try:
            yield from found
        except JournalFault as fault:
            if fault.code == "damaged":
                self.damage = fault
            raise
