"""Silences of Alertmanager: which alerts one will hit, making it, finding it again, ending it.

A silence made from an alert matches its `alertname` and, where it has one, its service: the alert itself and its like.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from iccon.faults import FaultKind, SourceFault
from iccon.net.wire import first, instant, record, records
from iccon.pages.model import Act, Page, Trace
from iccon.text import CleanText, clean

SLACK: Final = timedelta(minutes=1)  # how much older than the wish a silence may look: clocks differ
Json = dict[str, Any]


def matchers_of(alert: Json, service_label: str) -> list[Json]:
    """Return what a silence made from `alert` matches, as the API wants it. Raises SourceFault without an alertname."""
    labels = record(alert.get("labels"))
    if not isinstance(labels.get("alertname"), str):
        raise SourceFault(FaultKind.REJECTED, "the alert has no alertname: a silence would hit everything")
    names = ["alertname", *([service_label] if isinstance(labels.get(service_label), str) else [])]
    return [{"name": name, "value": labels[name], "isRegex": False, "isEqual": True} for name in names]


def hit(page: Page, pages: Sequence[Page]) -> list[Page]:
    """Return which of `pages` a silence made from `page` hits: those of its alert name, and its service if any."""
    same = (other for other in pages if (other.source, other.alert) == (page.source, page.alert))
    return [other for other in same if not page.service or other.service == page.service]


def silence_of(act: Act, matchers: list[Json], who: str, now: datetime) -> Json:
    """Return the silence that `act` asks for, from now on (aware UTC); `who` is made its author."""
    ends = now + timedelta(seconds=int(act.arguments["seconds"]))
    return {
        "matchers": matchers,
        "startsAt": _stamp(now),
        "endsAt": _stamp(ends),
        "createdBy": who,
        "comment": act.arguments["text"],
    }


def found(silences: Sequence[Json], act: Act, matchers: list[Json]) -> Json | None:
    """Return the silence that `act` made: the same matchers and words, not older than the wish, still in force."""
    since = act.at - SLACK if act.at else datetime.min.replace(tzinfo=UTC)
    for silence in silences:
        made = instant(silence.get("startsAt")) or since
        same = _plain(records(silence.get("matchers"))) == _plain(matchers)
        if same and silence.get("comment") == act.arguments["text"] and made >= since and _is_active(silence):
            return silence
    return None


def over(alert: Json, silences: Sequence[Json]) -> list[Json]:
    """Return the silences in force that keep `alert` quiet."""
    ids = record(alert.get("status")).get("silencedBy")
    wanted = {str(key) for key in ids} if isinstance(ids, list) else set()
    return [silence for silence in silences if str(silence.get("id")) in wanted and _is_active(silence)]


def end_over(alert: Json, known: Mapping[str, Json]) -> datetime | None:
    """Return when the last of the silences over `alert` ends, by their ids; None where none of them says."""
    ids = record(alert.get("status")).get("silencedBy")
    over = (known.get(str(key), {}) for key in (ids if isinstance(ids, list) else []))
    return max((at for silence in over if (at := instant(silence.get("endsAt")))), default=None)


def trace(silence: Json) -> Trace:
    """Return how a silence reads: until when, by whom, why."""
    ends = instant(silence.get("endsAt"))
    until = f"silenced until {ends:%Y-%m-%d %H:%M:%S} UTC" if ends else "silenced"
    words = first(silence.get("comment"))
    author, key = first(silence.get("createdBy")), first(silence.get("id"))
    return Trace(clean(f"{until}: {words}" if words else until), author, instant(silence.get("startsAt")), key)


def receipt(silence: Mapping[str, Any], key: str) -> CleanText:
    """Return the proof of a silence that was made."""
    ends = instant(silence.get("endsAt"))
    return clean(f"silenced until {ends:%Y-%m-%d %H:%M:%S} UTC ({key})" if ends else f"silenced ({key})")


def _is_active(silence: Json) -> bool:
    return record(silence.get("status")).get("state") in ("active", "pending")


def _plain(matchers: list[Json]) -> list[tuple[Any, ...]]:
    rows = [(m.get("name"), m.get("value"), bool(m.get("isRegex")), m.get("isEqual") is not False) for m in matchers]
    return sorted(rows, key=str)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
