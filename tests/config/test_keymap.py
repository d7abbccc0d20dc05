"""The user's keys: what is refused and why, and that Textual hears what is accepted."""

import pytest
from textual.keys import _character_to_key

from iccon.config.keymap import BadKey, key_names, key_of, keymap

COMMANDS = {"note": ("n",), "quit": ("q", "ctrl+q"), "declare": ("d",), "open": ("d",), "help": ("question_mark",)}
SCOPES = {"note": "incident", "quit": "anywhere", "declare": "home", "open": "incident", "help": "anywhere"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *(("n", "n"), ("R", "R"), ("é", "é"), (" f5 ", "f5"), ("F12", "f12"), ("?", "question_mark"), ("+", "plus")),
        *(("question_mark", "question_mark"), ("ctrl+r", "ctrl+r"), ("Ctrl+R", "ctrl+r"), ("ctrl++", "ctrl+plus")),
        *(("shift+ctrl+up", "ctrl+shift+up"), ("Space", "space"), ("alt+x", "alt+x"), ("escape", "escape")),
    ],
)
def test_keys(text: str, key: str) -> None:
    assert key_of(text) == key


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        *(
            ("", ""),
            ("nn", ""),
            ("esc", 'did you mean "escape"?'),
            ("f25", ""),
            ("hyperr+x", "one of alt"),
            ("a+b", "one of alt"),
        ),
        *(
            ("shift+r", 'write "R"'),
            ("ctrl+i", "another key"),
            ("ctrl+c", "it copies"),
            ("\x1b", ""),
            ("+x", "one of alt"),
        ),
    ],
)
def test_what_is_no_key(text: str, hint: str) -> None:
    bad = key_of(text)
    assert isinstance(bad, BadKey)
    assert hint in bad.hint
    assert "\x1b" not in bad.reason


def test_signs_are_named_as_textual_names_them() -> None:
    for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~":
        assert key_of(sign) == _character_to_key(sign)
        assert key_of(_character_to_key(sign)) == _character_to_key(sign)
    assert len(key_names()) == len(set(key_names()))


def test_defaults_stand_without_a_word() -> None:
    assert keymap({}, COMMANDS, SCOPES) == (COMMANDS, [])


def test_keys_are_replaced() -> None:
    chosen, problems = keymap({"note": "ctrl+n, +", "quit": ","}, COMMANDS, SCOPES)
    assert problems == []
    assert chosen == {**COMMANDS, "note": ("ctrl+n", "plus"), "quit": ("comma",)}


def test_unknown_commands_and_bad_keys_are_all_named_and_the_rest_holds() -> None:
    keys = {"nte": "x", "note": "nn", "quit": "", "help": "f1"}
    chosen, problems = keymap(keys, COMMANDS, SCOPES, "config.toml")
    assert [(problem.key, problem.hint) for problem in problems] == [
        ("console.keys.nte", 'did you mean "note"?'),
        ("console.keys.note", ""),
        ("console.keys.quit", ""),
    ]
    assert all(problem.file == "config.toml" for problem in problems)
    assert chosen == {**COMMANDS, "help": ("f1",)}


def test_a_key_of_another_command_on_the_same_screen_is_a_clash() -> None:
    chosen, problems = keymap({"note": "q"}, COMMANDS, SCOPES)
    assert [problem.found for problem in problems] == ["q, which quit has"]
    assert chosen == COMMANDS


def test_the_same_key_on_two_screens_is_none() -> None:
    assert keymap({"declare": "n"}, COMMANDS, SCOPES)[1] == []
    assert [problem.found for problem in keymap({"declare": "n"}, COMMANDS)[1]] == ["n, which note has"]


def test_keys_may_be_swapped_but_not_doubled() -> None:
    assert keymap({"note": "d", "open": "n"}, COMMANDS, SCOPES)[1] == []
    assert len(keymap({"note": "x", "open": "x"}, COMMANDS, SCOPES)[1]) == 1
