"""One-line choices: one of several (`Cycle`), any of several (`Toggles`). Foreign names are cleaned."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from iccon.text import clean


class Changed(Message):
    """The choice of `sender` changed."""

    def __init__(self, sender: Widget) -> None:
        super().__init__()
        self.sender = sender

    @property
    def control(self) -> Widget:
        """The widget."""
        return self.sender


class OneLine(Widget, can_focus=True):
    """The look that both share."""

    DEFAULT_CSS = """
    OneLine { height: 1; width: 100%; color: $foreground; background: $surface; }
    OneLine:focus { background: $boost; text-style: bold; }
    """
    LABEL_WIDTH = 10

    def __init__(self, label: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = label

    def changed(self) -> None:
        """Show and tell that the choice is another one."""
        self.refresh()
        self.post_message(Changed(self))

    def render(self) -> Content:
        """The label and the choices, as written."""
        return Content(f"{self._label:<{self.LABEL_WIDTH}}{self.words()}")

    def words(self) -> str:
        """The choices as text."""
        raise NotImplementedError


class Cycle(OneLine):
    """One of `options` (value, words); left and right go through them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "by(-1)", "Previous", show=False),
        Binding("right,space", "by(1)", "Next", show=False),
    ]

    def __init__(self, label: str, options: Sequence[tuple[str, str]], value: str, *, id: str | None = None) -> None:
        super().__init__(label, id=id)
        self._options = list(options)
        self._at = next((i for i, (key, _) in enumerate(options) if key == value), 0)

    @property
    def value(self) -> str:
        """The chosen value."""
        return self._options[self._at][0]

    def action_by(self, step: int) -> None:
        """Go to the next or previous."""
        self._at = (self._at + step) % len(self._options)
        self.changed()

    def words(self) -> str:
        """The chosen one between arrows."""
        return f"‹ {clean(self._options[self._at][1], 60)} ›"


class Toggles(OneLine):
    """Any of `names`; left and right move the mark, space switches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "by(-1)", "Previous", show=False),
        Binding("right", "by(1)", "Next", show=False),
        Binding("space", "switch", "Switch", show=False),
    ]

    def __init__(self, label: str, names: Iterable[str], on: Iterable[str], *, id: str | None = None) -> None:
        super().__init__(label, id=id)
        self._names = list(names)
        self._on = set(on)
        self._at = 0

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names that are on, in their order."""
        return tuple(name for name in self._names if name in self._on)

    def offer(self, names: Iterable[str]) -> None:
        """Offer other names, all of them on; the same names stay as they were switched."""
        names = list(names)
        if names != self._names:
            self._names, self._on, self._at = names, set(names), 0
            self.refresh()

    def action_by(self, step: int) -> None:
        """Move the mark."""
        if self._names:
            self._at = (self._at + step) % len(self._names)
            self.refresh()

    def action_switch(self) -> None:
        """Switch the marked name."""
        if self._names:
            self._on ^= {self._names[self._at]}
            self.changed()

    def words(self) -> str:
        """Each name with its box; the marked one in angle brackets while focused."""
        if not self._names:
            return "none is configured for this audience: [updates.outlets]"
        parts = []
        for index, name in enumerate(self._names):
            text = f"[{'x' if name in self._on else ' '}] {clean(name, 30)}"
            parts.append(f"‹{text}›" if self.has_focus and index == self._at else f" {text} ")
        return "".join(parts)

    def on_focus(self) -> None:
        """Show the mark."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the mark."""
        self.refresh()
