"""Help: every key of the place one came from, and of everywhere. Made from the one registry."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from iccon.console.commands import APP, LIVE, ConsoleCommand, key_name, of, to_state
from iccon.console.safe import SafeLabel, SafeStatic, set_titles
from iccon.console.screens.base import Modal

MOVING = ("↑ ↓  j k", "Move in the list; also pgup, pgdn, home, end")
LISTS = (
    MOVING,
    ("← →", "Board: move between the cells"),
    ("↵", "Board: the chart of the cell"),
    ("↵", "Pages: all about the page, or unfold a group"),
    ("↵", "Timeline: evidence, what is named, the folded"),
    ("^o  ^l", "Note: several lines; a link to what is chosen"),
    ("space  ⌫", "Pages: mark a page for the next action; no marks"),
    ("G", "Pages: one row for what belongs together, or each"),
    ("m", "Timeline: show or fold machine entries"),
    ("f3", "Timeline: next found; shift+f3 previous"),
    ("b", "Timeline: by when it was recorded, or happened"),
    ("[  ]  #", "Runbook: previous and next heading, all of them"),
    ("/  n N", "Runbook: search in it; next, previous; esc ends"),
    ("f b  ^d ^u  g G", "Runbook: pages, half pages, its ends"),
    ("← →", "Runbook: previous and next step"),
    ("↵  ⌫", "Runbook: follow a link; back"),
    ("y", "Runbook: copy the code of the step, or in view"),
    ("V", "Runbook: the version read first, or the file"),
)
KEYS = 16  # cells of the column of keys


class HelpScreen(Modal[None]):
    """A list of keys; closed by any of Escape, `?` and `q`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close", show=False),
        to_state(),
    ]

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
            "Here",
            *(self._line(c) for c in here),
            "",
            *self._lists(),
            "",
            "Everywhere",
            *(self._line(c) for c in of(APP)),
        ]

    def _lists(self) -> list[str]:
        """Return the keys of the regions that are on the screen below."""
        shown = LISTS if LIVE in self._scopes else (MOVING,)
        return ["In lists", *(f"  {keys:<{KEYS}}{text}" for keys, text in shown)]

    def _line(self, command: ConsoleCommand) -> str:
        keys: Sequence[str] = self._keys.get(command.id, command.keys)
        return f"  {'  '.join(key_name(key) for key in keys):<{KEYS}}{command.help}"
