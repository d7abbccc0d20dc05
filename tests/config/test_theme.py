"""Themes: the bundled ones are complete and legible, a user's are checked whole."""

from itertools import combinations
from pathlib import Path

import pytest
from msgspec import structs
from textual.app import App
from textual.color import Color
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import Theme

from iccon.config.colour import contrast, is_colour, is_colour_value, luminance, rgb
from iccon.config.load import folders
from iccon.config.schema import Folders
from iccon.config.textual_names import TEXT_STYLES, VARIABLES
from iccon.config.theme import HIGH, LEGIBLE, ThemeFile, load_theme, themes
from iccon.resources import themes_dir

BUNDLED, PROBLEMS = themes()
NAMES = ("ansi-16", "colour-safe", "high-contrast", "iccon-dark", "iccon-light")
GOOD = (themes_dir() / "iccon-dark.toml").read_text(encoding="utf-8")


@pytest.fixture
def places(tmp_path: Path) -> Folders:
    found = folders({"ICCON_HOME": str(tmp_path)})
    found.themes.mkdir(parents=True)
    return found


def test_five_themes_are_bundled_and_sound() -> None:
    assert PROBLEMS == []
    assert tuple(sorted(BUNDLED)) == NAMES
    assert {name for name, theme in BUNDLED.items() if not theme.dark} == {"iccon-light"}
    assert all(theme.help for theme in BUNDLED.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_legible_on_every_ground(name: str) -> None:
    least = HIGH if name == "high-contrast" else LEGIBLE
    low = {pair: round(ratio, 2) for pair, ratio in BUNDLED[name].contrasts().items() if ratio < least}
    assert low == {}


@pytest.mark.parametrize("name", NAMES)
def test_all_themes_name_the_same_variables_of_ours(name: str) -> None:
    ours = {key for key in BUNDLED[name].css_variables() if key not in VARIABLES}
    assert ours == {
        "muted",
        *(f"verdict-{word}" for word in ("ok", "warn", "bad", "stale", "no-data", "not-a-number", "error")),
        *(f"severity-{word}" for word in ("sev1", "sev2", "sev3", "sev4", "sev5", "text")),
    }


def as_textual(theme: ThemeFile) -> Theme:
    palette = {key: value for key, value in structs.asdict(theme.colours).items() if key != "muted"}
    return Theme(theme.name, **palette, dark=theme.dark, ansi=theme.ansi, variables=theme.css_variables())


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_theme_is_one_for_textual(name: str) -> None:
    generated = as_textual(BUNDLED[name]).to_color_system().generate()
    assert set(App[None]().get_css_variables()) <= set(generated) | set(BUNDLED[name].css_variables())
    for value in BUNDLED[name].css_variables().values():
        if is_colour(value):
            Color.parse(value)


def test_the_known_variables_and_styles_are_textuals_own() -> None:
    assert set(App[None]().get_css_variables()) == set(VARIABLES)
    assert TEXT_STYLES <= VALID_STYLE_FLAGS


# Viénot, Brettel and Mollon (1999), in linear RGB: what a deuteranope and a protanope see.
SIGHTS = {
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
}


def seen(colour: str, sight: str) -> tuple[float, float, float]:
    """Return CIE L*a*b* of a colour as seen."""
    linear = [luminance_of(channel / 255) for channel in rgb(colour)]
    red, green, blue = (max(sum(a * b for a, b in zip(row, linear, strict=True)), 0) for row in SIGHTS[sight])
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def luminance_of(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_colour_safe_theme_keeps_verdicts_apart_for_red_green_blind_readers(sight: str) -> None:
    verdicts = structs.asdict(BUNDLED["colour-safe"].verdicts)
    for one, other in combinations(verdicts, 2):
        a, b = seen(verdicts[one], sight), seen(verdicts[other], sight)
        distance = sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5
        assert distance >= 20, (one, other, round(distance, 1))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)
    assert luminance("#ff0000") == pytest.approx(0.2126)
    with pytest.raises(ValueError, match="ansi_red"):
        rgb("ansi_red")


@pytest.mark.parametrize("text", ["#12345", "#ggg", "red", "ansi_purple", "", "#123 ", "rgb(1,2,3)", "#12345678"])
def test_what_is_no_colour(text: str) -> None:
    assert not is_colour(text)


@pytest.mark.parametrize(
    ("text", "fine"), [("#123456 35%", True), ("auto 87%", True), ("#123456 101%", False), ("x 5%", False)]
)
def test_a_share_of_a_colour(text: str, fine: bool) -> None:
    assert is_colour_value(text) is fine


def problems_of(places: Folders, text: str) -> list[tuple[int | None, str, str]]:
    path = places.themes / "mine.toml"
    path.write_text(text, encoding="utf-8")
    theme, found = load_theme(path)
    assert (theme is None) == bool(found)
    return [(problem.line, problem.key, problem.hint) for problem in found]


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(GOOD.splitlines(), 1) if line.startswith(text))


