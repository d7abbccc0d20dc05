"""Damaged, foreign, read-only and full: said plainly, nothing rewritten, what can be read is read."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from journalkit import StillClock, note, texts

from iccon.incident.entries import Entry
from iccon.journal.schema import VERSION
from iccon.journal.store import Journal, JournalFault

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed journal of 400 notes, some 50 pages."""
    path = tmp_path / "journal.db"
    journal = Journal.open(path, StillClock())
    journal.append([note(f"note {number} " + "x" * 100) for number in range(400)])
    journal.close()
    return path


def fingerprint(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def readable(journal: Journal) -> tuple[list[Entry], JournalFault | None]:
    found: list[Entry] = []
    try:
        for entry in journal.entries():
            found.append(entry)  # noqa: PERF402  (what came before the fault is the point)
    except JournalFault as fault:
        return found, fault
    return found, None


def fault_of_opening(path: Path, *, read_only: bool = False) -> JournalFault:
    with pytest.raises(JournalFault) as caught:
        Journal.open(path, StillClock(), read_only=read_only)
    assert caught.value.reason
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "content", [b"", b"x" * 5000, b"SQLite format 3\0", b"\0" * 8192], ids=["empty", "text", "cut", "zeros"]
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes, read_only: bool) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    assert fault_of_opening(path, read_only=read_only).code == "damaged"
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (a)")
    db.close()
    before = fingerprint(path)
    assert fault_of_opening(path).code == "foreign"
    assert fingerprint(path) == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_journal_is_refused(path: Path, read_only: bool) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    assert fault_of_opening(path, read_only=read_only).code == "newer"


def test_a_missing_journal_is_not_made_by_reading(tmp_path: Path) -> None:
    assert fault_of_opening(tmp_path / "no" / "journal.db", read_only=True).code == "missing"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    assert fault_of_opening(tmp_path).code == "denied"


def test_a_file_where_its_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert fault_of_opening(tmp_path / "file" / "journal.db").code == "denied"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_file_is_read_up_to_the_cut(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share) // 4096 * 4096])
    before = fingerprint(path)
    journal = Journal.open(path, StillClock(), read_only=True)
    found, fault = readable(journal)
    assert fault is not None
    assert fault.code == "damaged"
    assert [e.seq for e in found] == list(range(1, len(found) + 1))
    assert 0 < len(found) < 400
    verdict = journal.verify()
    assert verdict.bad is not None
    assert (verdict.records, verdict.bad.position) == (len(found), len(found) + 1)
    journal.close()
    assert fingerprint(path) == before


