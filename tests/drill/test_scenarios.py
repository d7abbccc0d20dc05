"""Scenario files: the bundled ones are sound, wrong ones are explained."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from iccon.drill import script
from iccon.drill.control import RUNBOOKS
from iccon.drill.scenario_file import FOLDER, ScenarioFault, bundled, find, load, parse
from iccon.drill.script import Course, What


def whole() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "checkout-latency.toml").read_text())


def problems(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ScenarioFault) as caught:
        parse(data, "mine", "mine.toml")
    assert all(p.file == "mine.toml" and p.expected for p in caught.value.problems)
    return {p.key: f"{p.found} | {p.expected} | {p.hint}" for p in caught.value.problems}


def test_two_scenarios_are_bundled_and_the_default_is_one_of_them() -> None:
    assert bundled() == ("cert-expiry", "checkout-latency")
    assert find().name == "checkout-latency"


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("seed", [1, 2, 77])
def test_a_bundled_scenario_runs_its_course_whatever_the_seed(name: str, seed: int) -> None:
    scenario = find(name)
    course, before = script.advance(scenario, seed, Course(), 130)
    fired = [step.name for step in before if step.what is What.TRIGGER]
    assert sorted(fired) == sorted(page.name for page in scenario.pages)
    course = script.acknowledge(course, scenario.mitigation.page, 130)
    course, after = script.advance(scenario, seed, course, 600)
    assert course.mitigated_at == 130 + scenario.mitigation.delay
    assert set(course.resolved) == set(fired)
    assert [s.what for s in after].count(What.RECOVERED) == 1


@pytest.mark.parametrize("name", bundled())
def test_the_runbooks_of_a_bundled_scenario_exist_and_titles_look_hostile(name: str) -> None:
    scenario = find(name)
    assert all((RUNBOOKS / page.runbook).is_file() for page in scenario.pages if page.runbook)
    assert any("[/" in page.title for page in scenario.pages)
    assert any(page.herring for page in scenario.pages)


def test_every_mistake_is_named_at_once() -> None:
    data = whole()
    data["titel"] = data.pop("title")
    data["services"][0]["latency"] = "fast"
    data["services"][1]["errors"] = 2
    data["faults"][0]["signl"] = data["faults"][0].pop("signal")
    data["pages"][1]["when"]["above"] = "one"
    data["thresholds"]["latncy"] = {}
    found = problems(data)
    assert found["titel"].endswith("did you mean title?")
    assert found["title"].startswith("missing")
    assert found["services[0].latency"] == "a text | a number | "
    assert "<= 1" in found["services[1].errors"]
    assert found["faults[0].signl"].endswith("did you mean signal?")
    assert found["faults[0]"].startswith("signal is missing")
    assert found["pages[1].when.above"] == "a text | a number | "
    assert found["thresholds.latncy"].endswith("did you mean latency?")


def test_names_that_lead_nowhere_are_named() -> None:
    data = whole()
    data["faults"][0]["service"] = "chekout"
    data["faults"][1]["service"] = "email"
    del data["services"][-1]["latency"]
    data["pages"][0]["when"] = {"signal": "errors", "above": 0.1}
    del data["pages"][1]["when"]
    data["mitigation"]["page"] = "nothing"
    data["services"].append(data["services"][0])
    found = problems(data)
    assert found["faults[0].service"].endswith("did you mean checkout?")
    assert "a signal that email has" in found["faults[1].signal"]
    assert found["pages[0]"].startswith("both at and when")
    assert found["pages[1]"].startswith("neither at nor when")
    assert "checkout-latency" in found["mitigation.page"]
    assert found["services"].startswith("gateway twice")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("services", "x", "list of tables"),
        ("mitigation", 3, "a table"),
        ("title", 5, "a text"),
        ("pages", [7], "a table"),
    ],
)
def test_wrong_types_are_no_traceback(key: str, value: Any, expected: str) -> None:
    assert any(expected in text for text in problems(whole() | {key: value}).values())


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken, binary = tmp_path / "broken.toml", tmp_path / "binary.toml"
    broken.write_text("title = ")
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (broken, binary, tmp_path / "absent.toml"):
        with pytest.raises(ScenarioFault) as caught:
            load(path)
        assert caught.value.problems[0].file == str(path)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ScenarioFault) as caught:
        find("checkout-latncy")
    assert caught.value.problems[0].hint == "did you mean checkout-latency?"


def test_a_scenario_of_ones_own_is_found_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes((FOLDER / "cert-expiry.toml").read_bytes())
    assert find(str(path)).name == "own"
