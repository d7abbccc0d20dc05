import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journalkit import evidence
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from iccon.exports import escape, jsonl, markdown, timeline
from iccon.exports.figures import figures
from iccon.incident import entries as e
from iccon.incident.fold import Ledger
from iccon.incident.ids import uuid7
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.incident.timeline import Timeline
from iccon.journal.store import BrokenChain, Journal
from iccon.text import clean, clean_block

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INCIDENT = uuid7(int(START.timestamp() * 1000), b"incident!!")
GITHUB = MarkdownIt("gfm-like", {"html": True})
HOSTILE = (
    "# not a heading",
    "- not\n- a list\n1. nor this\n=====\n-----",
    "<script>alert(1)</script> <!-- gone --> &lt;b&gt;",
    "[link](http://evil.example/) ![img](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example evil.example a@evil.example @everyone #1 //evil.example ftp://evil.example",
    "| a | b |\n|---|---|\n`code` **bold** ~~gone~~ _em_ $x$ \\",
    "```\nfence\n```\n    indented\n\n\nnew paragraph\n> quote",
    "~~struck~~ [ ] [^1] [x]: http://evil.example :warning:",
    "esc \x1b[31m bidi \u202e zero\u200b nul\0",
)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=3)
        return self.time

    def monotonic(self) -> float:
        return 0.0


class Book:
    """Entries, written one after another at given minutes."""

    def __init__(self) -> None:
        self.entries: list[e.Entry] = []

    def add(self, minute: float, body: e.Body, actor: str = "ana", late: float = 0) -> str:
        happened = START + timedelta(minutes=minute)
        number = len(self.entries)
        ident = uuid7(int(START.timestamp() * 1000) + number, f"{number:010}".encode())
        self.entries.append(
            e.Entry(ident, INCIDENT, "w", number, happened, happened + timedelta(minutes=late), actor, None, body)
        )
        return ident

    def ledger(self) -> Ledger:
        ledger = Ledger(INCIDENT)
        ledger.extend(self.entries)
        return ledger


def page(status: str) -> e.PageSeen:
    return e.PageSeen(page=e.PageRef("pd", "P1", "checkout is slow"), status=status, who="ana")


def story(over: bool = True, drill: bool = False, text: str = "a note") -> Book:
    book = Book()
    book.add(2, page("triggered"), "iccon")
    book.add(3, page("acknowledged"), "iccon")
    book.add(5, e.Declared(title=text, severity=Severity.SEV2, services=("checkout", text), drill=drill))
    book.add(5, e.RoleTaken(role=Role.COMMANDER, person=text))
    impact = book.add(0, e.ImpactStarted(scope=text), late=6)
    book.add(7, e.Note(text=text))
    wrong = book.add(8, e.Note(text=text))
    book.add(9, e.Struck(target=wrong, reason=text))
    amended = book.add(9, e.Note(text="mispelt"))
    book.add(9, e.Amended(target=amended, text="amended " + text))
    effects = {"status-page": "fx1", "chat": "fx2", "mail": "fx3"}
    body = e.UpdateIssued(audience=Audience.CUSTOMER, text=text, template="scope", next_minutes=20, effects=effects)
    book.add(10, body)
    book.add(10, e.EffectEnded(effect="fx1", target="status-page", state="sent", receipt=text), "iccon")
    book.add(11, e.EffectEnded(effect="fx2", target="chat", state="failed", detail=text), "iccon")
    book.add(12, e.TheorySet(text=text))
    if over:
        book.add(30, e.ImpactStopped(segment=impact))
        book.add(45, e.PhaseSet(phase=Phase.RESOLVED, reason=text))
    return book


def shown(book: Book, **options: bool) -> str:
    return markdown.render(book.ledger(), zone=ZoneInfo("Europe/Berlin"), **options)


