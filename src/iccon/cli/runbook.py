"""runbook list, show, search: reading the runbooks."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command
from iccon.cli.session import refuse, setting
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.runbooks.library import Library
    from iccon.runbooks.model import Runbook


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "runbook", _do_runbook)
    parser.add_argument("what", choices=["list", "show", "search"])
    parser.add_argument("words", nargs="*", help="the path or part of the title (show), words to find (search)")


def _do_runbook(args: argparse.Namespace) -> int:
    from iccon.bootstrap import library

    books, words = library(setting(args)), clean(" ".join(args.words))
    if args.what == "list":
        _say_books(args, ((book, "") for book in books.find()))
    elif args.what == "search":
        _say_books(args, ((match.runbook, match.why) for match in books.search(words)))
    else:
        return _show(args, books, words)
    return OK


def _say_books(args: argparse.Namespace, found: Iterable[tuple["Runbook", str]]) -> None:
    rows = list(found)
    if args.json:
        say_json([{"folder": b.folder, "path": b.path, "title": b.title, "why": why} for b, why in rows])
    elif not rows:
        say("no runbooks")
    else:
        table(((book.path, book.title, why) for book, why in rows), ("path", "title", "why"))


def _show(args: argparse.Namespace, books: "Library", words: str) -> int:
    from iccon.runbooks.library import RunbookFault

    try:
        document = books.read(_one(books, words))
    except RunbookFault as fault:
        raise refuse("unreadable", fault.reason) from None
    if args.json:
        fields = {"path": document.runbook.path, "title": document.runbook.title, "digest": document.digest}
        say_json({**fields, "text": document.text})
    else:
        say(document.text)
    return OK


def _one(books: "Library", words: str) -> "Runbook":
    found = books.find()
    exact = [book for book in found if words in (book.path, book.title)]
    near = exact or [book for book in found if words and words.lower() in f"{book.path} {book.title}".lower()]
    if not near:
        raise refuse("no_runbook", f"no runbook is called {words}", "`iccon runbook list` lists them")
    if len(near) > 1:
        names = ", ".join(book.path for book in near[:5])
        raise refuse("which_runbook", f"{len(near)} runbooks fit: {names}", "give the whole path")
    return near[0]
