from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leak_corpus import CLEAN, LEAKS

from iccon import resources
from iccon.config.leaks import LeakRule
from iccon.config.rulefiles import rules
from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase
from iccon.incident.state import Holding, State, Theory
from iccon.updates import check as checking
from iccon.updates.check import Finding

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SHIPPED, _ = rules(LeakRule, resources.leaks_file(), Path("none"))


def check(*args: Any, **options: Any) -> tuple[Finding, ...]:
    return checking.check(*args, **{"rules": SHIPPED.values(), **options})


def codes(text: str, audience: Audience = Audience.CUSTOMER) -> list[str]:
    return [f.code for f in check(text, audience, next_minutes=20)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("we fix {{ service }} now", "{{ service }}"),
        ("we fix ${SERVICE} now", "${SERVICE}"),
        ("we fix <service name> now", "<service name>"),
        ("TODO: say more", "TODO"),
        ("impact: ____", "____"),
        ("use AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("password: hunter22", "password: hunter22"),
        ("see https://user:pw@example.com/", "://user:pw@"),
        ("Bearer abcdefghijklmnop1234", "Bearer abcdefghijklmnop1234"),
        ("host 10.1.2.3 is down", "10.1.2.3"),
        ("host fe80::1:2ab3 is down", "fe80::1:2ab3"),
        ("ledger.prod.internal is down", "ledger.prod.internal"),
        ("the machine db-01 is down", "db-01"),
        ("prod-web12 is down", "prod-web12"),
        ("see http://dashboards/d/1", "http://dashboards/d/1"),
        ("see https://grafana.example.com/d/1", "https://grafana.example.com/d/1"),
        ("it began at 14:30 today", "14:30"),
    ],
)
def test_shows_the_words_that_should_not_leave(text: str, words: str) -> None:
    found = check(text, Audience.CUSTOMER, next_minutes=20)
    assert words in [f.words for f in found]
    finding = next(f for f in found if f.words == words)
    assert finding.stop
    assert text[finding.at :].startswith(words[:4])


@pytest.mark.parametrize(
    "text",
    [
        "We are investigating a problem with checkout. It began at 14:30 UTC. The next update will come by 14:50 CET.",
        "Since 14:30 +01:00 (13:30 Z) 3 of 4 payments fail; see https://status.example.com/incidents/4711.",
        "The EU-West region is slow; a < b and b > c. Version 1.2.3 is fixed. Covid-19 pages work. 9:41 am PST.",
    ],
)
def test_leaves_a_good_text_alone(text: str) -> None:
    assert codes(text) == []


def test_is_less_strict_inside() -> None:
    assert codes("db-01 (10.1.2.3) is down, token=abc123 TODO", Audience.RESPONDERS) == ["secret", "placeholder"]


def test_finds_people_and_unconfirmed_causes_in_customer_texts() -> None:
    state = State("i", roles={Role.COMMANDER: Holding("Ana", NOW)}, theory=Theory("A bad deploy.", False, NOW))
    text = "ana says that a bad deploy did it. Banana."
    assert [(f.code, f.words) for f in check(text, Audience.CUSTOMER, state, 20)] == [
        ("person", "ana"),
        ("cause", "A bad deploy"),
    ]
    assert check(text, Audience.INTERNAL, state, 20) == ()


def test_misses_the_next_update_unless_it_is_over() -> None:
    assert [f.code for f in check("x", Audience.CUSTOMER)] == ["next_update"]
    assert check("x", Audience.CUSTOMER, State("i", phase=Phase.RESOLVED)) == ()
    assert [f.code for f in check(" ", Audience.INTERNAL)] == ["empty"]


@given(st.text())
def test_never_raises(text: str) -> None:
    check(text, Audience.CUSTOMER)


@pytest.mark.parametrize(
    "piece", ["a", "1:", "a-", "a.", "<a", "{{", "_1", "1.", "{%", "http://", "a:", "db-", "+0", " ", "a\n"]
)
def test_is_linear_on_the_longest_texts(piece: str) -> None:
    check(piece * 60_000, Audience.CUSTOMER)


OWN = LeakRule("customer", "the name of a customer", words=("Globex", "Initech", "Acme Bank", "Umbrella"))
UNDER_WAY = State(
    "i",
    roles={Role.COMMANDER: Holding("Ana", NOW), Role.SCRIBE: Holding("Jens", NOW)},
    theory=Theory("A bad deploy of the cart", False, NOW),
)


def looked_over(text: str) -> list[Finding]:
    return list(check(text, Audience.CUSTOMER, UNDER_WAY, 20, rules=(*SHIPPED.values(), OWN)))


@pytest.mark.parametrize(("code", "words", "text"), LEAKS, ids=[words for _, words, _ in LEAKS])
def test_a_planted_leak_is_found_in_a_realistic_text(code: str, words: str, text: str) -> None:
    before, after = CLEAN[len(text) % len(CLEAN)], CLEAN[(7 * len(text)) % len(CLEAN)]
    for whole in (text, f"{before} {text}\n\n{after}"):
        found = [(finding.code, finding.words.casefold()) for finding in looked_over(whole)]
        assert any(kind == code and words.casefold() in said for kind, said in found), found


def test_clean_texts_raise_hardly_an_alarm() -> None:
    assert len(LEAKS) >= 100 and len(CLEAN) >= 60
    alarms = [(finding.words, text) for text in CLEAN for finding in looked_over(text)]
    assert len({text for _, text in alarms}) < 0.05 * len(CLEAN), alarms


def test_ones_own_file_adds_replaces_and_switches_off(tmp_path: Path) -> None:
    own = tmp_path / "check.toml"
    own.write_text('[customers]\ncode = "customer"\nreason = "a customer"\nwords = ["Globex", "a.b"]\n'
                   '[jargon]\ncode = "jargon"\nreason = ""\n')  # fmt: skip
    found, problems = rules(LeakRule, resources.leaks_file(), own)
    assert not problems and "jargon" not in found and "machine" in found
    said = checking.check("GLOBEX, axb, a.b and 5xx", Audience.CUSTOMER, next_minutes=20, rules=found.values())
    assert [(f.code, f.words) for f in said] == [("customer", "GLOBEX"), ("customer", "a.b")]
    own.write_text('[machine]\ncode = "host"\nreason = "x"\npattern = "("\n')
    found, problems = rules(LeakRule, resources.leaks_file(), own)
    assert "machine" in found and problems[0].key == "machine.pattern" and problems[0].line == 4
