"""Finding in a document as it is laid out."""

from hypothesis import given
from hypothesis import strategies as st
from widgetmakers import document

from iccon.console.widgets.search import INK, Lookup, marked, pattern_of
from iccon.runbooks.markdown import lay_out, sections

TEXT = st.text(st.sampled_from("ab A\n#*`-"), max_size=120)


def test_capitals_count_where_they_are_typed_and_words_may_be_broken_over_lines() -> None:
    found = sections(document("# Disk\n\nThe disk is **very** full of old logs.\n\n```sh\ndf\n```\n"))
    lookup = Lookup(found, 16, False)
    assert [len(lookup.find(pattern)) for words in ("disk", "Disk") if (pattern := pattern_of(words))] == [2, 1]
    broken = pattern_of("very full of  old")
    assert broken is not None
    assert lookup.find(broken) == [(0, 2)]
    assert pattern_of("  ") is None
    assert pattern_of("df (.*") is not None


@given(TEXT, st.sampled_from(["a", "b a", "A", "aa"]))
def test_every_hit_is_on_a_line_that_there_is(text: str, words: str) -> None:
    found, pattern = sections(document(text)), pattern_of(words)
    assert pattern is not None
    sizes = [len(lay_out(section, 20, ascii=False).lines) for section in found]
    assert all(0 <= line < sizes[number] for number, line in Lookup(found, 20, False).find(pattern))


@given(st.lists(st.tuples(st.text("abA ", max_size=6), st.sampled_from(["", "x"])), max_size=6))
def test_what_is_set_off_is_what_was_found_and_no_letter_is_lost(spans: list[tuple[str, str]]) -> None:
    pattern = pattern_of("ab")
    assert pattern is not None
    done = marked(spans, pattern)
    whole = "".join(text for text, _ in spans)
    assert "".join(text for text, _ in done) == whole
    assert sum(len(text) for text, style in done if INK in style) == sum(len(m[0]) for m in pattern.finditer(whole))
