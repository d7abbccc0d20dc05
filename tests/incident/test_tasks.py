"""Tasks: noted in one line, never lost, settled with a word; and what a typed line means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import START, entry
from test_decide import Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.decide import Decision, Refusal
from iccon.incident.fold import fold
from iccon.incident.jotting import command
from iccon.incident.severity import DEFAULT_POLICY
from iccon.incident.task_rules import LONGEST
from iccon.incident.tasks import Task, TaskKind, open_tasks
from iccon.incident.timeline import describe
from iccon.incident.timers import running
from iccon.when import minutes_of

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def noted(what: TaskKind = TaskKind.ACTION, minutes: int | None = 10) -> e.TaskNoted:
    return e.TaskNoted(what=what, text="page the vendor", owner="sam", minutes=minutes)


def task(room: Room) -> Task:
    return room.ledger.state.tasks[0]


def done(room: Room, command: c.Command) -> None:
    outcome = room.decide(command)
    assert isinstance(outcome, Decision), outcome
    number = len(room.ledger.entries)
    room.ledger.extend(entry(number + i, d.body, at=d.happened_at) for i, d in enumerate(outcome.entries))


@pytest.mark.parametrize("what", TaskKind)
def test_a_task_is_open_until_it_is_settled_and_says_how(what: TaskKind) -> None:
    room = Room(noted(what))
    assert open_tasks(room.ledger.state.tasks) == [task(room)]
    assert task(room).due == task(room).at + 10 * MINUTE
    done(room, c.AcceptTask(target=task(room).id))
    assert task(room).accepted
    done(room, c.PostponeTask(target=task(room).id, minutes=5, reason="the vendor is asleep"))
    assert task(room).due == room.context.now + 5 * MINUTE
    done(room, c.SettleTask(target=task(room).id, outcome="they are on it"))
    assert (task(room).outcome, open_tasks(room.ledger.state.tasks)) == ("they are on it", [])
    for again in (c.SettleTask(target=task(room).id, outcome="x"), c.AcceptTask(target=task(room).id)):
        assert room.code(again) == "settled"


def test_a_decision_without_a_time_is_no_open_task() -> None:
    assert open_tasks(Room(noted(TaskKind.DECISION, None)).ledger.state.tasks) == []
    assert open_tasks(Room(noted(TaskKind.TODO, None)).ledger.state.tasks)


@pytest.mark.parametrize(
    ("code", "command_of"),
    [
        ("empty", lambda t: c.AddTask(what=TaskKind.TODO, text=" ")),
        ("minutes", lambda t: c.AddTask(what=TaskKind.TODO, text="x", minutes=0)),
        ("minutes", lambda t: c.AddTask(what=TaskKind.TODO, text="x", minutes=100_000)),
        ("decision_only", lambda t: c.AddTask(what=TaskKind.ACTION, text="x", risk="y")),
        ("no_task", lambda t: c.SettleTask(target="nope", outcome="x")),
        ("outcome", lambda t: c.SettleTask(target=t)),
        ("reason", lambda t: c.PostponeTask(target=t, minutes=5, reason=" ")),
        ("minutes", lambda t: c.PostponeTask(target=t, minutes=-5, reason="x")),
    ],
)
def test_refusals(code: str, command_of) -> None:
    room = Room(noted(TaskKind.QUESTION))
    assert room.code(command_of(task(room).id)) == code


def test_a_struck_settlement_opens_the_task_again_and_an_amended_text_is_shown() -> None:
    room = Room(noted())
    done(room, c.SettleTask(target=task(room).id, outcome="done"))
    settled = room.ledger.entries[-1].id
    room.ledger.extend([entry(8, e.Struck(target=settled, reason="it came back"))])
    room.ledger.extend([entry(9, e.Amended(target=task(room).id, text="page the other vendor"))])
    assert [t.text for t in open_tasks(room.ledger.state.tasks)] == ["page the other vendor"]


def test_timers_run_out_in_order_and_the_promised_update_is_one_of_them() -> None:
    room = Room(noted(minutes=30), noted(TaskKind.DECISION, 2))
    found = running(room.ledger.state, DEFAULT_POLICY)
    assert [timer.due for timer in found] == sorted(timer.due for timer in found)
    kinds = [timer.label.split(":")[0] for timer in found]
    assert kinds == ["decision", "customer update", "call-out", "internal update", "action", "executive update"]


def test_how_they_read() -> None:
    decided = e.TaskNoted(what="decision", text="roll back", owner="sam", minutes=10, risk="loses the cache")
    assert describe(decided) == "decision: roll back (sam, back in 10 min); risk: loses the cache"
    ended = e.TaskSettled(target="x", what="question", text="who owns it?", outcome="the cart team")
    assert describe(ended) == "question answered: who owns it?: the cart team"


def test_what_a_newer_program_wrote_is_no_fault() -> None:
    state = fold(
        "i",
        [
            entry(0, e.TaskNoted(what="wager", text="x", minutes=10**12)),
            entry(1, e.TaskSettled(target="y", what="bet", text="x")),
        ],
    )
    assert (state.tasks[0].due, state.tasks[0].what) == (None, "wager")
    assert describe(e.TaskSettled(target="y", what="bet", text="x")) == "bet settled: x"


LINES = {
    "db failed over": c.AddNote(text="db failed over"),
    "-12m db failed over": c.AddNote(text="db failed over", at=NOW - 12 * MINUTE),
    "! roll back 4711 @sam 10m": c.AddTask(what=TaskKind.DECISION, text="roll back 4711", owner="sam", minutes=10),
    "!roll back in 1h": c.AddTask(what=TaskKind.DECISION, text="roll back", minutes=60),
    "? who owns the cache @lee": c.AddTask(what=TaskKind.QUESTION, text="who owns the cache", owner="lee"),
    "> @kim page the vendor 5 min": c.AddTask(what=TaskKind.ACTION, text="page the vendor", owner="kim", minutes=5),
    "! watch it 2d": c.AddTask(what=TaskKind.DECISION, text="watch it", minutes=2880),
    "! watch it in 1h 30min": c.AddTask(what=TaskKind.DECISION, text="watch it", minutes=90),
    "> restart in 45s": c.AddTask(what=TaskKind.ACTION, text="restart in 45s"),
    "! roll back @sam 1d2h\nerrors began with it 10m": c.AddTask(
        what=TaskKind.DECISION, text="roll back\nerrors began with it 10m", owner="sam", minutes=1560
    ),
    "todo the runbook is wrong": c.AddTask(what=TaskKind.TODO, text="the runbook is wrong"),
    "TODO: alert on it @ann-lee": c.AddTask(what=TaskKind.TODO, text="alert on it", owner="ann-lee"),
    "todos are many": c.AddNote(text="todos are many"),
    "14:10 ! failed over": c.AddTask(what=TaskKind.DECISION, text="failed over", at=NOW - 20 * MINUTE),
    "\\! is not": c.AddNote(text="! is not"),
    "mail kim@example.com": c.AddNote(text="mail kim@example.com"),
    "> mail kim@example.com 5m": c.AddTask(what=TaskKind.ACTION, text="mail kim@example.com", minutes=5),
}


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_means(line: str) -> None:
    assert command(line, NOW, UTC, START) == LINES[line]


def test_a_time_that_cannot_be_is_said_and_nothing_is_kept() -> None:
    found = command("25:99 too late", NOW, UTC, START)
    assert isinstance(found, str)


@given(st.from_regex(r"\A([0-9]{1,3}d)?([0-9]{1,3}h)?([0-9]{1,4}m(in)?)?\Z"))
def test_a_span_means_what_the_command_line_takes_it_for(span: str) -> None:
    found = command(f"> page the vendor {span}", NOW, UTC, START)
    assert isinstance(found, c.AddTask)
    assert found.minutes == minutes_of(span)
    assert found.text == ("page the vendor" if found.minutes else f"page the vendor {span}".rstrip())


@given(st.text(max_size=60))
def test_no_line_is_lost(line: str) -> None:
    """Whatever is typed is kept, as a note or a task, or refused with a reason: never an exception, never silence."""
    found = command(line, NOW, UTC, START)
    if isinstance(found, c.AddNote):
        assert found.at is not None or found.text == line.strip().removeprefix("\\")
    elif isinstance(found, c.AddTask):
        minutes = 1 if found.minutes is None else found.minutes
        refused = isinstance(Room().decide(found), Refusal)
        assert refused == (not found.text or not 0 < minutes <= LONGEST)
    else:
        assert found
