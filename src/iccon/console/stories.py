"""Declaring from pages: what they propose, and what their pagers' own logs tell goes into the timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from iccon.background import in_thread
from iccon.console.questions import NO_PAGE, Answers, FromPage
from iccon.faults import FaultKind, SourceFault
from iccon.incident import commands as c
from iccon.incident.ids import short
from iccon.pages.model import UNKNOWN_TIME, Page

if TYPE_CHECKING:
    from iccon.console.app import IcconApp

MOST = 25  # pages whose log is asked for: one request each, out of the budget of all consoles
PATIENCE = 40.0  # seconds: pagers have deadlines of their own


class Declaring:
    """A declaration from the pages that were selected as the key was pressed; `verbs` says what each pager can do."""

    def __init__(self, console: "IcconApp", pages: Sequence[Page], verbs: Mapping[str, Sequence[str]]) -> None:
        self._console = console
        self._pages = pages
        self._noted = [page for page in pages if "note" in verbs.get(page.source, ())]

    def proposal(self, now: datetime) -> FromPage:
        """Return what the form takes from the pages; it began with the oldest of them, before `now` (aware UTC)."""
        if not self._pages:
            return NO_PAGE
        page, known = self._pages[0], [page.created_at for page in self._pages if page.created_at > UNKNOWN_TIME]
        at = min(*known, now) if known else None
        return FromPage(
            page.key, page.title, page.service, page.urgency, at, len(self._pages) - 1, linked=bool(self._noted)
        )

    async def done(self, incident: str, answers: Answers) -> None:
        """Link the pages to the incident that was declared, where that is wanted, and take in their story."""
        if answers.get("link") == "yes":
            await self._console.act_on_pages(links(self._noted, incident, answers["title"]), incident)
        await tell(self._console, self._pages, incident)


async def tell(console: "IcconApp", pages: Sequence[Page], incident: str) -> None:
    """Ask for one log after another and record what it tells, once each; say which could not be read."""
    missing = [f"{len(pages) - MOST} pages: only {MOST} are asked for"] if len(pages) > MOST else []
    for place, page in enumerate(pages[:MOST]):
        notice, limited = await _one(console, page, incident)
        if notice:
            missing.append(f"{page.number or page.id}: {notice}")
        if limited:
            missing.append(f"{len(pages[:MOST]) - place - 1} more were not asked for")
            break
    if missing:
        more = f"; and {len(missing) - 3} more" if len(missing) > 3 else ""
        console.say(f"not in the timeline, of the pages' logs: {'; '.join(missing[:3])}{more}", "warning")


async def _one(console: "IcconApp", page: Page, incident: str) -> tuple[str, bool]:
    """Return what could not be read, and whether the pager wants no further question."""
    try:
        story = await in_thread(lambda: console.parts.page_story(page), "page story", PATIENCE)
    except SourceFault as fault:
        return str(fault), fault.kind is FaultKind.RATE_LIMITED
    except TimeoutError:
        return "the pager does not answer", False
    if story.events:
        await console.record(c.Capture(events=story.events), incident)
    return story.notice, False


def links(pages: Sequence[Page], incident: str, title: str) -> list[c.ActOnPage]:
    """Return the notes that name the declared incident, one a page."""
    text = f"Incident {short(incident)} was declared from this page: {title.strip()}"
    return [c.ActOnPage(page=page.ref, verb="note", arguments={"text": text}) for page in pages[:MOST]]
