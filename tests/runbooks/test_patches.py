"""Drafts as patches: applied by git and by patch to the very file they are for."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iccon.incident.bookdrafts import Piece
from iccon.runbooks.patches import patch

BOOK = (
    "---\ntitle: Disk\n---\n# Disk full\n\nIt is full.\n\n## Mend\n\n1. Look\n\n## Mend\n\nSecond.\n\n## Last\n\nEnd.\n"
)
AT = datetime(2026, 11, 24, 14, 3, tzinfo=UTC)


def piece(heading: str, text: str, nth: int = 0) -> Piece:
    return Piece(heading, nth, text, "kim", AT, "id")


def applied(folder: Path, base: bytes, place: str, made: bytes, program: str = "git") -> bytes:
    """Apply a patch in a fresh checkout, and return what the file is then."""
    top = folder / program
    shutil.rmtree(top, ignore_errors=True)
    (top / place).parent.mkdir(parents=True)
    (top / place).write_bytes(base)
    (folder / "draft.patch").write_bytes(made)
    line = {
        "git": ["git", "apply", "--whitespace=nowarn", "../draft.patch"],
        "patch": ["patch", "-p1", "--binary", "-s", "-i", "../draft.patch"],
    }[program]
    done = subprocess.run(line, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout + made.decode("utf-8", "replace")
    return (top / place).read_bytes()


@pytest.mark.parametrize("program", ["git", "patch"])
@pytest.mark.parametrize(
    ("base", "place"),
    [
        *((BOOK.encode(), "disk.md"), (BOOK.rstrip("\n").encode(), "a b/disk full.md"), (b"", "empty.md")),
        *(
            (BOOK.replace("\n", "\r\n").encode(), "crlf.md"),
            (b"\xef\xbb\xbf# Disk full\n", "bom.md"),
            (b"\n", "line.md"),
        ),
        *((b"# Disk full \xe9\xff\n\nlatin\n", "l\u00e4tin.md"), (b"no heading", 'quote"d.md')),
    ],
    ids=["usual", "no last line end", "empty", "crlf", "bom", "one line end", "latin", "no heading"],
)
def test_git_and_patch_take_it(tmp_path: Path, program: str, base: bytes, place: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")
    pieces = [
        piece("Mend", "```sh\nls -l\n```"),
        piece("Last", "and this"),
        piece("gone", "at the end"),
        piece("", "top"),
    ]
    made = patch(base, place, pieces, ["draft of an incident", "--- a/other"])
    found = applied(tmp_path, base, place, made, program)
    for each in pieces:
        assert each.text.split("\n")[-1].encode() in found
    kept = iter(found.replace(b"\r", b"").split(b"\n"))
    assert all(line in kept for line in base.replace(b"\r", b"").split(b"\n")), "a line of the file is gone"
    assert (b"\r\n" in base) == (b"\r\n" in found)


def test_each_piece_stands_under_its_heading(tmp_path: Path) -> None:
    pieces = [piece("Mend", "first"), piece("Mend", "2. second"), piece("Mend", "other", 1), piece("", "below all")]
    found = applied(tmp_path, BOOK.encode(), "d.md", patch(BOOK.encode(), "d.md", pieces)).decode()
    assert found.startswith("---\ntitle: Disk\n---\n# Disk full\n") and found.endswith("End.\n\nbelow all\n")
    assert "1. Look\n\nfirst\n\n2. second\n\n## Mend\n\nSecond.\n\nother\n\n## Last" in found


lines = st.sampled_from(["# One", "## Two", "", "", "text", "- item", "```", "---", "a\r"])


@settings(max_examples=25)
@given(
    st.lists(lines, max_size=14),
    st.booleans(),
    st.lists(st.sampled_from(["One", "Two", "Three", ""]), min_size=1, max_size=4),
)
def test_whatever_the_file_is(
    tmp_path_factory: pytest.TempPathFactory, text: list[str], end: bool, where: list[str]
) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git here")
    base = ("\n".join(text) + ("\n" if end else "")).encode()
    pieces = [piece(heading, f"added {number}") for number, heading in enumerate(where)]
    found = applied(tmp_path_factory.mktemp("p"), base, "d.md", patch(base, "d.md", pieces))
    kept = [line for line in found.split(b"\n") if line.strip() and not line.startswith(b"added")]
    assert kept == [line for line in base.split(b"\n") if line.strip()]
    assert all(f"added {number}".encode() in found for number in range(len(where)))
