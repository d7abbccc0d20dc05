"""The Alertmanager adapter against answers that no real one gives; tests/real has the real program."""

import json
from typing import Any

import pytest
from rawserver import closed_port, http, json_answer, serving

from iccon.config import schema
from iccon.faults import FaultKind, SourceFault
from iccon.pages.alertmanager import AlertmanagerBackend
from iccon.pages.model import Act, PageStatus


def backend(*urls: str) -> AlertmanagerBackend:
    return AlertmanagerBackend("am", schema.Alertmanager(urls=urls, timeout=2.0))


def alert(key: Any, state: str = "active", **labels: str) -> dict[str, Any]:
    return {
        "fingerprint": key,
        "labels": {"alertname": "A", **labels},
        "annotations": {},
        "status": {"state": state},
        "startsAt": "2026-03-01T12:00:00.000Z",
    }


def alerts(*rows: Any) -> bytes:
    return json_answer(json.dumps(rows).encode())


def test_without_annotations_the_name_is_the_title() -> None:
    with serving(alerts(alert("f1", service="db"))) as server:
        (page,) = backend(server.url).list()
    assert (page.title, page.service, page.key) == ("A", "db", "am:f1")
    assert server.requests[0].startswith(b"GET /api/v2/alerts HTTP/1.1")


def test_odd_rows_do_not_hide_good_ones() -> None:
    rows = (None, 5, {}, alert(None), {"fingerprint": "f1", "labels": None, "status": 7}, alert("f2"))
    with serving(alerts(*rows)) as server:
        listing = backend(server.url).listing()
    assert [page.id for page in listing.pages] == ["f1", "f2"]
    assert listing.notices == ("2 alerts without a fingerprint are not shown",)


def test_the_same_alert_from_two_peers_is_one_and_the_loud_view_wins() -> None:
    with serving(alerts(alert("f1", "suppressed"))) as one, serving(alerts(alert("f1"), alert("f2"))) as two:
        pages = backend(one.url, two.url).list()
    assert {page.id: page.status for page in pages} == {
        "f1": PageStatus.TRIGGERED,
        "f2": PageStatus.TRIGGERED,
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (json_answer(b'{"status":"success"}'), FaultKind.BAD_ANSWER),
        (http(b"<html>Sign in</html>"), FaultKind.BAD_ANSWER),
        (json_answer(b"[{"), FaultKind.BAD_ANSWER),
        (http(b'"no"', "500 Internal Server Error"), FaultKind.SERVER),
        (http(b"", "401 Unauthorized"), FaultKind.UNAUTHORIZED),
    ],
)
def test_every_failure_has_its_word(answer: bytes, kind: FaultKind) -> None:
    with serving(answer) as server, pytest.raises(SourceFault) as caught:
        backend(server.url).list()
    assert caught.value.kind is kind


def test_one_live_peer_is_enough() -> None:
    dead = f"http://127.0.0.1:{closed_port()}"
    with serving(alerts(alert("f1"))) as server:
        listing = backend(dead, server.url).listing()
    assert [page.id for page in listing.pages] == ["f1"]
    assert "nothing listens" in listing.notices[0]


def test_no_live_peer_is_a_fault() -> None:
    dead = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(SourceFault, match="nothing listens"):
        backend(dead).list()


def test_it_takes_no_commands() -> None:
    pager = backend("http://127.0.0.1:9")
    with pytest.raises(SourceFault, match="cannot acknowledge"):
        pager.act(Act("acknowledge", "f1"))


def test_the_details_of_an_alert_are_its_labels_and_annotations() -> None:
    with serving(alerts(alert("f1", service="db"), alert("f2", mount="[/dev/sda1]"))) as server:
        found = backend(server.url).detail("f2")
        assert [trace.what for trace in found.alerts] == ["alertname: A", "mount: [/dev/sda1]"]
        with pytest.raises(SourceFault, match="has ended"):
            backend(server.url).detail("f3")
