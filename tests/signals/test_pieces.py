"""A long range in pieces is what one question would have given, and no piece is larger than fits."""

import math

import hypothesis.strategies as st
from hypothesis import given

from iccon.signals.model import Answer, Samples
from iccon.signals.pieces import FIRST, MOST, in_pieces
from iccon.text import CleanText

START, STEP = 1_800_000_000.25, 15.0


class Server:
    """Gives a number of services a point at each step; every service has a gap of its own. Keeps what was asked."""

    def __init__(self, services: int) -> None:
        self.services = services
        self.asked: list[tuple[float, float]] = []

    def ask(self, first: float, last: float) -> Answer:
        self.asked.append((first, last))
        grid = [first + n * STEP for n in range(math.floor((last - first) / STEP + 1e-6) + 1)]
        series = {}
        for n in range(self.services):
            times = tuple(time for time in grid if math.floor(time / STEP) % 7 != n)
            if times:
                series[CleanText(f"s{n}")] = Samples(times, tuple(time % 11 for time in times))
        return Answer(series, (CleanText("mind the gap"),))


@given(st.integers(0, 9), st.floats(0, 700).map(lambda n: n * STEP))
def test_pieces_are_the_whole(services: int, span: float) -> None:
    server, end = Server(services), START + span
    answer, whole = in_pieces(server.ask, START, end, STEP), Server(services).ask(START, end)
    assert {n: (s.times, list(s.values)) for n, s in answer.series.items()} == {
        n: (s.times, list(s.values)) for n, s in whole.series.items()
    }
    assert answer.warnings == whole.warnings
    assert server.asked[0][1] == end  # the newest first, up to now


@given(st.sampled_from([1, 10, 1_000, 4_000]), st.integers(1, 1_000))
def test_no_piece_is_larger_than_fits_and_few_services_take_few_questions(services: int, points: int) -> None:
    sizes = []

    def ask(first: float, last: float) -> Answer:
        count = round((last - first) / STEP) + 1
        sizes.append(count)
        return Answer({CleanText(str(n)): Samples((), ()) for n in range(services)})

    in_pieces(ask, START, START + (points - 1) * STEP, STEP)
    assert sum(sizes) == points
    assert max(sizes) <= max(FIRST, MOST // services)
    assert len(sizes) <= 2 or services > 100


def test_a_range_of_nothing_is_one_question() -> None:
    server = Server(1)
    in_pieces(server.ask, START, START - 0.0005, STEP)
    assert len(server.asked) == 1
