"""The front door: finds the command, imports that command alone, and turns what goes wrong into words."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from iccon import __version__
from iccon.cli.parsing import COMMANDS, FAULT, USAGE, Formatter, Parser, common

_TAKES_TIME = ("--at", "--began", "--since", "--as-of")
_TAKES_VALUE = ("--config", "--incident", "-i")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0, 1 fault, 2 usage or configuration, 3 refused."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = parse(words)
    except SystemExit as leaving:  # argparse has said why
        return leaving.code if isinstance(leaving.code, int) else USAGE
    try:
        return _run(args)
    except BaseException as error:
        from iccon.cli import trouble

        return trouble.report(error, args)


def _run(args: argparse.Namespace) -> int:
    code: int = args.handler(args)
    sys.stdout.flush()  # a reader that is gone is found out here, not at the interpreter's end
    if args.damage is None:
        return code
    sys.stderr.write(f"iccon: the journal could not be read to its end: {args.damage}\n")
    return code or FAULT


def parse(words: list[str]) -> argparse.Namespace:
    """Return the parsed words with their `handler`; raises SystemExit as argparse does."""
    name = chosen(words)
    if name is not None and name not in COMMANDS:
        raise SystemExit(_unknown(name))
    return tree([name] if name else []).parse_args(_glued(words))


def _glued(words: list[str]) -> list[str]:
    """Return the words with `--at -5m` as `--at=-5m`: argparse takes what begins with a dash for an option."""
    end = words.index("--") if "--" in words else len(words)
    glued: list[str] = []
    for word in words[:end]:
        if glued and glued[-1] in _TAKES_TIME:
            glued[-1] += f"={word}"
        else:
            glued.append(word)
    return glued + words[end:]


def chosen(words: Sequence[str]) -> str | None:
    """Return the first word that is neither an option nor an option's value: the command."""
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in _TAKES_VALUE
            continue
        return word
    return None


def tree(names: Sequence[str]) -> Parser:
    """Return the parser that knows the commands `names`; only their modules are imported."""
    parser = Parser(
        prog="iccon",
        description="The incident-command console. Without a command it opens the screen.",
        epilog=overview() if not names else None,
        formatter_class=Formatter,
        usage="iccon [options] [COMMAND ...]" if not names else None,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"iccon {__version__}")
    common(parser, with_json=False)
    parser.add_argument("--incident", "-i", metavar="REF", default=None, help="open the console on this incident")
    parser.add_argument("--read-only", action="store_true", help="open the console to watch only")
    parser.set_defaults(handler=_console, config=None, drill=False, json=False, incident=None, at=None, damage=None)
    if names:
        commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser, prog="iccon")
        _import_msgspec()
        for module in dict.fromkeys(COMMANDS[name].module for name in names):
            import_module(f"iccon.cli.{module}").add(commands)
    return parser


def _import_msgspec() -> None:
    """Import msgspec without typing_extensions, which brings `inspect`: 10 of the 60 ms of a note.

    msgspec takes from it what `typing` has since Python 3.11, and falls back to that by itself.
    """
    modules: dict[str, Any] = sys.modules
    if "msgspec" in modules or "typing_extensions" in modules:
        return
    modules["typing_extensions"] = None
    try:
        import_module("msgspec")
    finally:
        del modules["typing_extensions"]


def overview() -> str:
    """Return the commands with their help, by group."""
    width = max(map(len, COMMANDS)) + 2
    lines: list[str] = []
    for group in dict.fromkeys(spec.group for spec in COMMANDS.values() if spec.group):
        lines += ["", f"{group}:"]
        lines += [f"  {name:<{width}}{spec.help}" for name, spec in COMMANDS.items() if spec.group == group]
    lines += ["", "`iccon COMMAND --help` tells more.", _EXITS]
    return "\n".join(lines).lstrip("\n")


_EXITS = "Exit codes: 0 done, 1 fault, 2 usage or configuration, 3 refused."


def _unknown(name: str) -> int:
    from difflib import get_close_matches

    from iccon.text import clean

    close = get_close_matches(name, COMMANDS, 1)
    hint = f"did you mean {close[0]}?" if close else "`iccon --help` lists the commands"
    sys.stderr.write(f"iccon: error: no command {clean(name, 60)}; {hint}\n")
    return USAGE


def _console(args: argparse.Namespace) -> int:
    from iccon.cli.screen import console

    return console(args)
