from pathlib import Path

import pytest
from running import declared, running, setting_in
from textual.color import Color
from textual.theme import BUILTIN_THEMES
from widgetmakers import Gallery

from iccon.console.inks import INKS, colour_of, style_of
from iccon.console.verdicts import LOOKS
from iccon.console.widgets.keybar import KeyBar
from iccon.console.widgets.strip import StateStrip
from iccon.runbooks.markdown import STYLES

GROUND = Color.parse("#202020")
WHITE = Color.parse("#ffffff")


@pytest.mark.parametrize(
    ("value", "mixed"),
    [
        ("#336699", "#336699"),
        ("#ffffff 50%", "#8f8f8f"),
        ("#ffffff 0%", "#202020"),
        ("auto 100%", GROUND.get_contrast_text(1).hex),
    ],
)
def test_a_variable_is_a_colour_on_a_ground(value: str, mixed: str) -> None:
    assert (GROUND + colour_of(value)).hex.lower() == mixed.lower()


@pytest.mark.parametrize("value", ["ansi_red", "ansi_red 60%"])
def test_the_terminals_own_colours_stay_what_they_are(value: str) -> None:
    assert (GROUND + colour_of(value)).rich_color.number == 1


def test_text_is_mixed_with_its_own_ground() -> None:
    variables = {"row-cursor": "#ffffff", "block-cursor-foreground": "auto 100%"}
    look = style_of("cursor", variables, GROUND)
    assert look.bgcolor == WHITE.rich_color
    assert look.color == WHITE.get_contrast_text(1).rich_color


def test_all_that_asks_for_an_ink_has_one() -> None:
    assert {look.style for look in LOOKS.values()} <= INKS.keys()
    assert {f"md-{name.replace('_', '-')}" for name in STYLES - {"text"}} <= INKS.keys()


@pytest.mark.parametrize("theme", sorted(BUILTIN_THEMES))
async def test_every_ink_can_be_had_in_textuals_own_themes(theme: str) -> None:
    app = Gallery([KeyBar()])
    app.theme = theme
    async with app.run_test() as pilot:
        await pilot.pause()
        for name in INKS:
            app.query_one(KeyBar).look(name, "cursor")


async def test_another_theme_gives_other_inks(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    async with running(setting) as console:
        await console.until(lambda: len(console.app._themes) > 1)
        before = console.one(StateStrip).look("v-bad")
        console.app.theme = "iccon-light"
        await console.settle()
        after = console.one(StateStrip).look("v-bad")
        wanted = Color.parse(console.app.theme_variables["verdict-bad"])
        assert before != after
        assert after.color == wanted.rich_color
