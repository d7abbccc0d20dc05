"""Help: every key of the place one came from, and of everywhere. Made from the one registry."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll

from iccon.console.commands import APP, ConsoleCommand, key_name, of
from iccon.console.safe import SafeLabel, SafeStatic, set_titles
from iccon.console.screens.base import Modal

LISTS = (
    ("↑ ↓ pgup pgdn home end", "move in the focused list"),
    ("← →", "move between the cells of the board"),
    ("m", "timeline: show or fold machine entries"),
    ("tab  shift+tab", "next and previous region"),
)


class HelpScreen(Modal[None]):
    """A list of keys; closed by any of Escape, `?` and `q`."""

    BINDINGS = [Binding("escape,question_mark,q,enter", "dismiss", "Close", show=False)]

    def __init__(self, scopes: Sequence[str], keys: Mapping[str, tuple[str, ...]], read_only: bool) -> None:
        super().__init__()
        self._scopes = scopes
        self._keys = keys
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """Two headed lists in a box that scrolls."""
        with Vertical(id="box") as box:
            set_titles(box, "Keys")
            with VerticalScroll(id="scroll"):
                yield SafeStatic("\n".join(self._lines()))
            yield SafeLabel("↑ ↓ scroll   esc close", id="hint")

    def _lines(self) -> list[str]:
        here = of(*self._scopes, read_only=self._read_only)
        return [
            *(self._line(c) for c in here),
            "",
            *(f"  {keys:<24} {text}" for keys, text in LISTS),
            "",
            *(self._line(c) for c in of(APP)),
        ]

    def _line(self, command: ConsoleCommand) -> str:
        keys: Sequence[str] = self._keys.get(command.id, command.keys)
        return f"  {'  '.join(key_name(key) for key in keys):<24} {command.help}"
