"""Pushing a task: what is decided, when it is refused, how it reads; and the day by which a task is due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START, entry
from test_decide import Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Decision
from iccon.incident.jotting import command
from iccon.incident.tasks import TaskKind
from iccon.incident.timeline import describe
from iccon.journal.codec import decode_body
from iccon.when import Day, TimeProblem, day, zone_names, zone_of

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def pushed(room: Room, *targets: str) -> Decision:
    outcome = room.decide(c.PushTasks(targets=targets, tracker="ops"))
    assert isinstance(outcome, Decision), outcome
    number = len(room.ledger.entries)
    room.ledger.extend(entry(number + i, d.body, at=d.happened_at) for i, d in enumerate(outcome.entries))
    return outcome


def ended(room: Room, effect: str, state: str, receipt: str = "") -> None:
    number = len(room.ledger.entries)
    room.ledger.extend([entry(number, e.EffectEnded(effect=effect, target="ops", state=state, receipt=receipt))])


def noted(text: str = "test the failover") -> e.TaskNoted:
    return e.TaskNoted(what=TaskKind.TODO, text=text, owner="kim", day=Day(date(2026, 12, 1), START))


def test_a_push_is_an_entry_and_an_effect_a_task() -> None:
    room = Room(noted(), noted("write it up"))
    first, second = (task.id for task in room.ledger.state.tasks)
    outcome = pushed(room, first, second, first)
    assert len(outcome.entries) == len(outcome.effects) == 2
    effect = outcome.effects[0]
    assert (effect.port, effect.target, effect.verb) == ("trackers", "ops", "push")
    said = {key: effect.payload[key] for key in ("task", "title", "owner", "due", "severity", "again")}
    assert said == {
        "task": first,
        "title": "test the failover",
        "owner": "kim",
        "due": "2026-12-01",
        "severity": str(room.ledger.state.severity),
        "again": False,
    }
    task = room.ledger.state.tasks[0]
    assert (task.tracker, room.ledger.state.pushed(task).state) == ("ops", "queued")  # type: ignore[union-attr]
    assert describe(outcome.entries[0].body) == "todo pushed to ops: test the failover"


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "unknown", "a word of another program"])
def test_what_is_there_or_may_be_is_not_pushed_again(state: str) -> None:
    room = Room(noted())
    task = room.ledger.state.tasks[0].id
    effect = pushed(room, task).effects[0].id
    if state != "queued":
        ended(room, effect, state, "https://tracker/1")
    assert room.code(c.PushTasks(targets=(task,), tracker="other")) == "pushed"


def test_what_failed_is_pushed_again_and_looked_for_first() -> None:
    room = Room(noted())
    task = room.ledger.state.tasks[0].id
    ended(room, pushed(room, task).effects[0].id, "failed")
    assert pushed(room, task).effects[0].payload["again"] is True


def test_one_task_that_cannot_be_pushed_keeps_all_back() -> None:
    room = Room(noted(), e.TaskNoted(what=TaskKind.DECISION, text="no time, so settled"))
    first, second = (task.id for task in room.ledger.state.tasks)
    assert room.code(c.PushTasks(targets=(first, second), tracker="ops")) == "settled"
    assert room.code(c.PushTasks(targets=(first, "nope"), tracker="ops")) == "no_task"
    assert room.code(c.PushTasks(targets=(), tracker="ops")) == "empty"


def test_a_typed_line_may_name_the_day() -> None:
    made = command("todo test the failover @kim due 2026-12-01", NOW, BERLIN, None)
    assert isinstance(made, c.AddTask)
    assert (made.text, made.owner, made.minutes) == ("test the failover", "kim", None)
    assert made.day == Day(date(2026, 12, 1), datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC))
    assert "no date" in str(command("todo x due 2026-02-30", NOW, BERLIN, None))
    assert "past" in str(command("todo x due 2026-11-23", NOW, BERLIN, None))
    within = command("todo read what was due 2026-12-01 again", NOW, BERLIN, None)
    assert isinstance(within, c.AddTask)
    assert within.day is None


def test_a_day_and_a_span_are_refused_and_postponing_forgets_the_day() -> None:
    room = Room(noted())
    task = room.ledger.state.tasks[0]
    assert (task.due, describe(noted())) == (START, "todo: test the failover (kim, due 2026-12-01)")
    both = c.AddTask(what=TaskKind.TODO, text="x", minutes=5, day=task.day)
    assert room.code(both) == "two_times"
    later = e.TaskPostponed(target=task.id, what="todo", text="x", minutes=5, reason="y")
    room.ledger.extend([entry(len(room.ledger.entries), later)])
    assert room.ledger.state.tasks[0].day is None


def test_a_task_of_before_there_were_days_is_still_read() -> None:
    body = decode_body("task", 1, b'{"what":"todo","text":"x","owner":"","minutes":5}')
    assert body == e.TaskNoted(what="todo", text="x", minutes=5)


@given(zone=st.sampled_from(zone_names()), at=st.integers(946_684_800, 1_900_000_000))
def test_a_day_ends_where_it_was_named(zone: str, at: int) -> None:
    there, now = zone_of(zone), datetime.fromtimestamp(at, UTC)
    today = now.astimezone(there).date()
    for wanted in (today, today + timedelta(days=1), today + timedelta(days=200)):
        found = day(wanted.isoformat(), now, there)
        assert isinstance(found, Day)
        assert found.date == wanted
        assert found.ends >= now - timedelta(seconds=1)
        assert day((wanted + timedelta(days=5000)).isoformat(), now, there).__class__ is TimeProblem


@pytest.mark.parametrize(
    "words", ["", "tomorrow", "2026-13-01", "2026-1-1", "20261201", "9999-12-31", "2026-12-01T00:00"]
)
def test_what_is_no_day_says_what_is(words: str) -> None:
    found = day(words, NOW, BERLIN)
    assert isinstance(found, TimeProblem)
    assert "2026-12-01" in found.hint
