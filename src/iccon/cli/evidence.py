"""evidence list, show: the samples that were kept, from the journal alone.

JSON: {id, short, incident, at, actor, title, service, signal, unit, query, server, address, start, end, step_seconds,
fetched_at, warnings, warn, bad, sha256, points, struck}; `show` adds series [[service, [[time, value]]]], times in
seconds since 1970 UTC, values numbers or "NaN", "+Inf", "-Inf"; `sha256` is of their JSON
without spaces.
"""

import argparse

from iccon.cli.facts import Facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, Fault, Session, refuse, session
from iccon.incident.entries import Entry, EvidenceTaken, Struck
from iccon.incident.evidence import BadSamples, samples_of
from iccon.incident.fold import Ledger
from iccon.incident.ids import short

NOTES = "`iccon evidence show ID` redraws one. The key E of the console keeps what a cell or a chart shows."


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "evidence", _do_evidence, notes=NOTES)
    parser.add_argument("what", nargs="?", choices=["list", "show"], default="list")
    parser.add_argument("id", nargs="?", metavar="ID", help="the entry's id or its end (show)")
    parser.add_argument("--ascii", action="store_true", help="draw in plain ASCII")
    with_incident(parser)


def _do_evidence(args: argparse.Namespace) -> int:
    if (args.what == "show") != (args.id is not None):
        raise BadUse("`evidence show` takes the id of an entry; `evidence list` takes none")
    with session(args, read_only=True) as opened:
        if args.what == "show":
            _show(opened, args.id)
        else:
            _list(opened)
    return OK


def _list(opened: Session) -> None:
    ledger = opened.ledger()
    found = [entry for entry in ledger.entries if isinstance(entry.body, EvidenceTaken)]
    if opened.args.json:
        say_json([_facts(entry, ledger) for entry in found])
    elif not found:
        say("no evidence was kept")
    else:
        rows = [(ledger.effective(entry), _struck(entry, ledger)) for entry in found]
        table((_row(entry, struck, opened) for entry, struck in rows), ("id", "kept", "by", "samples", "title"))


def _row(entry: Entry, struck: str | None, opened: Session) -> tuple[str, ...]:
    assert isinstance(entry.body, EvidenceTaken)
    mark = "" if struck is None else f" [struck: {struck}]"
    at = opened.clock_text(entry.happened_at)
    return short(entry.id), at, entry.actor, f"{entry.body.points:,}", f"{entry.body.title}{mark}"


def _show(opened: Session, ref: str) -> None:
    from iccon.signals.drawing import SIZE, drawing

    entry = _one(opened, ref)
    ledger = opened.desk.ledger(entry.incident)
    body = ledger.effective(entry).body
    assert isinstance(body, EvidenceTaken)
    content = opened.desk.journal.blob(body.sha256).content
    try:
        series = samples_of(content)
    except BadSamples as error:
        raise Fault("samples", str(error), "`iccon verify` says whether the journal is whole") from None
    if opened.args.json:
        import msgspec

        say_json({**_facts(entry, ledger), "series": msgspec.Raw(content)})
        return
    asked, zone = body.measured, opened.zone
    say(f"{body.title}, kept {opened.clock_text(entry.happened_at)} by {entry.actor}")
    say("\n".join(drawing(asked, series, zone, SIZE, opened.args.ascii)))
    say(f"query    {asked.query}\nserver   {asked.server} {asked.address}")
    say(f"fetched  {opened.clock_text(asked.fetched_at)}")
    say(f"samples  {body.points:,}, one in {asked.step.total_seconds():g}s\nSHA-256  {body.sha256}")
    for warning in asked.warnings:
        say(f"warning: {warning}")


def _one(opened: Session, ref: str) -> Entry:
    """Return the evidence entry that `ref` names, of whichever incident. Raises Refused."""
    found = [entry for entry in opened.desk.journal.find(ref) if isinstance(entry.body, EvidenceTaken)]
    if not found:
        raise refuse("no_evidence", f"no evidence is called {ref!r}", "`iccon evidence list` lists the ids")
    if len(found) > 1:
        raise refuse("which", f"{len(found)} entries end so", "give more of the id")
    return found[0]


def _struck(entry: Entry, ledger: Ledger) -> str | None:
    strike = ledger.corrections.struck(entry)
    return strike.body.reason if strike and isinstance(strike.body, Struck) else None


def _facts(entry: Entry, ledger: Ledger) -> Facts:
    now = ledger.effective(entry)
    assert isinstance(now.body, EvidenceTaken)
    asked = now.body.measured
    return {
        "id": entry.id,
        "short": short(entry.id),
        "incident": entry.incident,
        "at": now.happened_at,
        "actor": entry.actor,
        "title": now.body.title,
        **{name: getattr(asked, name) for name in ("service", "signal", "unit", "query", "server", "address")},
        "start": asked.start,
        "end": asked.end,
        "step_seconds": asked.step.total_seconds(),
        **{name: getattr(asked, name) for name in ("fetched_at", "warnings", "warn", "bad")},
        "sha256": now.body.sha256,
        "points": now.body.points,
        "struck": _struck(entry, ledger),
    }
