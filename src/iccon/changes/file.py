"""A local file that pipelines append to: JSON Lines, or simple lines `2026-11-24T14:05:00Z what was changed`.

A JSON line has `at` (or `time`, `timestamp`) and `text` (or `message`, `summary`), and may have `service` or
`services`, `who`, `url` and `key`. A time has a zone. Empty lines and those that begin with `#` are passed over.
"""

import hashlib
import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from iccon.changes.model import Change, Found
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import first, link, record, text
from iccon.text import CleanText, clean

SIZE_LIMIT: Final = 8 * 1024 * 1024  # bytes
NAMED: Final = 3  # bad lines that are said one by one
_State = tuple[int, int, int, int]


class FileChanges:
    """The changes in one file, read again only when it was written to; see ChangeSource."""

    deadline = 5.0

    def __init__(self, name: str, config: schema.ChangeFeed) -> None:
        self.name = name
        self._path = Path(config.path)
        self._service = clean(config.service, 100)
        self._known: tuple[_State, Found] | None = None

    def changes(self, since: datetime, until: datetime) -> Found:
        """Return what the file holds, and which lines cannot be read. Raises SourceFault."""
        try:
            state = _state(self._path)
            if self._known is None or self._known[0] != state:
                self._known = state, self._read(self._path.read_bytes())
        except FileNotFoundError:
            raise SourceFault(FaultKind.NOT_FOUND, f"there is no file {self._path}") from None
        except OSError as error:
            raise SourceFault(FaultKind.FORBIDDEN, f"{self._path}: {error.strerror or error}") from None
        everything = self._known[1]
        return Found(tuple(change for change in everything.items if change.at >= since), everything.notices)

    def _read(self, content: bytes) -> Found:
        found: list[Change] = []
        bad: list[str] = []
        for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                found.append(self._change(line.strip()))
            except ValueError as error:
                bad.append(f"line {number}: {error}")
        return Found(tuple(found), tuple(_notices(bad)))

    def _change(self, line: str) -> Change:
        """Return a line as a change. Raises ValueError that says what is wrong."""
        row = _json(line) if line.startswith("{") else _plain(line)
        at = _instant(next((row[name] for name in ("at", "time", "timestamp") if name in row), None))
        words = first(row.get("text"), row.get("message"), row.get("summary"))
        if not words:
            raise ValueError("no text")
        services = _services(row) or ((self._service,) if self._service else ())
        key = text(row.get("key")) or hashlib.sha256(f"{at} {words} {services}".encode()).hexdigest()[:16]
        who, url = first(row.get("who"), row.get("user")), link(row.get("url"))
        return Change(f"{self.name}:{key}", at, words, services, clean(self.name), who, url)


def _state(path: Path) -> _State:
    """Return what changes when the file is written to. Raises SourceFault for what is no file, or too large."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # reading a pipe would wait for its writer
        raise SourceFault(FaultKind.REJECTED, f"{path} is not a file")
    if found.st_size > SIZE_LIMIT:
        words = f"{path} is over {SIZE_LIMIT // 1_048_576} MB: keep the last days in it only"
        raise SourceFault(FaultKind.TOO_LARGE, words)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _json(line: str) -> dict[str, Any]:
    try:
        return record(json.loads(line))
    except (ValueError, RecursionError):
        raise ValueError("it begins as JSON and is none") from None


def _plain(line: str) -> dict[str, Any]:
    at, _, words = line.partition(" ")
    return {"at": at, "text": words}


def _instant(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        aware = at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("no time such as 2026-11-24T14:05:00Z") from None
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return aware


def _services(row: dict[str, Any]) -> tuple[CleanText, ...]:
    given = row.get("services", row.get("service"))
    names = [text(name) for name in (given if isinstance(given, list) else [given])]
    return tuple(dict.fromkeys(name for name in names if name))


def _notices(bad: list[str]) -> Iterator[CleanText]:
    if bad:
        more = f" (and {len(bad) - NAMED:,} more)" if len(bad) > NAMED else ""
        yield clean("; ".join(bad[:NAMED]) + more)
