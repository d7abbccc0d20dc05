"""The time grammar of notes and `--at`, zones, and how times read. Pure: the caller says what time it is and where.

    -12m   -1h30m   -45s   -2d          so long ago
    14:03   14:03:20                    today, in the zone of the screen
    14:03+02:00   14:03Z   14:03 UTC    today, in that zone
    yesterday 23:50                     the day before, in either form
    T+5m   T-10m                        so long after or before the declaration
    2026-11-24T14:03Z                   ISO 8601; the zone must be there

Nothing is guessed: a local time that the clocks show twice or skip, a time still to come, and a date without a zone
are each a TimeProblem that says what to type instead. Instants are aware UTC.
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from msgspec import Struct

from iccon.text import clean

_SPAN = r"(?:[0-9]{1,4}d)?(?:[0-9]{1,4}h)?(?:[0-9]{1,5}m(?:in)?)?(?:[0-9]{1,6}s)?"
_OFFSET = r"(?:[Zz]|[+\-−][0-9]{2}(?::?[0-9]{2})?)"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?"
_NAMES = (
    *("UTC", "Z", "GMT", "WET", "WEST", "BST", "IST", "CET", "CEST", "MEZ", "MESZ", "EET", "EEST", "MSK", "SAST"),
    *("EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST"),
    *("JST", "KST", "SGT", "HKT", "AWST", "ACST", "ACDT", "AEST", "AEDT", "NZST", "NZDT"),
)
_TIME = re.compile(
    rf"""(?P<time> [-−](?P<ago>{_SPAN}) | [Tt](?P<sign>[+\-−])(?P<since>{_SPAN})
    | (?: (?P<yesterday>yesterday)\s+ | (?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[Tt]|\s+) )?
      (?P<clock>{_CLOCK}) (?: (?P<offset>{_OFFSET}) | \s+(?-i:(?P<name>{"|".join(_NAMES)})) )?
    ) [,:;]? (?=\s|$)""",
    re.VERBOSE | re.IGNORECASE,
)
_TWELVE = re.compile(r"\s?[ap]\.?m\b", re.IGNORECASE)
_ALMOST = re.compile(rf"(?:yesterday\s+)?{_CLOCK}(?:\s?[ap]\.?m\b)?\S*", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class TimeProblem(Struct, frozen=True):
    """A time that was typed and cannot be taken: why, and what to type instead."""

    reason: str
    hint: str


class Day(Struct, frozen=True):
    """A day by which something is due: its date, and the instant (aware UTC) at which it ends where it was named."""

    date: date
    ends: datetime


class Said(Struct, frozen=True):
    """A time that was typed, and the text after it."""

    at: datetime
    text: str


def split(text: str) -> tuple[str, str]:
    """Return the time at the beginning of a note as it was typed ("" where there is none), and the rest."""
    match = _match(text.strip())
    if match is None:
        return "", text.strip()
    return match["time"], match.string[match.end() :].strip()


def parse(text: str, now: datetime, zone: tzinfo, declared_at: datetime | None = None) -> Said | TimeProblem | None:
    """Return the time with which `text` begins and the rest of it; None when it begins with no time.

    `now` is the present instant, `zone` the zone in which plain times are meant, `declared_at` where T+ counts from.
    """
    match = _match(text.strip())
    if match is None or _TWELVE.match(match.string, match.end("clock") if match["clock"] else match.end()):
        almost = _ALMOST.match(text.strip())
        return _almost(almost.group()) if almost else None
    try:
        at = _instant(match, now, zone, declared_at)
    except (OverflowError, ValueError):
        return TimeProblem(
            f"{match['time']} is no time", "hours go to 23, minutes and seconds to 59; check date and zone"
        )
    if isinstance(at, TimeProblem):
        return at
    if at > now:
        return _to_come(match, at, now, zone)
    return Said(at, match.string[match.end() :].strip())


def moment(text: str, now: datetime, zone: tzinfo, declared_at: datetime | None = None) -> datetime | TimeProblem:
    """Return the instant that the whole of `text` names: for `--at` and for fields that take nothing but a time."""
    said = parse(text, now, zone, declared_at)
    if said is None or (isinstance(said, Said) and said.text):
        return TimeProblem("not a time", "such as -12m, 14:03, 14:03+02:00, yesterday 23:50, T+5m, 2026-11-24T14:03Z")
    return said.at if isinstance(said, Said) else said


def _match(text: str) -> re.Match[str] | None:
    """Find a time at the beginning. A sign alone is no time: a note may begin with a dash."""
    match = _TIME.match(text)
    return match if match and any(match[name] for name in ("ago", "since", "clock")) else None


def _instant(match: re.Match[str], now: datetime, zone: tzinfo, declared_at: datetime | None) -> datetime | TimeProblem:
    if match["ago"]:
        return now - _span(match["ago"])
    if match["since"]:
        if declared_at is None:
            return TimeProblem("T counts from the declaration, and no incident is declared", "such as -12m or 14:03")
        return declared_at + (_span(match["since"]) if match["sign"] == "+" else -_span(match["since"]))
    return _wall(match, now, zone)


def _span(text: str) -> timedelta:
    return timedelta(**{_UNITS[unit.lower()]: int(n) for n, unit in re.findall(r"([0-9]+)([dhms])", text, re.I)})


def seconds_of(text: str) -> int | None:
    """Return the seconds of a span like `90s`, `30m`, `1h30m` or `2d`; None for anything else."""
    found = re.fullmatch(_SPAN, text.strip().lower())
    return int(_span(found.group()).total_seconds()) if found else None


def minutes_of(text: str) -> int | None:
    """Return the whole minutes of a span of at least one; None for anything else."""
    seconds = seconds_of(text)
    return seconds // 60 if seconds and seconds >= 60 else None


def _wall(match: re.Match[str], now: datetime, zone: tzinfo) -> datetime | TimeProblem:
    """Return the instant at which a clock on the wall shows what was typed."""
    there = _offset(match["offset"] or ("Z" if (match["name"] or "").upper() in ("UTC", "Z", "GMT") else ""))
    if match["day"] and there is None and not match["name"]:
        return TimeProblem("a date needs its zone", f"such as {match['time']}Z or {match['time']}+02:00")
    day = date.fromisoformat(match["day"]) if match["day"] else now.astimezone(there or zone).date()
    clock = _clock(match["clock"])
    naive = datetime.combine(day - timedelta(days=1) if match["yesterday"] else day, clock)
    if there is not None:
        return naive.replace(tzinfo=there).astimezone(UTC)
    return _local(naive, zone, match["name"])


def _clock(text: str) -> time:
    hour, minute, *rest = text.replace(",", ".").split(":")
    second, _, fraction = (rest[0] if rest else "0").partition(".")
    return time(int(hour), int(minute), int(second), int(fraction.ljust(6, "0")))


def _offset(text: str) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "z"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    span = timedelta(hours=hours, minutes=minutes)
    if minutes % 15 or span > timedelta(hours=14):  # more likely a range, 14:03-14:10
        raise ValueError(text)
    return timezone(span if text[0] == "+" else -span)


def _local(naive: datetime, zone: tzinfo, name: str | None) -> datetime | TimeProblem:
    """Return the instant of a local time; a problem where there are two or none. `name` ("CEST") chooses."""
    shown = f"{naive:%H:%M}"
    instants = instants_of(naive, zone)
    if not instants:
        return TimeProblem(f"{shown} did not exist on {naive:%Y-%m-%d}: the clocks went forward", "such as -12m")
    if name:
        instants = [at for at in instants if (at.astimezone(zone).tzname() or "").upper() == name.upper()]
        if not instants:
            return TimeProblem(f"{name} is not the zone of this screen", f"give its offset, such as {shown}-05:00")
    if len(instants) > 1:
        both = " or ".join(at.astimezone(zone).isoformat() for at in instants)
        return TimeProblem(f"{shown} came twice on {naive:%Y-%m-%d}: the clocks went back", f"which one: {both}?")
    return instants[0]


def instants_of(naive: datetime, zone: tzinfo) -> list[datetime]:
    """Return the instants (UTC, in order) at which clocks in `zone` show `naive`: one; at a change none or two."""
    both = sorted({naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)})
    return [at for at in both if at.astimezone(zone).replace(tzinfo=None, fold=0) == naive]


def _to_come(match: re.Match[str], at: datetime, now: datetime, zone: tzinfo) -> TimeProblem:
    reason = f"{match['time']} is still to come (it is {stamp(now, zone)})"
    plain = match["clock"] and not match["day"] and not match["yesterday"]
    return TimeProblem(reason, f"did you mean yesterday {match['time']}?" if plain else "an entry tells what happened")


def _almost(typed: str) -> TimeProblem:
    """A clock time with something glued to it, or am and pm: to take it as text would silently lose the time."""
    hint = "24 hours, then a space: 14:03, 14:03:20, 14:03+02:00, 14:03Z; to write it as text, begin with a word"
    return TimeProblem(f"{clean(typed, 40)} is not a time as written", hint)


def zone_of(name: str) -> tzinfo:
    """Return a zone by name: "local" (the machine's), "UTC", or an IANA name. Raises ValueError for any other."""
    if name == "local":
        return _Machine()
    if name in ("UTC", "Etc/UTC"):
        return UTC
    from zoneinfo import ZoneInfo  # 6 ms that most command lines never need

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"no time zone is called {name!r}") from None


