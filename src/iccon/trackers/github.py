"""GitHub issues: one repository, one issue a task.

Made by `POST /repos/{owner}/{repo}/issues`; found again by its mark in `GET /repos/{owner}/{repo}/issues`, newest
first, and not by the search, which learns of an issue later. See https://docs.github.com/en/rest/issues/issues.
A list of issues holds pull requests too. What people wrote stands in a block of code, where `@name`, `#12` and HTML
mean nothing: nobody is called, no other issue is touched.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from iccon.config import schema
from iccon.faults import FaultKind, SourceFault, lost
from iccon.net import checked, retry_after
from iccon.net.wire import decode, instant, link, record, records, text
from iccon.text import CleanText, clean
from iccon.trackers.model import THERE, Ticket
from iccon.trackers.web import opened

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

URL: Final = "https://api.github.com"
TITLE: Final = 250  # characters; GitHub takes 256
PAGE: Final = 100
PAGES: Final = 10
_SLACK: Final = timedelta(minutes=10)  # how much their clock may differ
_HEADERS: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class GitHubTracker:
    """One repository. Blocking. `token` is the resolved credential, which may write issues there."""

    def __init__(self, name: str, config: schema.Tracker, token: str) -> None:
        self.name = name
        self._config = config
        self._base = (config.url or URL).rstrip("/")
        self._headers = {**_HEADERS, "Authorization": f"Bearer {token}"}

    def create(self, ticket: Ticket) -> CleanText:
        """Open an issue once; return its address. Raises SourceFault; LOST where nobody knows."""
        if ticket.again and (there := self.find(ticket)) is not None:
            return there
        with self._session() as session:
            answer = session.post(self._url("/issues"), json={"title": ticket.title(TITLE), "body": body_of(ticket)})
        made = _address(record(_json(answer, write=True)))
        if not made:
            raise lost("ticket", "its answer names no issue: is this GitHub's address?")
        return made

    def find(self, ticket: Ticket) -> CleanText | None:
        """Return the issue's address, None where there is none. Raises SourceFault."""
        return next((_address(row) or THERE for row in self._since(ticket) if _is(row, ticket)), None)

    def probe(self) -> str:
        """Return one line: that the repository can be read and takes issues. Raises SourceFault."""
        with self._session() as session:
            found = record(_json(session.get(self._url(""))))
        if found.get("has_issues") is False:
            raise SourceFault(FaultKind.REJECTED, f"issues are switched off in {self._config.repository}")
        return f"reads {text(found.get('full_name'))}; whether it takes an issue only pushing shows"

    def _since(self, ticket: Ticket) -> Iterator[dict[str, Any]]:
        """Give the issues made since the task was noted, newest first."""
        since = ticket.noted - _SLACK
        asked = {"state": "all", "sort": "created", "direction": "desc", "since": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
        with self._session() as session:
            for page in range(1, PAGES + 1):
                asked |= {"per_page": str(PAGE), "page": str(page)}
                rows = _json(session.get(self._url("/issues"), params=asked))
                if not isinstance(rows, list):
                    raise SourceFault(FaultKind.BAD_ANSWER, "an answer without issues: is this GitHub's address?")
                yield from records(rows)
                oldest = [at for row in records(rows) if (at := instant(row.get("created_at"))) is not None]
                if len(rows) < PAGE or min(oldest, default=since) < since:
                    return
        raise SourceFault(FaultKind.BAD_ANSWER, f"more than {PAGE * PAGES:,} issues since then: look there")

    def _session(self) -> "GuardedSession":
        return opened(self._base, self._config.timeout, self._config.ca_file, headers=self._headers)

    def _url(self, path: str) -> str:
        return f"{self._base}/repos/{self._config.repository}{path}"


def _json(response: Any, write: bool = False) -> Any:
    """Return what GitHub answered. Raises SourceFault; a used-up budget is said as 403, as if the token were wrong."""
    try:
        checked(response, write=write)
    except SourceFault as fault:
        if fault.kind is FaultKind.FORBIDDEN and response.headers.get("x-ratelimit-remaining") == "0":
            wait = retry_after(response.headers)
            raise SourceFault(FaultKind.RATE_LIMITED, "the budget of requests is used up", wait) from None
        raise
    try:
        return decode(response)
    except SourceFault as fault:
        if write:
            raise lost("ticket", f"its answer is unreadable: {fault.reason}") from fault
        raise


def _address(issue: dict[str, Any]) -> CleanText:
    number = text(issue.get("number"))
    return link(issue.get("html_url")) or (clean(f"#{number}") if number else CleanText(""))


def _is(issue: dict[str, Any], ticket: Ticket) -> bool:
    return "pull_request" not in issue and ticket.mark in str(issue.get("body") or "").splitlines()


def body_of(ticket: Ticket) -> str:
    """Return the issue's text in Markdown: the facts in a block of code, and the mark. Pure."""
    longest = max(map(len, re.findall("`+", "\n".join(ticket.lines))), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}text", *ticket.lines, fence, "", ticket.mark))
