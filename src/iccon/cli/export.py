"""export, briefing, import, verify: the record as files, and whether it holds together."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from iccon.cli.files import write_new
from iccon.cli.output import complain, say, say_json
from iccon.cli.parsing import FAULT, OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, Fault, Session, session
from iccon.text import clean, clean_block

IMPORT_LIMIT = 200_000_000  # bytes of a file that is taken in


def add(commands: Commands) -> None:
    """Add the parsers of this group."""
    export = add_command(commands, "export", _do_export, with_json=False)
    export.add_argument("ref", nargs="?", metavar="REF", help="the incident's id or its end")
    export.add_argument("--format", choices=["markdown", "jsonl"], default="markdown", help="default: markdown")
    export.add_argument("--output", "-o", metavar="FILE", help="a new file, owner-only (default: standard output)")
    export.add_argument("--no-machine", action="store_true", help="Markdown without what machines reported")
    export.add_argument("--no-struck", action="store_true", help="Markdown without struck entries")
    with_incident(export)
    brief = add_command(commands, "briefing", _do_briefing, with_json=False)
    brief.add_argument("--format", choices=["text", "markdown"], default="text", help="default: text")
    brief.add_argument("--as-of", metavar="TIME", help="as the record was then: 14:05, -5m, … (default: all)")
    with_incident(brief)
    taken = add_command(commands, "import", _do_import)
    taken.add_argument("file", metavar="FILE", help="JSON Lines that iccon exported; - reads the standard input")
    add_command(commands, "verify", _do_verify)


def _do_export(args: argparse.Namespace) -> int:
    if args.ref:
        args.incident = args.ref
    with session(args, read_only=True) as opened:
        parts = _markdown(opened) if args.format == "markdown" else _jsonl(opened)
        if args.output:
            write_new(Path(args.output), parts)
            complain(f"written to {args.output}")
        else:
            _to_stdout(parts)
    return OK


def _do_briefing(args: argparse.Namespace) -> int:
    from iccon.exports import briefing

    with session(args, read_only=True) as opened:
        ledger, policy, plain = opened.ledger(), opened.desk.policy, args.format == "text"
        at = None if args.as_of is None else opened.instant(args.as_of, "--as-of")
        known = ledger if at is None else briefing.until(ledger, at)
        text = briefing.render(known, zone=opened.zone, policy=policy, at=at, plain=plain)
        _to_stdout([text.encode("utf-8", "replace")])
    return OK


def _markdown(opened: Session) -> Iterable[bytes]:
    from iccon.exports import markdown

    args = opened.args
    text = markdown.render(
        opened.ledger(), zone=opened.zone, include_machine=not args.no_machine, include_struck=not args.no_struck
    )
    return [text.encode("utf-8", "replace")]


def _jsonl(opened: Session) -> Iterable[bytes]:
    from iccon.exports import jsonl

    journal = opened.desk.journal
    return jsonl.render(journal.records(opened.incident(resolved=True)), journal.blob)


def _to_stdout(parts: Iterable[bytes]) -> None:
    """Write to a terminal as clean text, elsewhere byte for byte."""
    show: Callable[[bytes], object] = _plain if sys.stdout.isatty() else _binary().write
    for part in parts:
        show(part)
    sys.stdout.flush()


def _plain(part: bytes) -> None:
    sys.stdout.write(clean_block(part.decode("utf-8", "replace"), IMPORT_LIMIT))


def _binary() -> BinaryIO:
    sys.stdout.flush()
    return sys.stdout.buffer


def _do_import(args: argparse.Namespace) -> int:
    from iccon.exports import jsonl

    raw = sys.stdin.buffer.read(IMPORT_LIMIT + 1) if args.file == "-" else _read(Path(args.file))
    if len(raw) > IMPORT_LIMIT:
        raise BadUse(f"{clean(args.file)} has more than {IMPORT_LIMIT:,} bytes")
    with session(args) as opened:
        try:
            done = opened.desk.journal.import_records(jsonl.parse(raw.split(b"\n")))
        except jsonl.ExportFault as fault:
            raise Fault("export", f"{clean(args.file)}, line {fault.line}: {fault.reason}", fault.hint) from None
        if args.json:
            say_json({"added": done.added, "known": done.known})
        else:
            say(f"{done.added} records added, {done.known} known already")
    return OK


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise BadUse(f"{clean(path)}: no such file")
    with path.open("rb") as file:
        return file.read(IMPORT_LIMIT + 1)


def _do_verify(args: argparse.Namespace) -> int:
    with session(args, read_only=True) as opened:
        found = opened.desk.journal.verify()
        if args.json:
            say_json({"records": found.records, "writers": found.writers, "bad": found.bad})
        elif found.bad is None:
            say(f"{found.records} records, writers: {found.writers}; every chain holds")
        else:
            bad = found.bad
            say(f"record {bad.position} is bad: {bad.reason} (id {bad.id}, writer {bad.writer}, number {bad.seq})")
    return OK if found.bad is None else FAULT
