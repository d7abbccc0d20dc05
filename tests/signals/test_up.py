"""Targets that are down: what is known of them, in words, and in the order of services."""

import math

import pytest
from msgspec.structs import replace

from iccon.signals import up
from iccon.signals.board import failed, judge
from iccon.signals.model import Samples, SignalSpec, Unit, Verdict, Window, Windows
from iccon.text import CleanText, clean

NOW = 1_800_000_000.0
TARGETS = SignalSpec("up", "avg by (service) (up)", "main", Unit.RATIO)


def windows(at: float = NOW, **shares: float) -> Windows:
    series = {CleanText(name): Samples((at,), (share,)) for name, share in shares.items()}
    return Windows((), 900, 15, targets=Window(TARGETS, series, at))


@pytest.mark.parametrize(
    ("value", "share", "words"),
    [
        (1.0, 1.0, "up"),
        (0.5, 0.5, "50% up"),
        (0.0, 0.0, "down"),
        (0.999, 0.999, "99% up"),
        (0.001, 0.001, "1% up"),
        (math.nan, None, "?"),
        (math.inf, 1.0, "up"),
        (-3.0, 0.0, "down"),
    ],
)
def test_a_share_in_words_never_says_more_than_it_is(value: float, share: float | None, words: str) -> None:
    found = up.share(windows(api=value), "api", NOW)
    assert found == share
    assert up.said(found) == words


def test_what_is_old_or_was_not_asked_is_not_known() -> None:
    assert up.share(windows(at=NOW - 61, api=0.0), "api", NOW) is None
    assert up.down(windows(at=NOW - 61, api=0.0), NOW) == {}
    assert up.share(Windows((), 900, 15), "api", NOW) is None
    assert up.share(None, "api", NOW) is None


def latency(**values: float) -> Window:
    series = {CleanText(name): Samples((NOW,), (value,)) for name, value in values.items()}
    return Window(SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=1.0), series, NOW)


def test_a_service_counts_as_bad_where_all_is_down_and_as_warned_where_some_is() -> None:
    told = windows(ok=1.0, some=0.5, none=0.0, gone=0.0)
    board = judge(replace(told, signals=(latency(ok=0.1, bad=2.0, fine=0.1, some=0.1, none=0.1),)), NOW)
    assert board.services == ("bad", "none", "gone", "some", "fine", "ok")
    assert board.cells["gone", "latency"].verdict is Verdict.NO_DATA
    assert board.cells["none", "latency"].verdict is Verdict.OK  # a verdict says what the values say


def test_a_question_that_fails_is_a_warning_and_the_signals_go_on() -> None:
    told = replace(windows(), signals=(latency(api=0.1),))
    assert told.targets
    board = judge(replace(told, targets=failed(told.targets, clean("refused: nothing listens"))), NOW)
    assert board.warnings == ("up: refused: nothing listens",)
    assert board.cells["api", "latency"].verdict is Verdict.OK
