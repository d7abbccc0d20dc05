"""What goes wrong, in words and exit codes. Imported only once something has gone wrong."""

import argparse
import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from iccon.cli.output import complain, say_json
from iccon.cli.parsing import FAULT, OK, REFUSED, USAGE
from iccon.cli.session import BadConfiguration, BadUse, Refused
from iccon.config.schema import Problem
from iccon.faults import SourceFault
from iccon.incident.decide import Refusal
from iccon.journal.faults import BrokenChain, JournalFault
from iccon.text import clean

INTERRUPTED = 130  # what a shell gives for Ctrl-C


def report(error: BaseException, args: argparse.Namespace) -> int:
    """Say what `error` means and return the exit code."""
    match error:
        case Refused():
            return _refused(error.refusal, args.json)
        case BadConfiguration():
            return _configuration(error.problems, args.json)
        case BadUse():
            complain(f"iccon: error: {error}")
            return USAGE
        case JournalFault():
            return _fault(error.code, error.reason, error.hint, args.json)
        case BrokenChain():
            return _fault("chain", str(error), "nothing was imported", args.json)
        case SourceFault():
            return _fault(error.kind, error.reason, "", args.json)
        case KeyboardInterrupt():
            complain("iccon: interrupted")
            return INTERRUPTED
        case BrokenPipeError():
            return _reader_gone()
        case OSError():
            return _fault("file", f"{clean(error.filename or 'a file')}: {clean(error.strerror or error)}", "", args.json)
        case SystemExit():
            return error.code if isinstance(error.code, int) else OK
        case _:
            return _unexpected(error, args)


def _refused(refusal: Refusal, as_json: bool) -> int:
    if as_json:
        say_json({"refused": {"code": refusal.code, "reason": refusal.reason, "hint": refusal.hint}})
    complain(f"refused: {_with_hint(refusal.reason, refusal.hint)}")
    return REFUSED


def _configuration(problems: tuple[Problem, ...], as_json: bool) -> int:
    if as_json:
        say_json({"problems": problems})
    count = len(problems)
    complain(f"iccon: {count} problem{'s' if count > 1 else ''} in the configuration")
    for problem in problems:
        complain("  " + problem_line(problem))
    return USAGE


def problem_line(problem: Problem) -> str:
    """Return a problem as `file:line: key: found …, expected …; hint`."""
    place = clean(problem.file) if problem.line is None else f"{clean(problem.file)}:{problem.line}"
    said = f"{clean(problem.found)}, expected {clean(problem.expected)}"
    key = f" {clean(problem.key)}:" if problem.key else ""
    return f"{place}:{key} {_with_hint(said, clean(problem.hint))}"


def _fault(kind: str, reason: str, hint: str, as_json: bool) -> int:
    if as_json:
        say_json({"fault": {"kind": str(kind), "reason": reason, "hint": hint}})
    complain(f"iccon: {_with_hint(reason, hint)}")
    return FAULT


def _with_hint(text: str, hint: str) -> str:
    return f"{text}; {hint}" if hint else text


def _reader_gone() -> int:
    """The reader of our output left (`| head`): nothing to say, and nothing more to flush into the dead pipe."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def _unexpected(error: BaseException, args: argparse.Namespace) -> int:
    if os.environ.get("ICCON_DEBUG"):
        traceback.print_exception(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    kept = log_error(error)
    details = f"the details are in {kept}" if kept else "the log file could not be written; ICCON_DEBUG=1 shows more"
    return _fault("defect", f"{type(error).__name__} at {place}: {clean(error, 200)}", details, getattr(args, "json", False))


def log_error(error: BaseException) -> Path | None:
    """Write `error` with its traceback to the log file; return the file, or None where it cannot be written."""
    from iccon.config.load import folders

    try:
        file = folders(os.environ).logs / "iccon.log"
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    except Exception:  # the log must not hide the first error
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    record = logging.LogRecord("iccon", logging.ERROR, "", 0, "unexpected error", (), _info(error))
    handler.emit(record)
    handler.close()
    return file


def _info(error: BaseException) -> tuple[type[BaseException], BaseException, object]:
    return type(error), error, error.__traceback__
