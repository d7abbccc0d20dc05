"""Stalked signals: one entry a change of verdict, one for an outage, none for anything else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from journalkit import entry
from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Context, Decision, decide
from iccon.incident.fold import Ledger
from iccon.incident.severity import Severity
from iccon.incident.stalk import HOLD
from iccon.incident.timeline import Timeline
from iccon.signals.board import failed, judge, merged, to_ask
from iccon.signals.model import Answer, Samples, SignalSpec, Unit, Window, Windows
from iccon.signals.stalk import Memory, seen
from iccon.text import CleanText

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
OK, WARN, BAD = 0.1, 0.6, 2.0
EVERY = {f"{service} {signal}" for service in ("api", "web") for signal in ("latency", "errors")}
GONE = CleanText("connection refused")
API, WEB = e.Stalked(service="api", signal="latency"), e.Stalked(service="web")


def spec(name: str, server: str = "main") -> SignalSpec:
    return SignalSpec(name, "q", server, Unit.SECONDS, warn=0.5, bad=1.0)


class Watch:
    """One journal, and consoles that see each board; `clock` moves by `seconds` at each poll."""

    def __init__(self, *marks: e.Stalked, consoles: int = 1, servers: tuple[str, str] = ("main", "main")) -> None:
        declared = e.Declared(title="t", severity=Severity.SEV2)
        self.ledger = Ledger("i", [entry(n, body) for n, body in enumerate((declared, *marks))])
        self.consoles = [Memory() for _ in range(consoles)]
        self.now = NOW
        self.windows = tuple(map(Window, (spec("latency", servers[0]), spec("errors", servers[1]))))

    def poll(self, seconds: float = 15, faults: tuple[str, ...] = (), **values: float) -> None:
        """Ask all servers but those of `faults`; `values` are a service's, alike for all signals."""
        self.now += timedelta(seconds=seconds)
        self.windows = tuple(self._window(window, window.spec.server in faults, values) for window in self.windows)
        for memory in self.consoles:
            board = judge(Windows(self.windows, 600, 15), self.now.timestamp())
            if command := seen(board, self.ledger.state, memory, self.now):
                self.write(command)

    def _window(self, window: Window, fails: bool, values: dict[str, float]) -> Window:
        if fails:
            return failed(window, GONE)
        asked = to_ask(window, self.now.timestamp(), 600, 15)
        series = {CleanText(name): Samples((asked.end,), (value,)) for name, value in values.items()}
        return merged(window, asked, Answer(series), 600)

    def write(self, command: c.Command) -> None:
        outcome = decide(self.ledger.state, command, Context(self.now, "ann", lambda: "x"))
        assert isinstance(outcome, Decision), outcome
        known = {each.source for each in self.ledger.entries if each.source}
        for draft in outcome.entries:
            assert draft.source not in known
            number = len(self.ledger.entries)
            self.ledger.extend([replace(entry(number, draft.body, at=self.now), source=draft.source)])

    @property
    def said(self) -> list[str]:
        """What the timeline says after the marks."""
        lines = (Timeline(self.ledger).item(each) for each in self.ledger.entries)
        return [line.text for line in lines if line.kind in ("verdict", "source")]


def test_a_change_of_verdict_is_one_entry_and_a_change_of_value_none() -> None:
    watch = Watch(API)
    for value in (OK, 0.2, OK, BAD, 3.0, BAD):
        watch.poll(api=value, web=value)
    assert watch.said == ["api latency ok -> bad (2s)"]
    watch.poll(90, api=OK, web=OK)
    assert watch.said[1:] == ["api latency bad -> ok (100ms)"]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ((WEB,), {"web latency", "web errors"}),
        ((e.Stalked(),), EVERY),
        ((e.Stalked(), e.Stalked(service="web", on=False)), {"api latency", "api errors"}),
        (
            (e.Stalked(), e.Stalked(service="web", on=False), e.Stalked()),
            {"web latency", "web errors", "api latency", "api errors"},
        ),
        ((WEB, e.Stalked(service="web", signal="errors", on=False)), {"web latency"}),
        ((API, e.Stalked(on=False)), set()),
        ((), set()),
    ],
)
def test_the_narrowest_mark_holds_and_a_wider_one_replaces_those_within(
    marks: tuple[e.Stalked, ...], expected: set[str]
) -> None:
    watch = Watch(*marks)
    watch.poll(api=OK, web=OK)
    watch.poll(api=BAD, web=BAD)
    assert {" ".join(text.split()[:2]) for text in watch.said} == expected


