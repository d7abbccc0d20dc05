"""What a typed line means: its time, its kind by its first sign, whose it is, and when to come back to it. Pure.

-12m db failed over      a note of twelve minutes ago
! roll back 4711 @sam 10m   a decision: sam executes it, come back in ten minutes
? who owns the cache @lee   a question
> page the vendor @kim 5m   an action
todo runbook is wrong @kim  for afterwards
\\! is no decision          a backslash makes it a note
"""

import re
from datetime import datetime, tzinfo

from iccon.incident import commands as c
from iccon.incident.tasks import TaskKind
from iccon.when import TimeProblem, parse

_SIGNS = {"!": TaskKind.DECISION, "?": TaskKind.QUESTION, ">": TaskKind.ACTION}
_KIND = re.compile(r"(?P<sign>[!?>])\s*|(?P<todo>todo)\b:?\s*", re.IGNORECASE)
_OWNER = re.compile(r"(?:^|\s)@(?P<name>[\w.+-]{1,60})(?=\s|$)")
_SPAN = re.compile(r"(?:^|\s)(?:in\s+)?(?P<number>[0-9]{1,5})\s?(?P<unit>m|min|h)$", re.IGNORECASE)


def command(line: str, now: datetime, zone: tzinfo, declared_at: datetime | None) -> c.AddNote | c.AddTask | str:
    """Return what `line` asks for, or why its time cannot be taken."""
    said = parse(line, now, zone, declared_at)
    if isinstance(said, TimeProblem):
        return f"{said.reason}; {said.hint}"
    text, at = (said.text, said.at) if said else (line.strip(), None)
    sign = _KIND.match(text)
    if sign is None:
        return c.AddNote(text=text.removeprefix("\\"), at=at)
    what = TaskKind.TODO if sign["todo"] else _SIGNS[sign["sign"]]
    rest, owner = _taken(_OWNER, text[sign.end() :])
    rest, span = _taken(_SPAN, rest)
    minutes = int(span["number"]) * (60 if span["unit"].lower() == "h" else 1) if span else None
    return c.AddTask(what=what, text=rest, owner=owner["name"] if owner else "", minutes=minutes, at=at)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, re.Match[str] | None]:
    """Return `text` without what `pattern` finds first, and what it found."""
    found = pattern.search(text.rstrip())
    if found is None:
        return text.strip(), None
    return f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip(), found
