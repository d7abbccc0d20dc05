"""What goes wrong, in words and exit codes. Imported only once something has gone wrong."""

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from iccon.cli.output import complain, say_json
from iccon.cli.parsing import FAULT, OK, REFUSED, USAGE
from iccon.cli.session import BadConfiguration, BadUse, Fault, Refused
from iccon.faults import SourceFault
from iccon.journal.faults import BrokenChain, JournalFault
from iccon.text import clean

INTERRUPTED = 130  # what a shell gives for Ctrl-C


def report(error: BaseException, args: argparse.Namespace) -> int:
    """Say what `error` means and return the exit code."""
    handle = next((handle for kind, handle in _KINDS if isinstance(error, kind)), _unexpected)
    return handle(error, args.json)


def _refused(error: Refused, as_json: bool) -> int:
    refusal = error.refusal
    if as_json:
        say_json({"refused": {"code": refusal.code, "reason": refusal.reason, "hint": refusal.hint}})
    complain(f"refused: {_with_hint(refusal.reason, refusal.hint)}")
    return REFUSED


def _configuration(error: BadConfiguration, as_json: bool) -> int:
    problems = error.problems
    if as_json:
        say_json({"problems": problems})
    count = len(problems)
    complain(f"iccon: {count} problem{'s' if count > 1 else ''} in the configuration")
    for problem in problems:
        complain("  " + problem.said)
    return USAGE


def _fault(kind: str, reason: str, hint: str, as_json: bool) -> int:
    if as_json:
        say_json({"fault": {"kind": str(kind), "reason": reason, "hint": hint}})
    complain(f"iccon: {_with_hint(reason, hint)}")
    return FAULT


def _with_hint(text: str, hint: str) -> str:
    return f"{text}; {hint}" if hint else text


def _use(error: BadUse, as_json: bool) -> int:
    complain(f"iccon: error: {error}")
    return USAGE


def _file(error: OSError, as_json: bool) -> int:
    where, why = clean(error.filename or "a file"), clean(error.strerror or error)
    return _fault("file", f"{where}: {why}", "", as_json)


def _interrupted(error: KeyboardInterrupt, as_json: bool) -> int:
    complain("iccon: interrupted")
    return INTERRUPTED


def _leaving(error: SystemExit, as_json: bool) -> int:
    return error.code if isinstance(error.code, int) else OK


def _reader_gone(error: BrokenPipeError, as_json: bool) -> int:
    """The reader of our output left (`| head`): nothing to say, and nothing more to flush into the dead pipe."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def _unexpected(error: BaseException, as_json: bool) -> int:
    if os.environ.get("ICCON_DEBUG"):
        traceback.print_exception(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    kept = log_error(error)
    details = f"the details are in {kept}" if kept else "the log file could not be written; ICCON_DEBUG=1 shows more"
    return _fault("defect", f"{type(error).__name__} at {place}: {clean(error, 200)}", details, as_json)


_KINDS: tuple[tuple[type[BaseException], Callable[[Any, bool], int]], ...] = (
    (Refused, _refused),
    (BadConfiguration, _configuration),
    (BadUse, _use),
    (Fault, lambda e, as_json: _fault(e.kind, e.reason, e.hint, as_json)),
    (JournalFault, lambda e, as_json: _fault(e.code, e.reason, e.hint, as_json)),
    (BrokenChain, lambda e, as_json: _fault("chain", str(e), "nothing was imported", as_json)),
    (SourceFault, lambda e, as_json: _fault(e.kind, e.reason, "", as_json)),
    (KeyboardInterrupt, _interrupted),
    (BrokenPipeError, _reader_gone),
    (OSError, _file),
    (SystemExit, _leaving),
)


def log_error(error: BaseException) -> Path | None:
    """Write `error` with its traceback to the log file; return the file, or None where it cannot be written."""
    from iccon.config.places import folders

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


def _info(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return type(error), error, error.__traceback__
