"""Where the links of a runbook lead."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.runbooks.links import Inside, Nowhere, Target, Web, heading, slug, target
from iccon.runbooks.markdown import headings
from iccon.runbooks.model import Document, Runbook
from iccon.text import clean, clean_block


def document(text: str = "", path: str = "node/disk.md", url: str = "") -> Document:
    return Document(Runbook("books", path, clean("p"), url=url), clean_block(text), headings(text), "")


def first(found: Target) -> str:
    assert isinstance(found, Inside), found
    return found.paths[0]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        *(("net.md", "node/net.md"), ("./net.md?plain=1", "node/net.md"), ("../api/web.md", "api/web.md")),
        *(("/api/web.md", "api/web.md"), ("a%20b.md", "node/a b.md"), ("../../x.md/../../books.md", None)),
        *(("#mend", ""), ("", "")),
    ],
)
def test_paths_are_those_of_the_folder(url: str, path: str | None) -> None:
    found = target(document(), url)
    assert isinstance(found, Nowhere) if path is None else first(found) == path


def test_sites_leave_endings_out_and_name_folders() -> None:
    found = target(document(), "../api/web/#mend")
    assert isinstance(found, Inside)
    assert found.anchor == "mend"
    assert {"api/web.md", "api/web/README.md", "api/web/_index.md"} <= set(found.paths)
    assert first(target(document(), "/")) == "README.md"
    assert getattr(target(document(), "net.html#x"), "paths", ()) == ("node/net.html", "node/net.md")
    assert "node/net.md" in getattr(target(document(), "net"), "paths", ())


@pytest.mark.parametrize(
    "url", ["../../etc/passwd", "..", "%2e%2e/%2e%2e/etc/passwd", "a/../../../x", "\0", "../..", "/../x", "%00.md"]
)
def test_no_path_leads_out_of_the_folder(url: str) -> None:
    found = target(document(), url)
    assert isinstance(found, Nowhere) or not any(path.startswith(("..", "/")) for path in found.paths)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.c", "data:x", "http://[::1"])
def test_other_addresses_lead_nowhere(url: str) -> None:
    assert isinstance(target(document(), url), Nowhere)


def test_the_web_and_runbooks_that_came_from_it() -> None:
    assert target(document(), "https://a.b/c?d#e") == Web("https://a.b/c?d#e")
    assert target(document(), "//a.b/c") == Web("https://a.b/c")
    assert target(document(url="https://wiki.example/books/disk"), "net") == Web("https://wiki.example/books/net")
    assert isinstance(target(document(url="https://wiki.example/books/disk"), "#mend"), Inside)


@given(st.text(st.sampled_from("./%2eEfFa#?\\\0:x"), max_size=30))
def test_whatever_the_link_is(url: str) -> None:
    found = target(document(), url)
    if isinstance(found, Inside):
        assert not any(posixpath.normpath(f"/r/{path}").split("/")[1] != "r" for path in found.paths)


def test_headings_are_found_as_links_name_them() -> None:
    book = document("# Mend `it`, now!\n\n## Why\n\n## Why\n")
    lines = [
        getattr(heading(book, name), "line", None)
        for name in ("mend-it-now", "why", "why-1", "Why", "user-content-why", "x")
    ]
    assert lines == [0, 2, 4, 2, 2, None]
    assert slug("A  b_c-d") == "a--b_c-d"
