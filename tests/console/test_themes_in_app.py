"""Every theme, layout and size: the console opens, and each form is wholly on the screen."""

from pathlib import Path
from typing import Any

import pytest
from running import Running, config_of, do_before, running, setting_in
from textual.geometry import Region

from iccon.config import schema
from iccon.config.layout import layout_files
from iccon.config.theme import theme_files
from iccon.console.screens.base import Modal
from iccon.console.screens.composer import Composer
from iccon.console.screens.form import Form
from iccon.console.screens.help import HelpScreen
from iccon.console.screens.incident import IncidentScreen
from iccon.console.widgets.timeline import TimelineView
from iccon.incident import commands as c
from iccon.incident.severity import Severity

SIZES = ((80, 24), (120, 36), (200, 50))
THEMES, LAYOUTS = sorted(theme_files()), sorted(layout_files())


def setting(folder: Path, size: str = "", **console: Any) -> Any:
    outlets = {"file": schema.Outlet("file", path=str(folder / "updates.md"))}
    config = config_of(
        console=schema.Console(zone="UTC", **console), updates=schema.Updates(outlets), environment="production"
    )
    made = setting_in(folder, config)
    title = c.Declare(title="Checkout fails for most customers in Europe and beyond " * 2, severity=Severity.SEV1)
    do_before(made, title, c.StartImpact(scope="EU"), c.AddNote(text="a note " * 30))
    return made


@pytest.mark.parametrize("theme", THEMES)
async def test_every_bundled_theme_opens_at_every_size(tmp_path: Path, theme: str) -> None:
    made = setting(tmp_path, theme=theme)
    async with running(made) as console:
        assert console.app.theme == theme
        for size in SIZES:
            await console.pilot.resize_terminal(*size)
            await console.settle()
            assert "SEV1" in console.shown()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_bundled_layout_opens_at_every_size(tmp_path: Path, layout: str, size: tuple[int, int]) -> None:
    async with running(setting(tmp_path, layout=layout), size=size) as console:
        screen = await console.until_incident()
        for region in screen.query(".region"):
            assert region.region in Region(0, 0, *size), region
            assert region.size.height > 0 and region.size.width > 0
        assert "SEV1" in console.shown()
        await console.press("n", *"in every layout", "enter")
        assert len([e for e in await console.entries() if e.kind == "note"]) == 2


async def test_themes_can_be_gone_through(tmp_path: Path) -> None:
    async with running(setting(tmp_path)) as console:
        await console.until(lambda: len(console.app._themes) == len(THEMES))
        seen = set()
        for _ in THEMES:
            await console.press("f8")
            seen.add(console.app.theme)
        assert seen == set(THEMES)


def inside(console: Running) -> None:
    """All of the box is on the screen, and all that takes the focus is inside the box and shown."""
    screen = console.app.screen
    box = screen.query_one("#box").region
    assert box in Region(0, 0, *console.app.size)
    for widget in screen.query("#box *"):
        if widget.display and widget.size.height:
            assert widget.region in box or widget.parent is not screen.query_one("#box"), widget
    assert not screen.query_one("#box").show_vertical_scrollbar


async def reach_all(console: Running) -> None:
    """Tab comes to everything that takes the focus."""
    wanted = set(console.app.screen.focus_chain)
    reached = set()
    for _ in range(len(wanted) + 1):
        await console.press("tab")
        reached.add(console.app.focused)
    assert wanted <= reached


FORMS: tuple[tuple[str, type[Modal[Any]]], ...] = (
    *((key, Form) for key in "spiotTRdex"),
    ("u", Composer),
    ("question_mark", HelpScreen),
)


@pytest.mark.parametrize("half", [0, 1])
async def test_every_form_is_wholly_on_a_small_screen(tmp_path: Path, half: int) -> None:
    async with running(setting(tmp_path), size=(80, 24)) as console:
        console.one(TimelineView).focus()
        await console.pilot.pause()
        await console.press("up")
        for key, kind in FORMS[half::2]:
            await console.press(key)
            await console.until_modal(kind)
            await console.settle()
            inside(console)
            await reach_all(console)
            assert "esc" in console.shown(), key
            await console.press("escape")
            await console.until(lambda: isinstance(console.app.screen, IncidentScreen))


async def test_the_composer_with_findings_is_wholly_on_a_small_screen(tmp_path: Path) -> None:
    async with running(setting(tmp_path), size=(80, 24)) as console:
        await console.press("u")
        await console.until_modal(Composer)
        await console.settle()
        await console.press("enter", *"TODO 10.0.0.1 db1.internal root cause", "ctrl+s")
        inside(console)
        assert "reason" in console.shown()
        assert console.app.screen.query_one("#reason").region in console.app.screen.query_one("#box").region


async def test_without_colours_the_words_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(setting(tmp_path)) as console:
        await console.settle()
        shown = console.shown()
        assert "SEV1" in shown and "production" in shown
        strips = console.app.screen._compositor.render_strips(console.app.size)
        filters = console.app._filters
        for strip in strips:
            shown_strip = strip
            for line_filter in filters:
                if line_filter.enabled:
                    shown_strip = shown_strip.apply_filter(line_filter, console.app.screen.background_colors[1])
            for segment in shown_strip:
                for colour in (segment.style and segment.style.color, segment.style and segment.style.bgcolor):
                    assert colour is None or colour.triplet is None or len(set(colour.triplet)) == 1


async def test_ascii_means_that_no_sign_of_ours_is_outside_ascii(tmp_path: Path) -> None:
    async with running(setting(tmp_path, ascii=True), size=(120, 36)) as console:
        for keys in (("n",), ("escape", "s"), ("escape", "u"), ("escape", "?"), ("escape", "h"), ("d",)):
            await console.press(*keys)
            await console.settle()
            strange = {sign for sign in console.shown() if ord(sign) > 126}
            assert not strange, f"after {keys}: {strange}"
