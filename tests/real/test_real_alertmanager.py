"""The adapter against the real program: what it hands through byte for byte must arrive harmless."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from real_alertmanager import Alertmanager, alertmanager_program, running_alertmanager

from iccon.clock import SystemClock
from iccon.config import schema
from iccon.faults import SourceFault
from iccon.pages.alertmanager import AlertmanagerBackend
from iccon.pages.model import Act, Page, PageStatus
from iccon.pages.silences import hit
from iccon.pages.source import PagesSource

pytestmark = pytest.mark.skipif(alertmanager_program() is None, reason="prometheus-alertmanager is absent")

HOSTILE = "\x1b]0;owned\x07\x00 [@click=app.quit]x[/] \u202egnp.exe\u200b \x9b2J"


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Alertmanager, Alertmanager]]:
    folder = tmp_path_factory.mktemp("am")
    with running_alertmanager(folder / "one") as one, running_alertmanager(folder / "two") as two:
        yield one, two


def backend(*peers: Alertmanager, urls: tuple[str, ...] = ()) -> AlertmanagerBackend:
    config = schema.Alertmanager(urls=tuple(p.url for p in peers) + urls, timeout=5, service_label="service")
    return AlertmanagerBackend("am", config)


def alert(name: str, **annotations: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "service": "checkout", "severity": "critical"},
        "annotations": annotations,
        "generatorURL": "http://prometheus.example/graph",
    }


def named(backend: AlertmanagerBackend, name: str) -> list[Page]:
    return [page for page in backend.list() if page.alert == name]


def test_an_alert_becomes_a_page(peers: tuple[Alertmanager, Alertmanager]) -> None:
    peers[0].post(alert("DiskFull", summary="disk [/dev/sda1] is 95%", runbook_url="https://runbooks/disk"))
    (page,) = named(backend(peers[0]), "DiskFull")
    assert (page.title, page.service, page.urgency) == ("disk [/dev/sda1] is 95%", "checkout", "critical")
    assert page.status is PageStatus.TRIGGERED
    assert page.runbook_url == "https://runbooks/disk"
    assert page.url == "http://prometheus.example/graph"
    assert page.created_at.utcoffset() is not None


def test_hostile_text_arrives_readable_and_harmless(peers: tuple[Alertmanager, Alertmanager]) -> None:
    hostile = alert("Hostile", summary=HOSTILE)
    hostile["labels"] |= {"service": HOSTILE}
    peers[0].post(hostile)
    (page,) = named(backend(peers[0]), "Hostile")
    for text in (page.title, page.service):
        assert text.isprintable()
        assert "␛]0;owned" in text
        assert "[@click=app.quit]x[/]" in text


def test_peers_are_one_list_and_the_view_that_fires_wins(peers: tuple[Alertmanager, Alertmanager]) -> None:
    one, two = peers
    for peer in peers:
        peer.post(alert("Twice", summary="seen by both"))
    assert len(named(backend(one, two), "Twice")) == 1
    two.silence(alertname="Twice")
    assert _settled(backend(two), "Twice") is PageStatus.SILENCED
    (page,) = named(backend(one, two), "Twice")
    assert page.status is PageStatus.TRIGGERED
    one.silence(alertname="Twice")
    assert _settled(backend(one, two), "Twice") is PageStatus.SILENCED


def _settled(backend: AlertmanagerBackend, name: str) -> PageStatus:
    """A silence shows at the alert's next evaluation; wait for it."""
    for _ in range(100):
        (page,) = named(backend, name)
        if page.status is PageStatus.SILENCED:
            break
        time.sleep(0.05)
    return page.status


def test_an_alert_that_ends_is_closed(peers: tuple[Alertmanager, Alertmanager]) -> None:
    peers[0].post(alert("Brief", summary="short"))
    source = PagesSource((backend(peers[0]),))
    assert any(page.alert == "Brief" for page in source.poll().pages)
    peers[0].post(alert("Brief", summary="short") | {"endsAt": "2020-01-01T00:00:00Z"})
    assert [page.alert for page in source.poll().closed] == ["Brief"]


def test_a_dead_peer_is_said_and_the_other_serves(peers: tuple[Alertmanager, Alertmanager]) -> None:
    with_dead = backend(peers[0], urls=("http://127.0.0.1:9",))
    listing = with_dead.listing()
    assert len(listing.notices) == 1
    assert "127.0.0.1:9" in listing.notices[0]
    with pytest.raises(SourceFault, match=r"127\.0\.0\.1:9"):
        with_dead.probe()


def test_probe_says_the_version(peers: tuple[Alertmanager, Alertmanager]) -> None:
    assert backend(peers[0]).probe().startswith("Alertmanager ")


def of(name: str, service: str) -> dict[str, Any]:
    made = alert(name)
    made["labels"] |= {"service": service, "mount": f"/{service}/{len(name)}"}
    return made


def test_a_silence_hits_what_its_preview_says_and_ends_when_told(peers: tuple[Alertmanager, Alertmanager]) -> None:
    one, _ = peers
    other = of("Full", "db")
    other["labels"]["mount"] = "/else"
    one.post(of("Full", "db"), other, of("Full", "cart"), of("Slow", "db"))
    pager = backend(one)
    mine = [page for page in pager.list() if page.alert in ("Full", "Slow")]
    chosen = next(page for page in mine if (page.alert, page.service) == ("Full", "db"))
    wanted = {page.id for page in hit(chosen, mine)}
    assert len(wanted) == 2

    act = Act("silence", chosen.id, {"seconds": "600", "text": "known [/dev/sda1]"}, SystemClock().now())
    assert pager.read_back(act) is None
    done = pager.act(act)
    assert done.receipt.startswith("silenced until 20")
    assert pager.read_back(act) == done
    assert pager.read_back(Act("silence", chosen.id, {"seconds": "600", "text": "other words"}, act.at)) is None
    assert silenced(pager, mine) == wanted
    left = [page.quiet_until - SystemClock().now() for page in pager.list() if page.id in wanted and page.quiet_until]
    assert [500 < each.total_seconds() <= 600 for each in left] == [True, True]
    told = pager.detail(chosen.id).notes
    assert ["known [/dev/sda1]" in trace.what and "silenced until" in trace.what for trace in told] == [True]

    ended = Act("unsilence", chosen.id, {}, SystemClock().now())
    assert pager.read_back(ended) is None
    assert pager.act(ended).receipt == "1 silences ended"
    assert pager.read_back(ended) is not None
    assert silenced(pager, mine) == set()
    with pytest.raises(SourceFault, match="no silence is over it"):
        pager.act(ended)


def silenced(pager: AlertmanagerBackend, among: list[Page]) -> set[str]:
    """Return which pages are silenced, once the server has taken its own silences into account."""
    ids = {page.id for page in among}
    time.sleep(0.2)
    return {page.id for page in pager.list() if page.id in ids and page.status is PageStatus.SILENCED}


def test_a_silence_goes_to_the_peer_that_is_there(peers: tuple[Alertmanager, Alertmanager]) -> None:
    one, _ = peers
    one.post(of("Alone", "db"))
    config = schema.Alertmanager(urls=("http://127.0.0.1:9", one.url), timeout=5)
    pager = AlertmanagerBackend("am", config, who="Kim")
    (page,) = [page for page in pager.list() if page.alert == "Alone"]
    pager.act(Act("silence", page.id, {"seconds": "60", "text": "x"}))
    assert pager.detail(page.id).notes[0].who == "Kim"
