"""The changes that the journal holds: told by `iccon change`, or put into a timeline by a person. Pure."""

from collections.abc import Iterable

from iccon.changes.model import Change
from iccon.incident.entries import ChangeSeen, Entry
from iccon.text import clean


def told(entries: Iterable[Entry]) -> tuple[Change, ...]:
    """Return what `entries` tell of changes, in their order; other kinds are passed over."""
    return tuple(_change(entry, entry.body) for entry in entries if isinstance(entry.body, ChangeSeen))


def _change(entry: Entry, body: ChangeSeen) -> Change:
    return Change(
        key=body.key or f"entry:{entry.id}",
        at=entry.happened_at,
        text=clean(body.text),
        services=tuple(clean(name, 100) for name in body.services),
        source=clean(body.source),
        who=clean(body.who or entry.actor),
        url=clean(body.url, 2_100),
    )
