"""The report: durations name their entries, what is missing is said, nothing is guessed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from iccon.drill.report import DrillReport, Facts, Milestone, PageFact, render, report
from iccon.drill.scenario import Expected
from iccon.incident import entries as e
from iccon.incident.fold import Ledger
from iccon.incident.ids import short, uuid7
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.text import clean

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PAGE = e.PageRef("pagerduty", "P1", "slow", "checkout")
HERRING = e.PageRef("pagerduty", "P2", "disk [/dev/sda1]", "search")


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


class Journal:
    """Entries as a journal would hold them."""

    def __init__(self) -> None:
        self.entries: list[e.Entry] = []

    def add(self, second: float, body: e.Body) -> e.Entry:
        n = len(self.entries)
        ident = uuid7(int(at(second).timestamp() * 1000), n.to_bytes(10, "big"))
        entry = e.Entry(ident, "i1", "w", n, at(second), at(second), "ida", None, body)
        self.entries.append(entry)
        return entry

    def ledger(self) -> Ledger:
        ledger = Ledger("i1")
        ledger.extend(self.entries)
        return ledger


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {
        "scenario": "checkout-latency",
        "title": clean("Checkout is slow"),
        "seed": 1,
        "speed": 1.0,
        "started_at": START,
        "ended_at": at(600),
        "expected": Expected(),
        "fault_at": at(40),
        "pages": (
            PageFact("disk", "P2", clean(HERRING.title), True, at(60)),
            PageFact("slow", "P1", clean("slow"), False, at(90), at(110), at(300)),
        ),
        "mitigated_at": at(150),
        "mitigated_by": "a colleague",
        "recovered_at": at(230),
        "posts": 2,
    }
    return Facts(**(given | changes))


def update(text: str = "on it", effect: str = "e1") -> e.UpdateIssued:
    return e.UpdateIssued(
        audience=Audience.CUSTOMER, text=text, template="", next_minutes=20, effects={"status-page": effect}
    )


def full() -> tuple[Journal, dict[str, e.Entry]]:
    j = Journal()
    kept = {
        "herring": j.add(60, e.PageSeen(page=HERRING, status="triggered")),
        "seen": j.add(90, e.PageSeen(page=PAGE, status="triggered")),
        "declared": j.add(100, e.Declared(title="Checkout", severity=Severity.SEV2, drill=True)),
        "role": j.add(100, e.RoleTaken(role=Role.COMMANDER, person="ida")),
        "impact": j.add(101, e.ImpactStarted(scope="some")),
        "ack": j.add(110, e.PageActed(page=PAGE, verb="acknowledge", effect="e0", arguments={})),
        "acked": j.add(111, e.EffectEnded(effect="e0", target="pagerduty", state="sent", receipt="ok")),
        "note": j.add(120, e.Note(text="looking")),
        "update": j.add(130, update()),
        "posted": j.add(131, e.EffectEnded(effect="e1", target="status-page", state="sent")),
        "monitoring": j.add(200, e.PhaseSet(phase=Phase.MONITORING)),
        "last": j.add(300, update("over", "e2")),
        "last posted": j.add(301, e.EffectEnded(effect="e2", target="status-page", state="sent")),
        "resolved": j.add(310, e.PhaseSet(phase=Phase.RESOLVED)),
    }
    kept["stopped"] = j.add(310, e.ImpactStopped(segment=kept["impact"].id))
    return j, kept


def of(found: DrillReport, name: str) -> Milestone:
    return next(m for m in found.milestones if m.name == name)


def test_every_duration_names_the_entries_it_comes_from() -> None:
    journal, kept = full()
    found = report(journal.ledger(), facts())
    expected = {
        "detect": (50, ["seen"]),
        "acknowledge": (20, ["ack", "acked"]),
        "declare": (60, ["declared"]),
        "first update": (30, ["update", "posted"]),
        "mitigate": (110, ["monitoring"]),
        "resolve": (270, ["resolved"]),
    }
    for name, (seconds, names) in expected.items():
        assert of(found, name).seconds == seconds
        assert of(found, name).entries == tuple(kept[n].id for n in names)
    assert found.undone == ()
    text = render(found)
    assert "Nothing is missing." in text and short(kept["declared"].id) in text
    assert "“disk [/dev/sda1]” had nothing to do with the fault; it was left alone." in text


def test_durations_are_in_scenario_time() -> None:
    journal, _ = full()
    found = report(journal.ledger(), facts(speed=10.0))
    assert of(found, "declare").seconds == 600
    assert "10:00   from the start of the fault; a fair pace is 5:00" in render(found)
    assert any("10 times as fast" in line for line in render(found).splitlines())


def test_without_an_incident_everything_is_said_to_be_missing() -> None:
    found = report(None, facts(mitigated_at=None, recovered_at=None, posts=0))
    assert all(m.seconds is None and m.missing and not m.entries for m in found.milestones)
    assert "No incident was declared." in found.undone
    assert "The fault was not mitigated." in found.undone
    assert "missing" in render(found)


def test_a_drill_that_ended_before_the_fault_blames_nobody() -> None:
    quiet = facts(fault_at=None, pages=(), mitigated_at=None, recovered_at=None)
    found = report(None, quiet)
    assert of(found, "detect").missing == "the drill ended before the fault began"
    assert of(found, "acknowledge").missing == "no page fired"
    assert "The fault was not mitigated." not in found.undone


def test_what_was_not_done_is_said() -> None:
    journal = Journal()
    journal.add(100, e.Declared(title="Checkout", severity=Severity.SEV2))
    bare = facts(pages=(PageFact("slow", "P1", clean("slow"), False, at(90)),), mitigated_at=None)
    said = " ".join(report(journal.ledger(), bare).undone)
    for words in (
        "“slow” was not acknowledged",
        "No customer update within 5 minutes",
        "No note was written",
        "No customer impact was recorded",
        "Nobody held the role",
        "was not resolved",
        "was not mitigated",
    ):
        assert words in said


def test_a_late_update_and_one_that_nobody_confirmed_are_told_apart() -> None:
    journal = Journal()
    journal.add(100, e.Declared(title="Checkout", severity=Severity.SEV2))
    sent = journal.add(401, update())
    journal.add(402, e.EffectEnded(effect="e1", target="status-page", state="unknown"))
    said = report(journal.ledger(), facts()).undone
    assert "No customer update within 5 minutes of the declaration." in said
    assert f"No outlet confirmed the customer update {short(sent.id)}." in said
    assert of(report(journal.ledger(), facts()), "first update").seconds == 301


def test_an_update_before_the_mitigation_does_not_say_that_it_is_over() -> None:
    journal, kept = full()
    journal.add(400, e.Struck(target=kept["last"].id, reason="wrong text"))
    assert "No customer update said that it is over." in report(journal.ledger(), facts()).undone


def test_struck_entries_do_not_count_and_amended_times_do() -> None:
    journal, kept = full()
    journal.add(400, e.Struck(target=kept["note"].id, reason="wrong"))
    journal.add(401, e.Amended(target=kept["declared"].id, happened_at=at(95)))
    found = report(journal.ledger(), facts())
    assert "No note was written." in found.undone
    assert of(found, "declare").seconds == 55


def test_a_page_acknowledged_before_the_declaration_counts() -> None:
    journal, elsewhere = Journal(), Journal()
    journal.add(100, e.Declared(title="Checkout", severity=Severity.SEV2))
    acted = elsewhere.add(95, e.PageActed(page=PAGE, verb="acknowledge", effect="e0", arguments={}))
    found = report(journal.ledger(), facts(), elsewhere.entries)
    assert of(found, "acknowledge").seconds == 5
    assert of(found, "acknowledge").entries == (acted.id,)


def test_entries_of_an_earlier_drill_do_not_count() -> None:
    journal, old = Journal(), Journal()
    journal.add(100, e.Declared(title="Checkout", severity=Severity.SEV2))
    old.add(-500, e.PageActed(page=PAGE, verb="acknowledge", effect="e0", arguments={}))
    assert of(report(journal.ledger(), facts(), old.entries), "acknowledge").seconds is None


def test_trouble_is_seen_by_a_verdict_or_the_declaration_but_not_by_the_herring() -> None:
    journal = Journal()
    journal.add(61, e.PageSeen(page=HERRING, status="triggered"))
    seen = journal.add(70, e.VerdictChanged(service="checkout", signal="latency", was="ok", now="warn"))
    journal.add(80, e.Declared(title="Checkout", severity=Severity.SEV2))
    assert of(report(journal.ledger(), facts()), "detect").entries == (seen.id,)
