"""The order of rows: by tier, held, and how many would move."""

from itertools import combinations

import hypothesis.strategies as st
from hypothesis import given

from iccon.signals.order import held, would_move

names = st.lists(st.sampled_from("abcdefg"), unique=True)


@given(names, names)
def test_held_rows_keep_their_places_and_new_ones_come_last(shown: list[str], wanted: list[str]) -> None:
    rows = held(shown, wanted)
    assert sorted(rows) == sorted(wanted)
    kept = [name for name in shown if name in wanted]
    assert list(rows[: len(kept)]) == kept


@given(st.permutations("abcdef"), st.permutations("abcdef"))
def test_the_fewest_moves(shown: list[str], wanted: list[str]) -> None:
    longest = next(
        size
        for size in range(6, 0, -1)
        if any([name for name in wanted if name in kept] == list(kept) for kept in combinations(shown, size))
    )
    assert would_move(shown, wanted) == 6 - longest


def test_one_that_rises_is_one_move_however_many_it_passes() -> None:
    rows = [str(n) for n in range(5000)]
    assert would_move(rows, [rows[-1], *rows[:-1]]) == 1
    assert would_move(rows, rows) == 0
