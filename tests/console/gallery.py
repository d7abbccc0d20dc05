"""Draws every widget at the sizes that matter: `python tests/console/gallery.py FOLDER [theme …]` writes SVG files.

Not a test: for the eye of whoever changes a widget.
"""

import asyncio
import sys
from pathlib import Path

from textual.containers import Horizontal
from textual.widget import Widget
from widgetmakers import RUNBOOK, START, Gallery, board, document, pages, state, timeline, troubles

from iccon.console.safe import set_titles
from iccon.console.widgets.board import BoardView
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.pages import PagesView
from iccon.console.widgets.runbook import RunbookView
from iccon.console.widgets.strip import StateStrip
from iccon.console.widgets.timeline import TimelineView

KEYS = [("n", "Note"), ("a", "Ack"), ("u", "Update"), ("r", "Runbook"), ("s", "Severity"), ("p", "Phase")]
KEYS += [("i", "Impact"), ("o", "Role"), ("R", "Resolve"), ("z", "Zoom"), ("?", "Help")]
SIZES = ((80, 24), (120, 36), (200, 50))


def framed(widget: Widget, title: str, width: str = "1fr", height: str = "1fr") -> Widget:
    set_titles(widget, title)
    widget.styles.border = ("round", "gray")
    widget.styles.width = width
    widget.styles.height = height
    return widget


async def picture(folder: Path, theme: str, size: tuple[int, int]) -> None:
    strip, keys = StateStrip(), KeyBar([*KEYS])
    strip.styles.height = 3
    signals, paging, lines, book = BoardView(), PagesView(), TimelineView(), RunbookView()
    upper = Horizontal(framed(signals, "Golden signals", "3fr"), framed(paging, "Pages [/x]", "2fr"))
    lower = Horizontal(framed(lines, "Timeline", "3fr"), framed(book, "Runbook", "2fr"))
    upper.styles.height, lower.styles.height = "2fr", "3fr"
    app = Gallery([strip, upper, lower, keys], theme)
    async with app.run_test(size=size) as pilot:
        strip.show(state(drill=True), START, troubles=troubles(), environment="staging")
        signals.show(board(), START.timestamp(), "timeout: no answer within 10 s")
        paging.show(pages(), START, pending={"pagerduty:P3": "ack sending"})
        lines.show(timeline())
        book.show(document(RUNBOOK))
        signals.focus()
        await pilot.press("down", "right", "right")
        await pilot.pause()
        save(app, folder / f"{theme}-{size[0]}a.svg")
        lines.focus()
        await pilot.press("up", "up", "up", "up", "up")
        await pilot.pause()
        save(app, folder / f"{theme}-{size[0]}b.svg")
        paging.focus()
        paging.show(pages()[1:], START, "rate limited: 429", pending={"pagerduty:P3": "ack unknown"})
        await pilot.press("down")
        strip.show(
            state(impacts=(), roles={}, theory=None),
            START,
            record_trouble="disk is full",
            read_only=True,
            troubles=troubles(),
        )
        lines.choose_id(lines.timeline.order[16].id)
        await pilot.pause()
        save(app, folder / f"{theme}-{size[0]}c.svg")


def save(app: Gallery, path: Path) -> None:
    path.write_text(app.export_screenshot(), encoding="utf-8")


async def main(folder: Path, themes: list[str]) -> None:
    for theme in themes or ["iccon-dark"]:
        for size in SIZES:
            await picture(folder, theme, size)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, sys.argv[2:]))
