"""Confluence: Cloud by its API v2, Data Center by its REST API, pages in the storage format.

Cloud: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/, e-mail and API token. Data Center:
https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/, a personal access token.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import Limits, guarded_session
from iccon.net.wire import decode, link, record, records
from iccon.runbooks import html
from iccon.runbooks.wiki import Asking, Listed, Text, endless, said
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.net.transport import GuardedSession

PAGE: Final = 100  # entries of one answer


class Confluence:
    """The pages of some spaces of a site. Blocking. `token` gives the resolved secret."""

    def __init__(self, config: schema.RunbookSource, token: Callable[[], str], asking: Asking | None = None) -> None:
        self._config = config
        self._base = config.url.rstrip("/")
        self._token = token
        self._asking = asking or Asking()
        self._cloud = bool(config.email)

    def pages(self) -> Iterator[Listed]:
        """Yield the pages of the spaces. Raises SourceFault."""
        with self._session() as session:
            for start in self._starts(session):
                yield from map(self._listed, self._all(session, start))

    def text(self, page: Listed) -> Text:
        """Return a page. Raises SourceFault."""
        where = f"/api/v2/pages/{page.id}?body-format=storage&include-labels=true"
        if not self._cloud:
            where = f"/rest/api/content/{page.id}?expand=body.storage,metadata.labels"
        with self._session() as session:
            found = self._asked(session, self._base + where)
        storage = record(record(found.get("body")).get("storage")).get("value")
        if not isinstance(storage, str):
            raise SourceFault(FaultKind.BAD_ANSWER, f"page {page.id} has no text in the storage format")
        labels = record(found if self._cloud else found.get("metadata")).get("labels")
        names = (said(label, "name") for label in records(record(labels).get("results")))
        return Text(html.markdown(html.parsed(storage)), tuple(name for name in names if name))

    def probe(self) -> str:
        """Return which spaces can be read. Raises SourceFault."""
        with self._session() as session:
            for start in self._starts(session):
                self._asked(session, start)
        return f"{'Cloud' if self._cloud else 'Data Center'}: {', '.join(self._config.spaces)} can be read"

    def _starts(self, session: "GuardedSession") -> list[str]:
        """Return where the list of each space's pages begins."""
        spaces = self._config.spaces
        if not self._cloud:
            asked = "type=page&status=current&expand=version&start=0"
            return [f"{self._base}/rest/api/content?spaceKey={key}&{asked}&limit={PAGE}" for key in spaces]
        keys = ",".join(spaces)
        found = {said(s, "key"): said(s, "id") for s in self._all(session, f"{self._base}/api/v2/spaces?keys={keys}")}
        missing = [key for key in spaces if not found.get(key)]
        if missing:
            words = f"no space {clean(missing[0], 60)}, or the credential may not see it"
            raise SourceFault(FaultKind.NOT_FOUND, words)
        return [f"{self._base}/api/v2/spaces/{found[key]}/pages?status=current&limit={PAGE}" for key in spaces]

    def _all(self, session: "GuardedSession", url: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list, answer after answer."""
        count, where = 0, url
        while where:
            endless(count := count + 1)
            found = self._asked(session, where)
            if not isinstance(found.get("results"), list):
                raise SourceFault(FaultKind.BAD_ANSWER, "no list of results: is this Confluence's address?")
            yield from records(found["results"])
            links = record(found.get("_links"))
            where = self._next(said(links, "next"))

    def _next(self, link: str) -> str:
        """Return where a list goes on: its links begin at the host (Cloud), or at the site's own path (Data Center)."""
        if not link or link.startswith(("http://", "https://")):
            return link
        path = self._base.partition("://")[2].partition("/")[2]
        return urljoin(self._base, link) if not path or link.startswith(f"/{path}/") else self._base + link

    def _listed(self, page: dict[str, Any]) -> Listed:
        number = record(page.get("version")).get("number")
        place = said(record(page.get("_links")), "webui") or f"/pages/viewpage.action?pageId={said(page, 'id')}"
        return Listed(_id(page), clean(page.get("title"), 200), clean(f"version {number}"), link(self._base + place))

    def _asked(self, session: "GuardedSession", url: str) -> dict[str, Any]:
        return record(decode(self._asking.ask(session, "GET", url)))

    def _session(self) -> "GuardedSession":
        config = self._config
        auth = (config.email, self._token()) if self._cloud else None
        headers = None if self._cloud else {"Authorization": f"Bearer {self._token()}"}
        return guarded_session(self._base, Limits(config.timeout), auth=auth, headers=headers, ca_file=config.ca_file)


def _id(page: dict[str, Any]) -> str:
    found = str(page.get("id"))
    if not found.isdecimal() or not found.isascii():
        raise SourceFault(FaultKind.BAD_ANSWER, "a page without a number: is this Confluence's address?")
    return found
