from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from iccon.runbooks.inline import STYLES, Span, cut, wrap
from iccon.runbooks.markdown import Section, estimate, headings, lay_out, sections
from iccon.runbooks.model import Document, Runbook
from iccon.text import clean, clean_block

CORPUS = Path(__file__).parents[2].parent / "shared/corpora/prometheus-operator"
HOSTILE = [chr(n) for n in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x202E, 0x2066, 0x200B, 0x2028)]


def document(text: str) -> Document:
    clean_text = clean_block(text)
    return Document(Runbook("f", "p.md", clean("p")), clean_text, headings(clean_text), "")


def shown(text: str, width: int = 60, ascii_only: bool = False) -> list[str]:
    found = []
    for section in sections(document(text)):
        found += ["".join(span.text for span in line) for line in lay_out(section, width, ascii_only).lines]
    return found


def styles(text: str) -> dict[str, str]:
    spans = [s for section in sections(document(text)) for line in lay_out(section, 80).lines for s in line]
    return {span.text: span.style for span in spans}


def checked(section: Section, width: int) -> None:
    for line in lay_out(section, width, width % 2 == 0).lines:
        assert sum(cell_len(span.text) for span in line) <= max(width, 12)
        for span in line:
            assert span.style in STYLES
            assert not any(h in span.text for h in HOSTILE)


class TestSections:
    def test_are_cut_at_headings_and_lose_no_line(self) -> None:
        text = "before\n\n# One\na\n\nTwo\n---\nb\n### Three ###\nc"
        found = sections(document(text))
        assert [s.heading and (s.heading.level, s.heading.text, s.heading.line) for s in found] == [
            None,
            (1, "One", 2),
            (2, "Two", 5),
            (3, "Three", 8),
        ]
        assert "\n".join(s.text for s in found) == text

    @pytest.mark.parametrize("fence", ["```", "~~~~", "  ```", "- ```", "1. ```sh"])
    def test_know_that_code_holds_no_headings(self, fence: str) -> None:
        mark = fence.strip("- 1.sh")
        assert headings(f"{fence}\n# not one\n{mark}\n# one") == headings("\n\n\n# one")

    def test_know_what_is_no_underlined_heading(self) -> None:
        assert headings("- item\n---\n\n| a |\n---\n\n\n---\n") == ()

    def test_split_a_long_stretch_at_a_blank_line(self) -> None:
        found = sections(document("\n\n".join(f"paragraph {n}" for n in range(500))))
        assert len(found) > 3
        assert all(s.text.startswith("paragraph") for s in found)

    def test_split_what_has_no_blank_line(self) -> None:
        assert max(s.text.count("\n") for s in sections(document("x\n" * 5000))) < 700

    @given(st.text(st.sampled_from("#=-`~>1. \nab|[]:"), max_size=300))
    def test_hold_every_line_once(self, text: str) -> None:
        found = sections(document(text))
        kept = [line for s in found for line in s.text.split("\n") if line.strip()]
        assert kept == [line for line in clean_block(text).split("\n") if line.strip()]


