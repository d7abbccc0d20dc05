"""When things are down: the record is kept, what is down is said, keys are answered, and leaving is prompt."""

import asyncio
import contextlib
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest
from running import Running, config_of, declared, do_before, running, setting_in
from textual.widgets import TextArea

from iccon.config import schema
from iccon.config.setting import Setting
from iccon.console import start
from iccon.console.screens.composer import Composer
from iccon.console.screens.form import Form
from iccon.console.widgets.notebar import NoteBar
from iccon.feed.model import Source
from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.severity import Severity
from iccon.journal.store import JournalFault

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens there


def all_refusing(folder: Path) -> Setting:
    signal = schema.Signal("sum by (service) (rate(requests_total[1m]))", "per_second", "main")
    config = config_of(
        prometheus={"main": schema.Prometheus(NOWHERE, timeout=1.0)},
        signals=schema.Signals(traffic=signal),
        pagerduty=schema.PagerDuty(schema.Secret(literal="token"), url=NOWHERE, timeout=1.0),
        updates=schema.Updates({"hook": schema.Outlet("webhook", url=NOWHERE, timeout=1.0)}),
    )
    return setting_in(folder, config)


async def test_with_every_endpoint_refusing_everything_that_is_the_record_works(tmp_path: Path) -> None:
    setting = all_refusing(tmp_path)
    async with running(setting, size=(160, 40)) as console:
        await console.press("d", *"All is down", "enter")
        await console.until_incident()
        await console.until(lambda: all(s.trouble for s in console.app.snapshot.slots.values()))
        await console.press("n", *"still writing", "enter", "s", "1", "enter")
        await console.press("o", "tab", *"berly", "enter")
        await console.press("u")
        await console.until_modal(Composer)
        await console.press(*" More soon.")
        assert console.one(TextArea).text.endswith("More soon.")
        await console.press("ctrl+s")
        await console.until_incident()
        await console.press("R", *"it ended", "tab", *"by phone", "enter", "X")
        await console.until(lambda: "written" in console.notices())
        kinds = {entry.kind for entry in await console.entries()}
        assert {"declared", "note", "severity", "role", "update", "phase"} <= kinds
        shown = console.shown()
        for name in ("signals", "pages"):
            trouble = console.app.snapshot.slots[name].trouble
            assert trouble is not None
            assert name in shown
            assert f"{trouble.since:%H:%M}" in shown
        await console.until(
            lambda: any(isinstance(x.body, e.EffectEnded) for x in console.incident_screen.ledger.entries)
        )
        assert (await console.bodies(e.EffectEnded))[-1].state == "failed"


