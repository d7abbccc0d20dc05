"""Import: without loss, without doubles, all or nothing, and nothing that does not hold together."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journalkit import StillClock, note
from msgspec import Raw
from msgspec.structs import replace

from iccon.journal import codec
from iccon.journal.chain import Record, signed
from iccon.journal.store import BrokenChain, Imported, Journal


@pytest.fixture
def source(tmp_path: Path) -> Journal:
    journal = Journal.open(tmp_path / "source.db", StillClock())
    journal.append([note(f"{number}", incident="ij"[number % 2]) for number in range(8)])
    return journal


@pytest.fixture
def target(tmp_path: Path) -> Journal:
    journal = Journal.open(tmp_path / "target.db", StillClock())
    journal.append([note("own")])
    return journal


def test_json_lines_come_in_without_loss(source: Journal, target: Journal) -> None:
    lines = [codec.line(record) for record in source.records()]
    assert target.import_records(map(codec.parse_line, lines)) == Imported(8, 0)
    assert [codec.line(r) for r in target.records() if r.writer == source.writer] == lines
    assert target.import_records(map(codec.parse_line, lines)) == Imported(0, 8)
    assert target.verify() == type(target.verify())(9, 2)
    assert len(target.changes()) == 9


def test_back_home_everything_is_known(source: Journal) -> None:
    assert source.import_records(list(source.records())) == Imported(0, 8)


def test_one_incident_alone_then_the_rest(source: Journal, target: Journal) -> None:
    assert target.import_records(source.records("j")) == Imported(4, 0)
    assert target.verify().bad is None
    source.append([note("later", incident="i")])
    assert target.import_records(source.records("i")) == Imported(5, 0)
    assert target.verify().bad is None
    assert [r for r in target.records() if r.writer == source.writer] == list(source.records())


def test_what_is_deleted_after_a_partial_import_is_missed(source: Journal, target: Journal) -> None:
    target.import_records(source.records("j"))
    with sqlite3.connect(target.path) as db:
        db.execute("DELETE FROM entries WHERE writer = ? AND seq = 4", (source.writer,))
    db.close()
    bad = target.verify().bad
    assert bad is not None
    assert (bad.seq, bad.writer) == (6, source.writer)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(order=st.permutations(range(6)), cut=st.integers(1, 5))
def test_any_order_in_any_portions_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("portions")
    source = Journal.open(folder / "source.db", StillClock())
    source.append([note(f"{number}") for number in range(6)])
    records = list(source.records())
    target = Journal.open(folder / "target.db", StillClock())
    for portion in (order[:cut], order[cut:]):
        target.import_records([records[index] for index in portion])
        assert target.verify().bad is None
    assert list(target.records()) == records


def test_unknown_kinds_come_in_and_go_out_byte_for_byte(source: Journal, target: Journal) -> None:
    last = list(source.records())[-1]
    newer = signed(
        replace(last, kind="teleport", version=9, body=Raw(b'{"z":1, "a":[2.50]}'), seq=1, prev="", writer="x")
    )
    target.import_records([newer])
    assert codec.line(next(r for r in target.records() if r.kind == "teleport")) == codec.line(newer)
    assert target.verify().bad is None


Change = Callable[[Record], Record]
BAD: dict[str, tuple[Change, str]] = {
    "altered": (lambda r: replace(r, actor="eve"), "altered"),
    "cut loose": (lambda r: signed(replace(r, prev="0" * 64)), "does not follow"),
    "no id": (lambda r: signed(replace(r, id="x")), "no id|not an id"),
    "id of the far future": (lambda r: signed(replace(r, id="ffffffff" + r.id[8:])), "not an id"),
    "number 0": (lambda r: signed(replace(r, seq=0)), "no valid number"),
    "number too big": (lambda r: signed(replace(r, seq=2**63)), "no valid number"),
    "no time": (lambda r: signed(replace(r, happened_at="soon")), "cannot be decoded"),
    "body of no JSON": (lambda r: signed(replace(r, body=Raw(b"{"))), "cannot be decoded"),
    "same number twice": (lambda r: signed(replace(r, seq=r.seq - 1)), "forked"),
}


@pytest.mark.parametrize(("change", "reason"), BAD.values(), ids=BAD.keys())
def test_nothing_comes_in_when_one_record_is_bad(source: Journal, target: Journal, change: Change, reason: str) -> None:
    records = list(source.records())
    records[4] = change(records[4])
    before = list(target.records())
    with pytest.raises(BrokenChain, match=reason) as caught:
        target.import_records(records)
    assert caught.value.position == 5
    assert list(target.records()) == before
    assert target.verify().bad is None


def test_a_known_id_with_other_content_is_refused(source: Journal, target: Journal) -> None:
    records = list(source.records())
    target.import_records(records)
    with pytest.raises(BrokenChain, match="differs") as caught:
        target.import_records([*records[:2], signed(replace(records[2], actor="eve"))])
    assert caught.value.position == 3


def test_nobody_appends_under_our_own_name(source: Journal, target: Journal) -> None:
    stranger = next(source.records())
    forged = signed(replace(stranger, writer=target.writer, seq=3))
    with pytest.raises(BrokenChain, match="own writer"):
        target.import_records([forged])


def test_a_restored_backup_takes_back_what_it_lost(source: Journal, tmp_path: Path) -> None:
    with sqlite3.connect(source.path) as db:
        db.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    db.close()
    lost = source.append([note("lost"), note("lost too")])
    backup = Journal.open(tmp_path / "backup.db", StillClock())
    assert backup.import_records(source.records()) == Imported(2, 8)
    assert list(backup.entries())[-2:] == list(lost)
    backup.append([note("goes on")])
    assert backup.verify().bad is None
