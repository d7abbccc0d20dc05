"""Commands that reach outside: against servers that work, and against endpoints that all refuse."""

import socket
from collections.abc import Iterator

import pytest
from rawserver import http, serving
from werkzeug import Request, Response

from iccon.clock import SystemClock
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.journal.store import Journal

EVERYTHING = """
prometheus.url = "http://127.0.0.1:{port}"
pagerduty = {{ token = {{ env = "PD_TOKEN" }}, url = "http://127.0.0.1:{port}" }}
me = {{ name = "Kim Doe", email = "kim@example.com" }}
[alertmanager.am]
url = "http://127.0.0.1:{port}"
[jsm]
cloud_id = "11223344"
email = "kim@example.com"
token = {{ env = "PD_TOKEN" }}
url = "http://127.0.0.1:{port}"
[updates.outlets.hook]
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
[updates.outlets.file]
kind = "file"
path = "updates.md"
"""


@pytest.fixture
def refusing(configure, monkeypatch) -> None:
    """Everything configured, at a port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("PD_TOKEN", "secret-token")
    configure(EVERYTHING.format(port=port))


def test_with_every_endpoint_refusing_the_incident_goes_on(iccon, refusing):
    assert iccon("declare", "Everything is down", "--severity", "SEV1").code == 0
    assert iccon("note", "phones work").code == 0
    assert iccon("severity", "SEV2", "--reason", "half").code == 0
    assert iccon("role", "commander", "Robin").code == 0
    assert iccon("update", "--draft").code == 0
    sent = iccon("update", "--send", "--json")
    assert sent.code == 1
    ends = {o["target"]: o["state"] for o in sent.json["outcomes"]}
    assert ends == {"hook": "failed", "file": "sent"}
    outbox = iccon("outbox", "--json").json
    assert {row["target"]: row["state"] for row in outbox} == ends
    assert iccon("resolve", "--override", "told by phone").code == 0
    assert "phones work" in iccon("export").out


def test_check_names_everything_that_refuses(iccon, refusing):
    ran = iccon("check", "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    wrong = {(c["kind"], c["name"]) for c in ran.json["checks"] if c["ok"] is False}
    assert wrong == {
        ("prometheus", "main"),
        ("pager", "pagerduty"),
        ("pager", "am"),
        ("pager", "jsm"),
        ("outlet", "hook"),
    }
    assert all("refused" in c["detail"] for c in ran.json["checks"] if c["ok"] is False)
    text = iccon("check")
    assert text.out.count("FAULT") == 5
    assert "secret-token" not in text.out + ran.out


def test_check_without_a_configuration_is_fine_and_says_what_is_not_configured(iccon):
    ran = iccon("check", "--json")
    assert ran.code == 0
    states = {c["kind"]: c["configured"] for c in ran.json["checks"]}
    assert states["journal"] is True
    assert states["prometheus"] is states["pager"] is states["outlet"] is False


def test_check_names_a_role_card_that_is_wrong(iccon, home):
    (home / "roles").mkdir()
    (home / "roles" / "scrib.toml").write_text("checklist = []")
    ran = iccon("check", "--json")
    (found,) = [check for check in ran.json["checks"] if check["kind"] == "roles"]
    assert (ran.code, found["ok"]) == (1, False)
    assert 'did you mean "scribe"?' in found["detail"]


def test_check_names_a_secret_that_is_not_there(iccon, refusing, monkeypatch):
    monkeypatch.delenv("PD_TOKEN")
    found = {c["name"]: c["detail"] for c in iccon("check", "--json").json["checks"]}
    assert "PD_TOKEN" in found["pagerduty"]


def test_pages_of_pagers_that_refuse_are_a_fault_each(iccon, refusing):
    ran = iccon("pages", "--json")
    assert ran.code == 1
    assert ran.json["pages"] == []
    assert {f["source"]: f["kind"] for f in ran.json["faults"]} == {
        "am": "refused",
        "pagerduty": "refused",
        "jsm": "refused",
    }
    assert iccon("ack", "P1").code == 1


@pytest.mark.parametrize("words", [["pages"], ["pages", "-g"]])
def test_pages_nobody_told_of_are_not_called_none(iccon, refusing, words):
    ran = iccon(*words)
    assert ran.code == 1
    assert "no open pages" not in ran.out
    assert "not known which pages are open" in ran.out


def test_without_a_pager_pages_are_refused(iccon):
    ran = iccon("pages")
    assert ran.code == 3
    assert "no pager is configured" in ran.err


@pytest.fixture
def pager(configure, monkeypatch) -> Iterator[PagerDutyServer]:
    server = PagerDutyServer(token="secret-token", clock=SystemClock(), on_call="robin@example.com")
    server.start()
    monkeypatch.setenv("PD_TOKEN", "secret-token")
    configure(f"""
