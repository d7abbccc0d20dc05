"""A program that shows hostile text through every widget; with `raw` through careless ones too, so that only the guard
is left between them and the terminal.
"""

import sys
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from widgetmakers import HOSTILE, START, Gallery, board, document, entry, page, state, timeline, troubles

from iccon.console.safe import SafeButton, SafeLabel, SafeOptions, SafeStatic, notify, set_titles
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.pages import PagesView
from iccon.console.widgets.runbook import RunbookView
from iccon.console.widgets.strip import StateStrip
from iccon.console.widgets.timeline import TimelineView
from iccon.console.widgets.virtual import VirtualList
from iccon.incident.entries import Note

NASTY = [*HOSTILE, "\x1b[38;5;199mpink"]


class Unsafe(Widget):
    """Hands text to Textual as a careless widget would."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.styles.height = 1

    def render(self) -> Content:
        return Content(self.text, strip_control_codes=False)


class Program(Gallery):
    """All widgets at once."""

    BINDINGS: ClassVar = [("q", "quit", "Quit")]

    def __init__(self, raw: bool) -> None:
        super().__init__(())
        self.careless = raw

    def compose(self) -> ComposeResult:
        joined = " ".join(text[:200] for text in NASTY)
        yield StateStrip(id="strip")
        yield SafeStatic(joined, id="static")
        yield SafeLabel(joined)
        yield SafeButton("[/x]\x1b]0;owned\x07")
        yield SafeOptions([(str(i), text) for i, text in enumerate(NASTY)], id="options")
        for kind in (VirtualList, BoardView, PagesView, TimelineView, RunbookView):
            widget = kind()
            set_titles(widget, joined, "[/b]")
            widget.styles.border = ("solid", "gray")
            yield widget
        if self.careless:
            for text in NASTY:
                yield Unsafe(text[:300])
        yield KeyBar([(text, text) for text in NASTY[:3]])
        yield SafeStatic("LAST LINE")

    def on_mount(self) -> None:
        for widget in self.query("SafeStatic, SafeLabel, StateStrip"):
            widget.styles.height = 1
        self.query_one("#options").styles.height = 5
        self.query_one(VirtualList).set_rows(NASTY)
        self.query_one(BoardView).show(board(), START.timestamp(), NASTY[5])
        raw = [page(i, title=text, service=text, acknowledged_by=text) for i, text in enumerate(NASTY)]
        self.query_one(PagesView).show(raw, START, NASTY[3], {raw[0].key: NASTY[4]})
        notes = [entry(i, Note(text=text), actor=text) for i, text in enumerate(NASTY)]
        self.query_one(TimelineView).show(timeline(notes))
        self.query_one(RunbookView).show(document("\n\n".join(NASTY)))
        self.query_one(StateStrip).show(
            state(title=NASTY[4]), START, environment=NASTY[3], record_trouble=NASTY[5], troubles=troubles()
        )
        for text in NASTY[:6]:
            notify(self, text, timeout=0.2)


if __name__ == "__main__":
    Program(sys.argv[1] == "raw").run()