class TestMarkdown:
    def test_tells_the_whole_incident(self) -> None:
        text = shown(story())
        for part in (
            "# SEV2: a note",
            "| Phase | resolved |",
            "| Declared | 2026-11-24 13:05:00 CET by ana |",
            "| Resolved | 2026-11-24 13:45:00 CET |",
            "| Duration | 40 min 00 s |",
            "| Customer impact | 30 min 00 s |",
            "| 2026-11-24 13:00:00 CET | 2026-11-24 13:30:00 CET | 30 | a note |",
            "| Incident Commander | a note | 2026-11-24 13:05:00 CET |",
            "| Theory of the cause (not confirmed) | a note |",
            "### 2026-11-24 13:10:00 CET, to customer",
            "- status-page: sent, 2026-11-24 13:10:00 CET (a note)",
            "- chat: failed, 2026-11-24 13:11:00 CET (a note)",
            "- mail: queued, 2026-11-24 13:10:00 CET",
            "- Next update promised: 2026-11-24 13:30:00 CET",
            "- **2026-11-24 13:00:00 CET** (recorded 2026-11-24 13:06:00 CET) ana `",
            "~~a note~~ (struck: a note)",
            " (amended) `",
        ):
            assert part in text

    def test_is_deterministic_and_says_as_of_when_it_is_not_over(self) -> None:
        text = shown(story(over=False))
        assert text == shown(story(over=False))
        assert "| Resolved | not resolved |" in text
        assert "| Duration | 7 min 00 s (not over; as of 2026-11-24 13:12:00 CET) |" in text
        assert "| Customer impact | 12 min 00 s (not over; as of" in text

    def test_is_the_same_in_whatever_order_the_entries_came(self) -> None:
        book = story()
        text = shown(book)
        book.entries.reverse()
        assert shown(book) == text

    def test_counts_what_it_leaves_out(self) -> None:
        text = shown(story(), include_machine=False, include_struck=False)
        assert "5 of 14 entries are left out of this document." in text
        assert "(machine)" not in text
        assert "struck:" not in text

    def test_marks_a_drill(self) -> None:
        assert shown(story(drill=True)).startswith("# DRILL - SEV2: a note\n\n**DRILL: this was an exercise.")

    def test_needs_no_entry(self) -> None:
        assert "No declaration was recorded." in shown(Book())
        book = Book()
        book.add(0, e.Declared(title="t", severity=Severity.SEV1))
        assert "Nobody holds a role." in shown(book)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_keeps_its_structure_whatever_people_write(self, text: str) -> None:
        plain, hostile = shape(shown(story(text="plain"))), shape(shown(story(text=text)))
        assert hostile == plain
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]", shown(story(text=text)))


def shape(text: str) -> list[str]:
    """Return the kinds of all tokens but those of running text and line breaks."""
    kinds = [t.type for token in GITHUB.parse(text) for t in (token, *(token.children or ()))]
    return [kind for kind in kinds if kind not in ("text", "hardbreak")]


