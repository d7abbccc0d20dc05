"""Links of the timeline: what an entry names is opened, and what is chosen elsewhere is named in a note."""

from typing import TYPE_CHECKING

from textual.widget import Widget

from iccon.console.questions import Answers, ChoiceField
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.pages import PagesView
from iccon.console.widgets.timeline import TimelineView
from iccon.incident.entries import ChangeSeen, Entry, EvidenceTaken
from iccon.incident.ids import short
from iccon.incident.links import Link, links
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.console.screens.incident import IncidentScreen


async def follow(screen: "IncidentScreen", text: str) -> None:
    """Open what `text` names; of several things the one that is chosen."""
    found = links(text)
    if len(found) < 2:
        for link in found:
            await _open(screen, link)
        return
    from iccon.console.screens.form import Form  # not on the first screen

    console = screen.console
    options = tuple((str(number), link.words) for number, link in enumerate(found))
    chosen: list[Link] = []

    async def submit(answers: Answers) -> str | None:
        chosen.append(found[int(answers["link"])])
        return None

    async def closed(accepted: bool | None) -> None:
        if accepted:
            await _open(screen, chosen[0])

    form = Form("Open", [ChoiceField("link", "", options, "0")], submit, await console.drafts("open"))
    await console.push_screen(form, closed)


async def _open(screen: "IncidentScreen", link: Link) -> None:
    openers = {"service": _service, "page": _page, "evidence": _evidence, "change": _change}
    if not await openers[link.what](screen, link.name):
        screen.console.say(f"{clean(link.words, 120)}: nothing of that name is known here", "warning")


async def _service(screen: "IncidentScreen", name: str) -> bool:
    board = screen.first(BoardView)
    if board is None or not board.choose_key(name):
        return False
    board.focus()
    return True


async def _page(screen: "IncidentScreen", name: str) -> bool:
    slot = screen.console.snapshot.slots.get("pages")
    pages = slot.value.pages if slot is not None and slot.value is not None else ()
    page = next((page for page in pages if name in (page.id, str(page.number), page.key)), None)
    if page is None:
        return False
    from iccon.console.screens.page import PageScreen  # not on the first screen

    await screen.app.push_screen(PageScreen(page, screen.incident))
    return True


async def _evidence(screen: "IncidentScreen", name: str) -> bool:
    entry = _entry(screen, name, EvidenceTaken)
    if entry is not None:
        await screen.open_evidence(entry)
    return entry is not None


async def _change(screen: "IncidentScreen", name: str) -> bool:
    """Go to the change in the timeline; one that is not on it is shown in the list of changes."""
    view, entry = screen.first(TimelineView), _entry(screen, name, ChangeSeen)
    if view is not None and entry is not None:
        view.show_all()
        view.focus()
        return view.choose_id(entry.id)
    return await screen.show_change(name)


def _entry(screen: "IncidentScreen", name: str, kind: type[EvidenceTaken] | type[ChangeSeen]) -> Entry | None:
    """Return the newest entry of a kind whose id ends so, or, of a change, whose key it is."""
    for entry in reversed(screen.ledger.entries):
        named = entry.id.endswith(name.lower()) or getattr(entry.body, "key", "") == name
        if isinstance(entry.body, kind) and named:
            return entry
    return None


def candidate(screen: "IncidentScreen", before: Widget | None) -> Link | None:
    """Return a link to what is chosen: in the region that had the focus, else in another."""
    regions = [before, *(screen.first(kind) for kind in (PagesView, BoardView, TimelineView))]
    return next((link for region in regions if (link := _chosen(screen, region)) is not None), None)


def _chosen(screen: "IncidentScreen", region: Widget | None) -> Link | None:
    if isinstance(region, PagesView) and region.chosen is not None:
        return Link("page", region.chosen.id)
    if isinstance(region, BoardView) and region.chosen is not None:
        return Link("service", region.chosen_service)
    if not isinstance(region, TimelineView) or region.chosen is None:
        return None
    body = screen.ledger.by_id[region.chosen.id].body
    kinds = {EvidenceTaken: "evidence", ChangeSeen: "change"}
    if (what := kinds.get(type(body))) is not None:
        return Link(what, short(region.chosen.id))
    page = getattr(body, "page", None)
    return Link("page", page.id) if page is not None else None
