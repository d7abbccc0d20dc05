"""Theme files as Textual themes, and a style sheet that is parsed once a theme."""

from textual.css.stylesheet import Stylesheet
from textual.theme import Theme

from iccon.config.theme import ThemeFile


class Sheet(Stylesheet):
    """A style sheet that parses again only when a variable changed: Textual sets the same ones, and parses all of it
    again, at every refresh, which costs a start three whole parses.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._known = variables
        self._outdated = False

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables of the theme."""
        if variables != self._known:
            self._known, self._outdated = variables, True
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse again with the variables as they are now. Raises what parsing raises."""
        if self._outdated:
            super().reparse()
            self._outdated = False


def textual_theme(file: ThemeFile) -> Theme:
    """Return the Textual theme of a checked theme file."""
    colours = file.colours
    return Theme(
        name=file.name,
        primary=colours.primary,
        secondary=colours.secondary,
        accent=colours.accent,
        foreground=colours.foreground,
        background=colours.background,
        surface=colours.surface,
        panel=colours.panel,
        boost=colours.boost,
        success=colours.success,
        warning=colours.warning,
        error=colours.error,
        dark=file.dark,
        ansi=file.ansi,
        variables=_variables(file),
    )


def _variables(file: ThemeFile) -> dict[str, str]:
    colours, own = file.colours, file.css_variables()
    rows = {
        "verdict-nan": file.verdicts.not_a_number,
        "row-dim": colours.muted,
        "row-head": colours.secondary,
        "row-cursor": own.get("block-cursor-background", colours.boost),
        "row-cursor-blurred": colours.panel,
    }
    return rows | own