def leaves(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


class TestEscape:
    @given(
        st.one_of(st.text(max_size=60), st.text(st.sampled_from("ab1 \n#*_`~[]()!<>|-+=:.&;\\@/$^w\"'"), max_size=40))
    )
    def test_shows_any_text_as_it_was_written(self, text: str) -> None:
        tokens = GITHUB.parse("- x: " + escape.block(text, "  "))
        assert [t.type for t in tokens if t.type != "inline"] == [
            *("bullet_list_open", "list_item_open", "paragraph_open"),
            *("paragraph_close", "list_item_close", "bullet_list_close"),
        ]
        parts = list(leaves(tokens))
        assert {t.type for t in parts} <= {"text", "hardbreak"}
        got = "".join("\n" if t.type == "hardbreak" else t.content for t in parts).replace(escape.JOINER, "")
        want = "\n".join(part.strip() for part in clean_block(text).strip().split("\n"))
        assert got.removeprefix("x:").strip() == want

    @given(st.text(st.sampled_from("ab1 #*_`~[]()!<>|-+=:.&;\\@/"), max_size=40))
    def test_stays_in_its_cell(self, text: str) -> None:
        tokens = GITHUB.parse(f"| a | b |\n|---|---|\n| {escape.line(text)} | end |\n")
        cells = [t.content for t in tokens if t.type == "inline"]
        assert len(cells) == 4
        assert cells[3] == "end"
        inline = [t for t in tokens if t.type == "inline"][2]
        got = "".join(t.content for t in inline.children or ()).replace(escape.JOINER, "")
        assert got == clean(text)

    def test_breaks_names_and_numbers_that_readers_link_later(self) -> None:
        assert escape.line("@ana #12 a@b.c") == "\\@\u2060ana \\#\u206012 a\\@\u2060b\\.c"


class TestEvidence:
    def test_has_its_query_range_hash_and_chart_and_is_inert(self) -> None:
        book = story()
        kept, blob = evidence()
        assert isinstance(kept.body, e.EvidenceTaken)
        chart = ("  5% ⣀⣀⡠⠊", "```", "<script>", "# @ana")
        query = "a``b{x=`c`}"
        measured = replace(kept.body.measured, query=query, warnings=("[x](y)",))
        book.add(50, replace(kept.body, title="*errors*", chart=chart, measured=measured))
        text = markdown.render(book.ledger(), zone=UTC)
        tokens = GITHUB.parse(text)
        fences = [t.content for t in tokens if t.type == "fence"]
        assert fences == ["\n".join(chart) + "\n"]
        codes = [c.content for t in tokens if t.type == "inline" for c in t.children or () if c.type == "code_inline"]
        assert query in codes
        assert blob.sha256 in codes
        assert "2026-11-01 11:55:00 UTC to 2026-11-01 12:00:00 UTC, every 15 s" in text
        assert [t.tag for t in tokens if t.type == "html_block"] == []
        book.add(51, e.Struck(target=book.entries[-1].id, reason="wrong"))
        assert "errors\\* (`" in markdown.render(book.ledger(), zone=UTC)
        assert "## Evidence" not in markdown.render(book.ledger(), zone=UTC, include_struck=False)


class TestFigures:
    def test_name_the_entries_they_come_from(self) -> None:
        book = story()
        found = {f.name: f for f in figures(book.ledger())}
        minutes = {name: f.value and f.value.total_seconds() / 60 for name, f in found.items()}
        assert minutes == {
            "Detect": 2,
            "Acknowledge": 1,
            "Declare": 5,
            "First update": 5,
            "Mitigate": 30,
            "Resolve": 40,
        }
        assert found["Detect"].entries == (book.entries[4].id, book.entries[0].id)

    def test_say_what_was_not_recorded(self) -> None:
        book = Book()
        book.add(0, e.Declared(title="t", severity=Severity.SEV1))
        missing = {f.name: f.missing for f in figures(book.ledger())}
        assert missing["Detect"] == "not recorded: impact started and first page"
        assert missing["First update"] == "not recorded: first customer update"
        assert all(f.value is None for f in figures(book.ledger()))

    def test_do_not_count_struck_entries_and_never_go_backwards(self) -> None:
        book = story()
        book.add(50, e.Struck(target=book.entries[4].id, reason="wrong"))
        found = {f.name: f for f in figures(book.ledger())}
        assert found["Detect"].missing == "not recorded: impact started"
        early = Book()
        early.add(5, e.ImpactStarted(scope=""))
        early.add(1, page("triggered"))
        assert figures(early.ledger())[0].missing == "first page came before impact started"


class TestTimeline:
    def test_gives_rows_with_both_times_where_late(self) -> None:
        lines = timeline.text(Timeline(story().ledger()).items(), UTC).splitlines()
        assert lines[0].endswith(
            "12:00:00 UTC (recorded 2026-11-24 12:06:00 UTC)  ana: customer impact started: a note"
        )
        assert any(line.endswith("ana: a note [struck: a note]") for line in lines)

    @given(st.text(max_size=30), st.sampled_from(["=1+1", "@x", "-1", "+1", " =1", '"', "a,b\nc"]))
    def test_is_safe_in_a_spreadsheet(self, text: str, start: str) -> None:
        book = Book()
        book.add(0, e.Note(text=start + text), actor=start)
        found = list(csv.reader(io.StringIO(timeline.table(Timeline(book.ledger()).items(), UTC))))
        assert found[0] == list(timeline.COLUMNS)
        assert len(found) == 2
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in found[1])


def journal(path: Path, texts: tuple[str, ...]) -> Journal:
    opened = Journal.open(path, Clock())
    opened.append([e.Draft(INCIDENT, e.Declared(title="t", severity=Severity.SEV1), START, "ana")])
    for text in texts:
        opened.append([e.Draft(INCIDENT, e.Note(text=text), START, "ana")])
    return opened


