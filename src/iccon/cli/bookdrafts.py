"""runbook propose, drafts: what an incident proposes for a runbook, and all of that, listed and printed as patches."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from iccon.cli.output import say, say_exactly, say_json, table
from iccon.cli.parsing import OK
from iccon.cli.session import Fault, Session, entry_id, refuse, session
from iccon.cli.written import say_receipt
from iccon.incident.ids import short
from iccon.incident.state import State
from iccon.text import clean
from iccon.when import stamp

if TYPE_CHECKING:
    from iccon.runbooks.drafts import Source
    from iccon.runbooks.library import Library
    from iccon.runbooks.model import Document


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this part."""
    parser.add_argument("--under", metavar="HEADING", default="", help="propose: where it goes; else at the end")
    parser.add_argument("--entry", metavar="ID", default="", help="propose: a note or a run of the timeline")


def propose(args: argparse.Namespace, books: "Library", document: "Document", text: str) -> int:
    """Add a text, or an entry of the timeline, to the draft of a runbook."""
    from iccon.runbooks import drafts as files
    from iccon.runbooks.model import RunbookFault

    try:
        base = files.base_of(books, document)
    except RunbookFault as fault:
        raise refuse("unreadable", fault.reason) from None
    number = _heading(document, clean(args.under)) if args.under else None
    with session(args) as opened:
        incident = opened.incident(resolved=True)
        found = _source(opened, incident, args.entry) if args.entry else files.Source()
        said = files.written(text or found.words, found.code)
        command = files.command_of(document, base, number, said, found.entry)
        say_receipt(opened, opened.do(command, incident))
        _kept(opened, opened.desk.state(incident), command.path)
    return OK


def _heading(document: "Document", words: str) -> int:
    names = [each.text for each in document.headings]
    found = [number for number, name in enumerate(names) if name.lower() == words.lower()]
    if not found:
        raise refuse("no_heading", f"this runbook has no heading {words}", f"it has: {', '.join(names[:20]) or 'none'}")
    return found[0]


def _source(opened: Session, incident: str, ref: str) -> "Source":
    from iccon.incident.timeline import Timeline
    from iccon.runbooks.drafts import source_of

    ident, ledger = entry_id(opened, ref), opened.desk.ledger(incident)
    entry = ledger.effective(ledger.by_id[ident])
    return source_of(Timeline(ledger).item(entry), entry)


def drafts(args: argparse.Namespace) -> int:
    """List the drafts of all incidents, or of --incident; with a name print that one. Writes files that are lost."""
    words = clean(" ".join(args.words)).lower()
    with session(args, read_only=True) as opened:
        found = [(state, name) for state in _states(opened) for name in state.drafts if words in _called(state, name)]
        if args.json:
            say_json([_facts(opened, state, name) for state, name in found])
        elif words:
            say_exactly(_text(opened, *_one(found)))
        elif not found:
            say("no runbook drafts")
        else:
            rows = ((short(s.incident), n, str(len(s.drafts[n].pieces)), str(_kept(opened, s, n))) for s, n in found)
            table(rows, ("incident", "runbook", "additions", "file"))
    return OK


def _states(opened: Session) -> Iterator[State]:
    if opened.args.incident:
        yield opened.desk.state(opened.incident(resolved=True))
    else:
        yield from opened.desk.incidents()


def _called(state: State, name: str) -> str:
    return f"{name} {state.drafts[name].title}".lower()


def _one(found: list[tuple[State, str]]) -> tuple[State, str]:
    if not found:
        raise refuse("no_draft", "no draft is for such a runbook", "`iccon runbook drafts` lists them")
    if len(found) > 1:
        named = ", ".join(f"{name} of {short(state.incident)}" for state, name in found[:5])
        raise refuse("which_draft", f"{len(found)} drafts fit: {named}", "give the whole name, and --incident")
    return found[0]


def _text(opened: Session, state: State, name: str) -> bytes:
    from iccon.runbooks.drafts import text_of

    base = opened.desk.journal.blob(state.drafts[name].sha256).content
    return text_of(state, name, base, lambda at: stamp(at, opened.zone, day=True))


def _kept(opened: Session, state: State, name: str) -> Path:
    """Return the file of a draft, written where it is missing or behind the record."""
    from iccon.runbooks import drafts as files

    path = files.file_of(opened.setting.folders.data / "drafts", state.incident, name, state.drafts[name])
    try:
        files.write(path, _text(opened, state, name))
    except OSError as error:
        raise Fault("draft", f"{path} cannot be written: {error.strerror}", "name the runbook to print it") from None
    return path


def _facts(opened: Session, state: State, name: str) -> dict[str, object]:
    draft = state.drafts[name]
    pieces = [
        {"under": p.heading, "text": p.text, "person": p.person, "at": p.at, "entry": p.entry} for p in draft.pieces
    ]
    about = {"incident": state.incident, "runbook": name, "title": draft.title, "base": draft.sha256}
    patch = _text(opened, state, name).decode("utf-8", "replace")
    return {**about, "file": str(_kept(opened, state, name)), "additions": pieces, "patch": patch}
