import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.runbooks.folder import folder_sources
from iccon.runbooks.index import Entry, Index, mentioned, wanted
from iccon.runbooks.library import Library
from iccon.runbooks.matching import Wanted, words
from iccon.runbooks.model import Runbook
from iccon.text import clean


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "disk.md").write_text("# Disk full\n\nFind what is growing: `du -x /var`.\n\nThen delete old logs.\n")
    (folder / "queue.md").write_text("---\nalerts: [QueueStuck]\n---\n# The queue\n\nRestarting the consumers helps.\n")
    (folder / "binary.md").write_bytes(b"# x\0\1\2")
    return folder


def library(books: Path) -> Library:
    return Library(folder_sources([books]), Index(books.parent / "cache" / "runbooks.db"))


def found(library: Library, asked: str) -> list[str]:
    return [match.runbook.path for match in library.search(asked)]


class TestSearch:
    def test_finds_words_in_any_form_and_as_they_begin_with_the_place_in_the_text(self, books: Path) -> None:
        known = library(books)
        assert found(known, "grows") == ["disk.md"]
        assert found(known, "restart consum") == ["queue.md"]
        assert found(known, "queuestuck") == ["queue.md"]
        assert found(known, "disk consumers") == []
        (match,) = known.search("delete")
        assert [text for text, hit in match.snippet if hit] == ["delete"]
        assert "Then delete old logs." in "".join(text for text, _ in match.snippet)

    def test_a_title_counts_more_than_a_text(self, books: Path) -> None:
        (books / "a.md").write_text("# Other\n\n" + "the queue " * 20)
        assert found(library(books), "queue") == ["queue.md", "a.md"]

    @pytest.mark.parametrize(
        "asked", ["", "  ", '"', "*", "AND", 'NEAR("', "a:b", "-x", "^", "(", "\0", "'; DROP TABLE book"]
    )
    def test_whatever_is_typed_is_words(self, books: Path, asked: str) -> None:
        found(library(books), asked)

    def test_texts_that_name_the_alert_or_hold_all_its_words_fit_last(self, books: Path) -> None:
        (books / "logs.md").write_text("# Storage\n\nWhat to do about VarLogGrowing.\n")
        known = library(books)
        assert {(m.runbook.path, m.why) for m in known.match(Wanted("VarLogGrowing"))} == {
            ("logs.md", "text"),
            ("disk.md", "text"),
        }
        assert known.match(Wanted("NothingLikeIt")) == []


class TestKept:
    def test_a_second_start_knows_all_without_the_folder_and_reads_only_what_changed(self, books: Path) -> None:
        assert library(books).refresh() == 3
        again = library(books)
        shutil.move(books, books.parent / "away")
        assert [book.path for book in again.books()] == ["disk.md", "queue.md"]
        assert found(again, "grows") == ["disk.md"]
        shutil.move(books.parent / "away", books)
        assert library(books).refresh() == 0
        (books / "disk.md").write_text("# Disk\n\nshrinking\n")
        os.utime(books / "queue.md")
        (books / "binary.md").unlink()
        assert again.refresh() == 2
        assert (found(again, "shrink"), found(again, "grows"), found(again, "queue")) == (["disk.md"], [], ["queue.md"])
        assert again.skipped == []

    def test_what_cannot_be_read_is_said_after_a_start_too(self, books: Path) -> None:
        library(books).refresh()
        again = library(books)
        again.refresh()
        assert [(skipped.path, skipped.reason) for skipped in again.skipped] == [("binary.md", "a binary file")]

    def test_it_is_its_owners_only(self, books: Path) -> None:
        known = library(books)
        known.refresh()
        for file in (books.parent / "cache").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert stat.S_IMODE((books.parent / "cache").stat().st_mode) == 0o700

    def test_two_at_once_share_it(self, books: Path) -> None:
        one, other = library(books), library(books)
        one.refresh()
        other.refresh()
        (books / "new.md").write_text("# New\n")
        assert (one.refresh(), found(other, "new")) == (1, ["new.md"])

    @pytest.mark.parametrize("harm", ["garbage", "cut", "table", "version", "columns"])
    def test_a_broken_file_is_made_anew(self, books: Path, harm: str) -> None:
        library(books).refresh()
        file = books.parent / "cache" / "runbooks.db"
        if harm == "garbage":
            file.write_bytes(b"not a database" * 500)
        elif harm == "cut":
            os.truncate(file, file.stat().st_size // 2)
        else:
            sql = {
                "table": "DROP TABLE words",
                "version": "PRAGMA user_version = 99",
                "columns": "ALTER TABLE book RENAME COLUMN about TO other",
            }
            with sqlite3.connect(file) as db:
                db.execute(sql[harm])
            db.close()
        known = library(books)
        known.refresh()
        assert found(known, "grows") == ["disk.md"]
        assert found(library(books), "grows") == ["disk.md"]

    def test_without_a_place_to_write_it_is_kept_in_memory(self, books: Path) -> None:
        (books.parent / "cache").write_text("a file where a folder should be")
        assert found(library(books), "grows") == ["disk.md"]

    def test_a_link_in_its_place_is_not_followed(self, books: Path) -> None:
        other = books.parent / "precious"
        other.write_text("keep me")
        (books.parent / "cache").mkdir()
        (books.parent / "cache" / "runbooks.db").symlink_to(other)
        assert found(library(books), "grows") == ["disk.md"]
        assert other.read_text() == "keep me"


@given(st.text(max_size=60), st.text(max_size=40))
def test_any_text_is_a_query_that_runs(text: str, alert: str) -> None:
    SHARED.search(["x"], wanted(text))
    SHARED.search(["x"], mentioned(alert, words(text)))
    assert SHARED.lost == 0


SHARED = Index(None)
SHARED.put("x", [Entry("a", (1, 2, 3), "d", Runbook("x", "a", clean("a")), "a", "some text")])
