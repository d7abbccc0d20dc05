"""The intervals of an incident, each with the entries it comes from; what was not recorded is said. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

from iccon.incident.entries import Declared, Entry, ImpactStarted, ImpactStopped, PageSeen, PhaseSet, UpdateIssued
from iccon.incident.fold import Ledger
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
    impact = _first(counted, ImpactStarted)
    page = next((e for e in counted if isinstance(e.body, PageSeen) and e.body.status == TRIGGERED), None)
    seen = next((e for e in counted if isinstance(e.body, PageSeen) and e.body.status == ACKNOWLEDGED), None)
    declared = _first(counted, Declared)
    told = next((e for e in counted if isinstance(e.body, UpdateIssued) and e.body.audience is Audience.CUSTOMER), None)
    began = impact or page or declared
    return (
        _figure("Detect", "impact started -> first page", impact, page),
        _figure("Acknowledge", "first page -> first acknowledgement", page, seen),
        _figure("Declare", f"{_word(impact or page)} -> declared", impact or page, declared),
        _figure("First update", "declared -> first customer update", declared, told),
        _figure("Mitigate", f"{_word(began)} -> impact stopped", began, _mitigated(counted, ledger)),
        _figure("Resolve", "declared -> resolved", declared, _resolved(counted, ledger)),
    )


_WORDS: dict[type, str] = {ImpactStarted: "impact started", PageSeen: "first page", Declared: "declared"}


def _word(entry: Entry | None) -> str:
    return _WORDS[type(entry.body)] if entry else "impact started"


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
