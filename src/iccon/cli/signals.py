"""signals: the golden-signal board once, for scripts.

JSON: {at, signals [name], services [{service, tier, owner, worst, targets_up, signals {name: {verdict, value, unit,
sampled_at, age_seconds, stale_after_seconds, warn, bad, judged, fault, baseline, baseline_ago}}}], faults [{signal,
reason}], warnings [text], slo [{name, service, target, window_seconds, verdict, burn [{long_seconds, short_seconds,
says, limit, long, short, fires}], left, left_at, exhausted, budget_minutes, missing, spent {incident, since, until,
minutes, share, covered, missing}}]}.
`verdict` is ok, warn, bad, stale, no data, not a number, no baseline or error; `judged` is what the thresholds say of
`value`, however old it is. `value` is null for what is no finite number. `worst` is the verdict that needs a person
most. `warn` and `bad` are what held, beside the usual value `baseline` of `baseline_ago` (1d, 1w) where there is one.
`targets_up` is the share of the service's scrape targets that are up, null where that is not asked or not known.
Burn rates, `left` and `fires` are null where they are not known: `missing` says why. `spent` is null without an
incident; with `covered` below 1 its minutes are a lower bound.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from iccon.cli import objectives
from iccon.cli.output import complain, say, say_json, table
from iccon.cli.parsing import FAULT, OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, refuse, setting
from iccon.config.setting import Setting
from iccon.signals.up import said, share
from iccon.text import clean
from iccon.when import ago

if TYPE_CHECKING:
    from iccon.signals.model import Board, Cell

PAUSE = 1.0  # seconds between two looks of --wait
NOTES = """\
Exit code 0 when every configured signal and objective was read, 1 when one was not. What the values say does not change
it: read `worst` of --json."""
_WORST = ("bad", "error", "warn", "stale", "not a number", "no baseline", "no data", "ok")
_KNOWN = ("ok", "warn", "bad", "not a number", "no baseline")


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "signals", _do_signals, notes=NOTES)
    parser.add_argument("--once", action="store_true", help="print the board once and end (the default)")
    parser.add_argument("--service", metavar="NAME", help="this service only")
    with_incident(parser)
    wait = "ask again, for at most so long, until every verdict is known"
    parser.add_argument("--wait", metavar="SECONDS", type=float, default=0.0, help=wait)


def _do_signals(args: argparse.Namespace) -> int:
    if not 0 <= args.wait <= 3600:
        raise BadUse("--wait takes seconds from 0 to 3600")
    chosen = setting(args)
    board = _of_service(_settled(_poll(chosen), args.wait, args.service), args.service)
    slo = objectives.polled(chosen)
    standings = [each for each in slo.standings if args.service in (None, each.objective.service)]
    incident = objectives.meant(args) if standings else None
    faults, now = faults_of(board), chosen.clock.now()
    board = replace(board, warnings=board.warnings + slo.warnings)
    if args.json:
        say_json(board_facts(board, now) | {"slo": objectives.slo_facts(standings, incident, now)})
    else:
        _say_board(board, now)
        objectives.say_slo(standings, incident, now)
    unread = [{"signal": f"slo {s.objective.name}", "reason": s.why} for s in standings if s.verdict == "error"]
    for fault in [*faults, *unread]:
        complain(f"{fault['signal']}: {fault['reason']}")
    return FAULT if faults or unread else OK


def _poll(chosen: Setting) -> "Callable[[], Board]":
    """Return how to read the board; a board that could not be read at all still says so in its cells."""
    from iccon.bootstrap import sources
    from iccon.faults import SourceFault

    source = next((each for each in sources(chosen) if each.name == "signals"), None)
    if source is None:
        raise refuse("no_server", "no metrics server is configured", "add [prometheus] to the configuration")

    def poll() -> "Board":
        from iccon.signals.model import Board

        try:
            board = source.poll()
        except SourceFault as fault:
            board = fault.partial
            if not isinstance(board, Board):
                raise
            if not board.cells:  # no service is known by name: what went wrong stands alone
                raise SourceFault(fault.kind, fault.reason, fault.retry_after) from None
        assert isinstance(board, Board)
        return board

    return poll


def _settled(poll: "Callable[[], Board]", seconds: float, service: str | None) -> "Board":
    """Return the board once every verdict is known, or as it is after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        last = time.monotonic() >= end
        try:
            board = poll()
        except Exception:
            if last:
                raise
        else:
            if last or _known(_of_service(board, service)):
                return board
        time.sleep(min(PAUSE, max(end - time.monotonic(), 0)))


