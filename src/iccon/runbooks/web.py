"""Runbooks on the web: what an alert's `runbook_url` names, fetched from the addresses that the configuration allows.

Only below the configured address: an alert is foreign text, and must not make this machine ask any server it likes. A
host on a private network is ordinary here. Copies are kept for when the server cannot be reached.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urljoin, urlsplit

from iccon.clock import Clock
from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.net import Answered, Limits, checked, guarded_session
from iccon.runbooks import html
from iccon.runbooks.decoding import decoded
from iccon.runbooks.folder import fits
from iccon.runbooks.mirror import Kept, Mirror
from iccon.runbooks.model import SIZE_LIMIT, Raw, RunbookFault, Skipped, Stamp
from iccon.text import clean, clean_block

ACCEPT: Final = "text/markdown, text/plain, text/html;q=0.8"
MOST: Final = 200  # pages fetched anew in one go
HOPS: Final = 5  # redirects within the configured address
TEXTS: Final = ("text/markdown", "text/x-markdown", "text/plain", "application/octet-stream", "")
PAGES: Final = ("text/html", "application/xhtml+xml")


class WebSource:
    """What stands below one address. Blocking. `token` gives the resolved secret, "" for none."""

    def __init__(
        self, name: str, config: schema.RunbookSource, token: Callable[[], str], mirror: Mirror, clock: Clock
    ) -> None:
        self.name = name
        self.key = "\0".join((config.kind, config.url, *config.include, "", *config.exclude))
        self.skipped: Sequence[Skipped] = ()
        self._config = config
        self._base = config.url.rstrip("/") + "/"
        self._mirror = mirror
        self._clock = clock
        self._token = token

    def walk(self) -> Iterator[tuple[str, Stamp]]:
        """Yield what was fetched before. Never raises."""
        return self._mirror.walk()

    def covers(self, url: str) -> bool:
        """Say whether a URL may be fetched: it stands below the address, and the patterns let it pass."""
        below = _plain(url)
        if below is None or not below.startswith(self._base):
            return False
        path, config = below.removeprefix(self._base), self._config
        return (not config.include or fits(path, config.include)) and not fits(path, config.exclude)

    def fetch(self, url: str) -> str:
        """Fetch what a URL that is covered names; return its path. Raises SourceFault or RunbookFault.

        Where its server does not give it and there is a copy, the copy stands, with its age.
        """
        address = _plain(url) or url
        path = address.removeprefix(self._base) or "index"
        try:
            self._mirror.put(self._fetched(path, address))
        except SourceFault:
            if self._mirror.get(path) is None:
                raise
        return path

    def read(self, path: str, *, bare: bool = False) -> Raw:
        """Return a copy: nobody who opens a runbook waits for a server. Raises RunbookFault."""
        kept = self._mirror.get(path)
        if kept is None:
            raise RunbookFault(f"{path}: no copy of it is kept")
        return Raw(kept.content, kept.revision, kept.fetched_at)

    def sync(self, *, anew: bool = False) -> None:
        """Fetch anew what is old, or all. Raises SourceFault or RunbookFault; the copies stay."""
        now, young = self._clock.now(), timedelta(seconds=0 if anew else self._config.refresh)
        copies = (self._mirror.get(path) for path, _ in self._mirror.walk())
        old = [kept for kept in copies if kept is not None and now - kept.fetched_at >= young]
        first: SourceFault | RunbookFault | None = None
        for kept in sorted(old, key=lambda each: each.fetched_at)[:MOST]:
            try:
                self._mirror.put(self._fetched(kept.path, kept.url))
            except (SourceFault, RunbookFault) as fault:
                first = first or fault
                if isinstance(fault, SourceFault) and fault.kind is not FaultKind.NOT_FOUND:
                    break  # the server, not the page
        if first is not None:
            raise first

    def probe(self) -> str:
        """Ask for the address itself; return what answers. Raises SourceFault."""
        answer = self._asked(self._base)
        return f"{self._base} answers ({_kind(answer) or 'no type'}); copies kept: {sum(1 for _ in self.walk())}"

    def _fetched(self, path: str, url: str) -> Kept:
        answer = self._asked(url)
        kind = _kind(answer)
        if kind not in (*TEXTS, *PAGES):
            raise RunbookFault(f"{url} is {kind}, not a text")
        if b"\0" in answer.content[:1024]:
            raise RunbookFault(f"{url} is a binary file")
        text = decoded(answer.content)
        looks = text[:256].lstrip().lower().startswith(("<!doctype html", "<html"))
        shown = _from_page(text, url) if kind in PAGES or looks else text
        revision = clean(answer.headers.get("etag") or answer.headers.get("last-modified") or "", 80)
        return Kept(path, clean_block(shown, SIZE_LIMIT), url, revision, self._clock.now())

    def _asked(self, url: str) -> Answered:
        """Ask, and go where a redirect leads as long as that is covered. Raises SourceFault."""
        config = self._config
        limits, token = Limits(config.timeout, SIZE_LIMIT), self._token()
        headers = {"Accept": ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}
        with guarded_session(self._base, limits, headers=headers, ca_file=config.ca_file) as session:
            for _ in range(HOPS):
                try:
                    return checked(session.get(url))
                except SourceFault:
                    there = urljoin(url, session.last_location) if session.last_location else ""
                    if not there or not (_plain(there) or "").startswith(self._base):
                        raise
                    url = there
        raise SourceFault(FaultKind.BAD_ANSWER, f"redirected more than {HOPS} times")


def _plain(url: str) -> str | None:
    """Return a URL without its #part, its host in lower case; None for one that cannot be read or climbs upwards."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or not url.isprintable():
        return None
    if ".." in parts.path.split("/") or "%2e" in parts.path.lower() or "\\" in url:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}{query}"


def _kind(answer: Answered) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _from_page(text: str, url: str) -> str:
    """Return a web page as Markdown. Raises RunbookFault for one that is none of a runbook's."""
    page = html.parsed(text)
    if html.wants_login(page):
        raise RunbookFault(f"{url} is a login page: give the source a token, or another address")
    shown = html.markdown(page)
    if not shown:
        raise RunbookFault(f"{url} has no text: a page that needs a browser's scripts?")
    named = clean(html.title(page), 200)
    return shown if shown.startswith("# ") or not named else f"# {named}\n\n{shown}"
