import os
import shutil
import subprocess
from pathlib import Path

import pytest

from iccon.runbooks.folder import FolderSource
from iccon.runbooks.git import revision

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


def git(folder: Path, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    names = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *names, *words], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "ops"
    (folder / "a").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "a/disk.md").write_text("# Disk\n" + "one line of many\n" * 200)
    (folder / "top.md").write_text("# Top\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


def said(checkout: Path, path: str = "a/disk.md") -> str:
    return FolderSource("ops", checkout).read(path).revision


def test_the_commit_is_said_and_what_differs_from_it(checkout: Path) -> None:
    commit = f"commit {git(checkout, 'rev-parse', 'HEAD')[:12]}"
    assert (said(checkout), said(checkout, "top.md")) == (commit, commit)
    with (checkout / "top.md").open("a") as file:
        file.write("more\n")
    assert said(checkout, "top.md") == f"{commit}, changed since"
    git(checkout, "add", "top.md")  # staged is not committed
    assert said(checkout, "top.md") == f"{commit}, changed since"
    (checkout / "new.md").write_text("# New\n")
    assert said(checkout, "new.md") == f"{commit}, which does not have this file"
    (checkout / "a/disk.md").write_bytes((checkout / "a/disk.md").read_bytes().replace(b"\n", b"\r\n"))
    assert said(checkout) == commit


def test_packed_objects_and_refs_are_read(checkout: Path) -> None:
    for number in range(6):  # versions alike: packed as differences from one another
        with (checkout / "a/disk.md").open("a") as file:
            file.write(f"line {number}\n")
        (checkout / f"a/{number}.md").write_text("# x\n")
        git(checkout, "add", ".")
        git(checkout, "commit", "-qm", f"{number}")
    commit = f"commit {git(checkout, 'rev-parse', 'HEAD')[:12]}"
    git(checkout, "gc", "-q", "--aggressive")
    assert not (checkout / ".git/refs/heads/main").exists()
    assert "chain length" in git(
        checkout, "verify-pack", "-v", *map(str, (checkout / ".git/objects/pack").glob("*.idx"))
    )
    assert [said(checkout, path) for path in ("a/disk.md", "a/5.md", "top.md")] == [commit] * 3
    git(checkout, "worktree", "add", "-q", "../linked", "HEAD~1")
    linked = checkout.parent / "linked"
    assert said(linked) == f"commit {git(linked, 'rev-parse', 'HEAD')[:12]}"
    git(checkout.parent, "clone", "-qs", str(checkout), "shared")
    assert said(checkout.parent / "shared") == commit


def test_nothing_of_the_checkout_is_run(checkout: Path) -> None:
    trap = checkout.parent / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {checkout.parent}/sprung\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "filter.x.clean", "core.pager", "diff.external"):
        git(checkout, "config", key, str(trap))
    (checkout / ".gitattributes").write_text("*.md filter=x\n")
    assert said(checkout).startswith("commit ")
    assert not (checkout.parent / "sprung").exists()


def test_outside_of_a_checkout_nothing_is_said(tmp_path: Path) -> None:
    assert revision(tmp_path / "a.md", b"") == ""


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda dot: (dot / "HEAD").write_text("garbage"), "cannot be read"),
        (lambda dot: (dot / "HEAD").write_text("ref: ../../outside"), "cannot be read"),
        (lambda dot: (dot / "HEAD").write_text("ref: refs/heads/none"), "without a commit"),
        (lambda dot: (dot / "HEAD").write_text("ref: HEAD"), "cannot be read"),
        (lambda dot: [(dot / "HEAD").unlink(), os.mkfifo(dot / "HEAD")], "cannot be read"),
        (lambda dot: (dot / "HEAD").write_text("0" * 40), "whether the file is as committed cannot be read"),
        (lambda dot: shutil.rmtree(dot / "objects"), "whether the file is as committed cannot be read"),
        (
            lambda dot: [f.chmod(0o644) or f.write_bytes(b"x" * 50) for f in (dot / "objects").glob("??/*")],
            "whether the file is as committed cannot be read",
        ),
        (
            lambda dot: [
                (dot / "objects/pack/x.idx").write_bytes(b"\xfftOc\0\0\0\2"),
                (dot / "HEAD").write_text("1" * 40),
            ],
            "whether the file is as committed cannot be read",
        ),
    ],
)
def test_what_cannot_be_read_is_said_and_never_guessed(checkout: Path, harm, words: str) -> None:
    harm(checkout / ".git")
    assert words in said(checkout)
