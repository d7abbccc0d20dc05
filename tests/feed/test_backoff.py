import hypothesis.strategies as st
from hypothesis import given

from iccon.feed.backoff import CAP, LONGEST_WAIT, delay

seconds = st.floats(0.01, 600)
waits = st.none() | st.floats(-1e12, 1e12)
jitters = st.floats(0, 1)


@given(seconds, st.integers(1, 10_000), waits, jitters)
def test_the_wait_is_bounded_and_never_shorter_than_the_interval(
    every: float, failures: int, retry_after: float | None, jitter: float
) -> None:
    wait = delay(every, failures, retry_after, jitter)
    assert every <= wait <= max(every, CAP, LONGEST_WAIT) * 1.2 + 1e-6


@given(seconds, st.integers(1, 100), waits)
def test_more_failures_never_wait_less(every: float, failures: int, retry_after: float | None) -> None:
    assert delay(every, failures + 1, retry_after, 0) >= delay(every, failures, retry_after, 0)


def test_doubles_up_to_the_cap() -> None:
    assert [delay(5, n, None, 0) for n in (1, 2, 3, 4, 5)] == [5, 10, 20, 30, 30]


def test_a_server_that_asks_to_wait_is_heard_but_not_for_ever() -> None:
    assert delay(5, 1, 60, 0) == 60
    assert delay(5, 1, 1e9, 0) == LONGEST_WAIT
