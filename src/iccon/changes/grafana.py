"""Grafana's annotations (GET /api/annotations), those that people and pipelines wrote.

The API has no pages: it gives the newest `limit`. What is older is asked for up to the oldest that was given.
See https://grafana.com/docs/grafana/latest/developers/http_api/annotations/.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from iccon.changes.model import Change, Found
from iccon.changes.web import PATIENCE, Web
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import NO_TITLE, first, records, text
from iccon.text import CleanText, clean

PAGE: Final = 500
REACH: Final = 1_000  # annotations in all
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class GrafanaChanges:
    """The annotations of one Grafana; see ChangeSource."""

    def __init__(self, name: str, config: schema.ChangeFeed) -> None:
        self.name = name
        self.deadline = config.timeout * PATIENCE
        self._config = config
        self._web = Web(config.url, config, {})

    def changes(self, since: datetime, until: datetime) -> Found:
        """Return the annotations between two instants. Raises SourceFault."""
        self._web.begin()
        rows, notice = self._rows((since - _EPOCH) // _MILLISECOND, (until - _EPOCH) // _MILLISECOND)
        found = tuple(change for row in rows if (change := self._change(row)) is not None)
        return Found(found, (notice,) if notice else ())

    def _rows(self, start: int, end: int) -> tuple[list[dict[str, Any]], CleanText]:
        seen: dict[str, dict[str, Any]] = {}
        query: dict[str, Any] = {"from": start, "type": "annotation", "limit": PAGE, "tags": list(self._config.tags)}
        while len(seen) < REACH:
            answer = self._web.get("/api/annotations", query | {"to": end})
            if not isinstance(answer, list):
                raise SourceFault(FaultKind.BAD_ANSWER, "an answer without annotations: is this Grafana's address?")
            before, rows = len(seen), records(answer)
            seen |= {str(row.get("id")): row for row in rows}
            oldest = min((at for row in rows if isinstance(at := row.get("time"), int)), default=start)
            if len(answer) < PAGE or oldest <= start:
                return [*seen.values()], CleanText("")
            if len(seen) == before or oldest > end:
                return [*seen.values()], CleanText("Grafana gives the same annotations again: older ones are missing")
            end = oldest
        return [*seen.values()], CleanText(f"only the newest {REACH:,} annotations are shown")

    def _change(self, row: dict[str, Any]) -> Change | None:
        ident, at = text(row.get("id")), _instant(row.get("time"))
        if not ident or at is None:
            return None
        given = row.get("tags")
        tags = [tag for tag in given if isinstance(tag, str)] if isinstance(given, list) else []
        return Change(
            key=f"{self.name}:{ident}",
            at=at,
            text=first(row.get("text"), ", ".join(tags)) or NO_TITLE,
            services=self._services(tags),
            source=clean(self.name),
            who=first(row.get("login"), row.get("email")),
            url=self._link(row),
        )

    def _services(self, tags: list[str]) -> tuple[CleanText, ...]:
        """Return what the tags `service:NAME` or `service=NAME` name, else the configured service."""
        marks = (f"{self._config.label}:", f"{self._config.label}=")
        named = [clean(tag[len(marks[0]) :], 100) for tag in tags if tag.startswith(marks)]
        fixed = clean(self._config.service, 100)
        return tuple(dict.fromkeys(name for name in named if name)) or ((fixed,) if fixed else ())

    def _link(self, row: dict[str, Any]) -> CleanText:
        """Return the address of the annotation's dashboard, empty for one of the whole organisation."""
        uid = row.get("dashboardUID")
        safe = isinstance(uid, str) and uid and all(c.isascii() and (c.isalnum() or c in "-_") for c in uid)
        return clean(f"{self._config.url.rstrip('/')}/d/{uid}", 2_000) if safe else CleanText("")


def _instant(milliseconds: Any) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except (TypeError, OverflowError, ValueError):
        return None
