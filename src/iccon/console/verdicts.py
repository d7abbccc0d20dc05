"""How the seven verdicts look: a glyph, a word and a style each, so that colour is never the only sign. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from iccon.signals.model import Verdict


class Look(Struct, frozen=True):
    """One verdict's signs. `glyph` and `plain` (for ASCII) are one cell wide; `style` names a CSS component."""

    glyph: str
    plain: str
    word: str
    style: str

    def sign(self, ascii_only: bool) -> str:
        """Return the glyph this terminal can show."""
        return self.plain if ascii_only else self.glyph


LOOKS: Mapping[Verdict, Look] = {
    Verdict.OK: Look("✓", "+", "ok", "v-ok"),
    Verdict.WARN: Look("▲", "^", "warn", "v-warn"),
    Verdict.BAD: Look("✗", "X", "bad", "v-bad"),
    Verdict.STALE: Look("◷", "~", "stale", "v-stale"),
    Verdict.NO_DATA: Look("∅", "-", "no data", "v-no-data"),
    Verdict.NOT_A_NUMBER: Look("?", "?", "NaN", "v-nan"),
    Verdict.ERROR: Look("!", "!", "error", "v-error"),
}

# Every variable the widgets' CSS asks for. A theme may override each; the application gives these as defaults, because
# a variable nobody defines ends the program when the style sheet is parsed.
THEME_DEFAULTS: Mapping[str, str] = {
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
