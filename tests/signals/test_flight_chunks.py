"""The flight recorder's chunks: every sample once, the same to the bit, whatever the portions; bounded; total."""

import math
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import StillClock, declare, opened
from msgspec.structs import replace

from iccon.journal import flight as stored
from iccon.journal.flight import BadFlight, Chunk, Stretch, chunk_of, row
from iccon.journal.store import Journal
from iccon.recorder import FLIGHT_EVERY, FlightRecorder
from iccon.signals import flight
from iccon.signals.model import Samples, SignalSpec, Unit, Window, Windows, packed
from iccon.text import clean

SPEC = SignalSpec("latency", "q", "main", Unit.SECONDS, warn=0.5, bad=1.0)
NUMBERS = st.floats() | st.sampled_from([0.0, -0.0, math.nan, math.inf, 1e308])
SERIES = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 500), NUMBERS), unique_by=lambda p: p[0], min_size=1, max_size=30).map(sorted),
    max_size=4,
)
Points = dict[str, list[tuple[float, float]]]


def window(points: Points, until: float) -> Window:
    """Return the window as the board has it at `until`."""
    known = {name: [p for p in found if p[0] <= until] for name, found in points.items()}
    series = {
        clean(n): Samples(tuple(float(t) for t, _ in f), packed([v for _, v in f])) for n, f in known.items() if f
    }
    return Window(SPEC, series, until)


def points_of(windows: Windows | None) -> Points:
    signals = windows.signals if windows else ()
    return {n: list(zip(s.times, s.values, strict=True)) for w in signals for n, s in w.series.items()}


@given(SERIES, st.lists(st.integers(0, 500), max_size=4))
def test_every_sample_is_recorded_once_and_comes_back_to_the_bit(points: Points, stops: list[int]) -> None:
    chunks: list[Chunk] = []
    ends: flight.Ends = {}
    for stop in [*sorted(stops), 1000]:
        whole = False
        while not whole:
            chunk, ends, whole = flight.newer(window(points, stop), 15.0, ends, -math.inf, stop == 1000)
            chunks += [chunk_of(row(chunk).packed)] if chunk else []
    times = [(name, t) for c in chunks for s in c.stretches for name in s.names for t in s.times]
    assert len(times) == len(set(times)) == sum(map(len, points.values()))
    assert repr(points_of(flight.windows_of(chunks))) == repr(
        {n: [(float(t), v) for t, v in points[n]] for n in points_of(flight.windows_of(chunks))}
    )


def test_more_than_is_taken_at_once_comes_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "AT_ONCE", 20)
    points: Points = {name: [(float(t), t / 7) for t in range(30)] for name in "ab"}
    chunk, ends, whole = flight.newer(window(points, 100), 1.0, {}, -math.inf, False)
    assert chunk is not None
    assert (sum(len(s.times) * len(s.names) for s in chunk.stretches), whole, ends) == (20, False, {"a": 9.0, "b": 9.0})
    assert len(chunk.stretches) == 1


@pytest.mark.parametrize("packed_", [b"", b"x", zlib.compress(b"{}"), zlib.compress(bytes(40_000_000)), 7])
def test_a_damaged_chunk_is_said_to_be_one(packed_: bytes) -> None:
    with pytest.raises(BadFlight):
        chunk_of(packed_)


@pytest.mark.parametrize("values", [b"1234567", b"12345678"])
def test_values_that_are_not_whole_are_said_to_be_so(values: bytes) -> None:
    with pytest.raises(BadFlight):
        Stretch((1.0, 2.0), ("a",), values).values()


class Desks:
    """Consoles over one journal; `say` collects what they say."""

    def __init__(self, path: Path, count: int) -> None:
        self.desks = [opened(path) for _ in range(count)]
        self.incident = declare(self.desks[0])
        self.said: list[str] = []
        self.recorders = [FlightRecorder(self._caller(desk)) for desk in self.desks]

    def restart(self, which: int) -> None:
        self.recorders[which] = FlightRecorder(self._caller(self.desks[which]))

    def _caller(self, desk):
        async def call(work):
            return work(desk)

        return call

    async def take(self, which: int, windows: Windows) -> None:
        while self.recorders[which].due(windows):
            await self.recorders[which].take(windows, self.said.append)

    def kept(self) -> Points:
        return points_of(flight.windows_of(map(chunk_of, self.desks[0].journal.flight(self.incident))))


def grid(until: float) -> Windows:
    points: Points = {
        name: [(15.0 * i, 15.0 * i + n) for i in range(int(until // 15) + 1)] for n, name in enumerate("ab")
    }
    return Windows((window(points, until),), 3600.0, 15.0)


async def test_two_consoles_record_every_sample_once(tmp_path: Path) -> None:
    both = Desks(tmp_path / "journal.db", 2)
    for minute in range(6):
        await both.take(minute % 2, grid(minute * FLIGHT_EVERY))
    stretches = [s for packed in both.desks[0].journal.flight(both.incident) for s in chunk_of(packed).stretches]
    times = [(name, time) for s in stretches for name in s.names for time in s.times]
    assert len(times) == len(set(times)) == 2 * 20
    both.restart(0)
    await both.take(0, grid(420.0))
    assert both.kept()["a"] == [(15.0 * i, 15.0 * i) for i in range(28)]
    assert both.said == []


async def test_an_incident_that_has_its_measure_is_recorded_no_further_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Desks(tmp_path / "journal.db", 1)
    monkeypatch.setattr(stored, "BOUND", 2000)
    seed = random.Random(1)
    points: Points = {"a": [(float(i), seed.random()) for i in range(3600)]}
    for minute in range(20):
        until = minute * FLIGHT_EVERY
        await one.take(0, Windows((replace(window(points, until), until=until),), 3600.0, 1.0))
    assert len(one.said) == 1
    assert "the flight recorder is full" in one.said[0]
    kept = one.kept()["a"]
    assert 60 < len(kept) < 600
    assert kept == points["a"][: len(kept)]
    assert sum(map(len, one.desks[0].journal.flight(one.incident))) <= 2000


def test_chunks_are_found_by_signal_and_by_how_far_back_they_reach(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", StillClock())
    for minute in range(10):
        for name in ("latency", "errors"):
            stretch = Stretch.of((minute * 60.0, minute * 60.0 + 30), {"a": [1.0, 2.0]})
            chunk = Chunk(name, "seconds", "q", "main", 30.0, None, None, "higher", (stretch,))
            assert journal.record_flight("i", [row(chunk)])
    assert (len(journal.flight("i")), len(journal.flight("i", "errors")), len(journal.flight("j"))) == (20, 10, 0)
    assert [chunk_of(p).first for p in journal.flight("i", "errors", 120.0)] == [420.0, 480.0, 540.0]
    assert journal.flight_ends("i") == {"latency": 570.0, "errors": 570.0}