def test_a_value_that_flaps_is_written_at_most_once_a_minute_and_the_last_word_is_true() -> None:
    watch = Watch(API)
    for n in range(120):
        watch.poll(5, api=(OK, BAD)[n % 2])
    watch.poll(60, api=OK)
    assert len(watch.said) <= 120 * 5 / HOLD.total_seconds() + 2
    assert watch.said[0].startswith("api latency ok -> bad")
    assert watch.said[-1].startswith("api latency bad -> ok")


def test_two_consoles_on_one_journal_write_it_once() -> None:
    watch = Watch(API, consoles=2)
    for value in (OK, WARN, WARN):
        watch.poll(api=value)
    watch.poll(90, api=BAD)
    assert watch.said == ["api latency ok -> warn (600ms)", "api latency warn -> bad (2s)"]


def test_a_console_that_starts_again_goes_on_from_the_record() -> None:
    watch = Watch(API)
    watch.poll(api=OK)
    watch.poll(api=BAD)
    watch.consoles = [Memory()]
    watch.poll(90, api=BAD)
    assert len(watch.said) == 1
    watch.poll(api=OK)
    assert watch.said[1:] == ["api latency bad -> ok (100ms)"]


def test_an_outage_of_the_server_is_one_entry_and_its_end_another() -> None:
    watch = Watch(e.Stalked())
    watch.poll(api=OK, web=OK)
    for _ in range(10):
        watch.poll(faults=("main",))
    assert watch.said == ["metrics server main does not answer: connection refused"]
    watch.poll(api=OK, web=BAD)
    assert watch.said[1:] == [
        "web latency ok -> bad (2s)",
        "web errors ok -> bad (2s)",
        "metrics server main answers again",
    ]


def test_one_missed_poll_and_one_failing_query_are_no_outage() -> None:
    watch = Watch(e.Stalked())
    watch.poll(api=OK)
    watch.poll(3600, faults=("main",))  # as after a night's sleep
    watch.poll(api=OK)
    assert watch.said == []
    other = Watch(e.Stalked(), servers=("main", "eu"))
    other.poll(api=OK)
    for _ in range(5):
        other.poll(faults=("eu",), api=OK)
    assert other.said == ["metrics server eu does not answer: connection refused"]


def test_without_a_mark_an_outage_is_not_written() -> None:
    watch = Watch(e.Stalked(), e.Stalked(on=False))
    watch.poll(api=OK)
    for _ in range(5):
        watch.poll(faults=("main",))
    assert watch.said == []


def test_what_happened_before_a_mark_is_not_told_by_it() -> None:
    watch = Watch(API)
    watch.poll(api=OK)
    watch.poll(api=BAD)
    for on in (False, True):
        watch.write(c.Stalk(service="api", signal="latency", on=on))
        watch.poll(90, api=OK)
    assert len(watch.said) == 1


def test_what_a_person_stalks_is_not_folded_among_machine_entries() -> None:
    watch = Watch(API)
    watch.poll(api=OK)
    watch.poll(api=BAD)
    assert [line.routine for line in Timeline(watch.ledger).items() if line.machine] == [False]


def refusals() -> Iterator[tuple[tuple[e.Stalked, ...], c.Stalk, str]]:
    yield (API,), c.Stalk(service="api", signal="latency"), "unchanged"
    yield (e.Stalked(),), c.Stalk(service="api", signal="latency"), "unchanged"
    yield (), c.Stalk(service="api", on=False), "unchanged"
    yield (), c.Stalk(signal="latency"), "service"


@pytest.mark.parametrize(("marks", "command", "code"), refusals())
def test_refusals(marks: tuple[e.Stalked, ...], command: c.Stalk, code: str) -> None:
    refused = decide(Watch(*marks).ledger.state, command, Context(NOW, "ann", lambda: "x"))
    assert getattr(refused, "code", None) == code


def test_what_the_record_says_already_is_not_written_again_however_late_it_is_told() -> None:
    watch = Watch(API)
    seen_then = c.SeeVerdicts(cells=(c.Judged("api", "latency", "ok", "bad", "2s", NOW),))
    for _ in range(2):
        watch.write(seen_then)
        watch.now += 2 * HOLD
    assert watch.said == ["api latency ok -> bad (2s)"]
