"""When a command of a runbook may run, what is written of it, and how it reads."""

from datetime import UTC, datetime, timedelta

import pytest
from journalkit import run_step
from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident.decide import decide
from iccon.incident.effects import EffectState
from iccon.incident.entries import Declared, Draft, EffectEnded, Entry, RunPrinted, StepRun
from iccon.incident.fold import Ledger
from iccon.incident.ruling import Context, Decision, Refusal
from iccon.incident.run_rules import last_run, stands
from iccon.incident.severity import DEFAULT_POLICY, Severity
from iccon.incident.timeline import describe, is_routine

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STRICT = replace(DEFAULT_POLICY, second_person=True)
ASKED = run_step()
RISKY = replace(ASKED, code="rm -rf x\n", risks=("deletes files",))


class Record:
    """A ledger that takes decisions in."""

    def __init__(self) -> None:
        self.count = 0
        self.ledger = Ledger("i")
        self.take(Draft("i", Declared(title="t", severity=Severity.SEV2), NOW, "kim"))

    def take(self, draft: Draft) -> Entry:
        ident = f"{self.count:08}"
        self.count += 1
        entry = Entry(
            ident, "i", "w", self.count, draft.happened_at, draft.happened_at, draft.actor, draft.source, draft.body
        )
        self.ledger.extend([entry])
        return entry

    def do(self, command: c.Command, actor: str = "kim", minutes: int = 0, policy=DEFAULT_POLICY) -> Entry | Refusal:
        ctx = Context(NOW + timedelta(minutes=minutes), actor, lambda: f"e{self.count}", lambda _: None, policy, list)
        outcome = decide(self.ledger.state, command, ctx)
        if isinstance(outcome, Refusal):
            return outcome
        assert isinstance(outcome, Decision)
        return self.take(outcome.entries[0])

    def ended(self, run: Entry, state: EffectState, words: str) -> Entry:
        assert isinstance(run.body, StepRun)
        body = EffectEnded(effect=run.body.effect, target="run of disk.md", state=str(state), detail=words)
        return self.take(Draft("i", body, NOW, "iccon"))


def code_of(outcome: Entry | Refusal) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def ran(outcome: Entry | Refusal) -> Entry:
    assert isinstance(outcome, Entry), outcome
    return outcome


@pytest.mark.parametrize("typed", ["", "sho", "SHOP", "staging"])
def test_a_risky_command_runs_only_once_its_target_was_typed(typed: str) -> None:
    assert code_of(Record().do(replace(RISKY, typed=typed))) == "confirm"
    body = ran(Record().do(replace(RISKY, typed=" shop "))).body
    assert "risky (deletes files), shop typed" in describe(body)


def test_a_second_run_is_for_who_knows_of_the_first_and_none_while_it_runs() -> None:
    record = Record()
    first = ran(record.do(ASKED))
    assert code_of(record.do(replace(ASKED, seen=first.id))) == "under_way"
    record.ended(first, EffectState.FAILED, "exit 1 in 2.0 s")
    refused = record.do(ASKED, "ann", 6)
    assert code_of(refused) == "run_before"
    assert isinstance(refused, Refusal)
    assert refused.reason == "already run 6 minutes ago by kim: exit 1 in 2.0 s"
    ran(record.do(replace(ASKED, seen=first.id), "ann", 6))
    ran(record.do(replace(ASKED, code="df -i\n")))  # another command of the same step


def test_by_policy_somebody_else_approves_this_command_once_within_half_an_hour() -> None:
    record, wish = Record(), replace(RISKY, typed="shop")
    allow = c.ApproveRun(
        path="disk.md",
        digest="d",
        step="s1",
        text="Look",
        language="bash",
        code="rm -rf x\n",
        target="shop",
        variables={},
    )
    assert code_of(record.do(wish, policy=STRICT)) == "approval"
    record.do(allow, "kim")
    assert code_of(record.do(wish, policy=STRICT)) == "approval"  # by the same person
    approval = ran(record.do(allow, "ann"))
    assert code_of(record.do(wish, minutes=31, policy=STRICT)) == "approval"
    assert code_of(record.do(replace(wish, code="rm -rf /\n"), policy=STRICT)) == "approval"
    assert code_of(record.do(replace(wish, variables={"POD": "b"}), policy=STRICT)) == "approval"
    run = ran(record.do(wish, minutes=5, policy=STRICT))
    assert isinstance(run.body, StepRun)
    assert (run.body.approval, run.body.approved_by) == (approval.id, "ann")
    record.ended(run, EffectState.SENT, "exit 0")
    assert code_of(record.do(replace(wish, seen=run.id), minutes=6, policy=STRICT)) == "approval"  # it is used up
    ran(record.do(ASKED, policy=STRICT))  # an ordinary command needs none


def test_an_unknown_outcome_stays_in_view_and_output_is_kept_once() -> None:
    record = Record()
    run = ran(record.do(ASKED))
    assert isinstance(run.body, StepRun)
    ended = record.ended(run, EffectState.UNKNOWN, "the program ended")
    assert describe(ended.body) == "run of disk.md outcome unknown: the program ended"
    assert not is_routine(ended)
    last = last_run(record.ledger.state, "disk.md", "s1")
    assert last is not None
    assert stands(record.ledger.state, last) == "outcome unknown: the program ended"
    printed = RunPrinted(
        effect=run.body.effect,
        ended="",
        seconds=None,
        excerpt=("a", "b"),
        size=4,
        left_out=0,
        sha256="ab" * 32,
        log="/runs/e/log",
    )
    entry = ran(record.do(c.KeepOutput(printed=printed)))
    assert entry.source == f"run:{run.body.effect}"
    assert describe(entry.body) == "nobody knows how it ended: a ⏎ b (4 bytes; log SHA-256 abababab)"
    assert code_of(record.do(c.KeepOutput(printed=replace(printed, effect="other")))) == "no_run"


def test_a_secret_in_a_command_is_not_in_the_line() -> None:
    body = ran(Record().do(replace(ASKED, code="curl -H 'Authorization: Bearer abcdef123456789012'\n"))).body
    assert "abcdef" not in describe(body)
