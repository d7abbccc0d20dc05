"""What a proposal is made from, and the file it is for."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iccon.incident import entries as e
from iccon.incident.timeline import Item
from iccon.runbooks.drafts import Source, base_of, fenced, source_of, written
from iccon.runbooks.folder import folder_sources
from iccon.runbooks.library import Library
from iccon.runbooks.markdown import headings
from iccon.runbooks.model import Document, Runbook, RunbookFault
from iccon.text import clean, clean_block

AT = datetime(2026, 11, 24, 14, 3, tzinfo=UTC)
RUN = e.StepRun(
    **dict.fromkeys(("path", "digest", "step", "text", "role", "host", "directory", "environment", "target"), "x"),
    language="bash",
    code="df -h\necho ```\n",
    variables={},
    effect="f",
)


def source(body: e.Body, own: str = "") -> Source:
    entry = e.Entry("id", "i", "w", 1, AT, AT, "kim", None, body)
    return source_of(Item("id", body.kind, AT, AT, "kim", "how it reads", False, own=own), entry)


def test_a_run_gives_its_command_and_anything_else_its_words() -> None:
    assert source(RUN) == Source(code="````bash\ndf -h\necho ```\n````", entry="id")
    assert source(e.Note(text="a"), own="a") == Source(words="a", entry="id")
    assert source(e.PhaseSet(phase="monitoring")) == Source(words="how it reads", entry="id")


def test_words_and_code_make_markdown() -> None:
    assert written("  Look first:\n", fenced("df", "sh")) == "Look first:\n\n```sh\ndf\n```"
    assert written("$ df -h", "") == "```sh\ndf -h\n```"
    assert written("cost: $ 5\x1b[2J", "") == "cost: $ 5␛[2J"


@pytest.mark.parametrize(("checkout", "place"), [(True, "docs/books/a/disk.md"), (False, "a/disk.md")])
def test_the_file_is_named_as_its_checkout_names_it(tmp_path: Path, checkout: bool, place: str) -> None:
    folder = tmp_path / "docs" / "books"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "disk.md").write_bytes(b"\xef\xbb\xbf# Disk\r\n")
    if checkout:
        (tmp_path / ".git").mkdir()
    library = Library(folder_sources([folder]))
    (book,) = library.find()
    found = base_of(library, library.read(book))
    assert found.sha256 == library.read(book).digest
    assert (found.content, found.place) == (b"\xef\xbb\xbf# Disk\r\n", place)
    (folder / "a" / "disk.md").unlink()
    with pytest.raises(RunbookFault):
        base_of(library, Document(book, clean_block("x"), (), ""))


def test_a_page_that_is_no_file_is_the_markdown_it_is_shown_as() -> None:
    page = Document(Runbook("wiki", "123", clean("Disk / full")), clean_block("# Disk\n"), headings("# Disk"), "")
    found = base_of(Library([]), page)
    assert (found.content, found.place) == (b"# Disk\n", "Disk-full.md")
