import hashlib
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.runbooks import frontmatter
from iccon.runbooks.folder import FolderSource, folder_sources
from iccon.runbooks.library import Library
from iccon.runbooks.matching import Wanted, match, words
from iccon.runbooks.model import Runbook, RunbookFault
from iccon.text import clean


def put(folder: Path, path: str, text: str | bytes = "# Title\n\ntext\n") -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def library_of(*folders: Path) -> Library:
    return Library(folder_sources(folders))


def read(folder: Path, path: str) -> str:
    library = library_of(folder)
    return library.read(next(r for r in library.find() if r.path == path)).text


class TestFind:
    def test_lists_markdown_files_by_path_with_their_titles(self, tmp_path: Path) -> None:
        put(tmp_path, "b/Disk.md", "intro\n\n## The `disk` is full\n")
        put(tmp_path, "a.markdown", "no heading")
        put(tmp_path, "c.md", "---\ntitle: From the header\n---\ntext")
        put(tmp_path, "api/README.md", "text")
        put(tmp_path, "notes.txt")
        put(tmp_path, ".git/x.md")
        found = library_of(tmp_path).find()
        assert [(r.path, r.title) for r in found] == [
            ("a.markdown", "a"),
            ("api/README.md", "api"),
            ("b/Disk.md", "The disk is full"),
            ("c.md", "From the header"),
        ]

    def test_says_what_it_passed_over_and_why(self, tmp_path: Path) -> None:
        folder = tmp_path / "books"
        put(folder, "good.md")
        put(folder, "binary.md", b"# x\0\1\2")
        put(folder, "huge.md", b"x" * 2_000_001)
        os.mkfifo(folder / "pipe.md")
        (folder / "gone.md").symlink_to(folder / "nowhere.md")
        (folder / "outside.md").symlink_to(put(tmp_path, "secret.md"))
        (folder / "away").symlink_to(tmp_path)
        (folder / "device.md").symlink_to("/dev/zero")
        (folder / "loop").symlink_to(folder)
        (folder / "self.md").symlink_to(folder / "self.md")
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.path.relpath(folder / "socket.md"))
        server.close()
        library = library_of(folder, tmp_path / "missing")
        assert [r.path for r in library.find()] == ["good.md"]
        reasons = {Path(s.path).name: s.reason for s in library.skipped}
        assert reasons == {
            "binary.md": "a binary file",
            "huge.md": "2.0 MB; runbooks of up to 2 MB are read",
            "pipe.md": "not a file (a pipe, socket or device)",
            "socket.md": "not a file (a pipe, socket or device)",
            "device.md": "not a file (a pipe, socket or device)",
            "gone.md": "no such file or directory",
            "outside.md": "a link to outside of the folder",
            "away": "a link to outside of the folder",
            "loop": "the same folder again (a link)",
            "self.md": "too many levels of symbolic links",
            "missing": "no such file or directory",
        }

    def test_follows_links_inside_of_the_folder(self, tmp_path: Path) -> None:
        put(tmp_path, ".data/one.md")
        (tmp_path / "one.md").symlink_to(tmp_path / ".data/one.md")
        assert [r.path for r in library_of(tmp_path).find()] == ["one.md"]

    def test_two_folders_with_the_same_path_and_the_same_name_are_told_apart(self, tmp_path: Path) -> None:
        library = Library(folder_sources([tmp_path / name for name in ("a/books", "b/books", "other:x")]))
        for folder in ("a/books", "b/books", "other:x"):
            put(tmp_path, f"{folder}/disk.md", f"# {folder}")
        names = {book.name: library.read(book).text for book in library.find()}
        assert names == {
            "a/books:disk.md": "# a/books",
            "b/books:disk.md": "# b/books",
            "other-x:disk.md": "# other:x",
        }

    @pytest.mark.parametrize(
        ("include", "exclude", "found"),
        [
            ([], [], ["a.md", "old/x/b.md", "teams/old/c.md"]),
            (["old/*"], [], ["old/x/b.md", "teams/old/c.md"]),
            ([], ["old/*"], ["a.md"]),
            (["teams/*", "a.md"], ["c.md"], ["a.md"]),
        ],
    )
    def test_takes_what_the_patterns_say(
        self, tmp_path: Path, include: list[str], exclude: list[str], found: list[str]
    ) -> None:
        for path in ("a.md", "old/x/b.md", "teams/old/c.md"):
            put(tmp_path, path)
        assert [r.path for r in Library([FolderSource("x", tmp_path, include, exclude)]).find()] == found

    def test_sees_what_changed(self, tmp_path: Path) -> None:
        library = library_of(tmp_path)
        put(tmp_path, "a.md", "# One")
        assert [r.title for r in library.find()] == ["One"]
        put(tmp_path, "a.md", "# Another")
        put(tmp_path, "b.md", "# B")
        assert [r.title for r in library.find()] == ["Another", "B"]

    def test_cleans_names_and_titles(self, tmp_path: Path) -> None:
        put(tmp_path, "a.md", "# x\x1b]0;owned\x07 [@click=app.quit]y[/]")
        assert library_of(tmp_path).find()[0].title == "x␛]0;owned␇ [@click=app.quit]y[/]"


