"""What a note or a task can become, what is pinned, and what the history tells of both."""

from test_decide import Room

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.finding import query
from iccon.incident.history import history
from iccon.incident.tasks import TaskKind, open_tasks
from iccon.incident.timeline import Timeline
from iccon.journal.codec import decode_body

PAGE = e.PageSeen(page=e.PageRef("pd", "P1", "disk"), status="triggered")


def told(*bodies: e.Body) -> Room:
    """Return a room in which entry 1 is a note, and what was said of it after."""
    return Room(e.Note(text="page the vendor"), *bodies)


def test_a_note_becomes_a_task_and_a_note_again_and_nothing_is_lost() -> None:
    made = told(e.Amended(target=(note := told().id(1)), what="action", owner="kim"))
    (task,) = open_tasks(made.ledger.state.tasks)
    assert (task.id, task.what, task.text, task.owner) == (note, "action", "page the vendor", "kim")
    assert made.ledger.state.notes == 0
    item = Timeline(made.ledger).items()[1]
    assert (item.kind, item.text, item.amended) == ("task", "action: page the vendor (kim)", True)
    back = told(*(x.body for x in made.ledger.entries[2:]), e.Amended(target=note, what="note"))
    assert (back.ledger.state.tasks, back.ledger.state.notes) == ((), 1)
    texts = [version.text for version in history(back.ledger, back.ledger.by_id[note])]
    assert texts == ["page the vendor", "action: page the vendor (kim)", "page the vendor"]


def test_a_task_that_was_a_note_is_settled_as_any() -> None:
    note = told().id(1)
    turned = e.Amended(target=note, what="question")
    room = told(turned)
    assert room.bodies(c.SettleTask(target=note, outcome="Lee")) == [
        e.TaskSettled(target=note, what="question", text="page the vendor", outcome="Lee")
    ]
    shorter = told(turned, e.Amended(target=note, text="page them"))
    assert shorter.ledger.state.tasks[0].text == "page them"


def test_what_a_note_cannot_be() -> None:
    room = told()
    note = room.id(1)
    assert room.code(c.Amend(target=note, owner="kim")) == "owner"
    assert room.code(c.Amend(target=note, what="note", owner="kim")) == "owner"
    assert room.code(c.Amend(target=note)) == "empty"


def test_what_was_pushed_stays_a_task_and_what_is_neither_stays_what_it_is() -> None:
    task = e.TaskNoted(what=TaskKind.TODO, text="alert on it")
    pushed = e.TaskPushed(target=Room(task).id(1), what="todo", text="alert on it", tracker="ops", effect="e1")
    assert Room(task, pushed).code(c.Amend(target=Room(task).id(1), what="note")) == "pushed"
    assert Room(PAGE).code(c.Amend(target=Room(PAGE).id(1), what="note")) == "fixed_kind"


def test_a_pin_stands_out_is_found_and_unfolds_what_a_machine_wrote() -> None:
    ident = Room(PAGE).id(1)
    room = Room(PAGE, e.Pinned(target=ident))
    timeline = Timeline(room.ledger)
    (item,) = [timeline.item(line) for line in timeline.order if query("is:pinned").finds(line, timeline)]
    assert (item.id, item.machine, item.routine, item.pinned, item.amended) == (ident, True, False, True, False)
    assert len(timeline.order) == 2  # a pin is no line of its own
    assert room.code(c.Pin(target=ident)) == "unchanged"
    off = Room(PAGE, e.Pinned(target=ident), e.Pinned(target=ident, on=False))
    assert off.ledger.state.pins == ()
    assert [version.what for version in history(off.ledger, off.ledger.by_id[ident])] == [
        "written",
        "pinned",
        "unpinned",
    ]
    assert off.code(c.Pin(target=ident, on=False)) == "unchanged"
    assert off.code(c.Pin(target=off.id(2))) == "correction"


def test_what_an_older_iccon_wrote_reads_as_it_meant() -> None:
    assert decode_body("amended", 1, b'{"target":"x","text":"y"}') == e.Amended(target="x", text="y")
    assert decode_body("task", 1, b'{"what":"todo","text":"y"}') == e.TaskNoted(what="todo", text="y")


def test_a_decision_says_what_was_proposed_and_what_was_decided() -> None:
    asked = c.AddTask(
        what=TaskKind.DECISION,
        text="roll back 4711?",
        options="fix forward",
        risk="an hour",
        objections="Lee: loses orders",
        outcome="roll back",
        owner="sam",
        minutes=10,
    )
    (body,) = Room().bodies(asked)
    (task,) = Room(body).ledger.state.tasks
    assert (task.options, task.risk, task.objections, task.decided) == (
        "fix forward",
        "an hour",
        "Lee: loses orders",
        "roll back",
    )
    assert task.due is not None
    assert Room().code(c.AddTask(what=TaskKind.ACTION, text="x", outcome="y")) == "decision_only"


def test_the_rest_of_a_decision_is_filled_in_later() -> None:
    room = Room(e.TaskNoted(what=TaskKind.DECISION, text="roll back"))
    (body,) = room.bodies(c.Amend(target=room.id(1), objections=" Lee ", outcome="rolled back"))
    later = Room(*(entry.body for entry in room.ledger.entries[1:]), body)
    (task,) = later.ledger.state.tasks
    assert (task.objections, task.decided, task.options) == ("Lee", "rolled back", "")
    told = [version.text for version in history(later.ledger, later.ledger.by_id[later.id(1)])]
    assert told == ["decision: roll back", "decision: roll back; objections: Lee; decided: rolled back"]
    assert room.code(c.Amend(target=room.id(1), what="action", risk="none")) == "decision_only"
