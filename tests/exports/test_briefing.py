"""The briefing: one page, from the record alone, the same every time, and nothing foreign does anything in it."""

from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st
from journalkit import START, entry
from markdown_it import MarkdownIt
from msgspec.structs import replace

from iccon.exports import briefing
from iccon.incident import entries as e
from iccon.incident.fold import Ledger
from iccon.incident.roles import Role
from iccon.incident.severity import DEFAULT_POLICY, Audience, Severity

BODIES: tuple[e.Body, ...] = (
    e.Declared(title="Checkout fails", severity=Severity.SEV2, services=("checkout",)),
    e.RoleTaken(role=Role.COMMANDER, person="ann"),
    e.ImpactStarted(scope="EU customers"),
    e.ChangeSeen(text="deploy 4711", services=("checkout",), who="lee"),
    e.TheorySet(text="4711 doubled the connections"),
    e.TaskNoted(what="decision", text="roll back", owner="lee", minutes=10, risk="cold cache"),
    e.TaskNoted(what="action", text="page the vendor", owner="kim", minutes=30),
    e.TaskNoted(what="question", text="who owns the cache?"),
    e.UpdateIssued(
        audience=Audience.CUSTOMER, text="we are looking", template="t", next_minutes=20, effects={"file": "x"}
    ),
    e.RunbookOpened(path="a.md", title="Checkout errors", digest="0"),
    e.HandoverProposed(role=Role.COMMANDER, person="sam", minutes=30, holder="ann"),
)


def ledger(*bodies: e.Body) -> Ledger:
    return Ledger("i", (entry(number, body) for number, body in enumerate(bodies)))


def text_of(found: Ledger, plain: bool = True) -> str:
    return briefing.render(found, zone=UTC, policy=DEFAULT_POLICY, plain=plain)


def test_all_that_a_successor_needs_is_on_it() -> None:
    said = text_of(ledger(*BODIES))
    for part in (
        "Briefing, SEV2: Checkout fails",
        "As of 2026-11-01 12:10:00 UTC, from 11 entries",
        "Impact since 12:02:00 UTC, still running: EU customers",
        "Theory (not confirmed, 12:04:00 UTC): 4711 doubled the connections",
        "decision: roll back (lee, due 12:15:00 UTC)",
        "Risk: cold cache",
        "action: page the vendor (kim, due 12:36:00 UTC)",
        "Incident Commander: ann, since 12:01:00 UTC",
        "Comms lead: nobody",
        "Hand-over of Incident Commander to sam waits, until 12:40:00 UTC",
        "runbook opened: Checkout errors",
        "change of checkout by lee: deploy 4711",
        "Next customer update due 12:28:00 UTC",
        "question: who owns the cache?",
        "Needs: nobody is Comms lead; answer: who owns the cache?",
    ):
        assert part in said
    assert len(said.splitlines()) <= 60
    assert said == text_of(ledger(*BODIES))


def test_a_long_incident_stays_one_page() -> None:
    many = [replace(body) for body in BODIES[1:] for _ in range(40)]
    said = text_of(ledger(BODIES[0], *many))
    assert len(said.splitlines()) <= 85
    assert "36 earlier ones" in said


def test_as_of_an_instant_it_knows_what_was_recorded_by_then() -> None:
    whole = ledger(*BODIES)
    then = START + timedelta(minutes=4, seconds=30)
    said = briefing.render(briefing.until(whole, then), zone=UTC, policy=DEFAULT_POLICY, at=then, plain=True)
    assert "As of 2026-11-01 12:04:30 UTC, from 5 entries" in said
    assert "roll back" not in said
    early = briefing.until(whole, START - timedelta(minutes=1))
    assert briefing.render(early, zone=UTC, policy=DEFAULT_POLICY) == "No declaration was recorded.\n"


def test_a_struck_change_is_not_on_it() -> None:
    whole = ledger(*BODIES)
    whole.extend([entry(99, e.Struck(target=whole.entries[3].id, reason="another cluster"))])
    assert "deploy 4711" not in text_of(whole)


@given(st.text(max_size=80).filter(str.strip))
def test_foreign_text_is_inert(foreign: str) -> None:
    made = ledger(
        e.Declared(title=foreign, severity=Severity.SEV1, services=(foreign,)),
        e.RoleTaken(role=Role.SCRIBE, person=foreign),
        e.TheorySet(text=foreign),
        e.TaskNoted(what="todo", text=foreign, owner=foreign),
        e.ChangeSeen(text=foreign, who=foreign),
    )
    tokens = MarkdownIt("gfm-like", {"html": True}).parse(text_of(made, plain=False))
    inner = [child.type for token in tokens for child in token.children or []]
    assert set(inner) <= {"text", "text_special", "softbreak"}
    assert sum(token.type == "heading_open" for token in tokens) == 10