class TestRead:
    def test_gives_the_text_without_header_its_headings_and_the_digest_of_the_file(self, tmp_path: Path) -> None:
        file = put(tmp_path, "a.md", "---\ntitle: T\nalerts: [A, B]\n---\n\n# One\n\n## Two\n")
        library = library_of(tmp_path)
        document = library.read(library.find()[0])
        assert document.text == "# One\n\n## Two\n"
        assert [(h.level, h.text, h.line) for h in document.headings] == [(1, "One", 0), (2, "Two", 2)]
        assert document.digest == hashlib.sha256(file.read_bytes()).hexdigest()
        assert document.runbook.alerts == ("A", "B")

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("Straße ✓".encode(), "Straße ✓"),
            ("Straße".encode("cp1252"), "Straße"),
            (b"\xe2\x9c\x93 and \xe4 and \x81", "✓ and ä and \ufffd"),
            ("\ufeffmark".encode(), "mark"),
            ("Straße".encode("utf-16"), "Straße"),
            (b"a\r\nb\rc", "a\nb\nc"),
            (b"tab\there", "tab    here"),
            (b"esc\x1b[2J \xc2\x9b1m", "esc␛[2J \ufffd1m"),
        ],
    )
    def test_repairs_encodings_and_cleans(self, tmp_path: Path, raw: bytes, text: str) -> None:
        put(tmp_path, "a.md", raw)
        assert read(tmp_path, "a.md") == text

    def test_bounds_one_endless_line(self, tmp_path: Path) -> None:
        put(tmp_path, "a.md", "before\n" + "x" * 1_900_000 + "\nafter")
        text = read(tmp_path, "a.md")
        assert len(text) < 30_000
        assert text.endswith("… (line cut)\nafter")

    @pytest.mark.parametrize(
        "path", ["../secret.md", "/etc/passwd", "a/../../secret.md", "", "link.md", "x\0.md", "no.md"]
    )
    def test_refuses_paths_that_lead_outside(self, tmp_path: Path, path: str) -> None:
        put(tmp_path, "secret.md", "secret")
        folder = tmp_path / "books"
        put(folder, "a/a.md")
        (folder / "link.md").symlink_to(tmp_path / "secret.md")
        with pytest.raises(RunbookFault):
            library_of(folder).read(Runbook("books", path, clean("x")))

    def test_refuses_a_folder_that_is_not_configured(self, tmp_path: Path) -> None:
        put(tmp_path, "a.md")
        with pytest.raises(RunbookFault, match="no source"):
            Library([]).read(Runbook(str(tmp_path), "a.md", clean("x")))

    def test_a_file_that_became_something_else_is_a_fault_and_not_a_wait(self, tmp_path: Path) -> None:
        file = put(tmp_path, "a.md")
        library = library_of(tmp_path)
        runbook = library.find()[0]
        file.unlink()
        os.mkfifo(file)
        with pytest.raises(RunbookFault, match="pipe"):
            library.read(runbook)
        file.unlink()
        with pytest.raises(RunbookFault, match="no such file"):
            library.read(runbook)
        file.write_bytes(b"x" * 5_000_000)
        with pytest.raises(RunbookFault, match=r"5\.0 MB"):
            library.read(runbook)


