"""The intervals of an incident, each with the entries it comes from; what was not recorded is said. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

from iccon.incident.entries import (
    Declared,
    Entry,
    ImpactStarted,
    ImpactStopped,
    MilestoneSet,
    PageSeen,
    PhaseSet,
    UpdateIssued,
)
from iccon.incident.fold import Ledger
from iccon.incident.milestones import Milestone
from iccon.incident.severity import Audience, Phase

ACKNOWLEDGED = "acknowledged"
TRIGGERED = "triggered"


class Figure(Struct, frozen=True):
    """An interval between two entries, named by their ids. `value` is None where `missing` says what is absent."""

    name: str
    meaning: str
    value: timedelta | None
    entries: tuple[str, ...]
    missing: str = ""


def figures(ledger: Ledger) -> tuple[Figure, ...]:
    """Return detect, acknowledge, declare, first update, mitigate, resolve, in this order. Struck ones do not count."""
    counted = [ledger.effective(e) for e in ledger.entries if not ledger.corrections.struck(e)]
    counted.sort(key=lambda e: (e.happened_at, e.id))
    by_hand = _set(ledger)
    page = by_hand.get(Milestone.DETECTED) or _page(counted, TRIGGERED)
    seen = by_hand.get(Milestone.ACKNOWLEDGED) or _page(counted, ACKNOWLEDGED)
    declared = _first(counted, Declared)
    told = next((e for e in counted if isinstance(e.body, UpdateIssued) and e.body.audience is Audience.CUSTOMER), None)
    told = by_hand.get(Milestone.FIRST_UPDATE) or told
    start = by_hand.get(Milestone.BEGAN) or _first(counted, ImpactStarted)
    began = start or page or declared
    ended = by_hand.get(Milestone.MITIGATED) or _mitigated(counted, ledger)
    return (
        _figure("Detect", f"{_word(start)} -> {_word(page, PAGE)}", start, page),
        _figure("Acknowledge", f"{_word(page, PAGE)} -> {_word(seen, ACK)}", page, seen),
        _figure("Declare", f"{_word(start or page)} -> declared", start or page, declared),
        _figure("First update", f"declared -> {_word(told, TOLD)}", declared, told),
        _figure("Mitigate", f"{_word(began)} -> {_word(ended, STOPPED)}", began, ended),
        _figure("Resolve", "declared -> resolved", declared, _resolved(counted, ledger)),
    )


IMPACT, PAGE, ACK = "impact started", "first page", "first acknowledgement"
TOLD, STOPPED = "first customer update", "impact stopped"
_WORDS: dict[type, str] = {ImpactStarted: IMPACT, PageSeen: PAGE, Declared: "declared"}


def _word(entry: Entry | None, usual: str = IMPACT) -> str:
    """Return what an entry stands for; `usual` where it is absent or says no more than that."""
    if entry is not None and isinstance(entry.body, MilestoneSet):
        return entry.body.milestone.replace("-", " ")
    return usual if entry is None or usual != IMPACT else _WORDS[type(entry.body)]


def _set(ledger: Ledger) -> dict[str, Entry]:
    """Return the entry that holds for each milestone set by hand: the newest that is not struck."""
    held = (e for e in ledger.entries if isinstance(e.body, MilestoneSet) and not ledger.corrections.struck(e))
    return {e.body.milestone: ledger.effective(e) for e in held if isinstance(e.body, MilestoneSet)}


def _page(entries: Iterable[Entry], status: str) -> Entry | None:
    return next((e for e in entries if isinstance(e.body, PageSeen) and e.body.status == status), None)


def _first(entries: Iterable[Entry], kind: type) -> Entry | None:
    return next((e for e in entries if isinstance(e.body, kind)), None)


def _mitigated(entries: list[Entry], ledger: Ledger) -> Entry | None:
    """Return what ended the last impact, unless impact lasts."""
    if ledger.state.open_impact:
        return None
    return next((e for e in reversed(entries) if isinstance(e.body, ImpactStopped)), None)


def _resolved(entries: list[Entry], ledger: Ledger) -> Entry | None:
    if ledger.state.resolved_at is None:
        return None
    return next((e for e in reversed(entries) if isinstance(e.body, PhaseSet) and e.body.phase is Phase.RESOLVED), None)


def _figure(name: str, meaning: str, start: Entry | None, end: Entry | None) -> Figure:
    first, _, last = meaning.partition(" -> ")
    if start is None or end is None:
        absent = " and ".join(word for word, entry in ((first, start), (last, end)) if entry is None)
        return Figure(name, meaning, None, (), f"not recorded: {absent}")
    if end.happened_at < start.happened_at:
        return Figure(name, meaning, None, (start.id, end.id), f"{last} came before {first}")
    return Figure(name, meaning, end.happened_at - start.happened_at, (start.id, end.id))