def zone_names() -> list[str]:
    """Return all IANA names this machine knows, sorted. Reads the whole database: for mistakes and lists only."""
    from zoneinfo import available_timezones

    return sorted(available_timezones())


class _Machine(tzinfo):
    """The zone of this machine, as the C library knows it, so that every form of TZ works."""

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: datetime | None) -> timedelta | None:
        return None

    def tzname(self, at: datetime | None) -> str | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, at: datetime) -> datetime:
        there = at.replace(tzinfo=UTC).astimezone()
        local = there.replace(tzinfo=self, fold=0)
        return local if local.utcoffset() == there.utcoffset() else local.replace(fold=1)


def day(text: str, now: datetime, zone: tzinfo) -> Day | TimeProblem:
    """Return the day that a date such as `2026-12-01` names in `zone`: today or later, within ten years."""
    hint = "such as 2026-12-01: year, month, day"
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        return TimeProblem(f"{clean(text, 40)} is no date", hint)
    today = now.astimezone(zone).date()
    if not today <= found <= today + timedelta(days=3653):
        return TimeProblem(f"{text} {'lies in the past' if found < today else 'is too far ahead'}", hint)
    last = datetime.combine(found, time(23, 59, 59))
    ends = instants_of(last, zone) or [last.replace(tzinfo=zone).astimezone(UTC)]  # a clock may skip midnight
    return Day(found, ends[-1])


