"""Runbooks on the screen: the one that fits is opened in the version the incident reads, and its steps are marked."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from msgspec import structs

from iccon import earlier
from iccon.background import in_thread
from iccon.console.questions import Answers, ChoiceField, Question, TextField
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.runbook import Reading, RunbookView
from iccon.incident import commands as c
from iccon.incident.run_rules import step_words
from iccon.incident.state import State
from iccon.incident.steps import StepOutcome
from iccon.journal.faults import JournalFault
from iccon.runbooks.matching import BY_URL, Wanted
from iccon.runbooks.model import Document, Match, RunbookFault
from iccon.runbooks.steps import Step, as_pinned
from iccon.text import CleanText
from iccon.when import ago

if TYPE_CHECKING:
    from iccon.console.app import IcconApp
    from iccon.console.screens.live import LiveSurface

T = TypeVar("T")
DEADLINE = 15.0  # seconds to find, fetch or read one
EVERY = 60.0  # seconds between two looks at the folders


async def keep(console: "IcconApp") -> None:
    """Keep what is known of the runbooks up to date, off the loop, for as long as the console runs."""
    if console.parts.library.sources:
        await asyncio.gather(_keep_index(console), _keep_copies(console))


async def _keep_index(console: "IcconApp") -> None:
    while True:
        with suppress(TimeoutError):
            await in_thread(console.parts.library.refresh, "runbooks index", EVERY * 10)
        await asyncio.sleep(EVERY)


async def _keep_copies(console: "IcconApp") -> None:
    """Copy what changed on servers, apart from the index: a first copy may take many minutes."""
    told: dict[str, CleanText] = {}
    while True:
        with suppress(TimeoutError):
            troubles = await in_thread(console.parts.library.sync, "runbooks copies", EVERY * 60)
            for source, trouble in troubles.items():
                if told.get(source) != trouble:
                    console.say(f"runbooks of {source}, older copies are kept: {trouble}", "warning")
            told = troubles
        await asyncio.sleep(EVERY)


async def wanted(screen: "LiveSurface") -> Wanted:
    """Return what a runbook is looked for: the chosen page, else the chosen service, and what helped before."""
    page, board = screen.chosen_page(), screen.first(BoardView)
    if page is None or (board is not None and board.has_focus):
        asked = Wanted(service=board.chosen_service or "" if board else "")
    else:
        asked = Wanted(page.alert, page.service, page.runbook_url, page.title, page.labels)
    helped = await screen.console.parts.desk.call(
        lambda desk: earlier.helped(desk, asked.service, asked.title, screen.incident)
    )
    return structs.replace(asked, helped=helped)


async def open_for(screen: "LiveSurface", page: Wanted) -> None:
    """Open the runbook that fits a page or a service best."""
    library = screen.console.parts.library
    found = await _asked(screen.console, lambda: library.match(page))
    if found is not None and page.url and not (found and found[0].why == BY_URL):
        fetched = await _asked(screen.console, lambda: library.fetch(page.url), quiet=bool(found))
        found = [Match(fetched, BY_URL)] if fetched else found
    if found:
        await open_match(screen, found[0])
    elif found is not None and not page.url:
        what = page.alert or page.title or page.service or "what is chosen"
        screen.console.say(f"no runbook fits {what}; L lists all", "warning")


async def _asked(console: "IcconApp", ask: Callable[[], T], quiet: bool = False) -> T | None:
    """Return what is asked off the loop, None where that fails, which is said; `quiet`: there is something else."""
    try:
        return await in_thread(ask, "runbooks", DEADLINE)
    except TimeoutError:
        console.say("where the runbook is does not answer", "warning" if quiet else "error")
    except RunbookFault as fault:
        console.say(f"runbook: {fault}", "warning" if quiet else "error")
    return None


async def open_match(screen: "LiveSurface", match: Match) -> None:
    """Open a runbook in the version that the incident reads."""
    console, library = screen.console, screen.console.parts.library
    file = await _asked(console, lambda: library.read(match.runbook))
    if file is not None:
        read, reading = await reading_of(screen, file, match.why)
        await _show(screen, read, reading)
        await note_opened(screen, read, reading)


async def reading_of(screen: "LiveSurface", file: Document, why: str) -> tuple[Document, Reading]:
    """Return the version of a file that the incident reads, and how it is read."""
    state = screen.stalked
    kept = await _kept(screen.console, state, file) if state else None
    marks = state.steps.get(file.runbook.name, {}) if state else None
    runs = step_words(state, file.runbook.name) if state else {}
    why = _with_age(why, file, screen.console.parts.setting.clock.now())
    return kept or file, Reading(
        why,
        marks,
        screen.clock_text,
        other=file if kept else None,
        runs=runs,
    )


def _with_age(why: str, file: Document, now: datetime) -> str:
    if file.fetched_at is None:
        return why
    age = f"copy of {ago((now - file.fetched_at).total_seconds())} ago"
    return "; ".join(filter(None, (why, age, file.revision)))


async def note_opened(screen: "LiveSurface", read: Document, reading: Reading) -> None:
    """Put on the record that a runbook was opened, in which version."""
    if screen.incident:
        opened = c.OpenRunbook(
            path=read.runbook.name,
            title=read.runbook.title,
            digest=read.digest,
            why=reading.why,
            text=read.text,
            revision="" if reading.other else read.revision,
        )
        await screen.console.record(opened, screen.incident)


async def _kept(console: "IcconApp", state: State, file: Document) -> Document | None:
    """Return the version that the incident opened first, where the file is another one by now."""
    pin = state.runbooks.get(file.runbook.name)
    if pin is None or not pin.sha256 or pin.digest == file.digest:
        return None
    try:
        blob = await console.parts.desk.call(lambda desk: desk.journal.blob(pin.sha256))
    except JournalFault as fault:
        console.say(f"the version that was read first cannot be shown: {fault}", "error")
        return None
    return as_pinned(file, blob.content.decode("utf-8", "replace"), pin.digest)


async def _show(screen: "LiveSurface", document: Document, reading: Reading) -> None:
    view = screen.first(RunbookView)
    if view is not None:
        view.show(document, reading=reading)
        view.focus()
        return
    from iccon.console.screens.reader import Reader  # only where no region is for it

    await screen.app.push_screen(Reader(document, reading, screen.incident))


def tell_marks(console: "IcconApp", state: State) -> None:
    """Show what came of steps wherever a runbook of the incident is open."""
    for screen in console.screen_stack:
        for view in screen.query(RunbookView):
            if view.document is not None:
                name = view.document.runbook.name
                view.mark(state.steps.get(name, {}), step_words(state, name))


async def done(console: "IcconApp", incident: str, view: RunbookView | None) -> None:
    """Mark the chosen step as done, and go on to the next open one."""
    found = chosen_step(console, view)
    if found and view and await mark_done(console, incident, *found):
        view.next_open()


async def mark_done(console: "IcconApp", incident: str, document: Document, step: Step) -> bool:
    """Mark a step as done; say whether that is on the record."""
    return await console.act(_command(document, step, StepOutcome.DONE), incident) is None


async def ask(console: "IcconApp", incident: str, view: RunbookView | None) -> None:
    """Ask what came of the chosen step."""
    if found := chosen_step(console, view):
        await ask_what_came(console, incident, *found)


async def ask_what_came(console: "IcconApp", incident: str, document: Document, step: Step) -> None:
    """Ask what came of a step."""
    await console.ask(_question(document, step), incident)


def chosen_step(console: "IcconApp", view: RunbookView | None) -> tuple[Document, Step] | None:
    """Return the step under the cursor, where it is in view; say why not."""
    if view is None or view.document is None or view.chosen is None:
        console.say("no step is chosen: open a runbook that has steps and move to one (→)", "warning")
        return None
    if view.bring_in_view():
        console.say("the chosen step was out of view: look at it, then press again", "warning")
        return None
    return view.document, view.chosen


def _command(document: Document, step: Step, outcome: StepOutcome, note: str = "", owner: str = "") -> c.MarkStep:
    return c.MarkStep(
        path=document.runbook.name,
        digest=document.digest,
        step=step.id,
        text=step.text,
        outcome=outcome,
        note=note,
        owner=owner,
        total=step.total,
    )


def _question(document: Document, step: Step) -> Question:
    def command(answers: Answers) -> c.Command:
        return _command(document, step, StepOutcome(answers["outcome"]), answers["note"], answers["owner"])

    fields = (
        TextField("note", "Note (optional)"),
        ChoiceField("outcome", "", tuple((each.value, each.value) for each in StepOutcome), StepOutcome.DONE.value),
        TextField("owner", "Who did it (optional)"),
    )
    return Question("Mark the step", fields, command, (step.text,), f"step:{step.id}")
