"""Call-outs and exit criteria from a script, by a policy of one's own."""

from collections.abc import Callable
from pathlib import Path

from conftest import Run

BY_HAND = '[policy.SEV2]\nexit = ["impact", "Support agrees"]\nreview = true\n'


def test_impact_has_a_share_and_an_odd_one_is_refused(iccon, incident):
    for share in ("half", "0", "101", "3.0.1", "\u00b2"):
        assert iccon("impact", "start", "EU customers", "--share", share).code in (2, 3)
    assert iccon("impact", "start", "EU customers", "--share", "30 %").code == 0
    (impact,) = iccon("state", "--json").json["impacts"]
    assert (impact["scope"], impact["share"]) == ("EU customers", 30)
    for words in (("state",), ("timeline",), ("export",), ("briefing",)):
        assert "EU customers (30 %)" in iccon(*words).out.replace("\\", "")


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


def test_the_state_is_printed_with_every_endpoint_silent(
    iccon: Run, configure: Callable[[str], Path], incident: str
) -> None:
    configure('[policy.SEV2]\nroles = ["commander", "scribe"]\n[prometheus]\nurl = "http://127.0.0.1:9"\n')
    said = iccon("state").out
    for words in (
        "SEV2       investigating  Checkout fails",
        "! SEV2 needs: Scribe",
        "[?] signals in range for 10 min  no board",
    ):
        assert words in said
    assert iccon("state", "--look").code == 0
    facts = iccon("state", "--json").json
    assert facts["warnings"] == ["SEV2 needs: Scribe"]
    assert facts["timers"][0]["label"] == "customer update"
    assert {each["criterion"]: each["standing"] for each in facts["exit"]}["customer impact stopped"] == "met"


def test_experts_come_and_go(iccon: Run, incident: str) -> None:
    for name in ("ann", "bo"):
        assert iccon("role", "expert", name).code == 0
    assert iccon("role", "expert", "ann", "--leaves").code == 0
    assert [held["person"] for held in iccon("show", "--json").json["experts"]] == ["bo"]


def test_a_sub_team_from_the_command_line(iccon: Run, incident: str) -> None:
    assert iccon("team", "db", "kim", "--lead").code == iccon("team", "db", "sam").code == 0
    assert "Team db, lead" in iccon("roles").out
    found = [(p["person"], p["lead"]) for p in iccon("roles", "--json").json["posts"] if p["team"] == "db"]
    assert found == [("kim", True), ("sam", False)]
    assert iccon("team", "db", "sam", "--leaves").code == 0
    assert iccon("team", "db", "sam", "--leaves").code == 3
    assert "Team db: kim (lead)" in iccon("briefing").out.replace("\\", "")


def test_the_roles_with_their_cards(iccon: Run, home: Path, incident: str) -> None:
    said = iccon("roles").out
    assert "NEEDED, nobody" in said and "! SEV2 needs: Comms lead" in said
    assert iccon("roles", "scribe").out.startswith("- Write what is said")
    facts = iccon("roles", "--json").json
    assert [post["role"] for post in facts["posts"] if post["needed"]] == ["commander", "comms"]
    (home / "roles").mkdir()
    (home / "roles" / "scribe.toml").write_text("checklist = 3")
    wrong = iccon("roles", "scribe")
    assert (wrong.code, wrong.out[:2]) == (2, "- ") and "scribe.toml:1" in wrong.err
