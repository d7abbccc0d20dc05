"""Jira Cloud: one project, one issue a task.

Made by `POST /rest/api/3/issue`, whose description is a document of plain text nodes, in which nothing has a meaning:
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post.
Found again by its mark with `GET /rest/api/3/search/jql`, which learns of an issue seconds to minutes later
(https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/): what it does not find so soon is no proof.
"""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from iccon.clock import Clock, SystemClock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault, lost
from iccon.net import checked
from iccon.net.wire import decode, record, records, text
from iccon.text import CleanText, clean
from iccon.trackers.model import THERE, Ticket
from iccon.trackers.web import opened

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

TITLE: Final = 250  # characters; Jira takes 255
SETTLED: Final = timedelta(minutes=5)  # after which its search has learned of an issue
DEEP: Final = 50  # levels of a document that are looked at
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+")


class JiraTracker:
    """One project of a site. Blocking. `token` is the resolved API token of the user with the configured e-mail."""

    def __init__(self, name: str, config: schema.Tracker, token: str, clock: Clock | None = None) -> None:
        self.name = name
        self._config = config
        self._base = config.url.rstrip("/")
        self._token = token
        self._clock = clock or SystemClock()

    def create(self, ticket: Ticket) -> CleanText:
        """Make an issue once; return its address. Raises SourceFault; LOST where nobody knows."""
        if ticket.again and (there := self._search(ticket)) is not None:
            return there
        with self._session() as session:
            answer = checked(session.post(f"{self._base}/rest/api/3/issue", json=self._issue(ticket)), write=True)
        try:
            made = self._address(record(decode(answer)))
        except SourceFault as fault:
            raise lost("ticket", f"its answer is unreadable: {fault.reason}") from fault
        if not made:
            raise lost("ticket", "its answer names no issue: is this Jira's address?")
        return made

    def find(self, ticket: Ticket) -> CleanText | None:
        """Return the issue's address, None where there is none. Raises SourceFault, also while it is too early."""
        there = self._search(ticket)
        if there is None and self._clock.now() - ticket.at < SETTLED:
            minutes = SETTLED.total_seconds() / 60
            words = (
                f"Jira's search does not show it yet, which proves nothing for {minutes:.0f} minutes: ask again then"
            )
            raise SourceFault(FaultKind.BAD_ANSWER, words)
        return there

    def probe(self) -> str:
        """Return one line: that issues may be made in the project. Raises SourceFault."""
        asked = {"permissions": "CREATE_ISSUES", "projectKey": self._config.project}
        with self._session() as session:
            found = record(decode(checked(session.get(f"{self._base}/rest/api/3/mypermissions", params=asked))))
        may = record(record(found.get("permissions")).get("CREATE_ISSUES")).get("havePermission")
        if may is not True:
            raise SourceFault(
                FaultKind.FORBIDDEN, f"{self._config.email} may not make issues in {self._config.project}"
            )
        return f"may make issues in {self._config.project}"

    def _issue(self, ticket: Ticket) -> dict[str, Any]:
        paragraphs = [
            {"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in (*ticket.lines, ticket.mark)
        ]
        fields: dict[str, Any] = {
            "project": {"key": self._config.project},
            "issuetype": {"name": self._config.issue_type},
            "summary": ticket.title(TITLE),
            "description": {"type": "doc", "version": 1, "content": paragraphs},
        }
        if _DATE.fullmatch(ticket.due):
            fields["duedate"] = ticket.due
        return {"fields": fields}

    def _search(self, ticket: Ticket) -> CleanText | None:
        """Look for the mark; each word of the query is ours, or an id of letters, digits and dashes."""
        words = re.sub(r"[^\w-]", "", ticket.task, flags=re.ASCII)
        jql = f'project = "{self._config.project}" AND description ~ "\\"{words}\\"" ORDER BY created DESC'
        asked = {"jql": jql, "fields": "description", "maxResults": "50"}
        with self._session() as session:
            found = record(decode(checked(session.get(f"{self._base}/rest/api/3/search/jql", params=asked))))
        if not isinstance(found.get("issues"), list):
            raise SourceFault(FaultKind.BAD_ANSWER, "an answer without issues: is this Jira's address?")
        for issue in records(found["issues"]):
            if ticket.mark in _paragraphs(record(issue.get("fields")).get("description")):
                return self._address(issue) or THERE
        return None

    def _address(self, issue: dict[str, Any]) -> CleanText:
        key = text(issue.get("key"))
        return clean(f"{self._base}/browse/{key}") if _KEY.fullmatch(key) else CleanText("")

    def _session(self) -> "GuardedSession":
        auth = (self._config.email, self._token)
        return opened(self._base, self._config.timeout, self._config.ca_file, auth=auth)


def _paragraphs(document: object) -> list[str]:
    """Return the text of each paragraph of a document, whatever its shape."""
    return ["".join(_texts(record(block), DEEP)).strip() for block in records(record(document).get("content"))]


def _texts(node: dict[str, Any], deep: int) -> list[str]:
    own = [node["text"]] if isinstance(node.get("text"), str) else []
    inner = [part for each in records(node.get("content")) for part in _texts(each, deep - 1)] if deep else []
    return own + inner
