"""Filling in the gap: what a runbook lacks is proposed while it is felt, and reviewed afterwards."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from iccon.background import in_thread
from iccon.console.questions import Answers, ChoiceField, Field, TextField
from iccon.journal.faults import JournalFault
from iccon.runbooks import drafts
from iccon.runbooks.drafts import Source, written
from iccon.runbooks.model import Document, Runbook, RunbookFault
from iccon.text import clean
from iccon.when import stamp

if TYPE_CHECKING:
    from iccon.console.app import IcconApp
    from iccon.console.widgets.runbook import RunbookView
    from iccon.desk import Desk

HEADINGS = 200  # that are offered
SHOWN = 3  # lines of a command that are shown
END = "end"
CHANGED = "The file has changed since it was read first: the draft is for the file as it is now."


async def here(console: "IcconApp", incident: str, view: "RunbookView") -> None:
    """Propose a change where the runbook is read."""
    if view.document is None:
        console.say("no runbook is open", "warning")
        return
    await propose(console, incident, view.document, view.section, Source())


async def from_entry(console: "IcconApp", incident: str, view: "RunbookView | None", source: Source) -> None:
    """Add an entry of the timeline to the draft of the runbook that is open, or of one that was."""
    if view is not None and view.document is not None:
        await propose(console, incident, view.document, view.section, source)
        return
    state = await console.parts.desk.call(lambda desk: desk.state(incident))
    if not state.runbooks:
        console.say("no runbook was opened in this incident: open one first", "warning")
        return
    from iccon.console.screens.pick import PickScreen  # only where there is a choice

    async def chosen(name: str | None) -> None:
        document = await _read(console, name, state.runbooks[name].title) if name else None
        if document is not None:
            await propose(console, incident, document, "", source)

    rows = [(name, f"{pinned.title}  {name}") for name, pinned in reversed(state.runbooks.items())]
    if len(rows) == 1:
        await chosen(rows[0][0])
    else:
        await console.push_screen(PickScreen("For which runbook?", rows, rows[0][0]), chosen)


async def _read(console: "IcconApp", name: str, title: str) -> Document | None:
    source, colon, path = name.partition(":")
    book = Runbook(source, path, clean(title)) if colon else Runbook("", name, clean(title))
    try:
        return await in_thread(lambda: console.parts.library.read(book), "runbooks", 10)
    except (RunbookFault, TimeoutError) as fault:
        console.say(f"runbook: {fault or 'its folder does not answer'}", "error")
        return None


async def propose(console: "IcconApp", incident: str, document: Document, heading: str, source: Source) -> None:
    """Ask what is to be added to `document`, and under which heading; `heading` is offered first."""
    from iccon.console.screens.form import Form  # not on the first screen

    try:
        base = await in_thread(partial(drafts.base_of, console.parts.library, document), "runbooks", 10)
    except (RunbookFault, TimeoutError) as fault:
        console.say(f"no draft: {fault or 'the runbook folder does not answer'}", "error")
        return
    key = f"gap:{incident}:{source.entry or document.runbook.name}"

    async def submit(answers: Answers) -> str | None:
        number = int(answers["where"]) if answers["where"] != END else None
        command = drafts.command_of(document, base, number, written(answers["text"], source.code), source.entry)
        refused = await console.act(command, incident, drop_draft=key)
        if refused is None:
            await keep(console, incident, command.path)
        return refused

    code = source.code.split("\n")
    lines = [document.runbook.title, *code[:SHOWN], *(["…"] if len(code) > SHOWN else [])]
    if document.digest not in (base.sha256, ""):
        lines.insert(1, CHANGED)
    label = "Words to go with it (optional)" if source.code else "What to add: Markdown, or $ and a command"
    text = TextField("text", label, source.words, required=not source.code, several=True)
    fields: list[Field] = [text, _where(document, heading)]
    form = Form("Add to the runbook draft", fields, submit, await console.drafts(key), lines=lines)
    await console.push_screen(form)


def _where(document: Document, heading: str) -> ChoiceField:
    found = document.headings[:HEADINGS]
    options = [(str(n), f"{'#' * each.level} {each.text}") for n, each in enumerate(found)]
    here = next((str(n) for n, each in enumerate(found) if each.text == heading), END)
    return ChoiceField("where", "Under", (*options, (END, "(at the end)")), here)


async def keep(console: "IcconApp", incident: str, name: str) -> None:
    """Write the draft's file anew from the record, and say where it is."""
    zone, data = console.parts.zone, console.parts.setting.folders.data / "drafts"

    def made(desk: "Desk") -> tuple[Path, bytes]:
        state = desk.state(incident)
        draft = state.drafts[name]
        base = desk.journal.blob(draft.sha256).content
        content = drafts.text_of(state, name, base, lambda at: stamp(at, zone, day=True))
        return drafts.file_of(data, incident, name, draft), content

    try:
        path, content = await console.parts.desk.call(made)
        await in_thread(lambda: drafts.write(path, content), "draft", 10)
    except (OSError, TimeoutError, JournalFault) as fault:
        console.say(
            f"it is on the record; the file was not written: {fault}. `iccon runbook drafts` writes it", "error"
        )
    else:
        console.say(f"in the draft {path}")
