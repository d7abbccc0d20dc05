"""How the eight verdicts look: a glyph, a word and a style each, so that colour is never the only sign. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from iccon.signals.model import Verdict


class Look(Struct, frozen=True):
    """One verdict's signs. `glyph` and `plain` (for ASCII) are one cell wide; `style` names an ink."""

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
    Verdict.NO_BASELINE: Look("≟", "=", "no base", "v-no-baseline"),
    Verdict.ERROR: Look("!", "!", "error", "v-error"),
}
