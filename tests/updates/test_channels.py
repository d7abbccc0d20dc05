"""Outlets against loopback servers that answer as the services do: one post an update, whatever comes."""

import json
import sys
import threading
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from mailserver import mail_server
from msgspec import structs
from rawserver import hang, http, reset, serving
from werkzeug import Request, Response
from wsgiserver import served

from iccon.config.schema import Outlet as Config
from iccon.effects import attempt, look
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect, EffectState
from iccon.incident.ids import uuid7
from iccon.text import clean
from iccon.updates import registry
from iccon.updates.model import Message, Outlet, Posted
from iccon.updates.outlets.command import CommandOutlet
from iccon.updates.outlets.email import EmailOutlet
from iccon.updates.outlets.grafana import GrafanaOutlet
from iccon.updates.outlets.slack import SlackOutlet
from iccon.updates.outlets.statuspage import StatuspageOutlet
from iccon.updates.outlets.teams import TeamsOutlet
from iccon.updates.port import UpdatesPort

IDS = [uuid7(1_795_000_000_000 + n, b"0123456789") for n in range(5)]
INCIDENT = uuid7(1_794_000_000_000, b"0123456789")
HOSTILE = "<!channel> @everyone *b* [x](http://evil.example) &amp; <script>alert(1)</script>"
MESSAGE = Message(
    IDS[0], f"We are on it. {HOSTILE}", "customer", "Problem with checkout", "SEV2", False, INCIDENT, "investigating",
    ("checkout", "search"),
)  # fmt: skip


