"""Runbooks on the web: only where the configuration allows it, bounded, copied, and the copy's age said."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from journalkit import StillClock
from rawserver import Answer, closed_port, hang, http, serving

from iccon.config import schema
from iccon.runbooks.index import Index
from iccon.runbooks.library import Library
from iccon.runbooks.matching import BY_URL, Wanted
from iccon.runbooks.mirror import Mirror
from iccon.runbooks.model import RunbookFault
from iccon.runbooks.web import WebSource

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = http(b"# Disk\n\nLook \x1b[31m at it\n", "200 OK", "Content-Type: text/markdown; charset=utf-8", "ETag: 17")


def source(folder: Path, url: str, clock: StillClock | None = None, token: str = "", **more: object) -> WebSource:
    config = schema.RunbookSource("web", url=url, **{"timeout": 5.0, **more})
    return WebSource("docs", config, lambda: token, Mirror(folder / "copies"), clock or StillClock(NOON))


def fetched(folder: Path, *answers: Answer, path: str = "/books/disk.md", **more: object) -> str:
    with serving(*answers) as server:
        library = Library([source(folder, server.url + "/books", **more)])
        return library.read(library.fetch(server.url + path)).text


def test_a_page_is_fetched_once_kept_and_its_age_is_said(tmp_path: Path) -> None:
    clock = StillClock(NOON)
    with serving(TEXT) as server:
        docs = source(tmp_path, server.url + "/books", clock, "s3cret")
        library = Library([docs], Index(tmp_path / "index.db"))
        book = library.fetch(server.url + "/books/disk.md#top")
        assert (book.name, book.title) == ("docs:disk.md", "Disk")
        assert library.read(book).text == "# Disk\n\nLook ␛[31m at it\n"
        assert len(server.requests) == 1
        assert b"Authorization: Bearer s3cret" in server.requests[0]
        assert [(m.runbook.path, m.why) for m in library.match(Wanted(url=book.url))] == [("disk.md", BY_URL)]
        clock.at = NOON + timedelta(hours=2)
        assert library.read(book).fetched_at == NOON  # nobody waits for a server
        assert library.sync() == {}
        assert library.read(book).fetched_at == clock.at
        assert library.sync() == {}  # young: nobody is asked
        assert len(server.requests) == 2
    clock.at = NOON + timedelta(hours=5)
    again = Library([docs], Index(tmp_path / "index.db"))
    assert "nothing listens there" in again.sync()["docs"]  # its server is gone
    old = again.read(again.fetch(book.url))
    assert (old.text, old.fetched_at) == ("# Disk\n\nLook ␛[31m at it\n", NOON + timedelta(hours=2))
    assert [match.runbook.path for match in again.search("look")] == ["disk.md"]
    for file in (tmp_path / "copies").iterdir():
        assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example.org/books/disk.md",
        "{base}/secrets/disk.md",
        "{base}/books/../secrets",
        "{base}/books/%2e%2e/secrets",
        "{base}/booksellers/x",
        "http://127.0.0.1:1@other.example.org/books/x",
        "file:///etc/passwd",
        "{base}/books\\..\\x",
        "javascript:alert(1)",
        "http://[",
        "{base}/books/draft/x.md",
        "",
    ],
)
def test_nothing_else_is_asked(tmp_path: Path, url: str) -> None:
    with serving(TEXT) as server:
        library = Library([source(tmp_path, server.url + "/books", exclude=("draft/*",))])
        with pytest.raises(RunbookFault, match=r"is no place to fetch from; .* kind = \"web\""):
            library.fetch(url.format(base=server.url))
        assert server.requests == []


def answer(body: bytes, kind: str, status: str = "200 OK", *more: str) -> bytes:
    return http(body, status, f"Content-Type: {kind}", *more)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(b"", "text/plain", "404 Not Found"), "nothing at this address"),
        (answer(b"<html>oops", "text/html", "502 Bad Gateway"), "the server failed"),
        (answer(b"\x89PNG\r\n", "image/png"), "image/png, not a text"),
        (answer(b"a\0b", "text/plain"), "a binary file"),
        (answer(b"x" * 2_100_000, "text/plain"), "over 1.91 MB"),
        (answer(b"<form><input type=password></form>", "text/html"), "a login page"),
        (answer(b"<!DOCTYPE html><script>1</script>", "text/plain"), "no text"),
        (answer(b"", "text/plain", "302 Found", "Location: http://other.example.org/"), "redirected to other"),
        (answer(b"", "text/plain", "302 Found", "Location: /secrets"), "redirected to"),
        (answer(b"", "text/plain", "301 Moved", "Location: /books/again"), "more than 5 times"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "cut off"),
        (b"not http at all\r\n\r\n", "not HTTP"),
    ],
)
def test_what_is_no_runbook_is_refused_with_a_word(tmp_path: Path, given: bytes, words: str) -> None:
    with pytest.raises(RunbookFault, match=words):
        fetched(tmp_path, given)


def test_a_server_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    stop = threading.Event()
    with pytest.raises(RunbookFault, match=r"within 0\.3 s"):
        fetched(tmp_path, hang(stop), timeout=0.3)
    stop.set()
    with pytest.raises(RunbookFault, match="nothing listens"):
        library = Library([source(tmp_path, f"http://127.0.0.1:{closed_port()}")])
        library.fetch(f"{library.sources[0].key.split(chr(0))[1]}/x")


def test_pages_are_read_as_markdown_and_redirects_within_the_address_are_followed(tmp_path: Path) -> None:
    page = answer(b"<html><title>Disk</title><body><p>It is full", "text/html")
    there = answer(b"", "text/html", "301 Moved Permanently", "Location: /books/disk/")
    assert fetched(tmp_path, there, page, path="/books/disk") == "# Disk\n\nIt is full\n"


def test_a_page_that_is_gone_holds_up_no_other_and_is_kept(tmp_path: Path) -> None:
    clock = StillClock(NOON)
    gone = answer(b"", "text/plain", "404 Not Found")
    with serving(TEXT, TEXT, gone, TEXT, gone) as server:
        library = Library([source(tmp_path, server.url, clock)])
        for name in ("a.md", "b.md"):
            library.fetch(f"{server.url}/{name}")
            clock.at += timedelta(seconds=1)
        clock.at += timedelta(hours=2)
        assert "nothing at this address" in library.sync()["docs"]
        assert [library.read(book).fetched_at for book in library.books()] == [NOON, clock.at]
        assert len(server.requests) == 4
        assert "nothing at this address" in library.sync()["docs"]  # it is left alone for a while
        assert len(server.requests) == 4


def test_the_probe_says_who_answers(tmp_path: Path) -> None:
    with serving(TEXT) as server:
        assert "answers (text/markdown); copies kept: 0" in source(tmp_path, server.url).probe()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "*")
    yield
