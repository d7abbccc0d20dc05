import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.incident.roles import Role
from iccon.incident.severity import Audience, Phase, Severity
from iccon.incident.state import Holding, Impact, Issued, State, Theory
from iccon.updates.check import check
from iccon.updates.facts import Facts, facts, span
from iccon.updates.templates import BUNDLED, TemplateProblem, Templates, suggest

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
STATE = State(
    "i",
    title="db-1 rejects writes",
    severity=Severity.SEV1,
    declared_at=NOW - timedelta(minutes=25),
    services=("checkout", "payments"),
    roles={Role.COMMANDER: Holding("Ana Ruiz", NOW)},
    impacts=(Impact("x", "half of the card payments fail", NOW - timedelta(minutes=30)),),
    theory=Theory("a bad deploy of the ledger", False, NOW),
)
CUSTOMER = facts(STATE, NOW, BERLIN, 20)
INTERNAL = facts(STATE, NOW, BERLIN, 20, Audience.INTERNAL)
KNOWN = Facts.__struct_fields__


def own(folder: Path, text: str, given: Facts = CUSTOMER, name: str = "mine") -> str | TemplateProblem:
    (folder / f"{name}.md.j2").write_text(text)
    return Templates(folder).render(name, given)


class TestFacts:
    def test_name_the_zone_of_every_time(self) -> None:
        assert (CUSTOMER.began, CUSTOMER.next_update, CUSTOMER.now) == ("14:30 CET", "15:20 CET", "15:00 CET")
        assert facts(STATE, NOW, ZoneInfo("Asia/Kathmandu"), 20).next_update == "20:05 UTC+05:45"
        assert facts(STATE, NOW, UTC, 700).next_update == "2026-11-25 01:40 UTC"

    def test_tell_customers_neither_names_nor_guesses(self) -> None:
        assert (CUSTOMER.commander, CUSTOMER.theory) == ("", "")
        assert (INTERNAL.commander, INTERNAL.theory, INTERNAL.theory_confirmed) == (
            "Ana Ruiz",
            "a bad deploy of the ledger",
            False,
        )

    @pytest.mark.parametrize(
        ("minutes", "text"), [(0, "0 min"), (65, "1 h 5 min"), (60 * 51, "2 d 3 h"), (-5, "0 min")]
    )
    def test_read_durations(self, minutes: int, text: str) -> None:
        assert span(timedelta(minutes=minutes)) == text


class TestBundled:
    @pytest.mark.parametrize("name", BUNDLED[:5])
    @pytest.mark.parametrize("given", [CUSTOMER, INTERNAL], ids=["external", "internal"])
    def test_customer_texts_leak_nothing(self, name: str, given: Facts) -> None:
        text = Templates().render(name, given)
        assert isinstance(text, str)
        assert [f for f in check(text, Audience.CUSTOMER, STATE, 20) if f.stop] == []
        assert "checkout and payments" in text
        assert all(word not in text for word in ("Ana", "db-1", "deploy"))

    @pytest.mark.parametrize("name", BUNDLED)
    def test_need_no_fact_but_the_declaration(self, name: str) -> None:
        text = Templates().render(name, facts(State("i", title="t", declared_at=NOW), NOW, UTC))
        assert isinstance(text, str)
        assert "None" not in text
        assert "  " not in text.replace("\n", "")

    @pytest.mark.parametrize("name", BUNDLED[:4])
    def test_promise_the_next_update(self, name: str) -> None:
        assert "by 15:20 CET." in str(Templates().render(name, CUSTOMER))

    def test_internal_one_reads_as_conditions_actions_needs(self) -> None:
        text = str(Templates().render("internal", INTERNAL))
        assert [line.split(":")[0] for line in text.split("\n")[1:]] == [
            "Conditions",
            "Theory (not confirmed)",
            "Actions",
            "Needs",
            "Commander",
        ]

    def test_mark_a_drill(self) -> None:
        drill = facts(State("i", title="t", declared_at=NOW, drill=True), NOW, UTC)
        assert all(str(Templates().render(name, drill)).startswith("DRILL - ") for name in BUNDLED)

    def test_fit_where_the_incident_stands(self) -> None:
        told = tuple(Issued(str(n), Audience.CUSTOMER, NOW, "", None, {}) for n in range(3))
        names = [suggest(State("i", updates=told[:n]), Audience.CUSTOMER) for n in range(4)]
        assert names == ["first-notice", "scope", "progress", "progress"]
        assert suggest(State("i", phase=Phase.MONITORING), Audience.CUSTOMER) == "mitigated"
        assert suggest(State("i", phase=Phase.RESOLVED), Audience.CUSTOMER) == "resolved"
        assert suggest(State("i"), Audience.EXECUTIVE) == "internal"
        assert [Templates().audience(name) for name in BUNDLED] == [Audience.CUSTOMER] * 5 + [Audience.INTERNAL]


