"""What became of an entry, what is written twice, and the instant right after an entry."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import decide
from iccon.incident.fold import Ledger
from iccon.incident.history import history
from iccon.incident.ruling import Context, Decision, Refusal
from iccon.incident.severity import Severity
from iccon.incident.tasks import TaskKind
from iccon.incident.timeline import Timeline
from iccon.when import moment, written

AT = datetime(2026, 11, 24, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def entry(ident: str, body: e.Body, seconds: float = 0, actor: str = "kim") -> e.Entry:
    at = AT + timedelta(seconds=seconds)
    return e.Entry(ident, "i", "w", 1, at, at, actor, None, body)


DECLARED = entry("0", e.Declared(title="t", severity=Severity.SEV2))


def test_each_version_says_who_when_and_what_it_was_from_then_on() -> None:
    note = entry("1", e.Note(text="three nodes"))
    ledger = Ledger(
        "i",
        [
            note,
            entry("2", e.Amended(target="1", text="two nodes"), 60, "lee"),
            entry("3", e.Amended(target="1", happened_at=AT - SECOND), 120, "sam"),
            entry("4", e.Struck(target="1", reason="not ours"), 180, "kim"),
        ],
    )
    told = [(v.what, v.actor, v.text, v.happened_at, v.why) for v in history(ledger, note)]
    assert told == [
        ("written", "kim", "three nodes", AT, ""),
        ("amended", "lee", "two nodes", AT, ""),
        ("amended", "sam", "two nodes", AT - SECOND, ""),
        ("struck", "kim", "two nodes", AT - SECOND, "not ours"),
    ]


@pytest.mark.parametrize(
    ("command", "actor", "age", "refused"),
    [
        (c.AddNote(text=" disk full "), "kim", 10, True),
        (c.AddNote(text="disk full"), "kim", -3, True),
        (c.AddNote(text="disk full"), "kim", 10.1, False),
        (c.AddNote(text="disk full"), "lee", 1, False),
        (c.AddNote(text="disk full!"), "kim", 1, False),
        (c.AddNote(text="disk full", again=True), "kim", 1, False),
        (c.AddTask(what=TaskKind.TODO, text="disk full"), "kim", 1, False),
        (c.AddTask(what=TaskKind.ACTION, text="call"), "kim", 1, True),
        (c.AddTask(what=TaskKind.QUESTION, text="call"), "kim", 1, False),
    ],
)
def test_what_one_person_writes_twice_within_ten_seconds_is_refused(
    command: c.Command, actor: str, age: float, refused: bool
) -> None:
    before = [entry("1", e.Note(text="disk full")), entry("2", e.TaskNoted(what="action", text="call"))]
    context = Context(AT + timedelta(seconds=age), actor, lambda: "new", newest=lambda: before)
    answer = decide(Ledger("i", [DECLARED]).state, command, context)
    assert (answer.code if isinstance(answer, Refusal) else "") == ("duplicate" if refused else "")
    assert isinstance(answer, Decision) is not refused


def test_right_after_an_entry_is_before_the_next_and_never_to_come() -> None:
    first, second = entry("1", e.Note(text="a")), entry("2", e.Note(text="b"), 4)
    timeline = Timeline(
        Ledger("i", [first, second, entry("3", e.Note(text="c"), 4), entry("4", e.Note(text="d"), 3600)])
    )
    assert timeline.after(first, AT + 7200 * SECOND) == AT + 2 * SECOND
    assert timeline.after(second, AT + 7200 * SECOND) == AT + 64 * SECOND
    assert timeline.after(timeline.order[-1], AT + 3604 * SECOND) == AT + 3602 * SECOND
    assert timeline.after(timeline.order[-1], AT) == AT + 3600 * SECOND


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")])
@pytest.mark.parametrize("back", [0.5, 1, 3600, 90_000, 30.25 * 86_400, 2_600_000])
def test_a_time_as_a_note_may_begin_with_it_reads_as_itself(zone: ZoneInfo, back: float) -> None:
    now = datetime(2026, 11, 24, 14, 3, 20, tzinfo=UTC)
    instant = now - timedelta(seconds=back)
    assert moment(written(instant, now, zone), now, zone) == instant


def test_a_time_that_clocks_showed_twice_has_its_offset() -> None:
    now, zone = datetime(2026, 10, 25, 3, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    for hour in (0, 1):  # 02:30 in summer time, and 02:30 again
        instant = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        assert moment(written(instant, now, zone), now, zone) == instant
