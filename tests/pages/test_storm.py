"""A storm: 1,000 pages and 10,000 alerts, complete and exact, within PagerDuty's limit of requests."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pagerduty_case import TOKEN, backend
from rawserver import json_answer, serving

from iccon.config import schema
from iccon.drill.pagerduty_api import PagerDutyServer
from iccon.pages.alertmanager import AlertmanagerBackend
from iccon.pages.grouping import MOST, grouped
from iccon.pages.model import Act, Pages, PageStatus
from iccon.pages.source import PagesSource

PAGES, ALERTS = 1_000, 10_000
POLL = PAGES // 100 + 1  # requests that a list of so many pages takes
ASIDE = 3  # what the account can do, once


class Watched(PagerDutyServer):
    """A server that knows how many requests were with it at once."""

    inside = most = 0

    def handle(self, *args: Any) -> Any:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            return super().handle(*args)
        finally:
            self.inside -= 1


def alert(number: int) -> dict[str, Any]:
    labels = {"alertname": f"Alert{number % 25}", "service": f"service-{number % 40}", "pod": f"pod-{number}"}
    return {"fingerprint": f"f{number}", "labels": labels, "startsAt": "2026-03-01T12:00:00.000Z"}


@pytest.fixture(scope="module")
def account() -> Iterator[Watched]:
    with Watched(token=TOKEN, limit=5 * POLL + ASIDE) as server:
        for number in range(PAGES):
            server.trigger(f"Latency on node {number}", f"service-{number % 40}", alert=f"Page{number % 10}")
        yield server


def test_a_storm_is_listed_whole_within_the_limit_and_what_a_person_does_still_goes(account: Watched) -> None:
    keys = {incident.id for incident in account.incidents()}
    with serving(json_answer(json.dumps([alert(number) for number in range(ALERTS)]).encode())) as server:
        manager = AlertmanagerBackend("am", schema.Alertmanager(urls=(server.url,), timeout=30.0))
        pager = backend(account, timeout=30.0)
        source = PagesSource((pager, manager))
        seen = [_told(source, account, keys) for _ in range(6)]
        assert {page.id for page in seen[0].pages if page.source == "am"} == {f"f{n}" for n in range(ALERTS)}
        assert seen[-1].trouble, "the limit was never near: the test tries nothing"
        chosen = next(page.id for page in seen[-1].pages if page.source == "pagerduty")
        assert pager.act(Act("acknowledge", chosen)).receipt.startswith("acknowledged")
    assert account.most == 1
    assert not [call for call in account.calls if call.status == 429]


def _told(source: PagesSource, account: Watched, keys: set[str]) -> Pages:
    """Poll once: no more requests than the list needs, every page there once, in a handful of rows."""
    before = len(account.calls)
    found = source.poll()
    assert len(account.calls) - before <= POLL + ASIDE
    assert sorted(page.id for page in found.pages if page.source == "pagerduty") == sorted(keys)
    made = grouped(found.pages)
    assert len(made.groups) <= MOST
    assert sum(len(group.pages) for group in made.groups) == sum(g.counts[PageStatus.TRIGGERED] for g in made.groups)
    assert sum(len(group.pages) for group in made.groups) == len(found.pages) == PAGES + ALERTS
    return found
