"""The outbox: writes to the outside, written down before they are tried, and how each ended."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from iccon.incident.effects import Effect, EffectState, OutboxRow
from iccon.journal import codec

_COLUMNS = "id, incident, port, target, verb, payload, state, queued_at, changed_at, owner, detail, receipt"


def _of(row: Sequence[Any]) -> OutboxRow:
    payload = msgspec.json.decode(row[5], type=dict[str, Any])
    effect = Effect(row[0], row[1], row[2], row[3], row[4], payload)
    queued, changed = codec.instant(row[7]), codec.instant(row[8])
    return OutboxRow(effect, EffectState(row[6]), queued, changed, row[9], row[10], row[11])


def queue(db: sqlite3.Connection, effects: Sequence[Effect], now: datetime) -> None:
    """Write down effects as queued."""
    at = codec.stamp(now)
    db.executemany(
        f"INSERT INTO outbox ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, '', '', '')",
        [(e.id, e.incident, e.port, e.target, e.verb, codec.encode_json(e.payload).decode(), at, at) for e in effects],
    )


def select(db: sqlite3.Connection, states: Sequence[EffectState]) -> tuple[OutboxRow, ...]:
    """Return the rows in one of `states` (all rows when none is named), oldest first."""
    marks = ",".join("?" * len(states))
    condition = f"WHERE state IN ({marks})" if states else ""
    found = db.execute(f"SELECT {_COLUMNS} FROM outbox {condition} ORDER BY id", [str(s) for s in states])
    return tuple(_of(row) for row in found)


def get(db: sqlite3.Connection, effect_id: str) -> OutboxRow | None:
    """Return the row of one effect."""
    row = db.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (effect_id,)).fetchone()
    return _of(row) if row else None


def claim(db: sqlite3.Connection, effect_id: str, owner: str, now: datetime) -> bool:
    """Move a queued effect to sending under `owner`; False when it is not queued."""
    sql = "UPDATE outbox SET state = 'sending', owner = ?, changed_at = ? WHERE id = ? AND state = 'queued'"
    return db.execute(sql, (owner, codec.stamp(now), effect_id)).rowcount == 1


# From which states an effect may come to each end. `sent` and `failed` are final.
_BEFORE = {
    EffectState.SENT: (EffectState.SENDING, EffectState.UNKNOWN),
    EffectState.FAILED: (EffectState.SENDING, EffectState.UNKNOWN),
    EffectState.UNKNOWN: (EffectState.SENDING,),
}


def settle(
    db: sqlite3.Connection, row: OutboxRow, state: EffectState, detail: str, receipt: str, now: datetime
) -> bool:
    """Write down how an effect ended; False when that step does not exist from its present state.

    Unknown again is no step: only its detail is renewed."""
    changes = row.state in _BEFORE.get(state, ())
    if not changes and (row.state, state) != (EffectState.UNKNOWN, EffectState.UNKNOWN):
        return False
    sql = "UPDATE outbox SET state = ?, changed_at = ?, detail = ?, receipt = ? WHERE id = ?"
    db.execute(sql, (str(state), codec.stamp(now), codec.whole(detail), codec.whole(receipt), row.effect.id))
    return changes
