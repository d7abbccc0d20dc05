"""What a person writes into the timeline, corrects and looks for: the part of the command screen that does it."""

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual import on
from textual.widgets import Input

from iccon.console import entryforms, questions
from iccon.console.safe import copy
from iccon.console.screens.live import LiveSurface
from iccon.console.widgets.runbook import RunbookView
from iccon.console.widgets.timeline import TimelineView
from iccon.incident import commands as c
from iccon.incident.fold import Ledger
from iccon.incident.history import history
from iccon.incident.jotting import command
from iccon.incident.timeline import Item, Timeline
from iccon.journal.drafts import find_key, note_key, unfinished
from iccon.when import split, stamp, written

if TYPE_CHECKING:
    from iccon.console.drafts import DraftInput
    from iccon.console.widgets.notebar import NoteBar


class EditingSurface(LiveSurface):
    """Notes, corrections, and what is found in the timeline of one incident."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.incident = ledger.incident
        self.ledger = ledger
        self.timeline = Timeline(ledger)
        self._mounting = asyncio.Lock()
        self._doubted = ""  # the typed line that was refused last

    async def _ask(self, question: questions.Question) -> None:
        await self.console.ask(question, self.incident)

    # The chosen entry

    async def action_amend(self) -> None:
        """Correct the entry under the timeline's cursor."""
        if item := self._chosen_item():
            await self._ask(entryforms.amend(item, self.ledger.state, self.form_clock))

    async def action_history(self) -> None:
        """Show what became of the entry under the timeline's cursor."""
        if item := self._chosen_item():
            from iccon.console.screens.history import HistoryScreen  # not on the first screen

            versions = history(self.ledger, self.ledger.by_id[item.id])
            await self.app.push_screen(HistoryScreen(versions, self.console.parts.zone))

    async def action_insert(self) -> None:
        """Open the note line with a time right after the entry under the timeline's cursor."""
        if item := self._chosen_item():
            clock = self.form_clock
            words = written(self.timeline.after(self.ledger.by_id[item.id], clock.now), clock.now, clock.zone)
            line = f"{words} {split((await self.console.draft(self._note_key))[0])[1]}"
            await self.console.save_draft(self._note_key, line, len(line))
            await self.action_note()

    def action_copy(self) -> None:
        """Offer the entry under the timeline's cursor to the terminal's clipboard, and keep it in a file."""
        if item := self._chosen_item():
            at = stamp(item.happened_at, self.console.parts.zone, day=True)
            file = self.console.parts.setting.folders.data / "exports" / "copied.txt"
            self.console.say(copy(self.app, f"{at}  {item.actor}  {item.text}\n", file))

    async def action_gap(self) -> None:
        """Propose a change of the runbook where it is read, or add the chosen entry to its draft."""
        from iccon.console import gap  # not on the first screen
        from iccon.runbooks.drafts import source_of

        view = self.first(RunbookView)
        if view is not None and view.has_focus:
            await gap.here(self.console, self.incident, view)
        elif item := self._chosen_item():
            entry = self.ledger.effective(self.ledger.by_id[item.id])
            await gap.from_entry(self.console, self.incident, view, source_of(item, entry))

    async def action_strike(self) -> None:
        """Strike the entry under the timeline's cursor."""
        if item := self._chosen_item():
            await self._ask(entryforms.strike(item))

    async def action_pin(self) -> None:
        """Let the entry under the timeline's cursor stand out, or no longer."""
        if item := self._chosen_item():
            await self.console.act(c.Pin(target=item.id, on=not item.pinned), self.incident)

    def _chosen_item(self) -> Item | None:
        view = self.first(TimelineView)
        item = view.chosen if view else None
        if item is None:
            self.console.say("no timeline entry is chosen: go to the timeline and move to one", "warning")
        return item

    # The note line

    @property
    def _note_key(self) -> str:
        return note_key(self.incident)

    async def _note_bar(self) -> "NoteBar":
        """Return the note line; a key that is quicker than the first frame makes it."""
        from iccon.console.widgets.notebar import NoteBar  # not on the first frame

        async with self._mounting:
            if not self.query("#note_line"):
                await self.mount(NoteBar(self.console.save_draft, id="note_line"))
        return self.query_one("#note_line", NoteBar)

    async def action_note(self) -> None:
        """Open the note line with what was typed before; what has several lines goes on in the editor."""
        text, cursor = await self.console.draft(self._note_key)
        if "\n" in text:
            await self.action_editor()
        else:
            (await self._note_bar()).open(self._note_key, text, cursor)

    async def action_editor(self) -> None:
        """Open the editor of several lines with what was typed before."""
        await self._ask(entryforms.note(self.form_clock, self.ledger.state))

    async def on_draft_input_several(self, message: "DraftInput.Several") -> None:
        """Go on in the editor with what is typed in the note line, or was pasted into it."""
        bar = await self._note_bar()
        bar.field.keeper.hold()
        await self.console.save_draft(self._note_key, message.text or None, len(message.text))
        bar.close()
        await self.action_editor()

    async def _restore_note(self) -> None:
        """Bring back a note that was being typed when the console ended, and say what else was."""
        found = await self.console.parts.desk.call(lambda desk: desk.journal.drafts())
        if others := unfinished(found, self.incident):
            self.console.say(f"begun and not finished, there again when it is opened: {', '.join(others)}")
        if any(draft.key == self._note_key for draft in found):
            await self.action_note()

    @on(Input.Submitted, "#note")
    async def _note_typed(self, event: Input.Submitted) -> None:
        bar = await self._note_bar()
        bar.field.keeper.hold()  # a draft that is saved after the note would come back as another note
        refused = await self._jotted(event.value)
        if refused is None:
            bar.close()
        else:
            await bar.field.keeper.now()

    async def _jotted(self, line: str) -> str | None:
        """Do what a typed line means; return why not, which is shown as well."""
        clock = self.form_clock
        wanted = command(line, clock.now, clock.zone, self.ledger.state.declared_at)
        if isinstance(wanted, str):
            self.console.say(wanted, "warning")
            return wanted
        wanted = replace(wanted, again=line == self._doubted)
        refused = await self.console.act(wanted, self.incident, drop_draft=self._note_key)
        self._doubted = line if refused is not None else ""
        return refused

    async def action_task(self) -> None:
        """Ask for a decision, with all that may be said of it, a question, an action or a todo."""
        from iccon.console import taskforms  # not on the first screen

        await self._ask(taskforms.add_task(self.form_clock))

    # Finding

    async def action_find(self) -> None:
        """Open the find line with what was looked for before."""
        from iccon.console.widgets.notebar import FindBar  # not on the first frame

        async with self._mounting:
            if not self.query(FindBar):
                await self.mount(FindBar(self.console.save_draft))
        words, cursor = await self.console.draft(find_key(self.incident))
        self.query_one(FindBar).open(find_key(self.incident), words, cursor)
        self.each(TimelineView, lambda view: view.find(words))

    @on(Input.Changed, "#find")
    def _find_typed(self, event: Input.Changed) -> None:
        self.each(TimelineView, lambda view: view.find(event.value))

    @on(Input.Submitted, "#find")
    async def _find_kept(self, event: Input.Submitted) -> None:
        """Leave what was found on the screen, and go there."""
        from iccon.console.widgets.notebar import FindBar  # not on the first frame

        bar = self.query_one(FindBar)
        await bar.field.keeper.flush()
        bar.hide()
        if (view := self.first(TimelineView)) is not None:
            view.focus()

    def on_find_bar_left(self) -> None:
        """Show the whole timeline again."""
        self.each(TimelineView, lambda view: view.show_all())
