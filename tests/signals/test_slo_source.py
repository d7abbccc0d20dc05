"""SloSource over a fake server: how much is asked and when, what fails alone, and what an outage leaves."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from iccon.config.schema import Slo
from iccon.faults import FaultKind, SourceFault
from iccon.signals.model import Answer, Instant, Samples, SignalSpec, Skew, Verdict
from iccon.signals.slo import MOST_POINTS, SloBoard, spent
from iccon.signals.slosource import LANES, SloSource, objectives_of
from iccon.text import CleanText, clean

SPANS = ("5m", "30m", "1h", "6h", "3d", "30d")
REFUSED = SourceFault(FaultKind.REFUSED, "nothing listens", 7)


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 10, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Server:
    """Gives the ratio of `values` by query, else 0.0005; fails for the queries in `broken`, or for all."""

    name = "main"

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.ahead = 0.0
        self.values: dict[str, tuple[float, ...]] = {}
        self.broken: dict[str, Exception] = {}
        self.down: Exception | None = None
        self.asked: list[str] = []
        self.threads: set[str] = set()
        self.ranges: list[tuple[float, float]] = []

    def instant(self, query: str) -> Instant:
        self.threads.add(threading.current_thread().name)
        self.asked.append(query)
        self._fail(query)
        return Instant(self.values.get(query, (0.0005,)), (CleanText("mind the gap"),))

    def range(self, spec: SignalSpec, start: float, end: float, step: float) -> Answer:
        self.ranges.append((start, end))
        self._fail("series")
        count = round((end - start) / step) + 1
        times = tuple(start + i * step for i in range(count))
        known = tuple(at for at in times if at <= self.clock.now().timestamp() + self.ahead)
        low = self.ahead - 0.5
        return Answer({clean("s"): Samples(known, (0.5,) * len(known))}, skew=Skew(low, low + 1))

    def _fail(self, query: str) -> None:
        if fault := self.down or self.broken.get(query):
            raise fault


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def server(clock: HandClock) -> Server:
    return Server(clock)


def made(server: Server, clock: HandClock, *names: str) -> SloSource:
    config = {name: Slo(name, 0.999, f"{name}[$window]", server="main") for name in names or ("api",)}
    return SloSource(objectives_of(config), {"main": server}, clock, 30.0)


def test_the_first_poll_asks_once_for_every_span_and_once_for_the_series(server: Server, clock: HandClock) -> None:
    board = made(server, clock).poll()
    assert sorted(server.asked) == sorted(f"api[{span}]" for span in SPANS)
    (asked,) = server.ranges
    assert asked[1] - asked[0] == (MOST_POINTS - 1) * 60
    (standing,) = board.standings
    assert (standing.verdict, standing.left, standing.why) == (Verdict.OK, pytest.approx(0.5), "")
    assert board.warnings == ("api: mind the gap",)


def test_short_spans_are_asked_at_every_poll_and_long_ones_seldom(server: Server, clock: HandClock) -> None:
    source = made(server, clock)
    for poll in range(21):  # ten minutes
        clock.seconds = poll * 30 + (poll % 3) * 0.4  # a poll comes a little early or late
        source.poll()
    times = Counter(query.partition("[")[2].strip("]") for query in server.asked)
    assert times == {"5m": 21, "30m": 21, "1h": 11, "6h": 3, "3d": 3, "30d": 3}
    assert all(end - start <= 60 for start, end in server.ranges[1:])


def test_a_server_is_asked_two_questions_at_once_however_many_there_are(server: Server, clock: HandClock) -> None:
    made(server, clock, *(f"s{n}" for n in range(20))).poll()
    assert len(server.asked) == 20 * len(SPANS)
    assert len(server.threads) == 2


def test_a_long_span_that_fails_is_asked_for_again_at_once(server: Server, clock: HandClock) -> None:
    source = made(server, clock)
    source.poll()
    clock.seconds, server.broken = 300, {"api[30d]": REFUSED}
    assert "30d" in source.poll().standings[0].why
    clock.seconds, server.broken = 330, {}
    assert source.poll().standings[0].why == ""


def test_how_much_is_asked_does_not_depend_on_how_long_the_incident_lasts(server: Server, clock: HandClock) -> None:
    source = made(server, clock)
    counts = []
    for hours in (0, 1, 20, 100):
        clock.seconds, server.asked, server.ranges = hours * 3_600 + 3_600, [], []
        source.poll()
        counts.append((len(server.asked), len(server.ranges)))
    assert counts == [(6, 1)] * 4
    series = source.last.standings[0].series
    assert len(series.points) == MOST_POINTS


def test_one_query_that_fails_is_tried_again_and_the_others_go_on(server: Server, clock: HandClock) -> None:
    source = made(server, clock, "api", "cart")
    server.broken = {"cart[30d]": SourceFault(FaultKind.TIMEOUT, "too slow"), "cart[5m]": ZeroDivisionError("x")}
    api, cart = source.poll().standings
    assert api.verdict is Verdict.OK
    assert (cart.verdict, cart.left) == (Verdict.ERROR, None)
    assert "30d: too slow" in cart.why
    assert "ZeroDivisionError" in cart.why
    server.broken, server.asked = {}, []
    for clock.seconds, asked in ((30, 0), (60, 1), (90, 1)):  # what was too slow is not asked at every poll
        board = source.poll()
        assert server.asked.count("cart[30d]") == asked
        assert server.asked.count("api[30d]") == 0
    assert board.standings[1].verdict is Verdict.OK


def test_an_outage_raises_and_keeps_what_was_known(server: Server, clock: HandClock) -> None:
    source = made(server, clock)
    before = source.poll().standings[0]
    clock.seconds, server.down, server.asked = 30, REFUSED, []
    with pytest.raises(SourceFault) as caught:
        source.poll()
    assert (caught.value.kind, caught.value.retry_after) == (FaultKind.REFUSED, 7)
    assert isinstance(caught.value.partial, SloBoard)
    (standing,) = caught.value.partial.standings
    assert (standing.verdict, standing.left, standing.left_at) == (Verdict.ERROR, before.left, before.left_at)
    assert standing.at == before.at
    assert "nothing listens" in standing.why
    assert len(server.asked) + len(server.ranges) - 1 <= LANES  # who refuses is not asked for each span


def test_an_outage_from_the_first_is_said_where_the_minutes_would_be(server: Server, clock: HandClock) -> None:
    server.down = REFUSED
    with pytest.raises(SourceFault) as caught:
        made(server, clock).poll()
    (standing,) = caught.value.partial.standings  # type: ignore[union-attr]
    assert (standing.left, standing.at, standing.burning) == (None, None, None)
    assert spent(standing, 0.0, None, clock.now().timestamp()).why == "nothing listens"


def test_several_series_refuse_the_minutes_too_until_they_are_one(server: Server, clock: HandClock) -> None:
    source, began = made(server, clock), clock.now().timestamp() - 600
    server.values = {"api[5m]": (0.1, 0.2)}
    assert "2 series" in spent(source.poll().standings[0], began, None, clock.now().timestamp()).why
    clock.seconds, server.values = 30, {}
    assert spent(source.poll().standings[0], began, None, clock.now().timestamp()).minutes == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize("ahead", [-600.0, 600.0])
def test_a_server_whose_clock_is_off_is_asked_by_its_own(server: Server, clock: HandClock, ahead: float) -> None:
    server.ahead = ahead
    source, began = made(server, clock, "api", "cart"), clock.now().timestamp() - 3_600
    for clock.seconds, ranges in ((0, 4), (30, 2)):
        server.ranges = []
        for standing in source.poll().standings:
            found = spent(standing, began, None, clock.now().timestamp())
            assert found.minutes == pytest.approx(30, abs=1)
            assert (found.covered, found.until) == (1, pytest.approx(clock.now().timestamp(), abs=61))
        assert len(server.ranges) == ranges


def test_patience_ends_the_asking_and_the_next_poll_goes_on_there(server: Server, clock: HandClock) -> None:
    def slow(query: str) -> Instant:
        clock.seconds += 6
        return Server.instant(server, query)

    server.instant = slow  # type: ignore[method-assign]
    source = made(server, clock)
    board = source.poll()
    assert len(server.asked) < len(SPANS)
    assert "not asked yet" in board.standings[0].why
    for _ in range(8):
        board = source.poll()
    assert set(server.asked) == {f"api[{span}]" for span in SPANS}
    assert "not asked yet" not in board.standings[0].why


def test_an_unknown_server_is_said(clock: HandClock) -> None:
    source = SloSource(objectives_of({"api": Slo("api", 0.999, "q[$window]", server="gone")}), {}, clock, 30.0)
    with pytest.raises(SourceFault, match="no metrics server named 'gone'"):
        source.poll()
