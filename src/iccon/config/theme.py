"""Themes: what a theme file may say, reading and checking it. Plain data; the console makes a Textual theme of it.

A theme's name is its file name without `.toml`. A user's theme replaces the bundled one of the same name.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from iccon import resources
from iccon.config.checked import Checker, did_you_mean, read_toml, shown
from iccon.config.colour import ANSI, FORM, contrast, is_colour, is_colour_value, is_hex
from iccon.config.schema import Folders, Problem
from iccon.config.textual_names import TEXT_STYLES, VARIABLES

LEGIBLE = 4.5  # WCAG AA for text
HIGH = 7.0  # WCAG AAA for text


# Held to by `_check`, which knows more than a pattern; the pattern is for editors.
Colour = Annotated[str, Meta(extra_json_schema={"pattern": "^(#([0-9a-fA-F]{3}){1,2}|ansi_[a-z_]+)$"})]


class Colours(Struct, frozen=True):
    """The palette. `muted` is text of less weight; `boost` lifts what lies on a panel."""

    primary: Colour
    secondary: Colour
    accent: Colour
    foreground: Colour
    muted: Colour
    background: Colour
    surface: Colour
    panel: Colour
    boost: Colour
    success: Colour
    warning: Colour
    error: Colour


class Verdicts(Struct, frozen=True):
    """A text colour for each of the seven things a signal can say."""

    ok: Colour
    warn: Colour
    bad: Colour
    stale: Colour
    no_data: Colour
    not_a_number: Colour
    error: Colour


class Severities(Struct, frozen=True):
    """The ground of each severity's badge; `text` is written on all of them."""

    sev1: Colour
    sev2: Colour
    sev3: Colour
    sev4: Colour
    sev5: Colour
    text: Colour


class ThemeForm(Struct, frozen=True):
    """The keys of a theme file. `ansi`: the terminal's own sixteen colours and nothing else."""

    dark: bool
    colours: Colours
    verdicts: Verdicts
    severities: Severities
    help: str = ""
    ansi: bool = False
    variables: dict[str, str] = {}


class ThemeFile(Struct, frozen=True):
    """A complete and checked theme."""

    name: str
    help: str
    dark: bool
    ansi: bool
    colours: Colours
    verdicts: Verdicts
    severities: Severities
    variables: dict[str, str]

    def css_variables(self) -> dict[str, str]:
        """Return `muted`, `verdict-no-data` …, `severity-sev1` …, and the theme's own variables."""
        return {
            **(self._ansi_variables() if self.ansi else {}),
            "muted": self.colours.muted,
            **{f"verdict-{name.replace('_', '-')}": colour for name, colour in _items(self.verdicts)},
            **{f"severity-{name}": colour for name, colour in _items(self.severities)},
            **self.variables,
        }

    def _ansi_variables(self) -> dict[str, str]:
        """Return what Textual leaves out for a theme of terminal colours: CSS that names them would not parse."""
        return {
            "foreground-disabled": self.colours.foreground,
            "surface-active": self.colours.surface,
            "ansi-background": self.colours.background,
            "ansi-foreground": self.colours.foreground,
        }

    def contrasts(self) -> dict[tuple[str, str], float]:
        """Return the contrast ratio of every text colour on every ground it stands on; empty for an ANSI theme."""
        if self.ansi:
            return {}
        texts = {"foreground": self.colours.foreground, "muted": self.colours.muted}
        texts |= {f"verdict {name}": colour for name, colour in _items(self.verdicts)}
        grounds = {name: getattr(self.colours, name) for name in ("background", "surface", "panel")}
        grounds |= {n: v for n, v in self.variables.items() if n == "block-cursor-background" and is_hex(v)}
        ratios = {(text, on): contrast(t, g) for text, t in texts.items() for on, g in grounds.items()}
        badges = {name: colour for name, colour in _items(self.severities) if name != "text"}
        return ratios | {("severity text", on): contrast(self.severities.text, g) for on, g in badges.items()}


def themes(folders: Folders | None = None) -> tuple[dict[str, ThemeFile], list[Problem]]:
    """Return the bundled and the user's themes by name, and all problems of the user's. Reads files."""
    found: dict[str, ThemeFile] = {}
    problems: list[Problem] = []
    for path in theme_files(folders).values():
        theme, faults = load_theme(path)
        problems += faults
        if theme is not None:
            found[theme.name] = theme
    return found, problems


def theme_files(folders: Folders | None = None) -> dict[str, Path]:
    """Return the theme files by name, a user's in place of the bundled one of the same name."""
    return {path.stem: path for folder in _folders(folders) for path in toml_files(folder)}


def toml_files(folder: Path) -> list[Path]:
    """Return the TOML files of a folder by name; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        return []


def load_theme(path: Path) -> tuple[ThemeFile | None, list[Problem]]:
    """Return the theme of one file, or None and every problem it has."""
    data, source, fault = read_toml(path)
    if fault is not None:
        return None, [fault]
    check = Checker(str(path), source)
    form = check.struct(ThemeForm, data, ())
    _check(check, data)
    if form is None or check.problems:
        return None, check.problems
    return ThemeFile(name=path.stem, **structs.asdict(form)), []


def _folders(folders: Folders | None) -> Iterable[Path]:
    return (resources.themes_dir(), *((folders.themes,) if folders else ()))


def _items(table: Struct) -> Iterable[tuple[str, str]]:
    return structs.asdict(table).items()


def _check(check: Checker, data: dict[str, Any]) -> None:
    """Look at every colour as written, so that a missing key does not hide a wrong colour."""
    ansi = data.get("ansi") is True
    for table, cls in (("colours", Colours), ("verdicts", Verdicts), ("severities", Severities)):
        for name, colour in _texts(data.get(table)):
            if name in cls.__struct_fields__:
                _check_colour(check, (table, name), colour, ansi)
    for name, value in _texts(data.get("variables")):
        _check_variable(check, name, value)


def _texts(table: Any) -> list[tuple[str, str]]:
    items = table.items() if isinstance(table, dict) else ()
    return [(name, value) for name, value in items if isinstance(value, str)]


def _check_colour(check: Checker, path: tuple[str, str], colour: str, ansi: bool) -> None:
    if not is_colour(colour):
        check.problem(path, shown(colour), FORM, did_you_mean(colour, sorted(ANSI)))
    elif ansi and colour not in ANSI:
        check.problem(path, shown(colour), "a terminal colour such as ansi_red", "this theme says ansi = true")
    elif not ansi and colour in ANSI:
        check.problem(path, shown(colour), "#rgb or #rrggbb", "terminal colours need ansi = true at the top")


def _check_variable(check: Checker, name: str, value: str) -> None:
    path = ("variables", name)
    if name not in VARIABLES:
        check.problem(
            path, f"unknown variable {shown(name)}", "a variable of Textual", did_you_mean(name, sorted(VARIABLES))
        )
    elif name.endswith(("-style", "-style-hover")):
        if not value.split() or not set(value.split()) <= TEXT_STYLES:
            check.problem(path, shown(value), "text styles: " + ", ".join(sorted(TEXT_STYLES)))
    elif not is_colour_value(value):
        check.problem(path, shown(value), FORM + ", or a hex colour and a share: #336699 35%")
