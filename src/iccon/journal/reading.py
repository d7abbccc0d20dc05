"""Reading the file: entries and records in the order of their ids, as far as the file can be read."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from msgspec import Raw

from iccon.incident.entries import Entry
from iccon.journal import codec
from iccon.journal.chain import Record
from iccon.journal.faults import JournalFault, explain, explained

_ENTRY = "id, incident, writer, seq, kind, version, happened_at, recorded_at, actor, source, CAST(body AS BLOB)"
_RECORD = f"{_ENTRY}, prev, hash"
_BATCH = 2000


def where(incident: str | None, kinds: Collection[str] | None) -> tuple[str, list[Any]]:
    """Return the condition and its parameters."""
    terms, values = ["1"], []
    if incident is not None:
        terms.append("incident = ?")
        values.append(incident)
    if kinds is not None:
        terms.append(f"kind IN ({','.join('?' * len(kinds))})")
        values.extend(sorted(kinds))
    return " AND ".join(terms), values


def rows(db: sqlite3.Connection, path: Path, columns: str, condition: str, values: list[Any]) -> Iterator[list[Any]]:
    """Yield batches of rows in id order. On damage: what can be read without the indexes, then JournalFault."""
    # The plus keeps SQLite from walking a whole incident in id order to find the few entries of some kinds.
    order = "+id" if "kind IN" in condition else "id"
    last = ""
    try:
        cursor = db.execute(f"SELECT {columns} FROM entries WHERE {condition} ORDER BY {order}", values)
        while batch := cursor.fetchmany(_BATCH):  # never all at once: rows take more memory than what is decoded
            last = str(batch[-1][0])
            yield batch
    except sqlite3.Error as error:
        fault = explain(error, path)
        yield [row for row in _salvage(db, columns, condition, values) if str(row[0]) > last]
        raise fault from error


def _salvage(db: sqlite3.Connection, columns: str, condition: str, values: list[Any]) -> list[Any]:
    found: list[Any] = []
    with suppress(sqlite3.Error):  # the first error was kept by the caller
        cursor = db.execute(f"SELECT {columns} FROM entries NOT INDEXED WHERE {condition} ORDER BY pos", values)
        found.extend(cursor)  # keeps what came before the error
    return sorted(found, key=lambda row: str(row[0]))


def entries(db: sqlite3.Connection, path: Path, incident: str | None, kinds: Collection[str] | None) -> Iterator[Entry]:
    """Yield entries in id order; JournalFault after the last one that can be read."""
    for batch in rows(db, path, _ENTRY, *where(incident, kinds)):
        yield from _decoded(batch, path)


def _decoded(batch: list[codec.Row], path: Path) -> Iterator[Entry]:
    try:
        found = codec.decode_rows(batch)
    except (codec.BadRecordForm, TypeError):
        yield from _one_by_one(batch, path)
    else:
        yield from found


def _one_by_one(batch: list[codec.Row], path: Path) -> Iterator[Entry]:
    for row in batch:
        try:
            entry = codec.decode_rows([row])[0]
        except (codec.BadRecordForm, TypeError) as error:
            raise JournalFault(
                "undecodable", f"the record {row[0]} of {path} cannot be read: {error}", "`iccon verify` says more"
            ) from error
        yield entry


def tail(db: sqlite3.Connection, path: Path, incident: str, count: int) -> list[Entry]:
    """Return the newest `count` entries of an incident, in id order."""
    sql = f"SELECT {_ENTRY} FROM entries WHERE incident = ? ORDER BY id DESC LIMIT ?"
    with explained(path):
        newest = db.execute(sql, (incident, count)).fetchall()
    return list(_decoded(newest[::-1], path))


def newest(db: sqlite3.Connection, path: Path, kind: str, count: int) -> list[Entry]:
    """Return the newest `count` entries of a kind, of all incidents and of none, in id order."""
    sql = f"SELECT {_ENTRY} FROM entries WHERE kind = ? ORDER BY +id DESC LIMIT ?"
    with explained(path):
        found = db.execute(sql, (kind, count)).fetchall()
    return list(_decoded(found[::-1], path))


def since(db: sqlite3.Connection, path: Path, pos: int) -> tuple[int, list[Entry]]:
    """Return the entries that came into the file after `pos`, in the order of arrival, and the new last position."""
    with explained(path):
        found = db.execute(f"SELECT {_ENTRY}, pos FROM entries WHERE pos > ? ORDER BY pos", (pos,)).fetchall()
    last = found[-1][-1] if found else pos
    return last, list(_decoded([row[:-1] for row in found], path))


def records(db: sqlite3.Connection, path: Path, incident: str | None) -> Iterator[Record]:
    """Yield records as stored, in id order; JournalFault after the last one that can be read."""
    for batch in rows(db, path, _RECORD, *where(incident, None)):
        yield from map(record_of, batch)


def record_of(row: Any) -> Record:
    """Return the record of a row of `_RECORD`."""
    ident, incident, writer, seq, kind, version, happened, recorded, actor, source, body, prev, own = row
    return Record(actor, Raw(body), happened, own, ident, incident, kind, prev, recorded, seq, source, version, writer)


MIN_REF = 4


def find_ids(db: sqlite3.Connection, path: Path, ref: str, incident: str | None, kind: str | None) -> list[str]:
    """Return ids equal to `ref`, else ending in it, else beginning with it (at least four characters)."""
    ref = ref.strip().lower()
    condition, values = where(incident, None if kind is None else [kind])
    column = "incident" if kind is not None else "id"
    tests = [(f"{column} = ?", ref)]
    if len(ref) >= MIN_REF:
        tests += [(f"substr({column}, -{len(ref)}) = ?", ref), (f"substr({column}, 1, {len(ref)}) = ?", ref)]
    with explained(path):
        for test, value in tests:
            sql = f"SELECT DISTINCT {column} FROM entries WHERE {condition} AND {test} ORDER BY 1"
            if found := db.execute(sql, [*values, value]).fetchall():
                return [row[0] for row in found]
    return []


def by_ids(db: sqlite3.Connection, path: Path, idents: Collection[str]) -> tuple[Entry, ...]:
    """Return the entries with these ids, in id order."""
    condition = f"id IN ({','.join('?' * len(idents))})"
    batches = rows(db, path, _ENTRY, condition, list(idents))
    return tuple(entry for batch in batches for entry in _decoded(batch, path))


# Of each cell and each server that machines reported of: the newest entry that was not struck. The work is SQLite's, on
# a thread that holds no lock of the interpreter meanwhile.
_REPORTS = """
SELECT max(id) FROM entries WHERE {condition} AND version = 1
AND id NOT IN (SELECT json_extract(body, '$.target') FROM entries WHERE {struck})
GROUP BY incident, kind, json_extract(body, '$.service', '$.signal', '$.source')
"""


def reports(db: sqlite3.Connection, path: Path, incident: str | None, kinds: Collection[str]) -> tuple[Entry, ...]:
    """Return the newest entry of each cell and server that entries of `kinds` name, in id order."""
    (condition, values), (struck, more) = where(incident, kinds), where(incident, ["struck"])
    with explained(path):
        found = db.execute(_REPORTS.format(condition=condition, struck=struck), [*values, *more]).fetchall()
    return by_ids(db, path, [row[0] for row in found])


# Active: declared, and its newest phase that was not struck is not "resolved".
_ACTIVE = """
SELECT DISTINCT d.incident FROM entries d WHERE d.kind = 'declared' AND NOT EXISTS (
  SELECT 1 FROM entries p WHERE p.id = (
    SELECT max(id) FROM entries WHERE kind = 'phase' AND incident = d.incident
  ) AND json_extract(p.body, '$.phase') = 'resolved' AND NOT EXISTS (
    SELECT 1 FROM entries s WHERE s.kind = 'struck' AND s.incident = d.incident
    AND json_extract(s.body, '$.target') = p.id
  )
) ORDER BY 1
"""


def active(db: sqlite3.Connection, path: Path) -> list[str]:
    """Return the incidents that may be active (a struck resolution makes one a candidate), without folding."""
    with explained(path):
        return [row[0] for row in db.execute(_ACTIVE)]


# The index of kinds gives the newest incidents first; the reader stops as soon as it has enough.
_PAGES = """
SELECT incident, json_extract(body, '$.page.title') FROM entries
WHERE kind = 'page' AND incident NOT IN ('', ?) AND json_extract(body, '$.page.service') = ? ORDER BY incident DESC
"""


def incidents_with_page(
    db: sqlite3.Connection, path: Path, service: str, fits: Callable[[str], bool], besides: str, count: int
) -> list[str]:
    """Return the newest `count` incidents but one that saw a page of `service` whose title fits."""
    found: dict[str, None] = {}
    with explained(path):
        for incident, title in db.execute(_PAGES, (besides, service)):
            if incident not in found and fits(str(title)):
                found[incident] = None
                if len(found) == count:
                    break
    return [*found]


def counts(db: sqlite3.Connection, path: Path) -> dict[str, tuple[int, int, str]]:
    """Return for each incident: entries, notes, newest id. Reads an index only."""
    sql = "SELECT incident, count(*), sum(kind = 'note'), max(id) FROM entries GROUP BY incident"
    with explained(path):
        found = db.execute(sql).fetchall()
    return {incident: (total, notes, last) for incident, total, notes, last in found}


def head(db: sqlite3.Connection) -> str:
    """Return the greatest id in the file, or the empty text."""
    return cast(str, db.execute("SELECT coalesce(max(id), '') FROM entries").fetchone()[0])
