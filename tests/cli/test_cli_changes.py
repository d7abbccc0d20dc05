"""Changes by the command line: told by pipelines, listed for scripts."""

from datetime import timedelta

import pytest

from iccon.clock import SystemClock


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


FILE = '[changes.ci]\nkind = "file"\npath = "deploys.log"\n'
GITHUB = '[changes.hub]\nkind = "github"\nrepository = "shop/checkout"\nurl = "http://127.0.0.1:1"\n'


def write(home, *lines: str) -> None:
    at = f"{SystemClock().now() - timedelta(minutes=50):%Y-%m-%dT%H:%M:%SZ}"
    (home / "deploys.log").write_text("".join(f"{at} {line}\n" for line in lines))


def test_changes_of_all_sources_are_listed_once(iccon, configure, home):
    configure(FILE + 'service = "checkout"')
    write(home, "v2", "v2", "v3")
    iccon("change", "flag on", "--service", "search")
    listed = iccon("changes", "--json").json
    assert sorted(each["text"] for each in listed["changes"]) == ["flag on", "v2", "v3"]
    assert (listed["faults"], listed["notices"]) == ([], [])
    key = next(each["key"] for each in listed["changes"] if each["text"] == "v2")
    name, _, number = key.partition(":")
    iccon("change", "v2, as its pipeline says it", "--source", name, "--key", number)
    assert len(iccon("changes", "--json").json["changes"]) == 3
    assert [each["text"] for each in iccon("changes", "--service", "search", "--json").json["changes"]] == ["flag on"]
    assert "v3" in iccon("changes").out


@pytest.mark.parametrize(("since", "count"), [("2h", 1), ("-2h", 1), ("30m", 0), ("T+1m", None), ("soon", None)])
def test_since_is_a_span_or_a_time(iccon, configure, home, since, count):
    configure(FILE)
    write(home, "v2")
    ran = iccon("changes", "--since", since, "--json")
    if count is None:
        assert ran.code == 2
        assert "--since" in ran.err
    else:
        assert len(ran.json["changes"]) == count


def test_a_source_that_fails_is_named_and_the_others_are_listed(iccon, configure, home):
    configure(FILE + GITHUB)
    write(home, "v2", "nonsense \x1b[31m")
    file = home / "deploys.log"
    file.write_text(f"{file.read_text()}no time\n")
    ran = iccon("changes", "--json")
    assert ran.code == 1
    assert len(ran.json["changes"]) == 2
    assert [(each["source"], each["kind"]) for each in ran.json["faults"]] == [("hub", "refused")]
    assert ran.json["notices"] == ["ci: line 3: no time such as 2026-11-24T14:05:00Z"]
    assert "\x1b" not in ran.out + ran.err + iccon("changes").out


def test_all_sources_down_is_said_and_what_was_told_here_is_listed(iccon, configure):
    configure(GITHUB)
    iccon("change", "v2")
    ran = iccon("changes")
    assert ran.code == 1
    assert "v2" in ran.out
    assert "hub: refused" in ran.err


def test_nothing_configured_and_nothing_told_is_no_fault(iccon):
    ran = iccon("changes")
    assert ran.code == 0
    assert "no changes are known since" in ran.out


def test_check_tries_the_sources_of_changes(iccon, configure, home):
    configure(FILE + GITHUB)
    write(home, "v2")
    found = {each["name"]: each for each in iccon("check", "--json").json["checks"] if each["kind"] == "changes"}
    assert found["ci"]["ok"] is True
    assert found["ci"]["detail"] == "changes in the last hour: 1"
    assert found["hub"]["ok"] is False