async def test_while_a_source_hangs_keys_are_answered_and_leaving_is_prompt(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    hanging, freed = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        freed.wait(30)

    async with running(setting, sources=[Source("signals", hang, 5.0, 20.0)]) as console:
        await console.until(hanging.is_set)
        await console.press("n", *"while it hangs", "enter")
        assert [b.text for b in await console.bodies(e.Note)] == ["while it hangs"]
        began = time.monotonic()
        console.burst("q")
        await console.until(lambda: not console.app.is_running)
    assert time.monotonic() - began < 15  # of the 30 that the source takes
    assert not freed.is_set()
    freed.set()


async def test_a_poll_that_raises_anything_ends_nothing(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)

    def broken() -> None:
        raise ZeroDivisionError("[/] in the reason")

    async with running(setting, sources=[Source("pages", broken, 5.0, 2.0)]) as console:
        await console.until(lambda: console.app.snapshot.slots["pages"].trouble)
        await console.settle()
        assert "internal error" in console.shown()
        await console.press("n", *"fine", "enter")
        assert len(await console.bodies(e.Note)) == 1


async def test_a_runbook_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    setting = setting_in(tmp_path, config_of(runbooks=schema.Runbooks((str(tmp_path / "no such folder"),))))
    declared(setting)
    async with running(setting) as console:
        await console.press("r")
        await console.until(lambda: "runbook" in console.notices())


async def test_a_file_where_the_folder_should_be_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(JournalFault) as caught:
        async with running(setting_in(tmp_path)):
            pass
    assert str(tmp_path / "data") in caught.value.reason
    assert (tmp_path / "data").read_text() == "not a folder"


def unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that is mounted for reading only: opening to write is refused, reading is not."""
    real = start.bootstrap.open_desk

    def opened(setting: Setting) -> object:
        if not setting.read_only:
            raise JournalFault("denied", f"{setting.journal} cannot be written", "check the permissions")
        return real(setting)

    monkeypatch.setattr(start.bootstrap, "open_desk", opened)


async def test_a_journal_that_cannot_be_written_is_shown_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = setting_in(tmp_path)
    ident = do_before(setting, c.Declare(title="Kept before", severity=Severity.SEV2), c.AddNote(text="old note"))[0]
    unwritable(monkeypatch)
    async with running(setting, incident=ident) as console:
        await console.until_incident()
        await console.settle()
        assert "RECORD NOT KEPT" in console.shown()
        assert "old note" in console.shown()
        assert "cannot be written" in console.notices()
        await console.press("n", *"lost?", "enter")
        assert "NOT RECORDED" in console.notices()
        assert console.one(NoteBar).field.value == "lost?"
        await console.press("escape", "s", "1", "enter")
        assert isinstance(console.app.screen, Form)
        assert "NOT RECORDED" in console.shown()


async def fault_at_write(console: Running) -> None:
    """From now on the journal's connection is as on a full disk: a real limit of SQLite itself."""

    def limit(desk: object) -> None:
        db: sqlite3.Connection = desk.journal._db  # type: ignore[attr-defined]
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    await console.call(limit)


async def test_a_full_disk_is_said_and_the_text_stays_until_there_is_space(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    declared(setting)
    long = "x" * 19_000
    async with running(setting) as console:
        await fault_at_write(console)
        await console.press("n")
        field = console.one(NoteBar).field
        field.value = long
        await console.press("enter")
        await console.until(lambda: "RECORD NOT KEPT" in console.shown())
        assert "is full" in console.notices()
        assert field.value == long
        assert await console.bodies(e.Note) == []
        await console.call(lambda desk: desk.journal._db.execute("PRAGMA max_page_count = 1000000"))
        await console.press("enter")
        await console.until(lambda: "RECORD NOT KEPT" not in console.shown())
        assert [b.text for b in await console.bodies(e.Note)] == [long]


async def test_a_garbled_journal_is_shown_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    title = c.Declare(title="Kept before", severity=Severity.SEV2)
    ident = do_before(setting, title, *(c.AddNote(text=f"note {i} " + "x" * 400) for i in range(200)))[0]
    with contextlib.closing(sqlite3.connect(setting.journal)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = setting.journal.stat().st_size
    with setting.journal.open("r+b") as file:
        file.seek(size // 4 // 4096 * 4096)
        file.write(b"\xff" * (size // 2))
    before = setting.journal.read_bytes()
    async with running(setting, incident=ident) as console:
        await console.until_incident()
        await console.until(lambda: "Kept before" in console.shown())
        await console.until(lambda: "RECORD NOT KEPT" in console.shown())
        assert "note" in console.shown()
        await console.press("n", *"more", "enter")
        assert "NOT RECORDED" in console.notices()
    assert setting.journal.read_bytes() == before


async def test_a_journal_that_is_no_journal_is_refused_untouched(tmp_path: Path) -> None:
    setting = setting_in(tmp_path)
    setting.journal.parent.mkdir(parents=True)
    setting.journal.write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(JournalFault):
        async with running(setting):
            pass
    assert setting.journal.read_bytes() == b"this is not SQLite" * 100


LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from running import running, setting_in, declared
from iccon.console.widgets.notebar import NoteBar
async def main():
    setting = setting_in(Path(sys.argv[1]))
    async with running(setting) as console:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        await console.press("n", *"does not fit", "enter")
        await console.until(lambda: "RECORD NOT KEPT" in console.shown())
        assert console.one(NoteBar).field.value == "does not fit"
        print(console.notices())
asyncio.run(main())
"""


async def test_a_file_size_limit_is_said_too(tmp_path: Path) -> None:
    declared(setting_in(tmp_path))
    args = ("-c", LIMITED, str(tmp_path), str(Path(__file__).parent))
    pipe = asyncio.subprocess.PIPE
    ended = await asyncio.create_subprocess_exec(sys.executable, *args, stdout=pipe, stderr=pipe)
    out, err = await ended.communicate()
    assert ended.returncode == 0, err.decode()[-2000:]
    assert "NOT RECORDED" in out.decode()


async def test_trouble_counts_down_to_the_next_try(tmp_path: Path) -> None:
    async with running(all_refusing(tmp_path), size=(160, 40)) as console:
        await console.until(lambda: all(s.trouble for s in console.app.snapshot.slots.values()))
        await console.until(lambda: "again in" in console.shown())


async def test_a_pause_asks_nothing_says_so_and_ends_with_the_same_key(tmp_path: Path) -> None:
    async with running(all_refusing(tmp_path), size=(160, 40)) as console:
        await console.until(lambda: all(s.trouble for s in console.app.snapshot.slots.values()))
        await console.press("f6")
        await console.until(lambda: "paused, nothing is asked (f6 goes on)" in console.shown())
        assert console.app.snapshot.paused
        assert "again in" not in console.shown()
        await console.press("f6")
        await console.until(lambda: "paused, nothing" not in console.shown() and "again in" in console.shown())