pagerduty = {{ token = {{ env = "PD_TOKEN" }}, url = "{server.url}" }}
me = {{ name = "Kim Doe", email = "commander@drill.example.com" }}
""")
    yield server
    server.stop()


def test_a_page_is_listed_acknowledged_once_and_recorded(iccon, incident, pager):
    ident = pager.trigger("checkout: [/dev/sda1] is 95%", "checkout", "high", alert="Disk", runbook_url="")
    page = iccon("pages", "--json").json["pages"][0]
    assert (page["id"], page["title"], page["status"]) == (ident, "checkout: [/dev/sda1] is 95%", "triggered")
    acked = iccon("ack", ident, "--json")
    assert acked.code == 0
    assert acked.json["outcomes"][0]["state"] == "sent"
    assert iccon("pages", "--json").json["pages"][0]["status"] == "acknowledged"
    assert "acknowledge page: checkout: [/dev/sda1] is 95%" in iccon("timeline").out
    assert iccon("ack", "nope").code == 3


def test_many_pages_are_acted_on_with_one_command(iccon, incident, pager):
    first, second = pager.trigger("disk", "db"), pager.trigger("also", "db")
    done = iccon("page", "reassign", first, second, first, "--to", "Jo Park", "--to", "lee.ray@example.com", "--json")
    assert done.code == 0
    assert done.json["counts"] == {"sent": 2}
    assert [outcome["page"] for outcome in done.json["outcomes"]] == [first, second]
    assert {a["assignee"]["summary"] for a in pager.incident(first)["assignments"]} == {"Jo Park", "Lee Ray"}
    assert "reassign page to Jo Park, lee.ray@example.com: disk" in iccon("timeline").out
    acked = iccon("ack", first, second)
    assert "2 sent" in acked.out
    assert [call.path for call in pager.calls if call.method == "PUT"] == ["/incidents"] * 2
    pager.resolve(second)
    both = iccon("page", "snooze", first, second, "--for", "1h30m", "--json")
    assert both.code == 1
    assert both.json["counts"] == {"sent": 1, "failed": 1}
    assert "resolved already" in both.json["outcomes"][1]["detail"]
    assert iccon("page", "reopen", second).code == 0  # it is in no list of open pages
    assert pager.incident(second)["status"] == "triggered"


def test_pages_are_merged_into_the_first(iccon, incident, pager):
    first, second = pager.trigger("disk", "db"), pager.trigger("also", "db")
    assert iccon("page", "merge", first, second).code == 0
    assert pager.incident(second)["resolve_reason"]["incident"]["id"] == first
    assert iccon("page", "merge", first).code == 2


def test_all_about_a_page_with_the_ids_that_its_notes_are_edited_by(iccon, incident, pager):
    key = pager.trigger("disk [/dev/sda1]", "db")
    iccon("page", "note", key, "--text", "grows\x1b[31m")
    told = iccon("page", "show", key, "--json").json[0]
    assert (told["id"], told["service"], told["notices"], told["earlier"]) == (key, "db", [], [])
    assert [entry["what"].split(":")[0] for entry in told["log"]] == ["Annotate by Commander", "Trigger by the API"]
    (note,) = told["notes"]
    shown = iccon("page", "show", key).out
    assert "disk [/dev/sda1]" in shown and note["id"] in shown
    assert "\x1b" not in shown
    assert iccon("page", "delete-note", key, "--note", note["id"]).code == 0
    assert iccon("page", "show", key, "--json").json[0]["notes"] == []
    assert iccon("page", "show", "nope").code == 3


def test_a_note_comes_from_the_standard_input(iccon, incident, pager):
    key = pager.trigger("disk", "db")
    assert iccon("page", "note", key, "--text", "-", stdin=b"two\nlines\x1b[31m\n\n").code == 0
    event = pager.incidents()[0].events[-1]
    assert event.text.startswith("two\nlines")
    assert "\x1b" not in event.text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("resolve", "nope"), 3, "no open page nope"),
        (("snooze", "P1"), 2, "snooze needs a time"),
        (("snooze", "P1", "--for", "soon"), 2, "no span of time"),
        (("snooze", "P1", "--for", "8d"), 2, "1 to 604,800"),
        (("urgency", "P1", "--urgency", "huge"), 2, "high or low"),
        (("note", "P1", "--text", "x", "--level", "2"), 2, "takes no level"),
        (("teleport", "P1"), 2, "invalid choice"),
    ],
)
def test_what_is_no_page_command_is_said_and_nothing_is_written(iccon, incident, pager, words, code, said):
    ran = iccon("page", *words)
    assert ran.code == code
    assert said in ran.err
    assert not any(call.method != "GET" for call in pager.calls)
    assert iccon("outbox", "--json").json == []


@pytest.fixture
def hook(configure, httpserver) -> list[dict[str, object]]:
    posts: list[dict[str, object]] = []

    def take(request: Request) -> Response:
        posts.append(request.get_json())
        return Response('{"id": "4711"}', content_type="application/json")

    httpserver.expect_request("/hook", method="POST").respond_with_handler(take)
    configure(f'[updates.outlets.hook]\nkind = "webhook"\nurl = "{httpserver.url_for("/hook")}"\n')
    return posts


def test_an_update_is_shown_first_and_sent_once_when_asked(iccon, incident, hook):
    shown = iccon("update", "--audience", "customer", "--template", "first-notice", "--next", "15")
    assert shown.code == 0
    assert "not sent; --send sends it" in shown.out
    assert "next in 15 min" in shown.out
    assert hook == []
    assert iccon("timeline", "--json").json["lines"][-1]["kind"] != "update"
    sent = iccon("update", "--audience", "customer", "--template", "first-notice", "--next", "15", "--send", "--json")
    assert sent.code == 0
    assert sent.json["outcomes"][0]["state"] == "sent"
    assert len(hook) == 1
    facts = iccon("show", "--json").json
    assert facts["updates"][0]["outlets"]["hook"]["state"] == "sent"
    assert facts["next_update"] == facts["updates"][0]["next_due"]


def test_what_the_check_finds_stops_the_sending_until_a_reason_is_given(iccon, incident, hook):
    words = ("update", "--text", "db-3.prod.internal is down, TODO more", "--send")
    refused = iccon(*words, "--json")
    assert refused.code == 3
    assert refused.json["refused"]["code"] == "findings"
    assert "db-3.prod.internal" in refused.err
    assert hook == []
    assert iccon(*words, "--override", "the customer asked for it").code == 0
    assert len(hook) == 1


def test_an_update_goes_only_to_outlets_that_exist(iccon, incident, hook):
    ran = iccon("update", "--outlet", "huk")
    assert ran.code == 3
    assert "there is hook" in ran.err


def test_an_update_without_an_outlet_is_refused_with_a_hint(iccon, incident):
    ran = iccon("update", "--send")
    assert ran.code == 3
    assert "[updates.outlets.NAME]" in ran.err


def test_a_draft_waits_in_the_composer(iccon, incident, home):
    assert iccon("update", "--text", "half a sentence", "--draft").code == 0
    journal = Journal.open(home / "data" / "journal.db", SystemClock(), read_only=True)
    kept = journal.draft(f"update:{incident}")
    journal.close()
    assert kept is not None
    assert kept.text == "half a sentence"


def test_templates_and_outlets_are_listed(iccon, hook):
    found = iccon("update", "--list", "--json").json
    assert "first-notice" in found["templates"]
    assert found["outlets"] == ["hook"]


def test_runbooks_are_listed_searched_and_shown(iccon, home, configure):
    (home / "books").mkdir()
    (home / "books" / "disk.md").write_text("# Disk full\n\nFind what grows: \x1b[31mdu -x\n")
    (home / "books" / "slow.md").write_text("# Slow checkout\n\nRoll back.\n")
    configure('runbooks.folders = ["books"]\n')
    assert [b["path"] for b in iccon("runbook", "list", "--json").json] == ["disk.md", "slow.md"]
    assert [b["path"] for b in iccon("runbook", "search", "grows", "--json").json] == ["disk.md"]
    shown = iccon("runbook", "show", "disk")
    assert "Find what grows" in shown.out
    assert "\x1b" not in shown.out
    assert iccon("runbook", "show", "nothing").code == 3
    assert iccon("runbook", "show", ".md").code == 3


def test_runbooks_of_servers_are_fetched_copied_and_probed(iccon, home, configure):
    (home / "books").mkdir()
    page = http(b"# Disk\n\nIt is full.\n", "200 OK", "Content-Type: text/markdown")
    with serving(page) as server:
        docs = f'[runbooks.sources.docs]\nkind = "web"\nurl = "{server.url}/docs"\n'
        wiki = f'kind = "confluence"\nurl = "{server.url}"\nspaces = ["OPS"]\ntoken = {{ env = "NONE" }}\n'
        configure(f'runbooks.folders = ["books"]\n{docs}[runbooks.sources.wiki]\n{wiki}')
        assert "It is full." in iccon("runbook", "show", f"{server.url}/docs/disk.md").out
        refused = iccon("runbook", "show", f"{server.url}/other/disk.md")
        assert (refused.code, "is no place to fetch from" in refused.err) == (3, True)
        assert [b["name"] for b in iccon("runbook", "search", "full", "--json").json] == ["docs:disk.md"]
        checks = {c["name"]: c for c in iccon("check", "--json").json["checks"] if c["kind"] == "runbooks"}
        assert checks["docs"]["ok"]
        assert checks["books"]["detail"].endswith("0 runbooks, 0 files passed over")
        assert "NONE is not set" in checks["wiki"]["detail"]
        synced = iccon("runbook", "sync", "--json")
        assert synced.code == 1
        assert {s["source"]: bool(s["trouble"]) for s in synced.json} == {"books": False, "docs": False, "wiki": True}
    assert "It is full." in iccon("runbook", "show", "docs:disk.md").out


def test_who_is_on_call_is_printed_and_still_known_when_the_pager_is_down(iccon, pager):
    people = iccon("oncall", "--json").json["oncall"]
    assert [(p["level"], p["on_call"]) for p in people] == [(1, True), (2, True)]
    text = iccon("oncall").out
    assert people[0]["name"] in text
    assert people[0]["phones"][0] in text
    assert len(iccon("oncall", "--next", "--json").json["oncall"]) > 2
    pager.stop()
    down = iccon("oncall", "--json")
    assert (down.code, down.json["fault"]["kind"]) == (1, "refused")
    assert down.json["oncall"] == people
    assert "what was known" in iccon("oncall").err
    assert iccon("oncall", "--cached").code == 0


def test_without_a_copy_and_without_a_pager_that_is_said(iccon, refusing, configure):
    assert iccon("oncall").code == 1
    ran = iccon("oncall", "--cached")
    assert (ran.code, ran.out) == (1, "")
    assert "nothing is known yet" in ran.err
    configure("")
    assert iccon("oncall").code == 3


def test_pages_that_belong_together_are_one_row(iccon, pager):
    for node in range(3):
        pager.trigger(f"disk of node-{node} is full", "db", "high", alert="DiskFull", runbook_url="")
    pager.trigger("cart is slow", "cart", "high", alert="Latency", runbook_url="")
    made = iccon("pages", "--grouped", "--json").json
    assert [(g["title"], len(g["pages"])) for g in made["groups"]] == [("db · DiskFull", 3), ("cart · Latency", 1)]
    text = iccon("pages", "-g").out
    assert "3 triggered" in text
    assert "grouped by service, alert and place" in text


def test_pages_are_marked_as_worth_it_or_not_with_and_without_an_incident(iccon, pager):
    ident = pager.trigger("disk is full", "db", "high", alert="DiskFull", runbook_url="")
    assert iccon("pages", "--json").json["pages"][0]["worth"] == ""
    assert iccon("page", "noise", ident).code == 0
    assert iccon("pages", "--json").json["pages"][0]["worth"] == "noise"
    iccon("declare", "Checkout fails")
    assert iccon("page", "actionable", ident).code == 0
    assert "page actionable: disk is full" in iccon("timeline").out
    assert "actionable" in iccon("pages").out
    assert "page noise" not in iccon("timeline").out
    assert iccon("page", "noise", "nope").code == 3


def test_what_nobody_can_tell_is_settled_by_a_person(iccon, incident, pager):
    key = pager.trigger("disk", "db")
    ended = []
    for option in ("--happened", "--not-happened"):
        pager.fail(Fault("reset after", method="POST", path="/instances"))
        assert iccon("page", "workflow", key, "--workflow", "Major incident", "--json").json["counts"] == {"unknown": 1}
        (row,) = iccon("outbox", "--state", "unknown", "--json").json
        again = iccon("page", "workflow", key, "--workflow", "Major incident", "--json")
        assert (again.code, again.json["refused"]["code"]) == (3, "unclear")
        assert iccon("outbox", option, "nope").code == 3
        settled = iccon("outbox", option, row["short"], "--json").json["outcomes"][0]
        assert " looked: it " in settled["detail"]
        ended.append(settled["state"])
        assert iccon("outbox", option, row["id"]).code == 3  # it is known now
    assert ended == ["sent", "failed"]
    assert len(pager.incidents()[0].runs) == 2
    assert "Kim Doe looked: it happened" in iccon("timeline", "--machine").out


def test_a_silence_is_previewed_and_nothing_is_written(iccon, configure, httpserver):
    def named(key: str, service: str) -> dict[str, object]:
        labels = {"alertname": "Full", "service": service}
        return {"fingerprint": key, "labels": labels, "status": {"state": "suppressed", "silencedBy": ["s1"]}}

    ends = {"id": "s1", "status": {"state": "active"}, "endsAt": "2026-11-24T16:00:00Z", "comment": "known"}
    httpserver.expect_request("/api/v2/alerts", method="GET").respond_with_json(
        [named("f1", "db"), named("f2", "db"), named("f3", "cart")]
    )
    httpserver.expect_request("/api/v2/silences", method="GET").respond_with_json([ends])
    configure(f'alertmanager.main.urls = ["{httpserver.url_for("").rstrip("/")}"]\n')
    told = iccon("page", "silence", "f1", "--preview", "--json").json
    assert [page["id"] for page in told[0]["hits"]] == ["f1", "f2"]
    assert "hits 2 of the 3 open pages" in iccon("page", "silence", "f1", "--preview").out
    assert iccon("page", "unsilence", "f1", "--preview", "--json").json[0]["ends"][0]["id"] == "s1"
    assert "known" in iccon("page", "unsilence", "f1", "--preview").out
    assert iccon("page", "resolve", "f1", "--preview").code == 2
    assert iccon("pages", "--json").json["pages"][0]["quiet_until"] == "2026-11-24T16:00:00Z"
    assert {request.method for request, _ in httpserver.log} == {"GET"}
