"""runbook list, show, search, steps, mark, propose, drafts: reading the runbooks, and what came of their steps."""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from iccon.cli import bookdrafts, runs
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, Session, refuse, session, setting, text_of
from iccon.cli.written import say_receipt
from iccon.incident import commands as c
from iccon.incident.run_rules import step_words
from iccon.incident.runs import Run
from iccon.incident.state import State
from iccon.incident.steps import StepMark, StepOutcome, progress
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.runbooks.library import Library
    from iccon.runbooks.model import Document, Match, Runbook
    from iccon.runbooks.steps import Step


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "runbook", _do_runbook)
    verbs = ("list", "show", "search", "sync", "steps", "mark", "run", "approve", "runs", "propose", "drafts")
    parser.add_argument("what", metavar="WHAT", choices=verbs, help=f"one of {', '.join(verbs)}")
    parser.add_argument(
        "words",
        nargs="*",
        help="the path or part of the title (show, steps), words to find (search); "
        "mark: NAME STEP done|skipped|failed; run, approve: NAME STEP; propose: NAME TEXT, for its draft",
    )
    parser.add_argument("--note", default="", help="mark: what is to be said of it")
    parser.add_argument("--owner", metavar="PERSON", default="", help="mark: who did it")
    runs.options(parser)
    bookdrafts.options(parser)
    with_incident(parser)


def _do_runbook(args: argparse.Namespace) -> int:
    from iccon.bootstrap import library

    if args.what in ("runs", "drafts"):
        return runs.runs(args) if args.what == "runs" else bookdrafts.drafts(args)
    books, words = library(setting(args)), clean(" ".join(args.words))
    if args.what == "list":
        _say_list(args, books.find())
    elif args.what == "search":
        books.refresh()
        _say_found(args, books.search(words))
    elif args.what == "sync":
        return _sync(args, books)
    elif args.what == "steps":
        _steps(args, books, words)
    elif args.what == "mark":
        _mark(args, books)
    elif args.what == "propose":
        name, text = clean((args.words or [""])[0]), text_of(args.words[1:])
        return bookdrafts.propose(args, books, _read(books, name), text)
    elif args.what in ("run", "approve"):
        act = runs.run if args.what == "run" else runs.approve
        return act(args, lambda opened, state: _meant(opened, state, books))
    else:
        return _show(args, books, words)
    return OK


def _sync(args: argparse.Namespace, books: "Library") -> int:
    """Copy the pages of wikis; say of each source what is wrong, or how many copies it has."""
    troubles, count = books.sync(anew=True), Counter(book.source for book in books.books())
    rows = [(source.name, count[source.name], troubles.get(source.name, "")) for source in books.sources]
    if args.json:
        say_json([{"source": name, "runbooks": number, "trouble": trouble} for name, number, trouble in rows])
    else:
        _say_rows([(name, str(number), trouble) for name, number, trouble in rows], ("source", "runbooks", "trouble"))
    return FAULT if troubles else OK


def _say_list(args: argparse.Namespace, books: Sequence["Runbook"]) -> None:
    far = _progress(args)
    if args.json:
        say_json([{**_about(book), "steps": far.get(book.name, "")} for book in books])
    else:
        rows = [(book.name, far.get(book.name, ""), book.title) for book in books]
        _say_rows(
            rows if far else [(name, title) for name, _, title in rows], ("name", *(["steps"] if far else []), "title")
        )


def _progress(args: argparse.Namespace) -> dict[str, str]:
    """Return how far each runbook is in the incident at hand, by name; nothing where there is none."""
    if not setting(args).journal.exists():
        return {}
    with session(args, read_only=True) as opened:
        if not args.incident and len(opened.desk.active()) != 1:
            return {}
        return {name: progress(marks) for name, marks in opened.ledger().state.steps.items()}


def _say_found(args: argparse.Namespace, found: Sequence["Match"]) -> None:
    if args.json:
        say_json([{**_about(match.runbook), "snippet": match.place} for match in found])
    else:
        _say_rows([(m.runbook.name, m.runbook.title, m.place) for m in found], ("name", "title", "in its text"))