class TestOwn:
    def test_are_listed_and_replace_bundled_ones(self, tmp_path: Path) -> None:
        assert own(tmp_path, "{# internal: ours #}\n{{ title | upper }}", name="scope") == "DB-1 REJECTS WRITES"
        own(tmp_path, "x")
        assert Templates(tmp_path).names() == (*BUNDLED, "mine")
        assert Templates(tmp_path).audience("scope") is Audience.INTERNAL

    def test_can_use_conditions_loops_and_filters(self, tmp_path: Path) -> None:
        text = "{% for s in services %}{{ loop.index }}. {{ s }}{% if not loop.last %}, {% endif %}{% endfor %}"
        assert own(tmp_path, text) == "1. checkout, 2. payments"
        assert own(tmp_path, "{% set n = impact_minutes * 2 %}{{ n }} {{ theory or 'open' }}") == "60 open"

    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("a\n{{ titel }}", 2, "did you mean title"),
            ("a\nb {{ x.y }}", 2, "'x' is undefined"),
            ("{% if %}", 1, "Expected an expression"),
            ("a\n\n{{ title", 3, "unexpected end"),
            ("{{ title | nosuch }}", 1, "nosuch"),
            ("{{ 1 / 0 }}", 1, "division"),
            ("{{ title() }}", 1, "only range() can be called"),
            ("{{ title.__class__ }}", 1, "unsafe"),
            ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
            ("{{ cycler }}", 1, "undefined"),
            ("{% include 'x' %}", 1, "Include has no place"),
            ("\n{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", 2, "Macro has no place"),
            ("{% set ns = namespace(x=1) %}", 1, "only range() can be called"),
            ("{{ 'a' * 9999999999 }}", 1, "is for numbers"),
            ("{{ '%9999999999d' % 1 }}", 1, "is for numbers"),
            ("{{ 9 ** 9 ** 9 }}", 1, "Pow has no place"),
            ("{{ title ~ title }}", 1, "Concat has no place"),
            ("{% for i in range(999999999) %}x{% endfor %}", 1, "at most 1,000"),
            ("{% for a in range(999) %}{% for b in range(999) %}xxxx{% endfor %}{% endfor %}", None, "grows over"),
            ("{% for a in 'a' %}" * 3 + "{% endfor %}" * 3, 1, "at most 2 deep"),
            ("{{ title | replace('', 'xxxxxxxxxx' | replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'))"
             " | replace('', '" + "z" * 99 + "') }}", 1, "grows over"),
            ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", None, "nested too deeply"),
        ],
    )  # fmt: skip
    def test_are_refused_with_file_line_and_reason(
        self, tmp_path: Path, text: str, line: int | None, words: str
    ) -> None:
        problem = own(tmp_path, text)
        assert isinstance(problem, TemplateProblem)
        assert problem.file.endswith("mine.md.j2")
        assert words in problem.reason
        assert line in (None, problem.line)

    def test_cannot_hang_on_loops_over_texts(self, tmp_path: Path) -> None:
        done = threading.Event()
        text = "{% for a in title %}{% for b in title %}{% endfor %}{% endfor %}done"
        threading.Thread(target=lambda: (own(tmp_path, text), done.set()), daemon=True).start()
        assert done.wait(20)

    def test_unreadable_files_are_problems(self, tmp_path: Path) -> None:
        (tmp_path / "latin.md.j2").write_bytes(b"\xe4")
        (tmp_path / "huge.md.j2").write_text("x" * 100_000)
        for name, words in (("latin", "not UTF-8"), ("huge", "more than 64,000"), ("nosuch", "no such template")):
            problem = Templates(tmp_path).render(name, CUSTOMER)
            assert isinstance(problem, TemplateProblem)
            assert words in problem.reason
        near = Templates(tmp_path / "missing").render("first_notice", CUSTOMER)
        assert isinstance(near, TemplateProblem)
        assert "did you mean first-notice?" in near.reason

    def test_path_like_names_reach_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "secret.md.j2").write_text("secret")
        (tmp_path / "own").mkdir()
        for name in ("../secret", "own/../../secret", str(tmp_path / "secret")):
            assert isinstance(Templates(tmp_path / "own").render(name, CUSTOMER), TemplateProblem)

    def test_give_clean_text_without_more_than_one_blank_line(self, tmp_path: Path) -> None:
        assert own(tmp_path, "a  \n\n\n\nb\x1b[2J\n") == "a\n\nb␛[2J"

    @given(st.text(st.sampled_from("{}%# \n()|'titlefornds12*~."), max_size=60))
    def test_never_raise(self, text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            assert isinstance(own(Path(folder), text), str | TemplateProblem)
