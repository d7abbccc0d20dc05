"""Confluence (Cloud and Data Center) and Notion: what changed is copied, with real servers' shapes and faults."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from journalkit import StillClock
from wsgiserver import served

from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.runbooks.confluence import Confluence
from iccon.runbooks.library import Library
from iccon.runbooks.matching import BY_URL, Wanted
from iccon.runbooks.mirror import Mirror
from iccon.runbooks.notion import Notion
from iccon.runbooks.wiki import Asking, WikiSource

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORAGE = "<h2>Check</h2><ol><li>Look at <code>df -h</code></li></ol>"


class Site:
    """A wiki on loopback: `answers` gives the JSON of a path, or a status with headers; every request is kept."""

    def __init__(self, answers: Callable[[str, dict[str, str], dict[str, Any]], Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[tuple[str, list[tuple[str, str]], bytes]] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append(environ["PATH_INFO"])
        self.headers.append({key: value for key, value in environ.items() if key.startswith("HTTP_")})
        if self.faults:
            status, headers, content = self.faults.pop(0)
            start(status, headers)
            return [content]
        found = self.answers(environ["PATH_INFO"], query, json.loads(body or b"{}"))
        start("200 OK" if found is not None else "404 Not Found", [("Content-Type", "application/json")])
        return [json.dumps(found).encode()]


PAGES = {
    "100101": ["Disk full", 3, ["checkout"]],
    "100102": ["KubePodCrashLooping", 1, []],
    "100103": ["Minutes", 1, []],
}


def cloud(path: str, query: dict[str, str], _: dict[str, Any]) -> Any:
    if path == "/wiki/api/v2/spaces":
        return {"results": [{"id": "7", "key": "OPS"}] if "OPS" in query["keys"] else []}
    if path == "/wiki/api/v2/spaces/7/pages":  # two answers
        ids, more = (["100101"], "c1") if "cursor" not in query else (["100102", "100103"], "")
        links = {"next": f"/wiki/api/v2/spaces/7/pages?cursor={more}"} if more else {}
        return {"results": [_listed(each) for each in ids if each in PAGES], "_links": links}
    ident = path.rpartition("/")[2]
    if not path.startswith("/wiki/api/v2/pages/") or query.get("body-format") != "storage":
        return None
    labels = {"results": [{"name": name} for name in PAGES[ident][2]]}
    return {"id": ident, "body": {"storage": {"value": STORAGE}}, "labels": labels}


def data_center(path: str, query: dict[str, str], _: dict[str, Any]) -> Any:
    if path == "/confluence/rest/api/content" and query["spaceKey"] == "OPS":
        ids, more = (["100101"], "1") if query["start"] == "0" else (["100102", "100103"], "")
        links = {"next": f"/rest/api/content?spaceKey=OPS&expand=version&start={more}"} if more else {}
        return {"results": [_listed(each) for each in ids if each in PAGES], "_links": links}
    ident = path.rpartition("/")[2]
    if "body.storage" not in query.get("expand", ""):
        return None
    labels = {"results": [{"name": name} for name in PAGES[ident][2]]}
    return {"id": ident, "body": {"storage": {"value": STORAGE}}, "metadata": {"labels": labels}}


def _listed(ident: str) -> dict[str, Any]:
    name, version, _ = PAGES[ident]
    return {
        "id": ident,
        "title": name,
        "version": {"number": version},
        "_links": {"webui": f"/spaces/OPS/pages/{ident}/x"},
    }


NOTION_ID = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"


def rich(words: str, **look: bool) -> list[dict[str, Any]]:
    return [{"plain_text": words, "annotations": look, "href": None}]


def block(kind: str, words: str = "", ident: str = "f" * 32, children: bool = False, **more: Any) -> dict[str, Any]:
    return {"id": ident, "type": kind, "has_children": children, kind: {"rich_text": rich(words), **more}}


BLOCKS = {
    (DASHED, ""): [
        block("heading_1", "Check"),
        block("numbered_list_item", "First", "a" * 32, True),
        block("numbered_list_item", "Second"),
    ],
    (DASHED, "more"): [
        block("to_do", "one", checked=True),
        block("code", "df -h\ndu", language="bash"),
        block("table", "", "b" * 32, True),
        block("divider"),
        block("unsupported"),
        block("image", external={"url": "https://x.example.org/a.png"}),
        block("callout", "Mind\nthe gap"),
    ],
    ("a" * 32, ""): [block("paragraph", "inner *text*"), block("bulleted_list_item", "deeper")],
    ("b" * 32, ""): [
        block("table_row", cells=[rich("a"), rich("b|c")]),
        block("table_row", cells=[rich("1"), rich("2")]),
    ],
}
NOTION_SHOWN = """# Disk full