def stamp(instant: datetime, zone: tzinfo, *, day: bool = False) -> str:
    """Return `14:03:20 CET`, or with `day` `2026-11-24 14:03:20 CET`. The zone is always named."""
    there = instant.astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M:%S}"[0 if day else 11 :] + f" {there.tzname()}"


def iso(instant: datetime, zone: tzinfo = UTC) -> str:
    """Return ISO 8601 to the second, with its offset: `2026-11-24T14:03:20Z`, `2026-11-24T15:03:20+01:00`."""
    text = instant.astimezone(zone).isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def written(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """Return `instant` as a note may begin with it, to the millisecond: `14:03:20.500`, with the day where not today's.

    A time that clocks showed twice, or another day's, has its offset.
    """
    local = instant.astimezone(zone)
    plain = local.date() == now.astimezone(zone).date() and len(instants_of(local.replace(tzinfo=None), zone)) == 1
    parts = "milliseconds" if instant.microsecond >= 1000 else "seconds"
    return local.time().isoformat(parts) if plain else local.isoformat(timespec=parts)


def ago(seconds: float) -> str:
    """Return a span in few characters, rounded down: `12s`, `3m`, `2h05m`, `3d04h`; with a minus below zero."""
    whole = int(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    if whole < 60:
        return f"{sign}{whole}s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if minutes < 60:
        return f"{sign}{minutes}m"
    return f"{sign}{hours}h{minutes % 60:02}m" if hours < 24 else f"{sign}{days}d{hours % 24:02}h"


def due_text(seconds: float) -> str:
    """Return `in 5m`, or `DUE 5m ago` for what should have been."""
    return f"in {ago(seconds)}" if seconds > 0 else f"DUE {ago(-seconds)} ago"


def span_text(seconds: float) -> str:
    """Return a span in its two largest units: 42s, 4m05s, 2h07m, 3d04h. Below zero or not finite: "0s" and "?"."""
    if not math.isfinite(seconds):
        return "?"
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    days = whole // 86400
    return f"{days}d{whole % 86400 // 3600:02d}h" if days < 1000 else f"{min(days, 99999)}d"
