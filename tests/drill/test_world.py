"""The simulated production: pages, mitigations, the status page, the door for other terminals, its configuration."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from drillparts import HandClock, ask

from iccon.changes.pagerduty import PagerDutyChanges
from iccon.config import schema
from iccon.drill import control
from iccon.drill.scenario_file import find
from iccon.drill.world import SECRET, World
from iccon.faults import SourceFault
from iccon.updates.model import Message
from iccon.updates.outlets.webhook import WebhookOutlet

PERSON = "ida@example.com"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(clock: HandClock) -> Iterator[World]:
    with World(find(), clock=clock) as started:
        yield started


def go(world: World, clock: HandClock, second: float) -> None:
    clock.seconds = second
    world.course()


def statuses(world: World) -> dict[str, str]:
    return {row.alert: row.status for row in world.pager.incidents()}


def page(world: World, name: str) -> str:
    return next(fact.id for fact in world.facts().pages if fact.name == name)


def test_the_default_scenario_from_calm_to_calm(world: World, clock: HandClock) -> None:
    go(world, clock, 60)
    assert statuses(world) == {}
    go(world, clock, 110)
    assert set(statuses(world).values()) == {"triggered"} and len(statuses(world)) == 3
    world.pager.acknowledge(page(world, "checkout-latency"), PERSON)
    go(world, clock, 154)
    assert world.course().mitigated_at is None
    go(world, clock, 156)
    assert world.course().mitigated_at == 155
    go(world, clock, 420)
    assert set(statuses(world).values()) == {"resolved"}


def test_nothing_mends_itself_while_the_key_page_is_not_acknowledged(world: World, clock: HandClock) -> None:
    go(world, clock, 110)
    world.pager.acknowledge(page(world, "search-disk"), PERSON)
    world.pager.acknowledge(page(world, "payments-errors"), PERSON)
    go(world, clock, 2000)
    assert statuses(world)["CheckoutLatencyHigh"] == "triggered"
    assert world.course().mitigated_at is None


def test_a_wrong_mitigation_changes_nothing_and_the_right_one_helps(world: World, clock: HandClock) -> None:
    assert not world.mitigate("rollback-checkout").right, "there is no fault yet"
    go(world, clock, 150)
    for verb in world.scenario.mitigation.wrong:
        assert not world.mitigate(verb).right
    assert not world.mitigate("\x1b]0;x\x07").right
    assert world.course().mitigated_at is None
    assert world.mitigate("rollback-checkout").right
    assert not world.mitigate("rollback-checkout").right, "it is done already"
    go(world, clock, 300)
    assert statuses(world)["CheckoutLatencyHigh"] == "resolved"
    assert [right for _, _, right in world.facts().tried] == [False, False, False, False, True, False]


def test_without_a_colleague_only_the_verb_helps(clock: HandClock) -> None:
    with World(find(), clock=clock, automatic=False) as world:
        go(world, clock, 110)
        world.pager.acknowledge(page(world, "checkout-latency"), PERSON)
        go(world, clock, 1000)
        assert world.course().mitigated_at is None


def test_facts_carry_real_instants_of_scenario_seconds(clock: HandClock) -> None:
    with World(find(), clock=clock, speed=10) as world:
        assert world.facts().fault_at is None
        go(world, clock, 11)
        facts = world.facts()
        assert facts.fault_at is not None
        assert (facts.fault_at - facts.started_at).total_seconds() == pytest.approx(4.0)
        assert [p.triggered_at is not None for p in facts.pages] == [True, True, True]
        assert facts.pages[0].title == "search-3: disk [/dev/sda1] is 95% full"


@pytest.mark.parametrize("speed", [0, -1, 1e9, float("nan")])
def test_an_absurd_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="between"):
        World(find(), speed=speed)


def test_pages_carry_a_link_that_opens_the_runbook(world: World, clock: HandClock) -> None:
    go(world, clock, 110)
    details = str([row.details for row in world.pager.incidents()])
    link = world.control.runbook_url("checkout-latency.md")
    assert link in details
    status, text = ask(link, "/runbooks/checkout-latency.md")
    assert status == 200 and "# Checkout latency is high" in text
    for path in ("/runbooks/../world.py", "/runbooks/%2e%2e/world.py", "/runbooks/"):
        assert ask(link, path)[0] == 404


def signed(content: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    stamp = str(int(HandClock().now().timestamp()) - age)
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + content, hashlib.sha256)
    return {"X-Iccon-Timestamp": stamp, "X-Iccon-Signature": "v1=" + mac.hexdigest()}


def test_the_status_page_keeps_signed_posts_once_each(world: World) -> None:
    body = json.dumps({"id": "u1", "text": "we are \x1b[31mon it"}).encode()
    for _ in range(2):
        assert ask(world.sink.url, "/status-page", post=True, body=body, headers=signed(body))[0] == 200
    assert [post.text for post in world.sink.posts()] == ["we are ␛[31mon it"]
    for ident, found in (("u1", True), ("u2", False)):
        status, answer = ask(world.sink.url, "/status-page", {"id": ident}, headers=signed(ident.encode()))
        assert (status, answer["id"], answer["found"]) == (200, ident, found)
    assert ask(world.sink.url, "/status-page", {"id": "u1"})[0] == 401
    assert len(ask(world.sink.url, "/status-page")[1]["updates"]) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (signed(b"x", "other"), 401), (signed(b"x", age=301), 401), (signed(b"y"), 401), (signed(b"x"), 400)],
)
def test_the_status_page_refuses_what_is_not_signed_or_not_json(world: World, headers, status: int) -> None:
    assert ask(world.sink.url, "/status-page", post=True, body=b"x", headers=headers)[0] == status
    assert world.sink.posts() == ()


def test_the_webhook_outlet_posts_to_it_and_reads_back(world: World, clock: HandClock) -> None:
    outlet = WebhookOutlet("status-page", world.sink.url, SECRET, clock=clock)
    message = Message("0198-abc", "we are on it", "customer", "Checkout", "SEV2", drill=True)
    assert outlet.read_back(message) is None
    assert "drill status page" in outlet.send(message).receipt
    assert outlet.read_back(message) is not None
    assert world.facts().posts == 1


def test_another_terminal_finds_the_drill_by_its_owner_only_file(
    world: World, clock: HandClock, tmp_path: Path
) -> None:
    with pytest.raises(SourceFault, match="no drill is running"):
        control.mitigate(tmp_path, "rollback-checkout")
    world.control.leave_word(tmp_path)
    assert (tmp_path / control.FILE).stat().st_mode & 0o077 == 0
    clock.seconds = 150
    assert control.status(tmp_path)["pages_open"] == ["search-disk", "checkout-latency", "payments-errors"]
    assert "knows" in control.mitigate(tmp_path, "reboot").words
    assert control.mitigate(tmp_path, "rollback-checkout").right
    url = world.control.door.url
    assert ask(url, "/mitigate", {"name": "rollback-checkout"}, post=True)[0] == 401
    assert ask(url, "/status", headers={"Authorization": "Bearer guess"})[0] == 401


def test_a_drill_that_ended_is_said_to_have_ended(clock: HandClock, tmp_path: Path) -> None:
    with World(find(), clock=clock) as world:
        world.control.leave_word(tmp_path)
        left = (tmp_path / control.FILE).read_bytes()
    assert not (tmp_path / control.FILE).exists()
    (tmp_path / control.FILE).write_bytes(left)
    with pytest.raises(SourceFault, match="has ended"):
        control.status(tmp_path)
    (tmp_path / control.FILE).write_bytes(b"{}")
    with pytest.raises(SourceFault, match="no drill is running"):
        control.status(tmp_path)


def test_the_configuration_keeps_the_person_and_replaces_every_source(world: World, tmp_path: Path) -> None:
    folders = schema.Folders(tmp_path, tmp_path, tmp_path, tmp_path)
    base = schema.Config(
        me=schema.Me("Ida"),
        environment="production",
        prometheus={"real": schema.Prometheus("https://prometheus.example.com")},
        alertmanager={"real": schema.Alertmanager(("https://alerts.example.com",))},
        console=schema.Console(theme="mine"),
    )
    config = world.config(folders, base)
    assert (config.me.name, config.console.theme, config.environment) == ("Ida", "mine", "DRILL")
    assert config.alertmanager == {} and "example.com" not in str(config.prometheus)
    assert config.pagerduty is not None and config.pagerduty.url == world.pager.url
    assert config.updates.outlets["file"].path.startswith(str(tmp_path))
    assert config.signals.latency is not None and config.signals.latency.bad == 1.0


def test_the_deploy_behind_the_fault_is_told_to_the_ordinary_adapter(
    world: World, clock: HandClock, tmp_path: Path
) -> None:
    go(world, clock, 1.0)
    config = world.config(schema.Folders(tmp_path, tmp_path, tmp_path, tmp_path)).changes["deploys"]
    now = clock.now()
    found = PagerDutyChanges("deploys", config).changes(now - timedelta(hours=2), now).items
    assert [(c.services, c.who) for c in found] == [
        (("checkout",), "Sasha Kim"),
        (("catalog",), "Jo Park"),
        (("search",), "Lee Ray"),
    ]
    assert "4711" in found[0].text
