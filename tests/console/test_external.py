"""Which program `$EDITOR` names."""

import pytest

from iccon.console.external import NotEdited, command


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"EDITOR": "vim"}, ["vim"]),
        ({"EDITOR": "code --wait", "VISUAL": ""}, ["code", "--wait"]),
        ({"EDITOR": "vi", "VISUAL": "'/opt/my editor' -n"}, ["/opt/my editor", "-n"]),
    ],
)
def test_the_visual_editor_goes_first_and_may_have_options(env: dict[str, str], words: list[str]) -> None:
    assert command(env) == words


MISSING = [({}, "set EDITOR"), ({"EDITOR": " "}, "set EDITOR"), ({"EDITOR": '"'}, "no command")]


@pytest.mark.parametrize(("env", "said"), MISSING)
def test_what_is_missing_is_said(env: dict[str, str], said: str) -> None:
    with pytest.raises(NotEdited, match=said):
        command(env)