def test_a_copy_of_a_bundled_theme_is_a_theme_of_ones_own(places: Folders) -> None:
    assert problems_of(places, GOOD) == []
    (places.themes / "iccon-light.toml").write_text(GOOD, encoding="utf-8")
    found, problems = themes(places)
    assert problems == []
    assert set(found) == {*NAMES, "mine"}
    assert found["iccon-light"].dark  # the user's replaces the bundled one


def test_every_mistake_of_a_theme_is_named_with_its_line(places: Folders) -> None:
    text = GOOD.replace("dark = true", 'dark = "yes"').replace('ok = "', 'okay = "')
    text = text.replace("border-blurred", "border-blured").replace("sev3", "sev6").replace("#f5c04f", "#f5c04")
    assert sorted(problems_of(places, text), key=str) == sorted(
        [
            (line_of("dark"), "dark", ""),
            (line_of("ok ="), "verdicts.okay", 'did you mean "ok"?'),
            (line_of("[verdicts]"), "verdicts.ok", "this key is required"),
            (line_of("warn ="), "verdicts.warn", ""),
            (line_of("border-blurred"), "variables.border-blured", 'did you mean "border-blurred"?'),
            (line_of("sev3"), "severities.sev6", 'did you mean "sev5"?'),
            (line_of("[severities]"), "severities.sev3", "this key is required"),
        ],
        key=str,
    )


def test_every_bad_colour_is_named_with_its_line(places: Folders) -> None:
    text = GOOD.replace('warn = "#f5c04f"', 'warn = "ansi_yelow"').replace('bad = "#ff7a70"', 'bad = "#ff7a7"')
    text = text.replace('sev1 = "#ff6b61"', 'sev1 = "ansi_red"').replace('text-style = "none"', 'text-style = "blinky"')
    text = text.replace("border-blurred", "border-blured").replace("#6cb6ff 35%", "#6cb6ff 350%")
    assert problems_of(places, text) == [
        (line_of("warn ="), "verdicts.warn", 'did you mean "ansi_yellow"?'),
        (line_of("bad ="), "verdicts.bad", ""),
        (line_of("sev1"), "severities.sev1", "terminal colours need ansi = true at the top"),
        (line_of("block-cursor-text-style"), "variables.block-cursor-text-style", ""),
        (line_of("border-blurred"), "variables.border-blured", 'did you mean "border-blurred"?'),
        (line_of("input-selection"), "variables.input-selection-background", ""),
    ]


def test_an_ansi_theme_takes_terminal_colours_alone(places: Folders) -> None:
    text = (themes_dir() / "ansi-16.toml").read_text(encoding="utf-8").replace('"ansi_green"', '"#00ff00"')
    assert {key for _, key, _ in problems_of(places, text)} == {"colours.success", "verdicts.ok"}


def test_a_broken_theme_leaves_the_others(places: Folders) -> None:
    (places.themes / "broken.toml").write_text("[[[")
    (places.themes / "notes.txt").write_text("not a theme")
    found, problems = themes(places)
    assert set(found) == set(NAMES)
    assert [problem.line for problem in problems] == [1]


def test_no_folder_of_ones_own_is_fine(tmp_path: Path) -> None:
    assert set(themes(folders({"ICCON_HOME": str(tmp_path / "none")}))[0]) == set(NAMES)