def book(path: str, title: str = "", alerts: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> Runbook:
    return Runbook("f", path, clean(title or Path(path).stem), alerts, services)


class TestMatch:
    BOOKS = (
        book("checkout/latency.md", "Checkout is slow"),
        book("HighErrorRate.md"),
        book("misc.md", "Old things", alerts=("QueueStuck",), services=("billing",)),
        book("payments/README.md", "Payments overview"),
        Runbook("f", "web.md", clean("w"), labels=("team=web", "tier=1")),
        Runbook("f", "1234567", clean("Old")),
        Runbook("f", "wiki.md", clean("Wiki"), url="https://wiki.example.org/x/abc"),
        book("database-disk-full.md", "What to do when the database disk is full"),
    )

    @pytest.mark.parametrize(
        ("page", "path", "why"),
        [
            ({"url": "https://wiki/x/high-error-rate/?v=2#top"}, "HighErrorRate.md", "runbook URL"),
            ({"url": "https://git/books/misc.md"}, "misc.md", "runbook URL"),
            ({"url": "https://git/payments/README.md"}, "payments/README.md", "runbook URL"),
            ({"alert": "HighErrorRate"}, "HighErrorRate.md", "alert name"),
            ({"alert": "high_error_rate"}, "HighErrorRate.md", "alert name"),
            ({"alert": "QueueStuck"}, "misc.md", "alert name in its header"),
            ({"service": "billing"}, "misc.md", "service (header)"),
            ({"service": "Checkout"}, "checkout/latency.md", "service (folder)"),
            ({"service": "payments"}, "payments/README.md", "service (file name)"),
            ({"title": "db-1: database disk full (97 %)"}, "database-disk-full.md", "title"),
            (
                {"service": "checkout", "helped": {"f:HighErrorRate.md": 2}},
                "HighErrorRate.md",
                "helped in 2 earlier incidents",
            ),
            ({"labels": {"team": "web", "tier": "1"}}, "web.md", "labels in its header"),
            ({"url": "https://wiki/display/OPS/Old+things?pageId=1234567"}, "1234567", "runbook URL"),
            ({"url": "https://Wiki.example.org/x/Abc#top"}, "wiki.md", "runbook URL"),
            ({"alert": "CheckoutIsSlow"}, "checkout/latency.md", "alert name in its title"),
        ],
    )
    def test_names_the_reason(self, page: dict[str, str], path: str, why: str) -> None:
        found = match(self.BOOKS, Wanted(**page))
        assert (found[0].runbook.path, found[0].why) == (path, why)

    def test_puts_the_surer_reason_first(self) -> None:
        found = match(self.BOOKS, Wanted("QueueStuck", "checkout", "https://x/database-disk-full"))
        assert [m.why for m in found] == ["runbook URL", "alert name in its header", "service (folder)"]

    def test_of_several_with_one_name_the_url_the_service_and_the_history_tell(self) -> None:
        books = [book(f"{place}/NodeDown.md") for place in ("a", "db", "web/etcd")]

        def first(**page: object) -> str:
            return match(books, Wanted("NodeDown", **page))[0].runbook.path

        assert first(url="https://x/runbooks/etcd/nodedown") == "web/etcd/NodeDown.md"
        assert first(service="db") == "db/NodeDown.md"
        assert first(helped={"f:db/NodeDown.md": 1}) == "db/NodeDown.md"
        assert first(labels={"team": "web"}) == "a/NodeDown.md"

    @pytest.mark.parametrize(
        "page", [("", "", "", ""), ("x", "y", "http://[", "nothing fits"), ("", "", "http://h/", "")]
    )
    def test_finds_nothing_where_nothing_fits(self, page: tuple[str, str, str, str]) -> None:
        assert match(self.BOOKS, Wanted(*page)) == []

    @given(st.text(), st.text(), st.text(), st.text())
    def test_never_raises(self, alert: str, service: str, url: str, title: str) -> None:
        match(self.BOOKS, Wanted(alert, service, url, title))

    def test_takes_camel_case_apart(self) -> None:
        assert words("KubePodCrashLooping on the etcd2 HTTPServer") == {
            *("kube", "pod", "crash", "looping", "etcd", "http", "server")
        }


class TestSearch:
    def test_finds_all_words_and_titles_first(self, tmp_path: Path) -> None:
        put(tmp_path, "a.md", "# Other\n\ndisk and full, disk disk")
        put(tmp_path, "b.md", "# Disk full\n")
        put(tmp_path, "c.md", "# Disk\n")
        found = library_of(tmp_path).search("disk FULL")
        assert [(m.runbook.path, m.why) for m in found] == [("b.md", "text"), ("a.md", "text")]
        assert library_of(tmp_path).search("  ") == []


class TestFrontMatter:
    def test_reads_the_simple_subset(self) -> None:
        text = "---\nTitle: 'a: b' # c\nalerts:\n  - One\n  - \"Two\"\ntags: [x, 'y']\nnested:\n  deep: 1\n---\nbody"
        front = frontmatter.parse(text)
        assert front.values["title"] == ("a: b",)
        assert front.get("alerts", "tags") == ("One", "Two", "x", "y")
        assert frontmatter.strip(text, front) == "body"

    def test_reads_toml(self) -> None:
        text = '+++\ntitle = "a"\nalerts = ["One", "Two"]\nweight = 3\n[menu]\nx = 1\n+++\nbody'
        front = frontmatter.parse(text)
        assert (front.get("title"), front.get("alerts"), front.get("weight")) == (("a",), ("One", "Two"), ("3",))
        assert frontmatter.strip(text, front) == "body"
        broken = "+++\nno toml\n+++\nbody"
        assert frontmatter.strip(broken, frontmatter.parse(broken)) == "body"

    @pytest.mark.parametrize("text", ["", "# x", "---\nnever closed\n", "----\na: b\n---\n", "text\n---\na: b\n---"])
    def test_leaves_alone_what_has_none(self, text: str) -> None:
        assert frontmatter.strip(text, frontmatter.parse(text)) == text

    @given(st.text(st.sampled_from("-: \na[],#'\"k"), max_size=100))
    def test_never_raises(self, text: str) -> None:
        frontmatter.parse("---\n" + text + "\n---\n")


def test_real_alert_names_find_their_runbook_first_by_name_and_by_url(tmp_path: Path) -> None:
    """The alerts that kube-prometheus ships and prometheus-operator/runbooks describes, beside another team's files."""
    names = (Path(__file__).parent / "alert_names.txt").read_text().split()
    for name in names:
        alert = name.rpartition("/")[2]
        put(
            tmp_path,
            f"ours/content/runbooks/{name}.md",
            f"---\ntitle: {alert}\nweight: 20\n---\n\n# {alert}\n\nText.\n",
        )
        put(
            tmp_path, f"theirs/alerts/operator-{alert[0]}/{alert}.md", f"# {alert}\n\nSee {names[0]} and {names[-1]}.\n"
        )
    ours, both = library_of(tmp_path / "ours"), library_of(tmp_path / "theirs", tmp_path / "ours")
    base = "https://runbooks.prometheus-operator.dev/runbooks"
    by_name = sum(name in ours.match(Wanted(name.rpartition("/")[2]))[0].runbook.path for name in names)
    by_url = sum(name in both.match(Wanted(url=f"{base}/{name.lower()}"))[0].runbook.path for name in names)
    assert len(names) >= 98
    assert min(by_name, by_url) >= 0.95 * len(names)