class TestRender:
    def test_wraps_prose_and_keeps_emphasis(self) -> None:
        assert shown("one **two** three, *four*", 14) == ["one two three,", "four"]
        assert styles("a **b** *c* `d` ~~e~~")["b"] == "strong"

    def test_joins_words_across_styles(self) -> None:
        assert shown("aaaa **bbbb**cccc,`dd` eeee", 14) == ["aaaa", "bbbbcccc,dd", "eeee"]

    def test_numbers_links_and_lists_their_addresses(self) -> None:
        text = "see [docs](http://a.b/c) and [again](http://a.b/c), <http://d.e> ![plan](plan.png)"
        assert shown(text, 80) == [
            "see docs[1] and again[1], http://d.e image: plan[2]",
            "",
            "[1] http://a.b/c",
            "[2] plan.png",
        ]
        assert lay_out(sections(document(text))[0], 80).links == ("http://a.b/c", "plan.png")

    def test_resolves_a_link_defined_in_another_section(self) -> None:
        assert "[1] http://x.y" in shown("# a\nsee [the page][p]\n\n# b\n\n[p]: http://x.y\n")

    def test_draws_lists_tasks_and_quotes(self) -> None:
        text = "- [ ] open\n- [x] done\n- a\n  1. b\n  2. c\n\n> said\n"
        assert shown(text) == ["☐ open", "☑ done", "• a", "  1. b", "  2. c", "", "▎ said"]
        assert shown(text, ascii_only=True)[:3] == ["[ ] open", "[x] done", "- a"]
        assert styles(text)["☐ "] == "task_open"
        assert styles(text)["☑ "] == "task_done"

    def test_shows_code_whole_when_it_is_wider_than_the_screen(self) -> None:
        command = "kubectl get pods --all-namespaces -o jsonpath='{.items[*].metadata.name}'"
        section = sections(document(f"```sh\n{command}\n```"))[0]
        code = [s.text for line in lay_out(section, 30).lines for s in line if s.style == "codeblock"]
        assert "".join(code) == command

    def test_aligns_a_table_and_wraps_its_cells(self) -> None:
        text = "| name | n |\n|:-----|--:|\n| 日本 | 1 |\n| a long cell that wraps | 22 |\n"
        assert shown(text, 20) == [
            "name            │  n",
            "────────────────┼───",
            "日本            │  1",
            "a long cell     │ 22",
            "that wraps      │   ",
        ]

    def test_turns_a_table_that_cannot_fit_into_records(self) -> None:
        head = "|" + "|".join(f"h{n}" for n in range(9)) + "|\n" + "|-" * 9 + "|\n"
        text = head + "|" + "|".join(f"value{n}" for n in range(9)) + "|\n"
        assert shown(text, 20)[:2] == ["h0: value0", "h1: value1"]

    def test_strips_html_to_its_text(self) -> None:
        lines = shown("<div class='x'>kept <b>text</b> &amp; more</div>\n\na<br>b <!-- secret --> c")
        assert lines == ["kept text & more", "", "a", "b c"]

    @pytest.mark.parametrize("words", ["kubectl -n <namespace> get pod <pod name>", "<namespace>", "a <b-c_d> e"])
    def test_keeps_a_word_to_put_something_in_for(self, words: str) -> None:
        assert shown(words) == [words]

    def test_shows_pictures_as_links_and_the_names_of_signs_as_signs(self) -> None:
        assert shown('<p><img src="a.png" alt="plan"></p>\n\n:x: ![b](c.png)') == [
            *("image: plan[1]", "", "✗ image: b[2]", "", "[1] a.png", "[2] c.png")
        ]
        assert shown("[[_TOC_]]\n\n:nothing: 10:20:30") == [":nothing: 10:20:30"]

    def test_says_the_language_of_code(self) -> None:
        assert shown("```sh\ndf\n```\n\n```\nls\n```") == ["│ sh", "│ df", "", "│ ls"]

    def test_tears_no_word_of_a_table_where_there_is_room(self) -> None:
        text = "| concurrently | b |\n|-|-|\n| x | " + "many words " * 20 + "|"
        assert shown(text, 40)[0].startswith("concurrently │ b")

    def test_shows_a_diagram_as_text(self) -> None:
        assert shown("```mermaid\ngraph TD\n```") == ["│ mermaid (a diagram, as text)", "│ graph TD"]

    @pytest.mark.parametrize("entity", ["&#27;", "&#x9b;", "&#x202e;", "&#7;", "&#0;", "&zwj;", "&#8232;"])
    def test_lets_no_control_character_in_by_an_entity(self, entity: str) -> None:
        for where in (
            "{}",
            "`{}`",
            "[{}](x)",
            "[x]({})",
            "![{}](y)",
            "<b>{}</b>",
            "| {} |\n|-|\n",
            "# {}",
            "```{}\n```",
        ):
            for section in sections(document(where.format(entity))):
                checked(section, 40)

    @pytest.mark.parametrize(
        "text",
        [
            *("*" * 3000 + "a" + "*" * 3000, "[" * 3000, "> " * 1500 + "x", "- " * 1500 + "x", "`" * 3000),
            *("<" * 3000, "&" * 3000, "a" * 30_000, "|" * 3000 + "\n|" + "-|" * 3000, "[a](" * 2000),
            *("x " * 30_000, "日" * 5000, "e" + "\u0301" * 500, "<!--" * 2000, "*a_ " * 3000, "~~" * 3000),
            *("![" * 2000, "1. " * 900, "a\n" * 5000 + "=", "<a " * 3000, "<br" * 3000),
        ],
        ids=lambda text: text[:6],
    )
    def test_survives_what_hurts_parsers(self, text: str) -> None:
        for section in sections(document(text)):
            checked(section, 40)

    @given(st.text(st.sampled_from("ab #*_`~[]()!<>|-+=:1.&;\\\n \"'日\u0301x"), max_size=200), st.integers(1, 90))
    def test_never_raises_and_never_exceeds_the_width(self, text: str, width: int) -> None:
        for section in sections(document(text)):
            checked(section, width)
            assert estimate(section, width) > 0

    @given(st.text(max_size=200), st.integers(12, 60))
    def test_takes_any_text(self, text: str, width: int) -> None:
        for section in sections(document(text)):
            checked(section, width)


