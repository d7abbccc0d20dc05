"""What is being typed, kept as typed: it comes back after a crash at the same cursor."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from iccon.journal import codec

FIND, UPDATE = "find", "update"
NOTE = "note"  # the form of a note of several lines


class TypedDraft(Struct, frozen=True):
    """An unfinished text. `key` names the field it belongs to; `cursor` is an offset in characters."""

    key: str
    text: str
    cursor: int
    saved_at: datetime


def note_key(incident: str) -> str:
    """Return the key of the note that is being typed for `incident`, in one line or several."""
    return field_key(f"{NOTE}:{incident}", "text")


def find_key(incident: str) -> str:
    """Return the key of what was last looked for in the timeline of `incident`."""
    return f"{FIND}:{incident}"


def update_key(incident: str) -> str:
    """Return the key of the status update that is being composed for `incident`."""
    return f"{UPDATE}:{incident}"


def field_key(form: str, field: str) -> str:
    """Return the key of one field of the form that is kept under `form`."""
    return f"{form}{_OF}{field}"


def fields(found: Iterable[TypedDraft], form: str) -> dict[str, tuple[str, int]]:
    """Return text and cursor of each field of `form`, by the field's id."""
    start = field_key(form, "")
    return {d.key.removeprefix(start): (d.text, d.cursor) for d in found if d.key.startswith(start)}


def unfinished(found: Iterable[TypedDraft], incident: str) -> list[str]:
    """Return the names of the forms about `incident` that were begun, but for the note and what was looked for."""
    forms = (draft.key.partition(_OF)[0] for draft in found)
    names = dict.fromkeys(form.partition(":")[0] for form in forms if form.endswith(f":{incident}"))
    return [name for name in names if name not in (NOTE, FIND)]


_OF = "#"  # between a form and its field
_COLUMNS = "key, text, cursor, saved_at"


def _of(row: tuple[str, str, int, str]) -> TypedDraft:
    return TypedDraft(row[0], row[1], row[2], codec.instant(row[3]))


def get(db: sqlite3.Connection, key: str) -> TypedDraft | None:
    """Return the draft of `key`."""
    row = db.execute(f"SELECT {_COLUMNS} FROM drafts WHERE key = ?", (key,)).fetchone()
    return _of(row) if row else None


def every(db: sqlite3.Connection) -> tuple[TypedDraft, ...]:
    """Return all drafts, by key."""
    return tuple(_of(row) for row in db.execute(f"SELECT {_COLUMNS} FROM drafts ORDER BY key"))


def put(db: sqlite3.Connection, key: str, text: str, cursor: int, now: datetime) -> None:
    """Keep `text` under `key`, replacing what was there."""
    values = (key, codec.whole(text), cursor, codec.stamp(now))
    db.execute(f"INSERT OR REPLACE INTO drafts ({_COLUMNS}) VALUES (?, ?, ?, ?)", values)


def drop(db: sqlite3.Connection, key: str) -> None:
    """Forget the draft of `key` and of all its fields; nothing happens when there is none."""
    start = field_key(key, "")
    db.execute("DELETE FROM drafts WHERE key = ? OR substr(key, 1, ?) = ?", (key, len(start), start))