def _known(board: "Board") -> bool:
    return bool(board.cells) and all(cell.verdict in _KNOWN and not cell.fault for cell in board.cells.values())


def _of_service(board: "Board", service: str | None) -> "Board":
    if service is None:
        return board
    kept = tuple(name for name in board.services if name == clean(service, 100))
    cells = {key: cell for key, cell in board.cells.items() if key[0] in kept}
    return replace(board, services=kept, cells=cells)


def faults_of(board: "Board") -> list[dict[str, str]]:
    """Return for each signal that could not be read the reason."""
    found: dict[str, str] = {}
    for (_, signal), cell in board.cells.items():
        if cell.fault:
            found.setdefault(signal, cell.fault)
    return [{"signal": signal, "reason": reason} for signal, reason in sorted(found.items())]


def board_facts(board: "Board", now: datetime) -> dict[str, Any]:
    """Return the board as the fields that this module's text promises."""
    rows = [
        {
            "service": service,
            "tier": board.about(service).tier,
            "owner": board.about(service).owner,
            "worst": worst([board.cells[service, signal].verdict for signal in board.signals]),
            "targets_up": share(board.windows, service, now.timestamp()),
            "signals": {signal: _facts(board.cells[service, signal], now) for signal in board.signals},
        }
        for service in board.services
    ]
    faults = faults_of(board)
    return {"at": now, "signals": board.signals, "services": rows, "faults": faults, "warnings": board.warnings}


def worst(verdicts: list[str]) -> str:
    """Return the verdict that needs a person most."""
    return min((str(each) for each in verdicts), key=_WORST.index, default="no data")


def _facts(cell: "Cell", now: datetime) -> dict[str, Any]:
    sampled = None if cell.at is None else datetime.fromtimestamp(cell.at, UTC)
    return {
        "verdict": str(cell.verdict),
        "value": cell.value,  # NaN and Inf become null
        "unit": str(cell.unit),
        "sampled_at": sampled,
        "age_seconds": None if sampled is None else round((now - sampled).total_seconds(), 3),
        "stale_after_seconds": cell.stale_after,
        "warn": cell.warn,
        "bad": cell.bad,
        "judged": None if cell.judged is None else str(cell.judged),
        "fault": cell.fault,
        "baseline": cell.baseline,
        "baseline_ago": cell.earlier or None,
    }


def _say_board(board: "Board", now: datetime) -> None:
    if not board.services:
        say("no service has data")
        return
    asked = board.windows is not None and board.windows.targets is not None
    rows = (
        (
            service,
            *(_words(board.cells[service, signal], now) for signal in board.signals),
            *([said(share(board.windows, service, now.timestamp()))] if asked else []),
        )
        for service in board.services
    )
    table(rows, ("service", *board.signals, *(["targets"] if asked else [])))
    for warning in board.warnings:
        say(f"warning: {warning}")


def _words(cell: "Cell", now: datetime) -> str:
    value = "" if cell.value is None else f" {_value(cell.value, cell.unit)}"
    old = f" {ago(now.timestamp() - cell.at)} old" if cell.verdict == "stale" and cell.at is not None else ""
    return f"{cell.verdict}{value}{old}"


def _value(value: float, unit: str) -> str:
    if unit == "ratio":
        return f"{value * 100:.4g}%"
    return f"{value:.4g}" + {"seconds": "s", "per_second": "/s"}.get(unit, "")
