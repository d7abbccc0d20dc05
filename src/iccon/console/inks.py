"""How the text inside our widgets looks: a name, and which of the theme's colours it takes. A table, no style sheet.

Textual's component classes would do the same, at a price: it matches each class of each widget against every rule
whenever a style changes. For our widgets that were 285 matches before the first frame, and as many at a new theme.
"""

from collections.abc import Mapping

from msgspec import Struct
from rich.style import Style
from textual.color import Color

# Every variable that our inks and style sheets read beyond Textual's own. A theme may override each; the application
# gives these as defaults, because Textual's themes, which can be chosen too, define none of them, and a variable that
# nobody defines ends the program.
DEFAULTS: Mapping[str, str] = {
    "muted": "$foreground 60%",
    "verdict-ok": "$success",
    "verdict-warn": "$warning",
    "verdict-bad": "$error",
    "verdict-stale": "$foreground 60%",
    "verdict-no-data": "$foreground 60%",
    "verdict-nan": "$accent",
    "verdict-error": "$error",
    "severity-sev1": "$error",
    "severity-sev2": "$warning",
    "severity-sev3": "$accent",
    "severity-sev4": "$primary",
    "severity-sev5": "$secondary",
    "severity-text": "$background",
    "ansi-background": "ansi_default",  # Textual's own style sheets ask for these two in a theme with `ansi`
    "ansi-foreground": "ansi_default",
    "row-dim": "$foreground 60%",
    "row-head": "$foreground 60%",
    "row-cursor": "$primary 35%",
    "row-cursor-blurred": "$foreground 10%",
}


class Ink(Struct, frozen=True):
    """What a name adds: variables of the theme for text and ground, "" for none, and attributes as Rich writes them."""

    colour: str = ""
    ground: str = ""
    attributes: str = ""


INKS: Mapping[str, Ink] = {
    "v-ok": Ink("verdict-ok"),
    "v-warn": Ink("verdict-warn", attributes="bold"),
    "v-bad": Ink("verdict-bad", attributes="bold"),
    "v-stale": Ink("verdict-stale", attributes="italic"),
    "v-no-data": Ink("verdict-no-data"),
    "v-no-baseline": Ink("verdict-no-data", attributes="italic"),
    "v-nan": Ink("verdict-nan"),
    "v-error": Ink("verdict-error", attributes="bold"),
    "dim": Ink("row-dim"),
    "head": Ink("row-head", attributes="bold"),
    "strong": Ink(attributes="bold"),
    "struck": Ink("row-dim", attributes="strike"),
    "cursor": Ink("block-cursor-foreground", "row-cursor"),
    "cursor-blurred": Ink(ground="row-cursor-blurred"),
    "cell-cursor": Ink(attributes="bold reverse"),
    "badge": Ink(attributes="bold reverse"),
    "alarm": Ink("verdict-bad", attributes="bold reverse"),
    "key": Ink("footer-key-foreground", attributes="bold"),
    "sev": Ink("severity-text", attributes="bold"),
    **{f"sev{level}": Ink(ground=f"severity-sev{level}") for level in range(1, 6)},
    "md-h1": Ink("primary", attributes="bold underline"),
    "md-h2": Ink("primary", attributes="bold"),
    "md-h3": Ink("secondary", attributes="bold"),
    "md-strong": Ink(attributes="bold"),
    "md-em": Ink(attributes="italic"),
    "md-code": Ink("accent"),
    "md-codeblock": Ink("accent"),
    "md-quote": Ink("row-dim", attributes="italic"),
    "md-bullet": Ink("primary"),
    "md-link": Ink("secondary", attributes="underline"),
    "md-table": Ink("row-head"),
    "md-rule": Ink("row-dim"),
    "md-muted": Ink("row-dim"),
    "md-task-done": Ink("verdict-ok"),
    "md-task-open": Ink("verdict-warn"),
}


def style_of(name: str, variables: Mapping[str, str], ground: Color) -> Style:
    """Return what the ink `name` adds on a widget whose ground is `ground`. Raises KeyError for a name without an ink.

    Half-transparent colours are mixed with the ground; the terminal's own colours stay what they are.
    """
    ink = INKS[name]
    look = Style.parse(ink.attributes)
    if ink.ground:
        ground += colour_of(variables[ink.ground])
        look += Style(bgcolor=ground.rich_color)
    if ink.colour:
        look += Style(color=(ground + colour_of(variables[ink.colour])).rich_color)
    return look


def colour_of(value: str) -> Color:
    """Return the colour of a theme variable: `#336699`, `ansi_red`, with a share as in `#336699 35%`, or `auto 87%`."""
    name, space, share = value.rpartition(" ")
    if not space or not share.endswith("%"):
        return Color.parse(value)
    part = float(share[:-1])
    return Color.automatic(part) if name == "auto" else Color.parse(name).multiply_alpha(part / 100)
