"""PagerDuty's change events (GET /change_events), 100 at a time. See https://developer.pagerduty.com/api-reference."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from iccon.changes.model import Change, Found
from iccon.changes.web import PATIENCE, Web
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import demand_https
from iccon.net.wire import NO_TITLE, first, instant, link, record, records, text
from iccon.text import CleanText, clean
from iccon.when import iso

PAGE: Final = 100  # rows a request: the API gives no more
REACH: Final = 1_000  # rows in all: more is no list that a person reads
URL: Final = "https://api.pagerduty.com"
_PEOPLE: Final = ("user", "author", "deployer", "actor", "creator")


class PagerDutyChanges:
    """The change events of one account; `teams` are ids. See ChangeSource."""

    def __init__(self, name: str, config: schema.ChangeFeed, teams: Sequence[str] = ()) -> None:
        self.name = name
        self.deadline = config.timeout * PATIENCE
        self._config = config
        self._teams = list(teams)
        self._url = config.url or URL
        headers = {"Accept": "application/vnd.pagerduty+json;version=2"}
        self._web = Web(self._url, config, headers, lambda token: f"Token token={token}")

    def changes(self, since: datetime, until: datetime) -> Found:
        """Return the change events between two instants. Raises SourceFault."""
        demand_https(self._url, "PagerDuty")
        query: dict[str, Any] = {"since": iso(since), "until": iso(until), "limit": PAGE}
        if self._teams:
            query["team_ids[]"] = self._teams
        self._web.begin()
        rows, notice = self._rows(query)
        known = [change for row in rows if (change := self._change(row)) is not None]
        dropped = len(rows) - len(known)
        nameless = CleanText(f"{dropped} change events without id or time are not shown") if dropped else CleanText("")
        return Found(tuple(known), tuple(each for each in (notice, nameless) if each))

    def _rows(self, query: dict[str, Any]) -> tuple[list[dict[str, Any]], CleanText]:
        """Collect all rows, each id once. What is told meanwhile pushes rows on: they come twice, none is missed."""
        seen: dict[str, dict[str, Any]] = {}
        while len(seen) < REACH:
            body = record(self._web.get("/change_events", query | {"offset": len(seen)}))
            if not isinstance(body.get("change_events"), list):
                raise SourceFault(FaultKind.BAD_ANSWER, "an answer without change events: is this PagerDuty's address?")
            before = len(seen)
            for row in records(body["change_events"]):
                seen.setdefault(str(row.get("id") or f"no id {len(seen)}"), row)
            if body.get("more") is not True:
                return [*seen.values()], CleanText("")
            if len(seen) == before:
                return [*seen.values()], CleanText("PagerDuty says that there are more change events, but gives none")
        return [*seen.values()], CleanText(f"only the newest {REACH:,} change events are shown")

    def _change(self, row: dict[str, Any]) -> Change | None:
        ident, at, details = text(row.get("id")), instant(row.get("timestamp")), record(row.get("custom_details"))
        if not ident or at is None:
            return None
        named = [first(each.get("summary"), each.get("name"), each.get("id")) for each in records(row.get("services"))]
        fixed = text(details.get(self._config.label)) or clean(self._config.service, 100)
        services = [name for name in named if name] or ([fixed] if fixed else [])
        return Change(
            key=f"{self.name}:{ident}",
            at=at,
            text=first(row.get("summary")) or NO_TITLE,
            services=tuple(dict.fromkeys(services)),
            source=clean(self.name),
            who=first(*(details.get(name) for name in _PEOPLE)),
            url=next((url for each in records(row.get("links")) if (url := link(each.get("href")))), CleanText("")),
        )
