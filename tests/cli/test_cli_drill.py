"""The drill by the command line: without a screen, without a network, in a journal of its own."""

import re

from iccon.cli import drill
from iccon.drill import scenario_file
from iccon.drill.world import World


def test_scenarios_are_listed(iccon):
    names = [s["name"] for s in iccon("drill", "list", "--json").json]
    assert "checkout-latency" in names
    assert "checkout-latency" in iccon("drill", "list").out


def test_a_headless_drill_tells_what_happened(iccon, incident):
    ran = iccon("drill", "--headless", "--for", "60s", "--speed", "100", "--seed", "7")
    assert ran.code == 0
    assert "DRILL REPORT" in ran.out
    assert re.search(r"first update +\d+:\d\d", ran.out)
    assert [i["title"] for i in iccon("list", "--json").json] == ["Checkout fails"]
    drills = iccon("list", "--drill", "--json").json
    assert [(d["phase"], d["drill"]) for d in drills] == [("resolved", True)]
    assert iccon("verify", "--drill").code == 0
    assert "DRILL" in iccon("export", "--drill").out


def test_a_drill_that_is_cut_short_says_so_and_the_next_one_starts_clean(iccon):
    ran = iccon("drill", "--headless", "--for", "0.5s", "--speed", "1", "--json")
    assert ran.code == 0
    assert ran.json["complete"] is False
    iccon("declare", "left over", "--drill")
    assert iccon("drill", "--headless", "--for", "0.5", "--json").code == 0
    assert iccon("list", "--drill", "--active", "--json").json == []


def test_another_terminal_finds_no_drill_when_none_runs(iccon):
    for words in (["drill", "status"], ["drill", "mitigate", "rollback"]):
        ran = iccon(*words)
        assert ran.code == 1
        assert "no drill is running" in ran.err
    assert iccon("drill", "mitigate").code == 2


def test_spans_of_time_are_read():
    assert drill._seconds("90") == drill._seconds("90s") == drill._seconds("1.5m") == 90
    assert drill._seconds("2h") == 7200


def test_another_terminal_steers_a_running_drill(iccon, home):
    with World(scenario_file.find("checkout-latency"), speed=200.0, automatic=False) as world:
        world.control.leave_word(home / "data")
        status = iccon("drill", "status", "--json").json
        assert status["scenario"] == "checkout-latency"
        wrong = next(v for v in status["verbs"] if v != world.scenario.mitigation.name)
        assert iccon("drill", "mitigate", wrong, "--json").json["right"] is False
        assert "scenario" in iccon("drill", "status").out
