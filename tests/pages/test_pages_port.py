"""The way out for page verbs: to the backend that is named, and nowhere else."""

from collections.abc import Iterator
from typing import Any

import pytest

from iccon.config import schema
from iccon.drill.pagerduty_api import Fault, PagerDutyServer
from iccon.faults import FaultKind, SourceFault
from iccon.incident.effects import Effect
from iccon.pages.alertmanager import AlertmanagerBackend
from iccon.pages.pagerduty import PagerDutyBackend
from iccon.pages.port import PagesPort


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(token="t") as server:
        yield server


@pytest.fixture
def port(server: PagerDutyServer) -> PagesPort:
    config = schema.PagerDuty(token=schema.Secret(literal="x"), url=server.url)
    pagerduty = PagerDutyBackend(config, "t", "ada@example.com")
    alerts = AlertmanagerBackend("am", schema.Alertmanager(urls=("http://127.0.0.1:9",)))
    return PagesPort({"pagerduty": pagerduty, "am": alerts})


def effect(page: Any, target: str = "pagerduty", verb: str = "acknowledge") -> Effect:
    return Effect("e1", "", "pages", target, verb, {"page": page, "title": "disk"})


def test_an_effect_is_performed_and_read_back(server: PagerDutyServer, port: PagesPort) -> None:
    wanted = effect(server.trigger("disk", "db"))
    assert port.read_back(wanted) is None
    receipt = port.perform(wanted)
    assert receipt.startswith("acknowledged by Ada")
    assert port.read_back(wanted) == receipt


def test_a_lost_answer_stays_lost(server: PagerDutyServer, port: PagesPort) -> None:
    wanted = effect(server.trigger("disk", "db"))
    server.fail(Fault("reset after", method="PUT"))
    with pytest.raises(SourceFault) as caught:
        port.perform(wanted)
    assert caught.value.kind is FaultKind.LOST
    assert str(port.read_back(wanted)).startswith("acknowledged by Ada")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (effect("P1", target="gone"), "'gone' is configured"),
        (effect("P1", target="am"), "it can silence, unsilence"),
        (effect("P1", verb="teleport"), "it can acknowledge, resolve"),
        (effect("P1", verb="snooze"), "needs a time"),
        (effect(None), "which page"),
        (effect(7), "which page"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_sent(
    server: PagerDutyServer, port: PagesPort, wanted: Effect, words: str
) -> None:
    with pytest.raises(SourceFault, match=words) as caught:
        port.perform(wanted)
    assert caught.value.kind is FaultKind.REJECTED
    assert not server.calls
