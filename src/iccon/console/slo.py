"""How objectives are drawn: the last column of the board, as wide as the signals let it be, and a line. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from iccon.console.figures import age_text
from iccon.console.fit import Span, fit_spans
from iccon.console.verdicts import LOOKS
from iccon.signals.model import Verdict
from iccon.signals.slo import SloBoard, Standing, spent
from iccon.signals.slowords import burn_text, left_text, rule_text, share_text, spent_text
from iccon.text import clean

NAME = "slo"
WIDEST = 15  # cells: sign, word, burn, what is left
_KEPT = (  # a signal's cell as wide as this may shrink to these, the next where the column would not be as wide
    (21, (21, 17), 5),  # spark, way
    (17, (17, 14), 5),  # way, word and seven cells of value
    (14, (14, 13), 1),  # word and seven cells of value, or six
    (13, (13,), 1),
    (10, (10,), 1),  # sign and value
)
_JUDGED = (Verdict.OK, Verdict.WARN, Verdict.BAD)


class Objectives(Struct, frozen=True):
    """What the board shows of objectives: how they stand, and when the incident began and ended (since 1970 UTC)."""

    board: SloBoard | None = None
    began: float | None = None
    ended: float | None = None


NO_OBJECTIVES = Objectives()


def make_room(sizes: Sequence[int]) -> tuple[list[int], int]:
    """Return the signals' widths and the column's, 0 where there is no room: the signals go on showing what they do."""
    narrowest = min(sizes, default=0)
    kept, enough = next(((kept, enough) for least, kept, enough in _KEPT if narrowest >= least), ((), 0))
    widths = [min(sum(sizes) - least * len(sizes) - 1, WIDEST) for least in kept]
    width = next((each for each in widths if each >= enough), max(widths, default=0))
    if width < 1:
        return list(sizes), 0
    room, count = sum(sizes) - width - 1, len(sizes)
    return [room // count + (1 if i < room % count else 0) for i in range(count)], width


def column_spans(standing: Standing, width: int, now: float, ascii_only: bool = False) -> list[Span]:
    """Return one objective in exactly `width` cells: sign, word, burn and what is left, as far as they fit."""
    verdict = standing.verdict_at(now)
    look = LOOKS[verdict]
    sign = look.sign(ascii_only)
    left = "" if standing.left is None else "out" if standing.left < 0 else share_text(standing.left)
    burn = burn_text(standing.burning.long) if standing.burning and verdict in _JUDGED else ""
    values, named = f" {burn} {left}".rstrip(), f"{sign} {look.word}"
    judged = [(named, values), (sign, values), (sign, f" {left}")]
    forms = judged if verdict in _JUDGED else [(named, f" {left}"), (named, "")]
    head, rest = next((form for form in [*forms, (sign, left)] if sum(map(len, form)) <= width), (sign, ""))
    return fit_spans([(head, look.style), (rest, "v-bad" if left == "out" else "")], width)


def standing_detail(
    standings: Sequence[Standing], shown: Objectives, now: float, ascii_only: bool = False
) -> list[Span]:
    """Return everything known about a service's most urgent objective in one line, then its name and how many more."""
    first = standings[0]
    verdict, more = first.verdict_at(now), len(standings) - 1
    look = LOOKS[verdict]
    parts = [left_text(first)]
    if first.why and first.left_at is not None:
        parts[0] += f" {age_text(now - first.left_at)} ago"
    if shown.began is not None:
        parts.append(spent_text(spent(first, shown.began, shown.ended, now), first.objective.minutes))
    parts += [rule_text(first.burning)] if first.burning else []
    parts += [first.why] if first.why else []
    parts += [f"{clean(first.objective.name)}{f', {more} more' if more else ''}"]
    return [
        (f"{clean(first.objective.service)} {NAME} ", "strong"),
        (f"{look.sign(ascii_only)} {verdict}", look.style),
        (f" {'; '.join(parts)}", ""),
    ]