def test_a_cut_file_is_not_written_to(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    before = fingerprint(path)
    assert fault_of_opening(path).code == "damaged"
    assert fingerprint(path) == before


def test_a_garbled_page_costs_only_what_comes_after(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(os.urandom(4096))
    before = fingerprint(path)
    journal = Journal.open(path, StillClock(), read_only=True)
    found, fault = readable(journal)
    assert fault is not None
    assert fault.code == "damaged"
    assert journal.verify().bad is not None
    assert all(e.seq == number for number, e in enumerate(found, 1))
    journal.close()
    assert fingerprint(path) == before


@pytest.mark.parametrize(
    ("statement", "readable_before"),
    [
        ("UPDATE entries SET body = '{' WHERE seq = 100", 99),
        ("UPDATE entries SET happened_at = 'soon' WHERE seq = 100", 99),
        ("UPDATE entries SET body = CAST(x'ff' AS TEXT) WHERE seq = 100", 99),
    ],
)
def test_entries_come_until_the_one_that_cannot_be_decoded(path: Path, statement: str, readable_before: int) -> None:
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()
    found, fault = readable(Journal.open(path, StillClock(), read_only=True))
    assert len(found) == readable_before
    assert fault is not None
    assert "iccon verify" in fault.hint


def test_nothing_is_written_once_damage_was_seen(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(os.urandom(4096))
    journal = Journal.open(path, StillClock())
    assert readable(journal)[1] is not None
    with pytest.raises(JournalFault) as caught:
        journal.append([note("more")])
    assert caught.value.code == "damaged"


def test_a_journal_that_does_not_say_whose_it_is(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM meta")
    db.close()
    assert fault_of_opening(path).code == "damaged"


# -- full ------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KB where this machine lets us mount one; else a plain folder (see `fill`)."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    yield tmp_path
    if mounted.returncode == 0:
        subprocess.run(["umount", "-l", str(tmp_path)], check=False)


def fill(journal: Journal) -> JournalFault:
    if not os.path.ismount(journal.path.parent):
        journal._db.execute("PRAGMA max_page_count = 60")
    with pytest.raises(JournalFault) as caught:
        for number in range(3000):
            journal.append([note(f"{number} " + "x" * 500)])
    return caught.value


def test_a_full_disk_is_said_and_costs_nothing(small_disk: Path) -> None:
    journal = Journal.open(small_disk / "journal.db", StillClock())
    journal.save_draft("note:i", "typing", 6)
    fault = fill(journal)
    assert fault.code == "full"
    assert "full" in fault.reason
    before = texts(journal)
    with pytest.raises(JournalFault):
        journal.append([note("y" * 100_000)], drop_draft="note:i")
    assert texts(journal) == before
    assert journal.draft("note:i") is not None
    assert journal.verify().bad is None
    journal.close()
    again = Journal.open(small_disk / "journal.db", StillClock(), read_only=True)
    assert texts(again) == before


LIMITED = """
import resource, sys
from pathlib import Path
from journalkit import StillClock, note, texts
from iccon.journal.store import Journal, JournalFault
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
journal = Journal.open(Path(sys.argv[1]), StillClock())
try:
    for number in range(3000):
        journal.append([note("x" * 500)])
except JournalFault as fault:
    before = texts(journal)
    assert journal.verify().bad is None
    print(fault.code, len(before), fault.reason)
"""


def test_a_file_size_limit_is_said(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    path = tmp_path / "journal.db"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    code, count, *reason = done.stdout.split()
    assert (code, "disk" in reason) in (("io", True), ("full", True)), done
    journal = Journal.open(path, StillClock())
    assert len(texts(journal)) == int(count)
    assert journal.verify().bad is None


# -- read-only places ------------------------------------------------------------------------------------


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Run as a user who may read `folder` and may not write there."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def sealed(path: Path) -> Iterator[Path]:
    """The journal in a folder in which nothing can be made or changed."""
    folder = Path(tempfile.mkdtemp())
    shutil.copy(path, folder / "journal.db")
    (folder / "journal.db").chmod(0o444)
    folder.chmod(0o555)
    with unprivileged(folder):
        yield folder / "journal.db"
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_journal_in_a_read_only_folder_can_be_read(sealed: Path) -> None:
    journal = Journal.open(sealed, StillClock(), read_only=True)
    assert len(texts(journal)) == 400
    assert journal.verify().bad is None
    assert journal.changes() == ()
    journal.close()
    assert [file.name for file in sealed.parent.iterdir()] == ["journal.db"]


def test_a_journal_in_a_read_only_folder_is_not_opened_for_writing(sealed: Path) -> None:
    fault = fault_of_opening(sealed)
    assert fault.code == "denied"
    assert "cannot be" in fault.reason


def test_a_home_that_cannot_be_written_makes_no_journal(sealed: Path) -> None:
    assert fault_of_opening(sealed.parent / "new" / "journal.db").code == "denied"


@pytest.mark.parametrize("with_index", [True, False])
def test_what_a_killed_writer_left_is_read_even_in_a_read_only_folder(tmp_path: Path, with_index: bool) -> None:
    """A crash leaves the WAL unmerged; then the disk turns read-only."""
    live = tmp_path / "live.db"
    writer = Journal.open(live, StillClock())
    writer.append([note("in the WAL only")])
    folder = Path(tempfile.mkdtemp())
    for end in ("", "-wal", "-shm") if with_index else ("", "-wal"):
        shutil.copy(f"{live}{end}", folder / f"journal.db{end}")
        (folder / f"journal.db{end}").chmod(0o444)
    folder.chmod(0o555)
    with unprivileged(folder):
        journal = Journal.open(folder / "journal.db", StillClock(), read_only=True)
        assert texts(journal) == ["in the WAL only"]
        journal.close()
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_reader_sees_what_a_writer_appends(path: Path) -> None:
    writer = Journal.open(path, StillClock())
    reader = Journal.open(path, StillClock(), read_only=True)
    writer.append([note("fresh")])
    assert [e.seq for e in reader.changes()] == [401]
    assert reader.changes() == ()


def test_a_lock_that_is_never_let_go_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iccon.journal.schema.BUSY_SECONDS", 0.05)
    journal = Journal.open(path, StillClock())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalFault) as caught:
        journal.append([note("waits")])
    assert caught.value.code == "busy"
    other.execute("ROLLBACK")
    other.close()
    assert len(journal.append([note("goes")])) == 1


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    journal = Journal.open(tmp_path / "journal.db", StillClock())
    assert len(journal.append([note("a")])) == 1
