"""GitHub's deployments of one repository (GET /repos/{owner}/{name}/deployments), the newest first, 100 at a time.

See https://docs.github.com/rest/deployments/deployments. Without a token GitHub answers 60 requests an hour.
"""

from datetime import datetime
from typing import Any, Final

from iccon.changes.model import Change, Found
from iccon.changes.web import PATIENCE, Web
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import first, instant, record, records, text
from iccon.text import CleanText, clean

PAGE: Final = 100
PAGES: Final = 10
URL: Final = "https://api.github.com"
_SHA: Final = 12  # characters by which a commit is known


class GitHubChanges:
    """The deployments of one repository; see ChangeSource."""

    def __init__(self, name: str, config: schema.ChangeFeed) -> None:
        self.name = name
        self.deadline = config.timeout * PATIENCE
        self._config = config
        base = (config.url or URL).rstrip("/")
        self._site = "https://github.com" if base == URL else base.removesuffix("/api/v3")
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        self._web = Web(base, config, headers)

    def changes(self, since: datetime, until: datetime) -> Found:
        """Return the deployments made between two instants. Raises SourceFault."""
        self._web.begin()
        seen: dict[str, Change] = {}
        for page in range(1, PAGES + 1):
            rows, size = self._rows(page)
            fresh = {change.key: change for row in rows if (change := self._change(row)) is not None}
            known, seen = seen, seen | fresh
            if size < PAGE or min((each.at for each in fresh.values()), default=since) < since:
                return Found(tuple(seen.values()))
            if len(seen) == len(known):
                return Found(tuple(seen.values()), (CleanText("GitHub gives the same deployments on every page"),))
        return Found(tuple(seen.values()), (CleanText(f"only the newest {PAGE * PAGES:,} deployments are shown"),))

    def _rows(self, page: int) -> tuple[list[dict[str, Any]], int]:
        query: dict[str, Any] = {"per_page": PAGE, "page": page}
        if self._config.environment:
            query["environment"] = self._config.environment
        answer = self._web.get(f"/repos/{self._config.repository}/deployments", query)
        if not isinstance(answer, list):
            raise SourceFault(FaultKind.BAD_ANSWER, "an answer without deployments: is this GitHub's address?")
        return records(answer), len(answer)

    def _change(self, row: dict[str, Any]) -> Change | None:
        ident, at = text(row.get("id")), instant(row.get("created_at"))
        if not ident or at is None:
            return None
        sha, ref = text(row.get("sha")), text(row.get("ref"))
        commit = sha[:_SHA] if sha[:1].isalnum() else CleanText("")
        what = ref if ref and ref != sha else commit
        words = [f"{text(row.get('task')) or 'deploy'} {what}", f"to {text(row.get('environment')) or '?'}"]
        words += [f"({commit})"] if commit and what != commit else []
        words += [f": {said}"] if (said := first(row.get("description"))) else []
        return Change(
            key=f"{self.name}:{ident}",
            at=at,
            text=clean(" ".join(words).replace(" : ", ": ")),
            services=(clean(self._config.service or self._config.repository.rpartition("/")[2], 100),),
            source=clean(self.name),
            who=text(record(row.get("creator")).get("login")),
            url=clean(f"{self._site}/{self._config.repository}/commit/{sha}") if _is_hex(sha) else CleanText(""),
        )


def _is_hex(sha: str) -> bool:
    return bool(sha) and all(c in "0123456789abcdef" for c in sha)
