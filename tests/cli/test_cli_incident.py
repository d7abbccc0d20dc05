"""One incident by the command line, from declaration to export."""

import json


def test_an_incident_from_declaration_to_export(iccon):
    declared = iccon("declare", "Checkout fails", "--severity", "1", "--service", "checkout", "--json").json
    assert [e["kind"] for e in declared["entries"]] == ["declared", "role"]
    assert iccon("note", "rolled", "back", "deploy 4711").code == 0
    assert iccon("impact", "start", "all customers").code == 0
    assert iccon("role", "scribe", "Kim Doe").code == 0
    assert iccon("theory", "the deploy", "--confirmed").code == 0
    assert iccon("phase", "identified").code == 0
    assert iccon("severity", "SEV2", "--reason", "half are back").code == 0
    assert iccon("retitle", "Checkout fails for half of the customers").code == 0
    assert iccon("impact", "stop").code == 0
    assert iccon("resolve", "rollback held", "--override", "told by phone").code == 0
    shown = iccon("show", "--json").json
    assert shown["id"] == declared["incident"]
    assert shown["title"] == "Checkout fails for half of the customers"
    assert (shown["severity"], shown["phase"], shown["active"]) == ("SEV2", "resolved", False)
    assert shown["services"] == ["checkout"]
    assert shown["roles"]["scribe"]["person"] == "Kim Doe"
    assert shown["theory"]["confirmed"] is True
    assert len(shown["impacts"]) == 1
    assert shown["notes"] == 1
    assert "rolled back deploy 4711" in iccon("export").out
    assert iccon("verify", "--json").json["bad"] is None


def test_the_timeline_tells_what_was_amended_and_struck(iccon, incident):
    note = iccon("note", "all nodes are gone", "--json").json["entries"][0]
    wrong = iccon("note", "wrong window", "--json").json["entries"][0]
    assert iccon("amend", note["short"], "two nodes are gone").code == 0
    assert iccon("strike", wrong["id"], "another incident").code == 0
    lines = {line["id"]: line for line in iccon("timeline", "--json").json["lines"]}
    assert lines[note["id"]]["text"] == "two nodes are gone"
    assert lines[note["id"]]["amended"] is True
    assert lines[wrong["id"]]["struck"] == "another incident"
    text = iccon("timeline").out
    assert "two nodes are gone" in text
    assert "wrong window [struck: another incident" in text


def test_a_note_of_earlier_keeps_both_times(iccon, incident):
    noted = iccon("note", "--at", "-12m", "seen on the dashboard", "--json").json["entries"][0]
    assert noted["happened_at"] < noted["recorded_at"]
    assert "recorded 12m later" in iccon("timeline").out


def test_a_time_can_follow_the_text_too(iccon, incident):
    noted = iccon("note", "seen", "--at", "-3m", "--json").json["entries"][0]
    assert noted["text"] == "seen"


def test_a_time_that_is_none_is_wrong_use(iccon, incident):
    ran = iccon("note", "seen", "--at", "soon")
    assert ran.code == 2
    assert "not a time" in ran.err
    assert "14:03" in ran.err


def test_a_note_and_an_update_come_from_the_standard_input(iccon, incident):
    noted = iccon("note", "-", "--json", stdin=b"first line\nsecond line\n").json
    assert noted["entries"][0]["text"] == "first line\nsecond line"
    shown = iccon("update", "--text", "-", "--json", stdin=b"We look into it.").json
    assert shown["text"] == "We look into it."


def test_an_entry_may_have_a_note_that_begins_with_a_dash(iccon, incident):
    assert iccon("note", "--", "-5 nodes, --at least").code == 0
    assert "-5 nodes, --at least" in iccon("timeline").out