def long(lines: int, line: str) -> str:
    return "\n".join(line.format(n) for n in range(lines))


class TestLongSections:
    @pytest.mark.parametrize(
        "text",
        [
            *(
                "```sh\n" + long(9_000, "echo {}") + "\n```\n\nafter",
                "- ```sh\n" + long(9_000, "  echo {}") + "\n  ```",
            ),
            *(
                long(3_000, "a word or two and {} more"),
                "x" * 15_000 + "\n" + long(8_000, "{}"),
                "```\n" + "y" * 90_000,
            ),
        ],
        ids=["fence", "fence in a list", "paragraph", "long line", "endless fence"],
    )
    def test_are_cut_and_every_piece_is_parsed(self, text: str) -> None:
        found = sections(document(text))
        assert "\n".join(section.text for section in found) == text
        assert all(len(section.text) < 100_000 for section in found)

    def test_code_that_is_cut_stays_code(self) -> None:
        text = "```sh\n" + long(9_000, "# echo {}") + "\n```\n\n# after"
        laid = [lay_out(section, 60) for section in sections(document(text))]
        shown_ = [line for each in laid for line in each.lines if line]
        assert sum(line[0].text == "│ " and line[-1].style == "codeblock" for line in shown_) == 9_000
        assert shown_[-1][-1].text == "# after"
        assert [code.info for each in laid for code in each.codes] == ["sh"] * 2

    def test_a_table_that_is_cut_stays_a_table(self) -> None:
        text = "| name | what |\n|---|---|\n" + long(1_500, "| row {} | something |")
        laid = [lay_out(section, 60) for section in sections(document(text))]
        assert len(laid) > 1
        assert all("".join(span.text for span in each.lines[0]).startswith("name ") for each in laid)
        assert sum(len(each.lines) - 2 for each in laid) == 1_500


class TestWrap:
    @given(st.lists(st.text(st.sampled_from("ab 日\n"), max_size=20), max_size=6), st.integers(2, 20))
    def test_keeps_every_character_but_spaces(self, texts: list[str], width: int) -> None:
        lines = wrap([Span(t, str(n)) for n, t in enumerate(texts)], width)
        got = "".join(s.text for line in lines for s in line)
        assert got.replace(" ", "") == "".join(texts).replace(" ", "").replace("\n", "")
        assert all(sum(cell_len(s.text) for s in line) <= width for line in lines)

    @given(st.text(st.sampled_from("ab 日"), max_size=60), st.integers(2, 20))
    def test_cut_code_can_be_put_together_again(self, text: str, width: int) -> None:
        assert "".join(cut(text, width)) == text


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no runbook corpus beside the checkout")
@pytest.mark.parametrize("width", [30, 80])
def test_every_runbook_of_the_corpus_renders(width: int) -> None:
    files = sorted(CORPUS.rglob("*.md"))
    assert len(files) > 100
    for file in files:
        text = file.read_text(encoding="utf-8")
        found = sections(document(text))
        for section in found:
            checked(section, width)
        words = {w for s in found for line in lay_out(s, width).lines for span in line for w in span.text.split()}
        assert words
