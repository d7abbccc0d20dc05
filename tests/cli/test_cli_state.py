"""Call-outs and exit criteria from a script, by a policy of one's own."""

from collections.abc import Callable
from pathlib import Path

from conftest import Run

BY_HAND = '[policy.SEV2]\nexit = ["impact", "Support agrees"]\nreview = true\n'


def test_a_call_out_is_an_entry_and_waits_for_a_reason_only(iccon: Run, incident: str) -> None:
    (entry,) = iccon("callout", "db", "is", "back", "--json").json["entries"]
    assert (entry["kind"], entry["text"]) == ("callout", "call-out: db is back")
    assert iccon("callout").code == 0
    assert iccon("callout", "--snooze", "5m").code == 3
    said = iccon("callout", "--snooze", "5m", "on the phone")
    assert "put off by 5 min: on the phone" in said.out
    assert iccon("callout", "--snooze", "soon", "x").code == 2
    assert iccon("callout", "--snooze", "5m", "x", "--at", "-1m").code == 2


def test_a_criterion_is_ticked_and_taken_back(iccon: Run, configure: Callable[[str], Path], incident: str) -> None:
    configure(BY_HAND)
    assert "Support agrees" in iccon("criterion", "Support", "agree").err
    assert "met: Support agrees" in iccon("criterion", "Support agrees").out
    assert iccon("criterion", "Support agrees").code == 3
    assert "no longer met" in iccon("criterion", "Support agrees", "--not-met").out


def test_a_post_to_customers_that_wants_a_review_says_who_read_it(
    iccon: Run, configure: Callable[[str], Path], incident: str, tmp_path: Path
) -> None:
    configure(f'{BY_HAND}[updates.outlets.page]\nkind = "file"\npath = "{tmp_path}/page.md"\n')
    words = ("update", "--text", "We look into it. Next update in 20 minutes.", "--next", "20", "--send")
    refused = iccon(*words)
    assert (refused.code, "say who did" in refused.err) == (3, True)
    assert iccon(*words, "--override", "read by bo").code == 0
