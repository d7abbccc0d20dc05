"""evidence list, show, recorded: the samples that were kept, from the journal alone.

JSON: {id, short, incident, at, actor, title, service, signal, unit, query, server, address, start, end, step_seconds,
fetched_at, warnings, warn, bad, sha256, points, struck}; `show` adds series [[service, [[time, value]]]], times in
seconds since 1970 UTC, values numbers or "NaN", "+Inf", "-Inf"; `sha256` is of their JSON without spaces. `recorded`
gives [{signal, unit, query, server, step_seconds, start, end, services}], for one service's signal with its series.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from iccon.cli.facts import Facts
from iccon.cli.output import say, say_json, table
from iccon.cli.parsing import OK, Commands, add_command, with_incident
from iccon.cli.session import BadUse, Fault, Session, refuse, session
from iccon.incident.entries import Entry, EvidenceTaken, Struck
from iccon.incident.evidence import BadSamples, Measurement, Series, samples_blob, series_of
from iccon.incident.fold import Ledger
from iccon.incident.ids import short
from iccon.text import clean

if TYPE_CHECKING:
    from iccon.signals.model import Window, Windows

NOTES = """\
The key E of the console keeps what a cell or a chart shows; `show ID` redraws it. `recorded` lists what the flight
recorder kept of an incident by itself, `recorded SERVICE SIGNAL` draws it."""
_WORDS = {"list": (0,), "show": (1,), "recorded": (0, 2)}


def add(commands: Commands) -> None:
    """Add the parser of this group."""
    parser = add_command(commands, "evidence", _do_evidence, notes=NOTES)
    parser.add_argument("what", nargs="?", choices=[*_WORDS], default="list")
    parser.add_argument("words", nargs="*", metavar="WORD", help="an entry's id or its end; a service and a signal")
    parser.add_argument("--ascii", action="store_true", help="draw in plain ASCII")
    with_incident(parser)


def _do_evidence(args: argparse.Namespace) -> int:
    if len(args.words) not in _WORDS[args.what]:
        raise BadUse("give `show` the id of an entry, `recorded` a service and a signal or nothing, `list` nothing")
    with session(args, read_only=True) as opened:
        _DO[args.what](opened, *args.words)
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
        series = series_of(body.measured, content)
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


def _recorded(opened: Session, service: str = "", signal: str = "") -> None:
    from iccon.journal.flight import BadFlight, chunk_of
    from iccon.signals.flight import windows_of

    incident = opened.incident(resolved=True)
    try:
        windows = windows_of(map(chunk_of, opened.desk.journal.flight(incident, signal or None)))
    except BadFlight as error:
        raise Fault("samples", f"what was recorded cannot be read: {error}") from None
    if service:
        _one_recorded(opened, windows, service, signal)
    elif opened.args.json:
        say_json([_recorded_facts(each, windows) for each in windows.signals] if windows else [])
    elif windows is None:
        say("nothing was recorded")
    else:
        table((_recorded_row(each, windows, opened) for each in windows.signals), ("signal", "from", "to", "services"))


def _one_recorded(opened: Session, windows: "Windows | None", service: str, signal: str) -> None:
    from iccon.signals.drawing import SIZE, drawing

    window = windows.signals[0] if windows else None
    samples = window.series.get(clean(service, 100)) if window else None
    if windows is None or window is None or samples is None:
        reason = f"nothing was recorded of {service} {signal}"
        raise refuse("not_recorded", reason, "`iccon evidence recorded` lists what was")
    series = (Series(service, tuple(samples.times), tuple(samples.values)),)
    if opened.args.json:
        import msgspec

        say_json({**_recorded_facts(window, windows), "series": msgspec.Raw(samples_blob(series).content)})
        return
    spec, (start, end) = window.spec, _reach(windows)
    asked = Measurement(
        service=service,
        signal=spec.name,
        unit=spec.unit,
        query=spec.query,
        server=spec.server,
        address="",
        start=start,
        end=end,
        step=timedelta(seconds=windows.step),
        fetched_at=end,
        warn=spec.warn,
        bad=spec.bad,
    )
    say("\n".join(drawing(asked, series, opened.zone, SIZE, opened.args.ascii)))
    say(f"query    {spec.query}\nserver   {spec.server}\nsamples  {len(samples.times):,}, from the flight recorder")


def _reach(windows: "Windows") -> tuple[datetime, datetime]:
    until = windows.until
    return datetime.fromtimestamp(until - windows.span, UTC), datetime.fromtimestamp(until, UTC)


def _recorded_row(window: "Window", windows: "Windows", opened: Session) -> tuple[str, ...]:
    start, end = _reach(windows)
    return window.spec.name, opened.clock_text(start), opened.clock_text(end), str(len(window.series))


def _recorded_facts(window: "Window", windows: "Windows") -> Facts:
    spec, (start, end) = window.spec, _reach(windows)
    named = {"signal": spec.name, "unit": spec.unit, "query": spec.query, "server": spec.server}
    return {**named, "step_seconds": windows.step, "start": start, "end": end, "services": sorted(window.series)}


_DO: dict[str, Callable[..., None]] = {"list": _list, "show": _show, "recorded": _recorded}
