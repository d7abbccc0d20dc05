"""What became of an entry: as it was written, each amendment, the strike, each pin; who and when. Pure."""

from datetime import datetime

from msgspec import Struct

from iccon.incident.entries import Body, Entry, Pinned, Struck
from iccon.incident.fold import Ledger
from iccon.incident.timeline import describe


class Version(Struct, frozen=True):
    """What one person did to an entry. `text` and `happened_at` are what it says from then on; `why` is a strike's."""

    id: str
    what: str  # written, amended, struck, pinned, unpinned
    recorded_at: datetime
    actor: str
    happened_at: datetime
    text: str
    why: str = ""


def history(ledger: Ledger, entry: Entry) -> list[Version]:
    """Return every version of `entry`, the first one first."""
    made = [Version(entry.id, "written", entry.recorded_at, entry.actor, entry.happened_at, describe(entry.body))]
    for step in sorted(ledger.corrections.by_target.get(entry.id, ()), key=lambda step: step.id):
        what, why = _done(step.body)
        now = ledger.corrections.effective(entry, until=step.id)
        made.append(Version(step.id, what, step.recorded_at, step.actor, now.happened_at, describe(now.body), why))
    return made


def _done(body: Body) -> tuple[str, str]:
    if isinstance(body, Pinned):
        return "pinned" if body.on else "unpinned", ""
    return ("struck", body.reason) if isinstance(body, Struck) else ("amended", "")
