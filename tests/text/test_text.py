"""What may pass from outside, and what becomes of the rest."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.text import BLOCK_LIMIT, LINE_LIMIT, clean, clean_block

ANY_TEXT = st.text(st.characters(), max_size=400)  # surrogates included
VISIBLE_FORMAT = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}  # signs before numbers


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, ""),
        (42, "42"),
        ("disk [/dev/sda1] is 95%", "disk [/dev/sda1] is 95%"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("\x9b31m", "\ufffd31m"),
        ("nul\x00", "nul␀"),
        ("del\x7f", "del␡"),
        ("a\r\nb\tc", "a b c"),
        ("  many   spaces ", "many spaces"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("two\u2028lines", "two lines"),
        ("tag\U000e0041s", "tags"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("日本語 ✅ naïve", "日本語 ✅ naïve"),
        ("हिन्दी ไทย עִבְרִית", "हिन्दी ไทย עִבְרִית"),
    ],
)
def test_one_line(raw: object, shown: str) -> None:
    assert clean(raw) == shown


def test_no_control_or_unseen_character_of_the_whole_code_space_passes() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        hostile = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code & 0xFFFE == 0xFFFE
        if (hostile or 0xFDD0 <= code <= 0xFDEF) and code not in VISIBLE_FORMAT:
            assert character not in clean(f"a{character}b"), hex(code)
            assert character == "\n" or character not in clean_block(f"a{character}b"), hex(code)


def test_marks_do_not_climb() -> None:
    for mark in ("\u0301", "\u0e49", "\u20dd", "\u1ab0"):
        assert clean("a" + mark * 50 + "b") == "a" + mark * 3 + "b"
    assert clean("……————””””””") == "……————””””””"


@given(ANY_TEXT, st.integers(0, 60))
def test_a_line_is_printable_short_and_stable(raw: str, limit: int) -> None:
    line = clean(raw, limit)
    assert len(line) <= limit
    assert "\n" not in line
    assert "\x1b" not in line
    assert clean(line, limit) == line
    line.encode()


@given(ANY_TEXT, st.integers(0, 500))
def test_a_block_keeps_lines_and_nothing_else(raw: str, limit: int) -> None:
    block = clean_block(raw, limit)
    assert len(block) <= limit
    assert not set(block) & {*map(chr, range(0x20))} - {"\n"}
    block.encode()


def test_a_megabyte_is_cut_and_says_so() -> None:
    assert len(clean("x" * 1_000_000)) == LINE_LIMIT
    assert clean("x" * 1_000_000).endswith("…")
    assert clean_block("\t" * 1_000_000).endswith("\n… (cut)")
    assert len(clean_block("\t" * 1_000_000)) == BLOCK_LIMIT


def test_line_breaks_of_every_system() -> None:
    assert clean_block("a\r\nb\rc\n\td") == "a\nb\nc\n    d"


def test_an_object_that_cannot_be_text_is_named_by_its_type() -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError

    assert clean(Rude()) == "(Rude)"
    assert clean(10**5000) == "(int)"