## Check

1. First

   inner \\*text\\*

   - deeper
2. Second
- [x] one

```bash
df -h
du
```

| a | b\\|c |
| --- | --- |
| 1 | 2 |

---

[https://x.example.org/a.png](<https://x.example.org/a.png>)

> Mind
> the gap
"""


def notion(path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
    if path == "/v1/search":
        assert body["filter"] == {"property": "object", "value": "page"}
        if "start_cursor" not in body:
            gone = {"id": "e" * 32, "in_trash": True, "properties": {}}
            return {"results": [gone], "has_more": True, "next_cursor": "p2"}
        named = {"Name": {"type": "title", "title": rich("Disk full")}, "Tags": {"type": "select"}}
        url = f"https://www.notion.so/Disk-full-{NOTION_ID}"
        page = {"id": DASHED, "last_edited_time": "2026-03-01T10:00:00.000Z", "url": url, "properties": named}
        return {"results": [page], "has_more": False, "next_cursor": None}
    ident, cursor = path.split("/")[3], query.get("start_cursor", "")
    key = (DASHED if ident == NOTION_ID else ident, cursor)
    more = key == (DASHED, "")
    return {"results": BLOCKS.get(key, []), "has_more": more, "next_cursor": "more" if more else None}


@contextmanager
def wiki(
    kind: str, folder: Path, clock: StillClock | None = None, **more: Any
) -> Iterator[tuple[Site, WikiSource, list[float]]]:
    """A site of a kind, the source that copies it, and how long it waited between questions."""
    site = Site({"cloud": cloud, "dc": data_center, "notion": notion}[kind])
    waits: list[float] = []
    asking = Asking(0.0, lambda seconds: waits.append(seconds) if seconds else None)
    with served(site) as url:
        place = {"cloud": "/wiki", "dc": "/confluence", "notion": ""}[kind]
        mail = {"email": "me@example.org"} if kind == "cloud" else {}
        given = {"url": url + place, "spaces": () if kind == "notion" else ("OPS",), "timeout": 5.0, **mail, **more}
        config = schema.RunbookSource("notion" if kind == "notion" else "confluence", **given)
        asked = (Notion if kind == "notion" else Confluence)(config, lambda: "s3cret", asking)
        yield site, WikiSource("wiki", config, asked, Mirror(folder / "copies"), clock or StillClock(NOON)), waits


@pytest.mark.parametrize(("kind", "auth"), [("cloud", "Basic bWVAZXhhbXBsZS5vcmc6czNjcmV0"), ("dc", "Bearer s3cret")])
def test_confluences_pages_are_copied_those_that_changed(tmp_path: Path, kind: str, auth: str, monkeypatch) -> None:
    clock = StillClock(NOON)
    with wiki(kind, tmp_path, clock, exclude=("Minutes*",)) as (site, source, _):
        library = Library([source])
        assert library.sync() == {}
        assert [(book.path, book.title) for book in library.books()] == [
            ("100101", "Disk full"),
            ("100102", "KubePodCrashLooping"),
        ]
        assert {headers["HTTP_AUTHORIZATION"] for headers in site.headers} == {auth}
        document = library.read(library.books()[0])
        assert document.text == "# Disk full\n\n## Check\n\n1. Look at `df -h`\n"
        assert (document.revision, document.fetched_at) == ("version 3", NOON)
        url = library.books()[0].url
        assert url.endswith("/spaces/OPS/pages/100101/x")
        assert [m.why for m in library.match(Wanted(url=url))] == [BY_URL]
        assert library.match(Wanted(url="https://wiki/pages/viewpage.action?pageId=100102"))[0].runbook.path == "100102"
        assert library.match(Wanted("KubePodCrashLooping"))[0].runbook.path == "100102"
        assert library.match(Wanted(service="checkout"))[0].why == "service (header)"
        count = len(site.asked)
        assert library.sync() == {}  # young: nobody is asked
        assert len(site.asked) == count
        monkeypatch.setitem(PAGES, "100101", ["Disk full", 4, []])
        monkeypatch.delitem(PAGES, "100102")
        clock.at = NOON + timedelta(hours=2)
        assert library.sync() == {}
        assert [path[-6:] for path in site.asked[count:] if path[-6:].isdecimal()] == ["100101"]
        assert [library.read(book).revision for book in library.books()] == ["version 4"]
    clock.at = NOON + timedelta(hours=9)
    assert "nothing listens" in library.sync()["wiki"]  # its server is gone: the copies stay, and say how old they are
    assert [library.read(book).fetched_at for book in library.books()] == [NOON + timedelta(hours=2)]


def test_notions_pages_are_copied_block_by_block(tmp_path: Path) -> None:
    with wiki("notion", tmp_path) as (site, source, _):
        library = Library([source])
        assert library.sync() == {}
        (book,) = library.books()
        assert (book.path, book.title) == (NOTION_ID, "Disk full")
        assert library.read(book).text == NOTION_SHOWN
        assert library.read(book).revision == "edited 2026-03-01T10:00:00.000Z"
        assert {(h["HTTP_NOTION_VERSION"], h["HTTP_AUTHORIZATION"]) for h in site.headers} == {
            ("2022-06-28", "Bearer s3cret")
        }
        url = f"https://www.notion.so/team/Disk-full-{NOTION_ID}?pvs=4"
        assert library.match(Wanted(url=url))[0].why == BY_URL


FAULTS = [
    ("401 Unauthorized", b"{}", "credential is not accepted"),
    ("403 Forbidden", b"{}", "may not do this"),
    ("503 Service Unavailable", b"", "the server failed"),
    ("200 OK", b"<html>login</html>", "a web page instead of JSON"),
    ("200 OK", b'{"results": [', "JSON cut off"),
    ("200 OK", b'{"results": 5}', "no list of results"),
    ("200 OK", b"[]", "no list of results"),
    ("200 OK", b'{"results": [{"id": null}]}', "without a|no space"),
]


@pytest.mark.parametrize("kind", ["cloud", "dc", "notion"])
def test_faults_are_said_and_lose_nothing(tmp_path: Path, kind: str) -> None:
    with wiki(kind, tmp_path) as (site, source, _):
        library = Library([source])
        library.sync()
        known = [book.path for book in library.books()]
        assert known
        for status, body, words in FAULTS:
            site.faults = [(status, [("Content-Type", "application/json")], body)]
            with pytest.raises(SourceFault, match=words):
                source.sync(anew=True)
            assert [book.path for book in library.find()] == known


def test_a_wiki_that_asks_to_wait_is_waited_for_not_for_ever(tmp_path: Path) -> None:
    slow = ("429 Too Many Requests", [("Retry-After", "7")], b"{}")
    with wiki("notion", tmp_path) as (site, source, waits):
        site.faults = [slow, slow]
        source.sync()
        assert waits == [7.0, 7.0]
        site.faults = [("429 Too Many Requests", [("Retry-After", "3600")], b"{}")]
        with pytest.raises(SourceFault) as fault:
            source.sync(anew=True)
        assert fault.value.kind is FaultKind.RATE_LIMITED
        assert len(waits) == 2
        site.faults = [slow] * 4
        with pytest.raises(SourceFault, match="too many requests"):
            source.sync(anew=True)


def test_a_list_without_end_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iccon.runbooks.wiki.ANSWERS", 5)

    def endless(path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        return {"results": [], "has_more": True, "next_cursor": "again"}

    with wiki("notion", tmp_path) as (site, source, _):
        site.answers = endless
        with pytest.raises(SourceFault, match="does not end"):
            source.sync()


def test_a_space_that_cannot_be_seen_is_named(tmp_path: Path) -> None:
    with (
        wiki("cloud", tmp_path, spaces=("OPS", "NONE")) as (_, source, _),
        pytest.raises(SourceFault, match="space NONE"),
    ):
        source.probe()


@pytest.mark.parametrize(
    ("kind", "words"), [("cloud", "Cloud: OPS can be read"), ("dc", "Data Center: OPS"), ("notion", "Notion answers")]
)
def test_the_probe_says_what_can_be_read(tmp_path: Path, kind: str, words: str) -> None:
    with wiki(kind, tmp_path) as (_, source, _):
        assert words in source.probe()
