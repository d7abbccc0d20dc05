"""The order of the board's rows: by tier, held while a person is at them, and how far off the held order is. Pure."""

from bisect import bisect_left
from collections.abc import Sequence

from iccon.signals.model import Board


def by_tier(board: Board) -> tuple[str, ...]:
    """Return the services by tier, those without one last; within a tier as the board has them, the worst first."""
    return tuple(sorted(board.services, key=lambda name: board.about(name).rank))


def held(shown: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the rows of `wanted` in the order of `shown`; those that are new come last."""
    kept = set(wanted)
    return tuple(dict.fromkeys([*(name for name in shown if name in kept), *wanted]))


def would_move(shown: Sequence[str], wanted: Sequence[str]) -> int:
    """Return how many rows at least must move to turn `shown` into `wanted`, which has the same rows."""
    places = {name: place for place, name in enumerate(wanted)}
    ends: list[int] = []  # of the ascending runs of each length, the lowest end
    for place in (places[name] for name in shown):
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(shown) - len(ends)
