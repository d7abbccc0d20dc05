"""The objectives of `iccon signals`: as facts for scripts and in words, with what an incident spent of them."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from iccon.cli.output import say, table
from iccon.cli.session import Refused, session
from iccon.incident.state import State
from iccon.incident.timers import hurting_since

if TYPE_CHECKING:
    from iccon.config.setting import Setting
    from iccon.signals.slo import SloBoard, Spent, Standing


def polled(chosen: "Setting") -> "SloBoard":
    """Return every configured objective as it stands; one whose server does not answer says so itself."""
    from iccon.bootstrap import sources
    from iccon.faults import SourceFault
    from iccon.signals.slo import SloBoard

    source = next((each for each in sources(chosen) if each.name == "slo"), None)
    if source is None:
        return SloBoard(())
    try:
        board = source.poll()
    except SourceFault as fault:
        board = fault.partial
    assert isinstance(board, SloBoard)
    return board


def meant(args: argparse.Namespace) -> State | None:
    """Return the incident whose spending is asked for: --incident, else the single active one, else None.

    Raises Refused where --incident names none.
    """
    with session(args, read_only=True) as opened:
        try:
            return opened.desk.state(opened.incident())
        except Refused:
            if args.incident:
                raise
            return None


def slo_facts(standings: "Sequence[Standing]", incident: State | None, now: datetime) -> list[dict[str, Any]]:
    """Return the field `slo` that the text of `cli/signals.py` promises."""
    return [_facts(each, incident, now) for each in standings]


def _facts(standing: "Standing", incident: State | None, now: datetime) -> dict[str, Any]:
    objective = standing.objective
    burns = [
        {
            "long_seconds": burn.rule.long,
            "short_seconds": burn.rule.short,
            "says": str(burn.rule.verdict),
            "limit": burn.limit,
            "long": burn.long,
            "short": burn.short,
            "fires": burn.fires,
        }
        for burn in standing.burns
    ]
    return {
        "name": objective.name,
        "service": objective.service,
        "target": objective.target,
        "window_seconds": objective.window,
        "verdict": str(standing.verdict),
        "burn": burns,
        "left": standing.left,
        "left_at": _instant(standing.left_at),
        "exhausted": None if standing.left is None else standing.left < 0,
        "budget_minutes": objective.minutes,
        "missing": standing.why,
        "spent": None if incident is None else _spent_facts(_spent(standing, incident, now), incident),
    }


def _spent_facts(spent: "Spent", incident: State) -> dict[str, Any]:
    return {
        "incident": incident.incident,
        "since": hurting_since(incident),
        "until": _instant(spent.until),
        "minutes": spent.minutes,
        "share": spent.share,
        "covered": spent.covered,
        "missing": spent.why,
    }


def _instant(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _spent(standing: "Standing", incident: State, now: datetime) -> "Spent":
    from iccon.signals.slo import Spent, spent
    from iccon.text import CleanText

    since, ended = hurting_since(incident), incident.resolved_at
    if since is None:
        return Spent(why=CleanText("the incident has no beginning"))
    return spent(standing, since.timestamp(), ended.timestamp() if ended else None, now.timestamp())


def say_slo(standings: "Sequence[Standing]", incident: State | None, now: datetime) -> None:
    """Print the objectives as a table, and below it what is missing and what the incident spent."""
    from iccon.signals.slowords import left_text, spent_text

    if not standings:
        return
    say()
    rows = [(s.objective.name, s.objective.service, s.verdict, left_text(s), _burning(s)) for s in standings]
    table(rows, ("objective", "service", "says", "budget", "burn"))
    for each in standings:
        if each.why:
            say(f"{each.objective.name}: {each.why}")
        if incident is not None:
            say(f"{each.objective.name}: {spent_text(_spent(each, incident, now), each.objective.minutes)}")


def _burning(standing: "Standing") -> str:
    from iccon.signals.slowords import rule_text

    return "?" if standing.burning is None else rule_text(standing.burning)
