"""What the keys of a runbook open: its headings, its links, the line to search in it; and its code on the clipboard."""

import re
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from msgspec import Struct, structs

from iccon.background import in_thread
from iccon.console.runbooks import note_opened, reading_of
from iccon.console.safe import copy
from iccon.console.screens.live import LiveSurface
from iccon.console.screens.pick import PickScreen
from iccon.console.widgets.notebar import SearchBar
from iccon.console.widgets.runbook import Reading, RunbookView
from iccon.runbooks import links as targets
from iccon.runbooks.folder import SUFFIXES
from iccon.runbooks.markdown import Code, lay_out
from iccon.runbooks.model import Document, RunbookFault
from iccon.runbooks.sections import sections
from iccon.text import CleanText, clean

if TYPE_CHECKING:
    from iccon.console.app import IcconApp
    from iccon.console.widgets.document import DocumentView

LINKS = 2_000  # of one runbook, in its list


def console_of(view: "DocumentView") -> "IcconApp":
    """Return the application."""
    return cast("IcconApp", view.app)


def surface_of(view: "DocumentView") -> LiveSurface | None:
    """Return the screen of the incident, or the list of incidents, on which the runbook was opened."""
    below = (screen for screen in reversed(view.app.screen_stack) if isinstance(screen, LiveSurface))
    return next(below, None)


async def contents(view: "DocumentView") -> None:
    """Choose a heading and go to it."""
    found = view.document.headings if view.document else ()
    if not found:
        console_of(view).say("this text has no headings")
        return
    rows = [(str(each.line), f"{'#' * each.level} {each.text}") for each in found]
    here = next((str(each.line) for each in reversed(found) if each.text == view.heading), rows[0][0])

    def chosen(line: str | None) -> None:
        if line is not None:
            view.go_to_line(int(line))

    await view.app.push_screen(PickScreen("Contents", rows, here), chosen)


async def find(view: "DocumentView") -> None:
    """Open the line in which is typed what is looked for."""
    bars = [bar for bar in view.screen.query(SearchBar) if bar.view is view]
    if not bars:
        bars = [SearchBar(view, console_of(view).save_draft)]
        await view.screen.mount(bars[0])
    bars[0].open("", view.words, len(view.words))


def copy_code(view: "DocumentView", code: Code | None, count: int) -> None:
    """Offer code to the terminal's clipboard and keep it in a file; say what was done."""
    console = console_of(view)
    if code is None:
        console.say("no code is in view", "warning")
        return
    file = console.parts.setting.folders.data / "exports" / "copied.txt"
    first = clean(code.text.strip().split("\n")[0], 60)
    more = f" (1 of {count} in view; again for the next)" if count > 1 else ""
    console.say(f"{first}{more}: {copy(view.app, code.text, file)}")


# Links


class Link(Struct, frozen=True):
    """A link of a document: the heading it stands under, its number there, its address."""

    section: CleanText
    number: int
    url: str


def _links(document: Document, width: int) -> list[Link]:
    found: list[Link] = []
    heading = clean("")
    for section in sections(document):
        heading = section.heading.text if section.heading else heading
        found += (Link(heading, n, url) for n, url in enumerate(lay_out(section, width).links, 1))
    return found[:LINKS]


async def links(view: RunbookView) -> None:
    """Choose a link and go where it leads: to a heading, to a file of the folder; to the web once that is confirmed."""
    document, console = view.document, console_of(view)
    if document is None:
        return
    try:
        found = await in_thread(partial(_links, document, 80), "links", 30)
    except TimeoutError:
        console.say("the links take too long to find", "error")
        return
    if not found:
        console.say("this runbook has no links")
        return
    rows = [(str(at), f"[{link.number}] {link.url}  {link.section}") for at, link in enumerate(found)]
    here = next((str(at) for at, link in enumerate(found) if link.section == view.heading), "0")

    async def chosen(at: str | None) -> None:
        if at is not None and view.document is document:
            await _go(view, document, found[int(at)].url)

    await view.app.push_screen(PickScreen("Links", rows, here), chosen)


async def _go(view: RunbookView, document: Document, url: str) -> None:
    console, target = console_of(view), targets.target(document, url)
    if isinstance(target, targets.Web):
        from iccon.console.leaving import ask  # only where a link leads out

        await ask(console, target.url)
    elif isinstance(target, targets.Nowhere):
        console.say(f"{clean(url, 200)} is not opened: {target.reason}", "warning")
    elif target.paths == ("",):
        _to_heading(view, document, target.anchor)
    else:
        await _follow(view, document, target)


def _to_heading(view: RunbookView, document: Document, anchor: str) -> None:
    found = targets.heading(document, anchor) if anchor else None
    if found is not None:
        view.go_to_line(found.line)
    elif anchor:
        console_of(view).say(f"no heading here is called {clean(anchor, 100)}", "warning")


async def _follow(view: RunbookView, document: Document, target: targets.Inside) -> None:
    """Open a file of the runbook's folder: as any runbook, if it is one, else as it is."""
    console, surface = console_of(view), surface_of(view)
    try:
        file = await in_thread(partial(_read, console, document, target.paths), "runbooks", 10)
    except TimeoutError:
        console.say("the runbook folder does not answer", "error")
        return
    except RunbookFault as fault:
        console.say(f"runbook: {fault}", "warning")
        return
    why = f"link from {document.runbook.title}"
    if PurePosixPath(file.runbook.path).suffix.lower() not in SUFFIXES:
        view.follow(_as_code(file), Reading(why, kind="File"))
    elif surface is not None:
        read, reading = await reading_of(surface, file, why)
        view.follow(read, reading)
        _to_heading(view, read, target.anchor)
        await note_opened(surface, read, reading)


def _as_code(file: Document) -> Document:
    """Return a file that is no Markdown as one fence of code."""
    longest = max(map(len, re.findall("`+", file.text)), default=0)
    fence = "`" * max(longest + 1, 3)
    info = PurePosixPath(file.runbook.path).suffix[1:]
    return structs.replace(file, text=CleanText(f"{fence}{info}\n{file.text.rstrip()}\n{fence}"), headings=())


def _read(console: "IcconApp", document: Document, paths: tuple[str, ...]) -> Document:
    """Return the first file of `paths` there is; raise what is wrong with the likeliest."""
    fault: RunbookFault | None = None
    for path in paths:
        book = structs.replace(document.runbook, path=path, title=clean(path, 200), alerts=(), services=())
        try:
            file = console.parts.library.read(book)
        except RunbookFault as found:
            fault = fault or found
            continue
        title = next((each.text for each in file.headings), book.title)
        return structs.replace(file, runbook=structs.replace(book, title=title))
    raise fault or RunbookFault("no such file")


def back(view: RunbookView) -> None:
    """Go back to where a link was followed."""
    before, surface = view.before, surface_of(view)
    if before is None:
        console_of(view).say("no link was followed here")
        return
    state = surface.stalked if surface else None
    view.back(state.steps.get(before.runbook.name, {}) if state else None)