class TestJsonLines:
    def test_come_back_byte_for_byte(self, tmp_path: Path) -> None:
        source = journal(tmp_path / "a.db", HOSTILE)
        raw = b"".join(jsonl.render(source.records(INCIDENT), source.blob))
        target = Journal.open(tmp_path / "b.db", Clock())
        done = target.import_records(jsonl.parse(raw.splitlines()))
        assert (done.added, done.known) == (len(HOSTILE) + 1, 0)
        assert b"".join(jsonl.render(target.records(INCIDENT), target.blob)) == raw
        assert target.verify().bad is None
        again = target.import_records(jsonl.parse(raw.splitlines()))
        assert (again.added, again.known) == (0, len(HOSTILE) + 1)
        source.close()
        target.close()

    def test_carry_the_samples_of_evidence(self, tmp_path: Path) -> None:
        source = journal(tmp_path / "a.db", ("one",))
        kept, blob = evidence(incident=INCIDENT)
        for _ in range(2):  # the same samples twice are one blob
            source.append([kept], blobs_=[blob])
        lines = b"".join(jsonl.render(source.records(INCIDENT), source.blob)).splitlines()
        assert (len(lines), lines[0].count(b'"blobs":1')) == (1 + 1 + 4, 1)
        target = Journal.open(tmp_path / "b.db", Clock())
        for spoilt, words in (
            ([lines[0], *lines[2:]], "the blob .* is missing"),
            ([lines[0].replace(b'"blobs":1', b'"blobs":2'), *lines[1:]], "1 blobs where the header promises 2"),
            ([lines[0], lines[1].replace(b'{"blob":"', b'{"blob":"0'), *lines[2:]], "does not match its hash"),
            ([lines[0], b'{"blob":1}', *lines[2:]], "not a blob"),
        ):
            with pytest.raises((jsonl.ExportFault, BrokenChain), match=words):
                target.import_records(jsonl.parse(spoilt))
            assert list(target.records()) == []
        target.import_records(jsonl.parse(lines))
        assert target.blob(blob.sha256) == blob
        assert b"\n".join(lines) + b"\n" == b"".join(jsonl.render(target.records(INCIDENT), target.blob))
        source.close()
        target.close()

    def test_of_the_version_without_blobs_come_in(self, tmp_path: Path) -> None:
        source = journal(tmp_path / "a.db", ("one",))
        raw = b"".join(jsonl.render(source.records(INCIDENT), source.blob))
        old = raw.replace(b'"version":2', b'"version":1', 1).replace(b',"blobs":0', b"", 1)
        target = Journal.open(tmp_path / "b.db", Clock())
        assert target.import_records(jsonl.parse(old.splitlines())).added == 2
        source.close()
        target.close()

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda lines: lines[1:], "line 1: this is no export of records"),
            (lambda lines: [], "line 1: this is no export of records"),
            (lambda lines: [b"\xff\xfe", *lines], "line 1: this is no export"),
            (lambda lines: [b"[" * 100_000], "line 1: this is no export"),
            (lambda lines: lines[:-1], "2 records where the header promises 3"),
            (lambda lines: [*lines, lines[-1]], "4 records where the header promises 3"),
            (lambda lines: [*lines[:2], lines[1], lines[2]], "not those that the header names"),
            (lambda lines: [*lines[:2], b"{}", *lines[3:]], "line 3: not a record"),
            (lambda lines: [*lines[:2], lines[2][:40], *lines[3:]], "line 3: not a record"),
            (lambda lines: [lines[0].replace(b'"version":2', b'"version":9'), *lines[1:]], "newer iccon"),
        ],
    )
    def test_that_are_not_whole_are_refused(self, tmp_path: Path, spoil: object, words: str) -> None:
        source = journal(tmp_path / "a.db", ("one", "two"))
        lines = b"".join(jsonl.render(source.records(INCIDENT), source.blob)).splitlines()
        source.close()
        target = Journal.open(tmp_path / "b.db", Clock())
        assert callable(spoil)
        with pytest.raises(jsonl.ExportFault, match=re.escape(words)):
            target.import_records(jsonl.parse(spoil(lines)))
        assert list(target.records()) == []
        target.close()