def test_several_active_incidents_are_listed_instead_of_guessed(iccon, incident):
    other = iccon("declare", "Search is slow", "--severity", "3", "--json").json["incident"]
    ran = iccon("note", "which one?")
    assert ran.code == 3
    assert incident[-6:] in ran.err
    assert other[-6:] in ran.err
    assert "--incident" in ran.err
    refused = iccon("note", "which one?", "--json")
    assert refused.code == 3
    assert refused.json["refused"]["code"] == "which"
    assert iccon("note", "this one", "--incident", other[-6:]).code == 0
    assert iccon("show", other[-8:], "--json").json["notes"] == 1
    assert iccon("show", incident, "--json").json["notes"] == 0


def test_a_resolved_incident_takes_notes_and_can_be_reopened(iccon, incident):
    assert iccon("resolve", "--override", "told by phone").code == 0
    assert iccon("note", "written afterwards").code == 0
    assert iccon("severity", "SEV1").code == 3
    assert iccon("reopen", "it is back").code == 0
    assert iccon("list", "--active", "--json").json[0]["phase"] == "investigating"


def test_refusals_have_a_code_a_reason_and_a_hint(iccon, incident):
    ran = iccon("severity", "SEV4", "--json")
    assert ran.code == 3
    assert set(ran.json["refused"]) == {"code", "reason", "hint"}
    assert ran.json["refused"]["code"] == "reason"
    assert ran.err.startswith("refused: ")
    assert iccon("note", "   ").code == 3
    assert iccon("strike", "zzzzzz", "why").code == 3
    assert iccon("impact", "stop").code == 3
    assert iccon("show", "zzzzzz").code == 3


def test_without_an_incident_everything_says_so(iccon):
    assert iccon("list").out == "no incidents\n"
    assert iccon("list", "--json").json == []
    for words in (["note", "x"], ["show"], ["timeline"], ["export"], ["resolve"], ["update"]):
        ran = iccon(*words)
        assert ran.code == 3, words
        assert "declare one" in ran.err


def test_drills_have_a_journal_of_their_own(iccon, incident):
    assert iccon("declare", "An exercise", "--drill").code == 0
    assert [i["title"] for i in iccon("list", "--json").json] == ["Checkout fails"]
    drills = iccon("list", "--drill", "--json").json
    assert [(i["title"], i["drill"]) for i in drills] == [("An exercise", True)]
    assert "DRILL" in iccon("show", "--drill").out


def test_machine_entries_are_counted_when_they_are_hidden(iccon, incident, tmp_path, configure):
    configure('[updates.outlets.page]\nkind = "file"\npath = "page.md"\n')
    assert iccon("update", "--send").code == 0
    hidden = iccon("timeline")
    assert "(1 machine entry hidden; --machine shows them)" in hidden.out
    assert "page sent" in iccon("timeline", "--machine").out
    facts = iccon("timeline", "--json").json
    assert facts["hidden"] == 0
    assert facts["lines"][-1]["machine"] is True


