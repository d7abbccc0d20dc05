"""completion, complete: what a shell asks for at a Tab. The shell's part is a few lines; the answers are made here.

The candidates come from the argument parsers themselves, so they cannot drift from what the program accepts.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from iccon.cli import main as front
from iccon.cli.output import say
from iccon.cli.parsing import COMMANDS, OK, Commands, add_command

SCRIPTS = {
    "bash": """\
_iccon() {
    local IFS=$'\\n'
    COMPREPLY=($(iccon complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    if [ "${COMPREPLY[0]-}" = ":files" ]; then
        COMPREPLY=()
        compopt -o default
    fi
}
complete -F _iccon iccon
""",
    "zsh": """\
#compdef iccon
_iccon() {
    local -a found
    found=("${(@f)$(iccon complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ "${found[1]}" == ":files" ]]; then _files; else compadd -- ${found:#}; fi
}
if [ "$funcstack[1]" = "_iccon" ]; then _iccon "$@"; else compdef _iccon iccon; fi
""",
    "fish": """\
function __iccon_complete
    set -l found (iccon complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
    if test "$found[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete -c iccon -f -a '(__iccon_complete)'
""",
}

FILES = ":files"  # the answer that makes the shell offer file names
_FILE_OPTIONS = ("--config", "--output")


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    notes = 'bash: eval "$(iccon completion bash)"    zsh: the same    fish: iccon completion fish | source'
    script = add_command(commands, "completion", _do_completion, notes=notes, with_json=False)
    script.add_argument("shell", choices=sorted(SCRIPTS))
    asked = add_command(commands, "complete", _do_complete, with_json=False)
    asked.add_argument("words", nargs=argparse.REMAINDER)


def _do_completion(args: argparse.Namespace) -> int:
    say(SCRIPTS[args.shell].rstrip("\n"))
    return OK


def _do_complete(args: argparse.Namespace) -> int:
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    for candidate in candidates(words or [""]):
        say(candidate)
    return OK


def candidates(words: Sequence[str]) -> list[str]:
    """Return what may stand where the last of `words` is being typed."""
    *before, typed = words
    name = front.chosen(before)
    if name is not None and name not in COMMANDS:
        return []
    parser = _parser(name)
    option = _open_option(parser, before)
    if option is not None:
        found = [FILES] if set(option.option_strings) & set(_FILE_OPTIONS) else _choices(option)
        return found if found == [FILES] else [word for word in found if word.startswith(typed)]
    if typed.startswith("-"):
        return sorted(word for word in _options(parser) if word.startswith(typed))
    if name is None:
        return [word for word, spec in COMMANDS.items() if spec.group and word.startswith(typed)]
    return _positional(parser, name, typed)


def _parser(name: str | None) -> argparse.ArgumentParser:
    top = front.tree([name] if name else [])
    return _subparsers(top)[name] if name else top


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    action: Any = next(a for a in parser._actions if isinstance(a.choices, dict))
    found: dict[str, argparse.ArgumentParser] = action.choices
    return found


def _open_option(parser: argparse.ArgumentParser, before: Sequence[str]) -> argparse.Action | None:
    """Return the option that waits for its value, if the word before is one."""
    last = before[-1] if before else ""
    found = (a for a in parser._actions if last in a.option_strings)
    return next((a for a in found if a.nargs != 0), None)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.help != argparse.SUPPRESS:
            yield from (text for text in action.option_strings if text.startswith("--"))


def _positional(parser: argparse.ArgumentParser, name: str, typed: str) -> list[str]:
    if name == "import":
        return [FILES]
    found = [word for action in parser._actions if not action.option_strings for word in _choices(action)]
    return [word for word in found if word.startswith(typed)]


def _choices(action: argparse.Action) -> list[str]:
    return [str(choice) for choice in action.choices or ()]
