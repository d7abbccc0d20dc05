"""The timeline: by the time at which things happened, corrections shown on what they correct."""

from datetime import timedelta

from journalkit import START, entry
from msgspec.structs import replace

from iccon.incident import entries as e
from iccon.incident.fold import Ledger
from iccon.incident.severity import Severity
from iccon.incident.timeline import Timeline, describe, is_routine


def timeline(*history: e.Entry) -> Timeline:
    ledger = Ledger("i")
    ledger.extend(history)
    return Timeline(ledger)


def shown(timeline: Timeline) -> list[str]:
    return [item.text for item in timeline.items()]


A, B = entry(1, e.Note(text="a")), entry(5, e.Note(text="b"))


def test_a_change_stays_visible_among_folded_machine_entries() -> None:
    told = entry(1, e.ChangeSeen(text="v2", services=("checkout",), who="ann", url="https://ci/1"))
    assert not is_routine(told)
    assert describe(told.body) == "change of checkout by ann: v2 https://ci/1"


def test_a_late_note_stands_where_it_happened_and_is_marked() -> None:
    late = replace(
        entry(9, e.Note(text="late"), at=START + timedelta(minutes=3)), recorded_at=START + timedelta(minutes=9)
    )
    lines = timeline(A, B)
    lines.extend(lines.ledger.extend([late]))
    assert shown(lines) == ["a", "late", "b"]
    assert [item.late for item in lines.items()] == [False, True, False]


def test_an_amended_time_moves_the_line() -> None:
    lines = timeline(A, B)
    moved = entry(6, e.Amended(target=B.id, happened_at=START))
    lines.extend(lines.ledger.extend([moved]))
    assert shown(lines) == ["b", "a"]
    assert [item.amended for item in lines.items()] == [True, False]


def test_corrections_show_on_their_target_not_as_lines() -> None:
    lines = timeline(A, B, entry(6, e.Amended(target=A.id, text="A!")), entry(7, e.Struck(target=B.id, reason="wrong")))
    assert shown(lines) == ["A!", "b"]
    assert [item.struck for item in lines.items()] == [None, "wrong"]


def test_a_correction_that_came_before_its_target_counts() -> None:
    lines = timeline(entry(0, e.Amended(target=B.id, happened_at=START - timedelta(hours=1))), A)
    lines.extend(lines.ledger.extend([B]))
    assert shown(lines) == ["b", "a"]


def test_entries_of_one_instant_stand_in_the_order_of_their_ids() -> None:
    same = [entry(n, e.Note(text=str(n)), at=START) for n in range(4)]
    assert shown(timeline(*reversed(same))) == ["0", "1", "2", "3"]


def test_machine_lines_are_marked() -> None:
    page = entry(2, e.PageSeen(page=e.PageRef("pd", "P1", "disk full"), status="triggered"))
    assert [item.machine for item in timeline(A, page, B).items()] == [False, True, False]


def test_every_kind_has_a_reading() -> None:
    unknown = e.Unknown(original_kind="teleport", original_version=3, raw={})
    declared = e.Declared(title="Checkout fails", severity=Severity.SEV1)
    assert shown(timeline(entry(0, declared), entry(1, unknown))) == [
        "declared SEV1: Checkout fails",
        "teleport (version 3, written by a newer iccon)",
    ]


def test_a_write_that_did_not_succeed_is_never_folded_away() -> None:
    states = ("sent", "failed", "unknown")
    lines = timeline(*[entry(i, e.EffectEnded(effect="x", target="page", state=s)) for i, s in enumerate(states)])
    assert [item.machine for item in lines.items()] == [True, True, True]
    assert [item.routine for item in lines.items()] == [True, False, False]
