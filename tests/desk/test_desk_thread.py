"""The desk on its thread: answers, news, trouble, and an end in time."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from journalkit import StillClock, declare, did, opened, refused

from iccon.desk import Desk
from iccon.deskthread import DeskThread
from iccon.incident import commands as c
from iccon.incident.entries import Entry
from iccon.incident.severity import Severity
from iccon.journal.store import JournalFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def desk(path: Path) -> AsyncIterator[DeskThread]:
    thread = DeskThread(lambda: opened(path))
    await thread.start()
    yield thread
    assert await thread.stop()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.01)


async def test_commands_and_calls_are_answered_in_order(desk: DeskThread) -> None:
    incident = did(await desk.do(c.Declare(title="t", severity=Severity.SEV1))).incident
    notes = [desk.do(c.AddNote(text=str(n))) for n in range(20)]
    await asyncio.gather(*notes)
    kept = await desk.call(lambda d: [e.body.text for e in d.ledger(incident).entries[2:]])  # type: ignore[attr-defined]
    assert kept == [str(n) for n in range(20)]
    assert refused(await desk.do(c.AddNote(text=""))) == "empty"


async def test_own_and_others_entries_are_published(desk: DeskThread, path: Path) -> None:
    news: list[Entry] = []
    stop = desk.subscribe(news.extend)
    declared = did(await desk.do(c.Declare(title="t", severity=Severity.SEV1)))
    assert news == list(declared.entries)
    theirs = did(opened(path, actor="bob").do(c.AddNote(text="theirs")))
    await until(lambda: len(news) == 3)
    assert news[2:] == list(theirs.entries)
    stop()
    await desk.do(c.AddNote(text="unheard"))
    assert len(news) == 3


async def test_an_exception_goes_to_the_caller_alone(desk: DeskThread) -> None:
    def fail(_: Desk) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.call(fail)
    assert desk.trouble is None
    did(await desk.do(c.Declare(title="t", severity=Severity.SEV1)))


async def test_trouble_is_published_and_ends_with_the_next_write(desk: DeskThread) -> None:
    await desk.do(c.Declare(title="t", severity=Severity.SEV1))
    heard: list[str | None] = []
    told: list[tuple[Entry, ...]] = []
    desk.on_trouble(heard.append)
    desk.subscribe(told.append)
    await desk.call(lambda d: d.journal._db.execute("PRAGMA max_page_count = 1").fetchall())
    with pytest.raises(JournalFault):
        for _ in range(500):
            await desk.do(c.AddNote(text="x" * 10_000))
    assert desk.trouble is not None
    assert "NOT being kept" in desk.trouble
    assert "full" in desk.trouble
    assert told[-1] == ()
    assert await desk.call(lambda d: len(d.active())) == 1
    assert refused(await desk.do(c.AddNote(text=""))) == "empty"
    assert desk.trouble is not None  # nothing was written yet
    await desk.call(lambda d: d.journal._db.execute("PRAGMA max_page_count = 100000").fetchall())
    did(await desk.do(c.AddNote(text="again")))
    assert heard[-1] is None
    assert desk.trouble is None


async def test_a_journal_that_cannot_be_opened_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"garbage")
    thread = DeskThread(lambda: opened(tmp_path / "journal.db"))
    with pytest.raises(JournalFault):
        await thread.start()
    with pytest.raises(JournalFault):
        await thread.call(lambda d: d.active())
    assert await thread.stop()


async def test_stopping_finishes_what_was_asked_and_closes(path: Path) -> None:
    thread = DeskThread(lambda: opened(path))
    await thread.start()
    asked = [asyncio.ensure_future(thread.call(declare)) for _ in range(5)]  # noqa: TID251
    await asyncio.sleep(0)
    assert await thread.stop()
    assert len({await one for one in asked}) == 5
    with pytest.raises(JournalFault, match="closed"):
        await thread.do(c.AddNote(text="x"))
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]


async def test_a_disk_that_hangs_does_not_hold_the_exit(path: Path) -> None:
    thread, hang = DeskThread(lambda: opened(path, StillClock())), threading.Event()
    await thread.start()
    waiting = asyncio.ensure_future(thread.call(lambda _: hang.wait(30)))  # noqa: TID251
    await asyncio.sleep(0)
    assert not await thread.stop(0.05)
    hang.set()
    await waiting
    assert await thread.stop()


async def test_trouble_in_reading_is_published(desk: DeskThread, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Desk) -> tuple[Entry, ...]:
        raise JournalFault("io", "the disk is gone", "find it")

    with monkeypatch.context() as patched:
        patched.setattr(Desk, "catch_up", fail)
        await until(lambda: desk.trouble)
        assert desk.trouble is not None
        assert "cannot be read" in desk.trouble
    await until(lambda: desk.trouble is None)
