"""iccon runbook propose and drafts: what an incident adds to a runbook, for review afterwards."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

BOOK = "# Disk full\n\n1. Look\t(tab)\n\n## Mend\n\nDelete.\n"


@pytest.fixture
def book(shelve: Callable[..., Path]) -> Path:
    return shelve(BOOK)


def test_a_draft_is_proposed_listed_and_printed_as_a_patch(iccon, book, home):
    assert "no runbook drafts" in iccon("runbook", "drafts").out
    assert iccon("runbook", "propose", "disk.md", "x").code == 3
    iccon("declare", "disk is full")
    note = iccon("note", "inodes can be full too", "--json").json["entries"][0]["id"]
    said = iccon("runbook", "propose", "disk.md", "$ df -i", "--under", "disk full")
    assert "proposed for the runbook Disk full under Disk full: ```sh …" in said.out
    assert iccon("runbook", "propose", "disk.md", "--entry", note, "--under", "Mend").code == 0
    assert "in the draft already" in iccon("runbook", "propose", "disk.md", "--entry", note, "--under", "Mend").err
    listed = iccon("runbook", "drafts").out
    assert "books:disk.md  2" in listed
    (file,) = (home / "data" / "drafts").rglob("*.patch")
    assert str(file) in listed
    subprocess.run(["git", "apply", str(file)], cwd=book.parent, check=True)
    assert book.read_text() == (
        "# Disk full\n\n1. Look\t(tab)\n\n```sh\ndf -i\n```\n\n## Mend\n\nDelete.\n\ninodes can be full too\n"
    )
    book.write_text(BOOK)
    printed = iccon("runbook", "drafts", "disk").out
    assert printed.encode() == file.read_bytes()
    assert "\t(tab)" in printed
    file.unlink()
    facts = iccon("runbook", "drafts", "--json").json
    assert [piece["under"] for piece in facts[0]["additions"]] == ["Disk full", "Mend"]
    assert file.read_bytes() == printed.encode()
    entry = facts[0]["additions"][0]["entry"]
    assert iccon("strike", entry, "wrong command").code == 0
    iccon("resolve", "done", "--no-look", "--override", "test")
    assert "df -i" not in iccon("runbook", "drafts", "disk").out
    assert iccon("verify").code == 0


def test_what_cannot_be_proposed_is_refused_in_words(iccon, book):
    iccon("declare", "disk is full")
    assert "no heading gone" in iccon("runbook", "propose", "disk.md", "x", "--under", "gone").err
    assert "text is empty" in iccon("runbook", "propose", "disk.md", "").err
    assert "no draft is for" in iccon("runbook", "drafts", "nothing").err
    book.write_bytes("# Disk full\n".encode("utf-16"))
    assert "no UTF-8 text" in iccon("runbook", "propose", "disk.md", "x").err
