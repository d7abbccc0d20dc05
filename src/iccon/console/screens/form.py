"""One form for every small question: texts, one choice, or only a confirmation. Wholly visible at 80x24.

The form stays open, with what was typed, until its answer was accepted: a refusal is shown inside it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from iccon.console.drafts import DraftInput, Save
from iccon.console.questions import Answers, ChoiceField, Field, TextField
from iccon.console.safe import SafeLabel, SafeOptions, set_titles
from iccon.console.screens.base import Modal

# Takes the answers; returns why they are not accepted, or None when the thing is done.
Submit = Callable[[Answers], Awaitable[str | None]]


class Form(Modal[bool]):
    """Asks `fields`; dismissed with True once `submit` accepted, with False on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
        Binding("enter", "submit", "Accept", show=False, priority=True),
    ]

    def __init__(
        self, title: str, fields: Sequence[Field], submit: Submit, save: Save, *, lines: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = fields
        self._submit = submit
        self._save = save
        self._lines = lines
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay the fields out in the order given."""
        with Vertical(id="box") as box:
            set_titles(box, self._title)
            for line in self._lines:
                yield SafeLabel(line, classes="line")
            for field in self._fields:
                yield from self._compose_field(field)
            yield SafeLabel("", id="error")
            yield SafeLabel(self._hint(), id="hint")

    def _compose_field(self, field: Field) -> ComposeResult:
        if field.label:
            yield SafeLabel(field.label, classes="label")
        if isinstance(field, TextField):
            yield DraftInput(
                field.draft, self._save, value=field.value, placeholder=field.placeholder, id=f"field-{field.id}"
            )
        else:
            yield SafeOptions(field.options, chosen=field.value, id=f"field-{field.id}")

    def _hint(self) -> str:
        parts = ["enter accept", "esc cancel"]
        if any(isinstance(f, ChoiceField) for f in self._fields):
            parts.insert(0, "↑ ↓ choose" if isinstance(self._fields[0], TextField) else "↑ ↓ or number choose")
        if len(self._fields) > 1:
            parts.insert(-2, "tab next")
        return "   ".join(parts)

    def on_mount(self) -> None:
        """Put the cursors where they were, or behind the texts."""
        for field in self._fields:
            if isinstance(field, TextField):
                end = len(field.value)
                self._input(field).cursor_position = min(field.cursor, end) if field.cursor >= 0 else end

    def on_key(self, event: events.Key) -> None:
        """Arrows reach the choice from a text field, so that nobody needs Tab to pick a severity; in it, numbers do."""
        here = self.focused
        options = here if isinstance(here, SafeOptions) else next(iter(self.query(SafeOptions)), None)
        if options is None:
            return
        if options.has_focus:
            if event.key.isdigit() and 0 < int(event.key) <= options.option_count:
                options.highlighted = int(event.key) - 1
                event.stop()
        elif event.key in ("up", "down"):
            step = -1 if event.key == "up" else 1
            options.highlighted = ((options.highlighted or 0) + step) % options.option_count
            event.stop()

    @on(Input.Submitted)
    async def _submitted(self) -> None:
        await self.action_submit()

    async def action_submit(self) -> None:
        """Give the answers; stay open with the reason when they are refused. A second Enter meanwhile is ignored."""
        if self._busy:
            return
        self._busy = True
        try:
            refused = self._missing() or await self._try()
        finally:
            self._busy = False
        if refused is None:
            self.dismiss(True)
        else:
            self.query_one("#error", SafeLabel).update(refused)

    async def _try(self) -> str | None:
        """Submit. No draft is saved behind the back of what is submitted, and all are when it is refused."""
        fields = list(self.query(DraftInput))
        for field in fields:
            field.keeper.hold()
        refused = await self._submit(self._answers())
        if refused is not None:
            for field in fields:
                await field.keeper.now()
        return refused

    def _input(self, field: TextField) -> DraftInput:
        return self.query_one(f"#field-{field.id}", DraftInput)

    def _answers(self) -> Answers:
        return {field.id: self._answer(field) for field in self._fields}

    def _answer(self, field: Field) -> str:
        if isinstance(field, TextField):
            return self._input(field).value
        return self.query_one(f"#field-{field.id}", SafeOptions).chosen or ""

    def _missing(self) -> str | None:
        for field in self._fields:
            if isinstance(field, TextField) and field.required and not self._answer(field).strip():
                self._input(field).focus()
                return f"{field.label or 'the text'} is empty"
        return None

    async def action_cancel(self) -> None:
        """Leave; what was typed into a field with a draft key stays on disk."""
        for field in self.query(DraftInput):
            await field.keeper.flush()
        self.dismiss(False)