def _say_rows(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> None:
    if rows:
        table(rows, heads)
    else:
        say("no runbooks")


def _about(book: "Runbook") -> dict[str, str]:
    return {"name": book.name, "source": book.source, "path": book.path, "title": book.title}


def _show(args: argparse.Namespace, books: "Library", words: str) -> int:
    document = _read(books, words)
    if args.json:
        version = {"digest": document.digest, "revision": document.revision, "fetched_at": document.fetched_at}
        say_json({**_about(document.runbook), **version, "text": document.text})
    else:
        say(document.text)
    return OK


def _read(books: "Library", words: str) -> "Document":
    from iccon.runbooks.model import RunbookFault

    try:
        return books.read(_one(books, words))
    except RunbookFault as fault:
        raise refuse("unreadable", fault.reason) from None


def _steps(args: argparse.Namespace, books: "Library", words: str) -> None:
    with session(args, read_only=True) as opened:
        none = not args.incident and not opened.desk.active()
        state = State("") if none else opened.ledger(resolved=bool(args.incident)).state
        file = _read(books, words)
        document = _pinned(opened, state, file)
        _say_steps(opened, document, state, changed=document.digest != file.digest)


def _pinned(opened: Session, state: State, file: "Document") -> "Document":
    """Return the version that the incident reads: as it was opened first, where that text was kept."""
    pin = state.runbooks.get(file.runbook.name)
    if pin is None or not pin.sha256 or pin.digest == file.digest:
        return file
    from iccon.runbooks.steps import as_pinned

    return as_pinned(file, opened.desk.journal.blob(pin.sha256).content.decode("utf-8", "replace"), pin.digest)


def _say_steps(opened: Session, document: "Document", state: State, changed: bool) -> None:
    from iccon.runbooks.steps import steps

    found, marks = steps(document), state.steps.get(document.runbook.name, {})
    ran = step_words(state, document.runbook.name)
    marked = sum(step.id in marks for step in found)
    if opened.args.json:
        facts = [{**_fields(step), "mark": marks.get(step.id), "run": _run(ran.get(step.id))} for step in found]
        about = {**_about(document.runbook), "digest": document.digest}
        say_json({**about, "incident": state.incident, "changed": changed, "marked": marked, "steps": facts})
        return
    if not found:
        say("this runbook has no steps: no numbered or task-list items, no code fences")
        return
    rows = (
        (str(n), step.id, _words(opened, marks.get(step.id), ran.get(step.id)), step.text)
        for n, step in enumerate(found, 1)
    )
    table(rows, ("n", "id", "state", "step"))
    say(f"{marked} of {len(found)}{'; the file has changed since it was opened first' if changed else ''}")


def _fields(step: "Step") -> dict[str, object]:
    return {"id": step.id, "line": step.line + 1, "text": step.text, "section": step.section, "code": step.code}


def _words(opened: Session, mark: StepMark | None, ran: tuple[Run, str] | None) -> str:
    marked = f"{mark.words} ({opened.clock_text(mark.at)})" if mark else "open"
    return f"{marked}; run by {ran[0].person} ({opened.clock_text(ran[0].at)}): {ran[1]}" if ran else marked


def _run(ran: tuple[Run, str] | None) -> dict[str, object] | None:
    return {"effect": ran[0].effect, "person": ran[0].person, "at": ran[0].at, "ended": ran[1]} if ran else None


def _mark(args: argparse.Namespace, books: "Library") -> None:
    *name, ref, outcome = args.words if len(args.words) > 2 else ("", "", "")
    if outcome not in list(StepOutcome):
        raise BadUse("say which runbook, which step, and done, skipped or failed: runbook mark disk.md 2 done")
    with session(args) as opened:
        incident = opened.incident()
        state, file = opened.desk.ledger(incident).state, _read(books, clean(" ".join(name)))
        document = _pinned(opened, state, file)
        step = _step(document, ref.strip().lower())
        _note_opened(opened, state, file)
        done = c.MarkStep(
            path=file.runbook.name,
            digest=document.digest,
            step=step.id,
            text=step.text,
            outcome=StepOutcome(outcome),
            note=clean(args.note),
            owner=clean(args.owner),
            total=step.total,
        )
        say_receipt(opened, opened.do(done, incident))


def _meant(opened: Session, state: State, books: "Library") -> "tuple[Document, Step]":
    """Return the runbook, in the version the incident reads, and the step that the words name; note its opening."""
    *name, ref = opened.args.words if len(opened.args.words) > 1 else ("", "")
    if not ref:
        raise BadUse("say which runbook, and which step: runbook run disk.md 2")
    file = _read(books, clean(" ".join(name)))
    document = _pinned(opened, state, file)
    step = _step(document, ref.strip().lower())
    if not opened.setting.read_only:
        _note_opened(opened, state, file)
    return document, step


def _note_opened(opened: Session, state: State, file: "Document") -> None:
    book = file.runbook
    if book.name not in state.runbooks:
        seen = c.OpenRunbook(
            path=book.name, title=book.title, digest=file.digest, text=file.text, revision=file.revision
        )
        opened.do(seen, state.incident)


def _step(document: "Document", ref: str) -> "Step":
    """Return the step of that number (from 1), else the one whose id begins so."""
    from iccon.runbooks.steps import steps

    found = steps(document)
    if ref.isdecimal() and 0 < int(ref[:9]) <= len(found):
        return found[int(ref[:9]) - 1]
    near = [step for step in found if step.id == ref] or [step for step in found if ref and step.id.startswith(ref)]
    if len(near) == 1:
        return near[0]
    if not near:
        raise refuse("no_step", f"this runbook has no step {clean(ref, 60)}", "`iccon runbook steps` lists them")
    raise refuse("which_step", f"{len(near)} steps begin so", "give more characters of the id")


def _one(books: "Library", words: str) -> "Runbook":
    if words.startswith(("http://", "https://")):
        return books.fetch(words)
    found = books.find()
    exact = [book for book in found if words in (book.name, book.path, book.title)]
    near = exact or [book for book in found if words and words.lower() in f"{book.name} {book.title}".lower()]
    if not near:
        raise refuse("no_runbook", f"no runbook is called {words}", "`iccon runbook list` lists them")
    if len(near) > 1:
        names = ", ".join(book.name for book in near[:5])
        raise refuse("which_runbook", f"{len(near)} runbooks fit: {names}", "give the whole name")
    return near[0]
