"""One form for every small question: texts, one choice, or only a confirmation. Wholly visible at 80x24.

The form stays open, with what was typed, until its answer was accepted: a refusal is shown inside it. Every text is
a draft on disk while it is typed, and is there again when the form is opened again. Escape keeps it too, but for
what began with a proposal (a person, a time): that is proposed again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.widgets import Input

from iccon.background import spawn
from iccon.console.drafts import DraftInput, Drafts
from iccon.console.fit import cells, crop, wrap
from iccon.console.questions import Answers, ChoiceField, Field, TextField
from iccon.console.safe import SafeLabel, SafeOptions, set_titles
from iccon.console.screens.base import Modal
from iccon.text import clean, clean_block

if TYPE_CHECKING:
    from iccon.console.widgets.draftarea import DraftArea

# Takes the answers; returns why they are not accepted, or None when the thing is done.
Submit = Callable[[Answers], Awaitable[str | None]]
WIDTH = 76  # cells of the box
BORDERS = 2  # lines
REFUSAL = 3  # lines of the reason why not; kept free
OPTIONS = 10  # lines of a choice; a longer one scrolls
AREA = (3, 12)  # lines of a text of several lines, at least and at most


class Form(Modal[bool]):
    """Asks `fields`; dismissed with True once `submit` accepted, with False on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
        Binding("enter", "submit", "Accept", show=False, priority=True),
        Binding("ctrl+s", "accept", "Accept", show=False, priority=True),
        Binding("ctrl+o", "external", "$EDITOR", show=False, priority=True),
    ]

    def __init__(
        self, title: str, fields: Sequence[Field], submit: Submit, drafts: Drafts, *, lines: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = fields
        self._submit = submit
        self._drafts = drafts
        self._lines = lines
        self._busy = False
        self._typed: dict[str, DraftInput | DraftArea] = {}

    def compose(self) -> ComposeResult:
        """Lay the fields out in the order given."""
        tight, said, area = self._fitted(self.app.size)
        with Vertical(id="box", classes="-tight" if tight else "") as box:
            set_titles(box, self._title)
            label = SafeLabel("\n".join(said), id="lines", classes="line")
            label.display = bool(said)
            yield label
            for field in self._fields:
                with Vertical(classes="field"):
                    yield from self._compose_field(field, area)
            yield SafeLabel("", id="error")
            yield SafeLabel(self._hint(), id="hint")

    def _compose_field(self, field: Field, area: int) -> ComposeResult:
        if field.label:
            yield SafeLabel(field.label, classes="label")
        if isinstance(field, TextField):
            widget = self._typed[field.id] = self._text(field)
            if field.several:
                widget.styles.height = area
            yield widget
        else:
            yield SafeOptions(field.options, chosen=field.value, shut=field.shut, id=f"field-{field.id}")

    def _text(self, field: TextField) -> "DraftInput | DraftArea":
        key, save, ident = self._drafts.field(field.id), self._drafts.save, f"field-{field.id}"
        if not field.several:
            return DraftInput(key, save, untouched=field.value, placeholder=field.placeholder, id=ident)
        from iccon.console.widgets.draftarea import DraftArea  # slow to import

        return DraftArea(key, save, untouched=field.value, id=ident)

    def _hint(self) -> str:
        several = any(isinstance(f, TextField) and f.several for f in self._fields)
        parts = ["^s accept", "^o $EDITOR", "esc leave"] if several else ["enter accept", "esc cancel"]
        if any(isinstance(f, ChoiceField) for f in self._fields):
            parts.insert(0, "↑ ↓ choose" if isinstance(self._fields[0], TextField) else "↑ ↓ or number choose")
        if len(self._fields) > 1:
            parts.insert(-1, "tab next")
        return "   ".join(parts)

    def on_mount(self) -> None:
        """Bring back what was typed before, and put the cursors where they were, or behind the texts."""
        for ident, widget in self._typed.items():
            text, cursor = self._drafts.kept.get(ident, (widget.untouched, len(widget.untouched)))
            widget.load(widget.draft_key, text, cursor)

    # Room

    def on_resize(self) -> None:
        """Give each part the lines that it can have in a terminal of another size."""
        tight, said, area = self._fitted(self.app.size)
        self.query_one("#box").set_class(tight, "-tight")
        self.query_one("#lines", SafeLabel).update("\n".join(said))
        for field in self._fields:
            if isinstance(field, TextField) and field.several:
                self._typed[field.id].styles.height = area

    def _fitted(self, size: Size) -> tuple[bool, list[str], int]:
        """Return whether labels stand beside their fields, what is read before these, and the lines of a long text."""
        room = size.height * 96 // 100 - BORDERS - REFUSAL - 1
        width = min(WIDTH, size.width * 96 // 100) - 4
        tight = self._height(tight=False) + len(self._read(width)) > room
        left = room - self._height(tight=tight)
        said = self._read(width, max(left, 1))
        return tight, said, min(AREA[0] + max(left - len(said), 0), AREA[1])

    def _height(self, *, tight: bool) -> int:
        """Return how many lines the fields take at least."""
        total = 0
        for field in self._fields:
            own = (
                min(len(field.options), OPTIONS) if isinstance(field, ChoiceField) else AREA[0] if field.several else 1
            )
            total += own + (2 if field.label and not tight else 0)
        return total

    def _read(self, width: int, room: int | None = None) -> list[str]:
        """Return what is read before the fields, in at most `room` lines: first each in one, then not all of them."""
        texts = [clean_block(line, 2000) for line in self._lines]
        lines = [part for text in texts for part in ([text] if cells(text) <= width else wrap(text, width))]
        if room is None or len(lines) <= room:
            return lines
        lines = [crop(clean(text), width) for text in texts]
        return lines if len(lines) <= room else [*lines[: room - 1], f"and {len(lines) - room + 1} more"]

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Arrows reach the choice from a text field, so that nobody needs Tab to pick a severity; in it, numbers do."""
        here = self.focused
        options = here if isinstance(here, SafeOptions) else next(iter(self.query(SafeOptions)), None)
        if options is None or self._in_area:
            return
        if options.has_focus:
            if event.key.isdigit() and 0 < int(event.key) <= options.option_count:
                options.highlighted = int(event.key) - 1
                event.stop()
        elif event.key in ("up", "down"):
            options.action_cursor_up() if event.key == "up" else options.action_cursor_down()
            event.stop()

    @property
    def _in_area(self) -> bool:
        """Say whether several lines are being typed."""
        return self.focused is not None and not isinstance(self.focused, Input | SafeOptions)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Enter to a text of several lines: there it begins another one."""
        return False if action == "submit" and self._in_area else super().check_action(action, parameters)

    @on(Input.Submitted)
    async def _submitted(self) -> None:
        await self.action_submit()

    async def action_accept(self) -> None:
        """Give the answers, from a text of several lines too."""
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
            self.say(refused)

    def say(self, text: str) -> None:
        """Show why not, in the lines that are kept free for it."""
        label = self.query_one("#error", SafeLabel)
        label.update("\n".join(wrap(clean(text, 2000), max(label.size.width, 20), REFUSAL)))

    async def _try(self) -> str | None:
        """Submit. No draft is saved behind the back of what is submitted, and all are when it is refused."""
        for widget in self._typed.values():
            widget.keeper.hold()
        refused = await self._submit(self._answers())
        if refused is not None:
            for widget in self._typed.values():
                await widget.keeper.now()
        return refused

    def _answers(self) -> Answers:
        return {field.id: self._answer(field) for field in self._fields}

    def _answer(self, field: Field) -> str:
        if isinstance(field, TextField):
            return self._typed[field.id].value
        return self.query_one(f"#field-{field.id}", SafeOptions).chosen or ""

    def _missing(self) -> str | None:
        for field in self._fields:
            if isinstance(field, TextField) and field.required and not self._answer(field).strip():
                self._typed[field.id].focus()
                return f"{field.label or 'the text'} is empty"
        return None

    def action_external(self) -> None:
        """Give the text of several lines to the person's own editor."""
        several = (self._typed[f.id] for f in self._fields if isinstance(f, TextField) and f.several)
        if (widget := next(several, None)) is not None and not self._busy:
            self._busy = True
            spawn(self._edit(widget), "editor")

    async def _edit(self, widget: "DraftInput | DraftArea") -> None:
        from iccon.console.external import NotEdited, edited  # seldom asked for

        async def told(text: str) -> None:
            await self._drafts.save(widget.draft_key, text, len(text))

        await widget.keeper.now()
        try:
            text = await edited(self.console, widget.value, told)
        except NotEdited as why:
            self.say(str(why))
        else:
            widget.load(widget.draft_key, text, len(text))
            self.say("it is not kept yet: ^s does")
        finally:
            self._busy = False
        await widget.keeper.now()

    async def action_cancel(self) -> None:
        """Leave. What was typed stays on disk; what was proposed is proposed again."""
        for field in self._fields:
            if isinstance(field, TextField):
                widget = self._typed[field.id]
                await (widget.forget() if field.value and not field.several else widget.keeper.flush())
        self.dismiss(False)


def _least(field: Field) -> int:
    """Return how many lines a field takes at least, without its label."""
    if isinstance(field, ChoiceField):
        return min(len(field.options), OPTIONS)
    return AREA[0] if field.several else 1