def test_records_go_out_and_come_in_without_loss(iccon, incident, tmp_path, monkeypatch):
    iccon("note", "kept ✓")
    file = tmp_path / "records.jsonl"
    assert iccon("export", "--format", "jsonl", "--output", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    before = iccon("timeline", "--json").json
    monkeypatch.setenv("ICCON_HOME", str(tmp_path / "elsewhere"))
    assert iccon("import", str(file), "--json").json == {"added": 3, "known": 0}
    assert iccon("import", "-", "--json", stdin=file.read_bytes()).json == {"added": 0, "known": 3}
    assert iccon("timeline", "--json").json == before
    assert iccon("verify").code == 0


def test_an_export_overwrites_nothing(iccon, incident, tmp_path):
    file = tmp_path / "there.md"
    file.write_text("mine")
    assert iccon("export", "--output", str(file)).code == 3
    assert file.read_text() == "mine"


def test_a_file_that_is_no_export_is_refused_whole(iccon, incident, tmp_path):
    file = tmp_path / "cut.jsonl"
    assert iccon("export", "--format", "jsonl", "-o", str(file)).code == 0
    file.write_bytes(file.read_bytes()[:-200])
    ran = iccon("import", str(file))
    assert ran.code == 1
    assert "line" in ran.err
    assert iccon("import", str(tmp_path / "none.jsonl")).code == 2


def test_json_has_the_documented_fields(iccon, incident):
    facts = iccon("show", "--json").json
    documented = """id short title severity phase active drill services declared_at declared_by resolved_at
        elapsed_seconds impact_seconds commander roles experts impacts theory tasks milestones next_update updates
        runbooks steps notes entries"""
    assert set(facts) == set(documented.split())
    entry_fields = "id short incident kind happened_at recorded_at actor text"
    line = iccon("timeline", "--json").json["lines"][0]
    assert set(line) == {*entry_fields.split(), "machine", "late", "amended", "struck", "pinned", "links"}
    receipt = json.loads(iccon("note", "x", "--json").out)
    assert set(receipt) == {"incident", "entries", "effects"}
    assert set(receipt["entries"][0]) == set(entry_fields.split())


def test_a_stalk_is_an_entry_and_a_second_like_it_is_refused(iccon, incident):
    for words, text in (
        (("checkout", "latency"), "stalking checkout latency"),
        (("checkout",), "stalking checkout (every signal)"),
        (("--all",), "stalking every signal of every service"),
        (("checkout", "errors", "--off"), "no longer stalking checkout errors"),
    ):
        assert iccon("stalk", *words, "--json").json["entries"][0]["text"] == text
    assert iccon("stalk", "checkout", "latency").code == 3
    for wrong in ((), ("",), ("checkout", "weather"), ("--all", "checkout")):
        assert iccon("stalk", *wrong).code == 2


def test_milestones_are_set_corrected_and_shown(iccon):
    declared = iccon("declare", "Checkout fails", "--began", "-20m", "--json").json
    assert [e["kind"] for e in declared["entries"]] == ["declared", "milestone", "role"]
    assert iccon("milestone", "detected", "--at", "-15m").code == 0
    assert iccon("milestone", "detected", "--at", "-12m").code == 0
    wrong = iccon("milestone", "detected", "--at", "-30m", "--json")
    assert (wrong.code, wrong.json["refused"]["code"]) == (3, "order")
    known = iccon("show", "--json").json["milestones"]
    assert list(known) == ["declared", "began", "detected"]
    assert known["began"] < known["detected"] < known["declared"]
    assert "detected" in iccon("show").out
    assert "| Began |" in iccon("export").out
    assert iccon("milestone", "resolved").code == 2
    assert iccon("declare", "x", "--began", "noon").code == 2
    assert "--began" in iccon("declare", "x", "--began", "noon").err


def test_tasks_are_noted_listed_postponed_and_settled(iccon, incident):
    decided = iccon("decide", "roll back 4711", "--executor", "sam", "--check", "10m", "--risk", "cache", "--json").json
    assert decided["entries"][0]["text"] == "decision: roll back 4711 (sam, back in 10 min); risk: cache"
    assert iccon("ask", "who owns the cache?", "--to", "lee").code == 0
    assert iccon("assign", "page the vendor", "--to", "kim", "--in", "1h").code == 0
    assert iccon("todo", "the runbook is wrong").code == 0
    tasks = iccon("tasks", "--json").json["tasks"]
    assert [t["what"] for t in tasks] == ["decision", "action", "question", "todo"]
    first = tasks[0]["short"]
    assert iccon("accept", first).code == 0
    assert iccon("postpone", first, "20m", "still rolling").code == 0
    assert iccon("done", first).code == 3
    assert iccon("done", first, "errors are down").code == 0
    assert "errors are down" in iccon("tasks", "--all").out
    assert "roll back" not in iccon("tasks").out
    assert iccon("done", "zzzzzz").code == 3
    assert iccon("assign", "x", "--in", "soon").code == 2
    assert iccon("resolve", "over", "--override", "told by phone").code == 0
    assert iccon("done", tasks[3]["short"]).code == 0
    exported = iccon("export").out
    assert "## Decisions and tasks" in exported
    assert "| roll back 4711 | sam |" in exported
    assert len(iccon("show", "--json").json["tasks"]) == 4


def test_the_timeline_is_searched_by_words(iccon, incident):
    iccon("note", "disk full on db-1")
    iccon("note", "cache is cold")
    (line,) = iccon("timeline", "--find", "kind:note disk", "--json").json["lines"]
    assert line["text"] == "disk full on db-1"
    assert "cache" not in iccon("timeline", "--find", "disk").out
    wrong = iccon("timeline", "--find", "is:green")
    assert (wrong.code, "is:late" in wrong.err) == (2, True)


def test_the_history_of_an_entry_tells_every_version(iccon, incident):
    note = iccon("note", "all nodes are gone", "--json").json["entries"][0]
    amended = iccon("amend", note["short"], "two nodes are gone", "--json").json["entries"][0]
    iccon("strike", note["short"], "another incident")
    told = iccon("history", note["short"], "--json").json
    assert [(v["what"], v["text"]) for v in told["versions"]] == [
        ("written", "all nodes are gone"),
        ("amended", "two nodes are gone"),
        ("struck", "two nodes are gone"),
    ]
    assert told["versions"][2]["why"] == "another incident"
    assert iccon("history", amended["short"], "--json").json == told
    assert "another incident" in iccon("history", note["id"]).out
    assert iccon("history", "nothing").code == 3


def test_the_timeline_is_ordered_by_either_time(iccon, incident):
    iccon("note", "second", "--at", "-1m")
    iccon("note", "first", "--at", "-2m")
    notes = [line["text"] for line in iccon("timeline", "--json").json["lines"] if line["kind"] == "note"]
    assert notes == ["first", "second"]
    recorded = iccon("timeline", "--by", "recorded", "--json").json["lines"]
    assert [line["text"] for line in recorded if line["kind"] == "note"] == ["second", "first"]


def test_what_is_written_twice_at_once_is_refused_unless_meant(iccon, incident):
    iccon("note", "disk full")
    again = iccon("note", "disk full")
    assert (again.code, "--again" in again.err) == (3, True)
    assert iccon("note", "disk full", "--again").code == 0
    assert iccon("todo", "disk full").code == 0
    assert iccon("todo", "disk full").code == 3


def test_resolving_names_what_is_not_met_and_what_is_not_known(iccon, incident):
    refused = iccon("resolve", "--json")
    assert refused.code == 3
    assert '"code": "gate"' in refused.out + refused.err
    assert "mitigated is not set" in refused.out + refused.err
    assert "not known: signals in range" in refused.err
    assert "not known" not in iccon("resolve", "--no-look").err
    assert iccon("phase", "resolved").code == 3
    assert "resolved although not met" in iccon("resolve", "--override", "told by phone").out


def test_an_entry_is_pinned_and_a_note_made_a_task_by_a_script_too(iccon, incident):
    note = iccon("note", "page the vendor", "--json").json["entries"][0]
    assert iccon("pin", note["short"]).code == 0
    assert iccon("amend", note["short"], "--kind", "action", "--owner", "kim").code == 0
    (line,) = iccon("timeline", "--find", "is:pinned", "--json").json["lines"]
    assert (line["pinned"], line["kind"], line["text"]) == (True, "task", "action: page the vendor (kim)")
    assert "pinned" in iccon("timeline").out
    exported = iccon("export").out
    assert "## Pinned" in exported
    assert "(pinned)" in exported
    assert iccon("pin", note["short"], "--off").code == 0
    assert iccon("pin", note["short"], "--off").code == 3
    assert "## Pinned" not in iccon("export").out


def test_a_decision_record_by_options(iccon, incident):
    words = ("--options", "fix forward", "--risk", "an hour", "--objections", "Lee", "--outcome", "roll back")
    assert iccon("decide", "4711?", "--executor", "sam", "--check", "2d", *words).code == 0
    (task,) = iccon("tasks", "--json").json["tasks"]
    assert (task["options"], task["risk"], task["objections"]) == ("fix forward", "an hour", "Lee")
    assert (task["decided"], task["owner"]) == ("roll back", "sam")
    exported = iccon("export").out
    for words in ("## Decision record", "Strong objections: Lee", "Decided: roll back", "Executor: sam"):
        assert words in exported
