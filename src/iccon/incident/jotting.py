"""What a typed line means: its time, its kind by its first sign, whose it is, and when to come back to it. Pure.

-12m db failed over      a note of twelve minutes ago
! roll back 4711 @sam 10m   a decision: sam executes it, come back in ten minutes; 1h30m and 2d are spans too
? who owns the cache @lee   a question
> page the vendor @kim 5m   an action
todo runbook is wrong @kim  for afterwards
todo test the failover due 2026-12-01   by the end of that day, here
\\! is no decision          a backslash makes it a note
"""

import re
from datetime import datetime, tzinfo

from iccon.incident import commands as c
from iccon.incident.tasks import TaskKind
from iccon.when import TimeProblem, day, minutes_of, parse

_SIGNS = {"!": TaskKind.DECISION, "?": TaskKind.QUESTION, ">": TaskKind.ACTION}
_KIND = re.compile(r"(?P<sign>[!?>])\s*|(?P<todo>todo)\b:?\s*", re.IGNORECASE)
_OWNER = re.compile(r"(?:^|\s)@(?P<name>[\w.+-]{1,60})(?=\s|$)")
_DAY = re.compile(r"(?:^|\s)due\s+(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})$", re.IGNORECASE)
_SPAN = re.compile(r"(?:^|\s)(?:in\s+)?(?P<span>(?:[0-9]{1,5}\s?(?:d|h|min|m)\s?)+)$", re.IGNORECASE)


def command(line: str, now: datetime, zone: tzinfo, declared_at: datetime | None) -> c.AddNote | c.AddTask | str:
    """Return what `line` asks for, or why a time in it cannot be taken."""
    said = parse(line, now, zone, declared_at)
    if isinstance(said, TimeProblem):
        return _why(said)
    text, at = (said.text, said.at) if said else (line.strip(), None)
    sign = _KIND.match(text)
    if sign is None:
        return c.AddNote(text=text.removeprefix("\\"), at=at)
    what = TaskKind.TODO if sign["todo"] else _SIGNS[sign["sign"]]
    first, *more = text[sign.end() :].split("\n", 1)  # whose and when stand in the first of several lines
    rest, owner = _taken(_OWNER, first)
    rest, date = _taken(_DAY, rest)
    rest, minutes = (rest, None) if date else _span(rest)
    due = day(date["date"], now, zone) if date else None
    if isinstance(due, TimeProblem):
        return _why(due)
    whole = "\n".join([rest, *more])
    return c.AddTask(what=what, text=whole, owner=owner["name"] if owner else "", minutes=minutes, day=due, at=at)


def _span(text: str) -> tuple[str, int | None]:
    """Return `text` without the span at its end, and its minutes; what is no span as `--in` takes it stays text."""
    rest, found = _taken(_SPAN, text)
    minutes = minutes_of(found["span"].replace(" ", "")) if found else None
    return (rest, minutes) if minutes else (text, None)


def _why(problem: TimeProblem) -> str:
    return f"{problem.reason}; {problem.hint}"


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, re.Match[str] | None]:
    """Return `text` without what `pattern` finds first, and what it found."""
    found = pattern.search(text.rstrip())
    if found is None:
        return text.strip(), None
    return f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip(), found
