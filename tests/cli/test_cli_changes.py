"""Changes by the command line: told by pipelines, listed for scripts."""

import pytest


def test_a_pipeline_tells_a_change_with_or_without_an_incident(iccon):
    told = iccon("change", "v2 of checkout", "--service", "checkout", "--key", "4711", "--json").json
    assert (told["new"], told["incident"], told["key"]) == (True, "", "cli:4711")
    incident = iccon("declare", "Checkout fails", "--json").json["incident"]
    again = iccon("change", "v2 of checkout", "--key", "4711", "--json").json
    assert again == {**told, "new": False}
    assert iccon("change", "v2 of checkout", "--key", "4711").out == "known already: cli:4711\n"
    assert iccon("change", "v3", "--key", "4711", "--source", "deployer", "--json").json["incident"] == incident


def test_a_change_is_a_visible_line_of_the_timeline(iccon, incident):
    words = ("--service", "checkout", "--service", "search", "--who", "ann", "--url", "https://ci/1", "--at", "-5m")
    assert iccon("change", "flag on", *words).code == 0
    (line,) = [each for each in iccon("timeline", "--json").json["lines"] if each["kind"] == "change_seen"]
    assert line["text"] == "change of checkout, search by ann: flag on https://ci/1"
    assert line["happened_at"] < line["recorded_at"]
    assert "flag on" in iccon("timeline").out
    assert "flag on" in iccon("export").out


def test_several_incidents_leave_a_change_to_none_unless_it_is_named(iccon, incident):
    iccon("declare", "Search is slow")
    assert iccon("change", "v2", "--json").json["incident"] == ""
    assert iccon("change", "v3", "--incident", incident, "--json").json["incident"] == incident


@pytest.mark.parametrize("url", ["ftp://ci/1", "javascript:alert(1)", "ci.example.org", "https://a b"])
def test_a_url_that_is_no_web_address_is_refused(iccon, url):
    ran = iccon("change", "v2", "--url", url)
    assert ran.code == 3
    assert "https://" in ran.err


def test_hostile_words_are_harmless_when_they_come_back(iccon, incident):
    iccon("change", "v2\x1b]0;owned\x07\u202e", "--who", "\x1b[31mann", "--key", "k\x1b[2J")
    shown = iccon("timeline").out + iccon("change", "again", "--key", "k\x1b[2J").out
    assert "owned" in shown
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