class Service:
    """What the services have in common: requests are kept; `lose` carries the next write out and breaks the answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.times: list[tuple[str, float]] = []
        self.lose = False

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        request = Request(environ)
        body = json.loads(request.get_data() or b"{}")
        self.asked.append((request.method, request.path, body))
        self.times.append((request.method, time.monotonic()))
        status, answer = self.answer(request, body)
        lost = self.lose and request.method != "GET"
        self.lose = self.lose and not lost
        text = "<html>gateway</html>" if lost else json.dumps(answer)
        return Response(text, status, content_type="application/json")(environ, start)

    def answer(self, request: Request, body: Any) -> tuple[int, Any]:
        raise NotImplementedError


class Slack(Service):
    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request, body: Any) -> tuple[int, Any]:
        if request.headers.get("Authorization") != "Bearer xoxb-1":
            return 200, {"ok": False, "error": "invalid_auth"}
        if request.path == "/api/chat.postMessage":
            assert body["channel"] in ("C1", "ops") and len(body["blocks"]) <= 50
            assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"])
            stamp = f"1795000000.{len(self.messages):06d}"
            self.messages[stamp] = body
            return 200, {"ok": True, "channel": "C1", "ts": stamp, "message": body}
        if request.path == "/api/chat.update":
            if body["ts"] not in self.messages:
                return 200, {"ok": False, "error": "message_not_found"}
            self.messages[body["ts"]] |= body
            return 200, {"ok": True, "channel": "C1", "ts": body["ts"]}
        thread = request.args.get("ts")
        found = [{"ts": ts, **m} for ts, m in self.messages.items() if m.get("thread_ts") == thread or ts == thread]
        return 200, {"ok": True, "messages": found, "has_more": False}


class Statuspage(Service):
    KEYS = frozenset(
        (
            "name",
            "status",
            "body",
            "metadata",
            "impact_override",
            "component_ids",
            "components",
            "deliver_notifications",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request, body: Any) -> tuple[int, Any]:
        if request.headers.get("Authorization") != "OAuth key":
            return 401, {"error": "Could not authenticate"}
        known = request.path.removeprefix("/v1/pages/p1/incidents").strip("/")
        if request.method == "GET":
            if not known:
                return 200, list(self.incidents.values())
            return (200, self.incidents[known]) if known in self.incidents else (404, {"error": "not found"})
        given = body["incident"]
        assert set(given) <= self.KEYS and given["status"] in ("investigating", "identified", "monitoring", "resolved")
        assert all(isinstance(value, dict) for value in given["metadata"].values())
        ident = known or f"i{len(self.incidents)}"
        row = self.incidents.setdefault(ident, {"id": ident, "shortlink": f"https://stspg.io/{ident}", "updates": []})
        row |= {key: value for key, value in given.items() if key != "body"}
        row["updates"].append(given["body"])
        return (201 if request.method == "POST" else 200), row


class Grafana(Service):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []

    def answer(self, request: Request, body: Any) -> tuple[int, Any]:
        if request.method == "GET":
            return 200, [row for row in self.rows if set(request.args.getlist("tags")) <= set(row["tags"])]
        assert isinstance(body["time"], int) and "<script" not in body["text"]
        self.rows.append({"id": len(self.rows) + 1, **body})
        return 200, {"message": "Annotation added", "id": len(self.rows)}


def slack(url: str) -> Outlet:
    return SlackOutlet("chat", "ops", "xoxb-1", url + "/api", 5)


def statuspage(url: str) -> Outlet:
    return StatuspageOutlet("status", "p1", "key", {"checkout": "c1"}, url + "/v1", 5, pace=0)


def grafana(url: str) -> Outlet:
    return GrafanaOutlet("graf", url, "t", ("prod",), 5)


def teams(url: str) -> Outlet:
    return TeamsOutlet("teams", url + "/workflow", 5)


MAKERS = {"slack": slack, "statuspage": statuspage, "grafana": grafana, "teams": teams}


def fault(work: Callable[[], object]) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        work()
    return caught.value


def follow(number: int, thread: str, **changes: Any) -> Message:
    return structs.replace(MESSAGE, id=IDS[number], text=f"update {number}", thread=thread, **changes)


def test_slack_keeps_one_living_message_with_its_updates_below() -> None:
    service = Slack()
    with served(service) as url:
        outlet = slack(url)
        first = outlet.send(MESSAGE).receipt
        second = outlet.send(follow(1, first, phase="identified")).receipt
        back = outlet.read_back(follow(1, first, phase="identified"))
    head, reply = service.messages.values()
    assert first == "C1 1795000000.000000" and second == "C1 1795000000.000001"
    assert back is not None and back.receipt == second
    assert reply["thread_ts"] == "1795000000.000000"
    assert "update 1" in head["blocks"][0]["text"]["text"] and "identified" in head["blocks"][0]["text"]["text"]
    assert len(service.messages) == 2


def test_nothing_in_a_text_is_read_by_slack() -> None:
    service = Slack()
    with served(service) as url:
        slack(url).send(MESSAGE)
    (sent,) = service.messages.values()
    assert {block["text"]["type"] for block in sent["blocks"]} == {"plain_text"}
    assert "<" not in sent["text"] and (sent["parse"], sent["link_names"], sent["mrkdwn"]) == ("none", False, False)


def test_that_the_living_message_is_gone_is_said_and_the_update_is_there() -> None:
    service = Slack()
    with served(service) as url:
        posted = slack(url).send(follow(1, "C1 1700000000.000001"))
    assert "not edited" in posted.receipt and len(service.messages) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_auth", FaultKind.UNAUTHORIZED),
        ("missing_scope", FaultKind.FORBIDDEN),
        ("channel_not_found", FaultKind.NOT_FOUND),
        ("ratelimited", FaultKind.RATE_LIMITED),
        ("msg_too_long", FaultKind.REJECTED),
        ("fatal_error", FaultKind.LOST),
        ("", FaultKind.LOST),
    ],
)
def test_what_slack_refuses_with_status_200_has_its_word(error: str, kind: FaultKind) -> None:
    body = json.dumps({"ok": False, "error": error, "needed": "chat:write"}).encode()
    with serving(http(body)) as server:
        caught = fault(lambda: slack(server.url).send(MESSAGE))
    assert caught.kind is kind and error in caught.reason


def test_one_incident_on_the_status_page_from_first_notice_to_closing() -> None:
    service = Statuspage()
    with served(service) as url:
        outlet = statuspage(url)
        first = outlet.send(MESSAGE).receipt
        outlet.send(follow(1, first, phase="identified"))
        outlet.send(follow(1, first, phase="identified"))  # the same once more
        outlet.send(follow(2, "", phase="resolved"))  # its thread is not known: found by the incident
    (row,) = service.incidents.values()
    assert first == "i0 https://stspg.io/i0"
    assert row["updates"] == [MESSAGE.text, "update 1", "update 2"]
    assert (row["status"], row["components"], row["impact_override"]) == ("resolved", {"c1": "operational"}, "major")
    assert row["name"] == "Problem with checkout" and row["metadata"]["iccon"]["updates"] == IDS[:3]


def test_the_status_page_is_asked_once_in_a_while() -> None:
    service = Statuspage()
    with served(service) as url:
        StatuspageOutlet("s", "p1", "key", {}, url + "/v1", 5, pace=0.2).send(MESSAGE)
    (_, first), (_, second) = service.times
    assert second - first > 0.15


@pytest.mark.parametrize(("make", "service"), [(slack, Slack), (statuspage, Statuspage), (grafana, Grafana)])
def test_a_lost_answer_is_read_back_and_there_is_one_post(
    make: Callable[[str], Outlet], service: Callable[[], Service]
) -> None:
    server = service()
    with served(server) as url:
        ports = {"updates": UpdatesPort({"o": make(url)})}
        payload = {"text": "hello", "audience": "customer", "title": "t", "severity": "SEV1", "phase": "investigating"}
        effect = Effect(IDS[3], INCIDENT, "updates", "o", "send", payload)
        assert look(ports, effect).state is EffectState.FAILED  # nothing is there yet
        server.lose = True
        assert attempt(ports, effect).state is EffectState.UNKNOWN
        fate = look(ports, effect)
    assert fate.state is EffectState.SENT and fate.receipt
    assert sum(method == "POST" for method, _, _ in server.asked) == 1


GONE: list[tuple[Any, set[FaultKind]]] = [
    (reset, {FaultKind.LOST, FaultKind.REFUSED}),
    (http(b"{}", "500 Oops"), {FaultKind.LOST, FaultKind.SERVER}),
    (http(b"{}", "503 Busy", "Retry-After: 3"), {FaultKind.SERVER}),
    (http(b"{}", "429 Slow", "Retry-After: 3"), {FaultKind.RATE_LIMITED}),
    (http(b"{}", "420 Calm", "Retry-After: 3"), {FaultKind.RATE_LIMITED}),
    (http(b"{}", "401 No"), {FaultKind.UNAUTHORIZED}),
    (http(b"{}", "403 No"), {FaultKind.FORBIDDEN}),
    (http(b"{}", "404 No"), {FaultKind.NOT_FOUND}),
    (http(b"{}", "422 No"), {FaultKind.REJECTED}),
    (http(b"", "302 Found", "Location: http://evil.example/"), {FaultKind.BAD_ANSWER}),
]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(("answer", "kinds"), GONE, ids=range(len(GONE)))
def test_no_fault_is_ever_called_posted(kind: str, answer: Any, kinds: set[FaultKind]) -> None:
    with serving(answer) as server:
        caught = fault(lambda: MAKERS[kind](server.url).send(MESSAGE))
    assert caught.kind in kinds | ({FaultKind.BAD_ANSWER} if kind == "statuspage" else set())
    if kind != "statuspage":  # it looks first
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", MAKERS)
def test_a_server_that_hangs_leaves_the_outcome_open_or_was_only_asked(kind: str) -> None:
    stop = threading.Event()
    with serving(hang(stop)) as server:
        made: Any = MAKERS[kind](server.url)
        getattr(made, "_api", made)._timeout = 0.2
        caught = fault(lambda: made.send(MESSAGE))
        stop.set()
    assert caught.kind is (FaultKind.REFUSED if kind == "statuspage" else FaultKind.LOST)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_token_never_goes_over_an_open_line(kind: str) -> None:
    assert "https" in fault(lambda: MAKERS[kind]("http://status.example").send(MESSAGE)).reason


def test_teams_shows_a_card_in_which_nothing_is_read() -> None:
    with serving(http(b"", "202 Accepted")) as server:
        assert "202" in teams(server.url).send(MESSAGE).receipt
        card = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["attachments"][0]["content"]
        large = structs.replace(MESSAGE, text="x" * 30_000)
        assert fault(lambda: teams(server.url).send(large)).kind is FaultKind.REJECTED
        assert len(server.requests) == 1
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert "cannot be asked" in fault(lambda: teams(server.url).read_back(MESSAGE)).reason


def mail(port: int, login: tuple[str, str] | None = None, timeout: float = 5.0) -> EmailOutlet:
    return EmailOutlet("mail", f"smtp://127.0.0.1:{port}", "ic@x.org", ("a@x.org", "b@x.org"), login, timeout)


def test_a_mail_is_one_conversation_and_no_header_comes_from_a_text() -> None:
    hostile = structs.replace(MESSAGE, title="checkout\r\nBcc: all@evil.example", text="one\n.\ntwo")
    with mail_server() as server:
        server.offers = ("AUTH PLAIN",)
        assert "250 queued as 7" in mail(server.port, ("u", "p")).send(hostile).receipt
        assert "takes the login" in mail(server.port).probe()
    sent = message_from_bytes(server.mails[0])
    assert sent["Bcc"] is None and "Bcc:" in sent["Subject"] and sent["To"] == "a@x.org, b@x.org"
    assert sent["Message-ID"] == f"<{IDS[0]}@x.org>" and sent["References"] == f"<{INCIDENT}@x.org>"
    assert sent.get_payload().split() == ["one", "..", "two"] and len(server.mails) == 1


@pytest.mark.parametrize(
    ("verb", "says", "kind", "taken"),
    [
        ("MAIL", "550 not you", FaultKind.REJECTED, 0),
        ("RCPT", "550 nobody", FaultKind.REJECTED, 0),
        ("RCPT", "hang up", FaultKind.REFUSED, 0),
        ("AUTH", "535 no", FaultKind.UNAUTHORIZED, 0),
        ("DATA", "451 later", FaultKind.REJECTED, 0),
        (".", "554 spam", FaultKind.REJECTED, 1),
        (".", "hang up", FaultKind.LOST, 1),
    ],
)
def test_a_mail_server_that_says_no_or_nothing(verb: str, says: str, kind: FaultKind, taken: int) -> None:
    with mail_server() as server:
        server.offers = ("AUTH PLAIN",)
        server.answers[verb] = says
        caught = fault(lambda: mail(server.port, ("u", "p")).send(MESSAGE))
        assert caught.kind is kind, caught
        assert len(server.mails) == taken
    assert "cannot be asked" in fault(lambda: mail(1).read_back(MESSAGE)).reason


def test_mail_is_not_sent_in_the_open_to_another_machine() -> None:
    with mail_server() as server:
        outlet = EmailOutlet("mail", f"smtp://127.0.0.1:{server.port}", "ic@x.org", ("a@x.org",), None, 5)
        outlet._server = "smtp://mail.example"  # what it asks whether this is another machine
        assert fault(lambda: outlet.send(MESSAGE)).kind is FaultKind.TLS
    assert not server.mails


def test_a_mail_server_that_answers_nothing_is_cut_off() -> None:
    stop = threading.Event()
    with serving(hang(stop)) as server:
        assert fault(lambda: mail(server.port, timeout=0.3).send(MESSAGE)).kind in (
            FaultKind.TIMEOUT,
            FaultKind.REFUSED,
        )
        stop.set()


def program(text: str, timeout: float = 10.0) -> CommandOutlet:
    return CommandOutlet("own", (sys.executable, "-c", text), timeout)


def test_a_program_gets_the_update_and_says_how_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICCON_TOKEN", "s3cret")
    own = "import json, os, sys; m = json.load(sys.stdin); print(m['id'], 'ICCON_TOKEN' in os.environ, len(m['text']))"
    assert program(own).send(MESSAGE).receipt == f"{IDS[0]} False {len(MESSAGE.text)}"
    caught = fault(lambda: program("import sys; print('a', flush=True); sys.exit('no such room')").send(MESSAGE))
    assert caught.kind is FaultKind.REJECTED and "ended with 1: no such room" in caught.reason
    assert fault(lambda: CommandOutlet("own", ("/nowhere",)).send(MESSAGE)).kind is FaultKind.REJECTED
    assert fault(lambda: program("import os; os.kill(os.getpid(), 9)").send(MESSAGE)).kind is FaultKind.LOST


def test_a_program_that_does_not_end_or_prints_without_end_is_stopped_with_its_children(tmp_path: Path) -> None:
    alive = tmp_path / "pid"
    endless = f"import os, time; open({str(alive)!r}, 'w').write(str(os.getpid()))\nwhile True: print('x' * 100_000)"
    caught = fault(lambda: program(endless, 1.0).send(MESSAGE))
    assert caught.kind is FaultKind.LOST and "did not end within 1 s" in caught.reason
    assert not Path(f"/proc/{alive.read_text()}").exists()


def test_an_update_never_goes_to_an_outlet_for_others() -> None:
    sent: list[Message] = []

    class Kept:
        name = "o"

        def send(self, message: Message) -> Posted:
            sent.append(message)
            return Posted(clean("posted"))

        def read_back(self, message: Message) -> Posted | None:
            return None

    port = UpdatesPort({"o": Kept()}, audiences={"o": ("customer",)})
    effect = Effect(IDS[0], INCIDENT, "updates", "o", "send", {"text": "db-1 is slow", "audience": "internal"})
    assert "is for customer, this is for internal: not sent" in fault(lambda: port.perform(effect)).reason
    assert not sent
    assert registry.audiences(Config(kind="statuspage")) == ("customer",)
    assert len(registry.audiences(Config(kind="slack"))) == 4
    assert registry.audiences(Config(kind="slack", audiences=("internal",))) == ("internal",)
