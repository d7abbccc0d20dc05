"""The whole program on a terminal with real Prometheus, real services under load, real Alertmanager, and a pager."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import real_prometheus
from consolekit import Home, choose_page, leave, note, opened, until
from instrumented_service import CALM, Service, serving
from real_alertmanager import Alertmanager, alertmanager_program, running_alertmanager

from iccon.drill.pagerduty_api import PagerDutyServer
from ptyhelp import Terminal

pytestmark = [
    pytest.mark.skipif(not real_prometheus.installed(), reason="the program prometheus is not installed"),
    pytest.mark.skipif(alertmanager_program() is None, reason="prometheus-alertmanager is absent"),
]

SIGNS = {"✓": "ok", "▲": "warn", "✗": "bad"}
SCALE = {"ms": 0.001, "%": 0.01}
ALL_OK = ["ok"] * 4
EMAIL = "kim@example.com"
# As a person would write it; the windows are short so that the test is.
CONFIG = f"""\
prometheus.url = "PROMETHEUS_URL"
alertmanager = {{ url = "ALERTMANAGER_URL", refresh = 0.5 }}
pagerduty = {{ token = {{ env = "PAGERDUTY_TOKEN" }}, url = "PAGER_URL", refresh = 0.5 }}

[me]
name = "kim"
email = "{EMAIL}"

[console]
zone = "UTC"

[signals]
refresh = 1
step = 1
hold = 1
window = 60

[signals.latency]
query = "{real_prometheus.LATENCY}"
unit = "seconds"
warn = 0.06
bad = 0.2

[signals.traffic]
query = "{real_prometheus.TRAFFIC}"
unit = "per_second"

[signals.errors]
query = '''{real_prometheus.ERRORS}'''
unit = "ratio"
warn = 0.01
bad = 0.05

[signals.saturation]
query = "{real_prometheus.SATURATION}"
bad = 50
"""


@dataclass
class World:
    home: Home
    checkout: Service
    alertmanager: Alertmanager
    pager: PagerDutyServer
    prometheus: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = Home(tmp_path_factory.mktemp("real"), PAGERDUTY_TOKEN="drill-token")
    with (
        serving("checkout") as checkout,
        serving("search") as search,
        running_alertmanager(home.folder / "alertmanager") as alertmanager,
        real_prometheus.running({s.name: s.address for s in (checkout, search)}) as prometheus,
        PagerDutyServer() as pager,
    ):
        text = CONFIG.replace("PROMETHEUS_URL", prometheus.url).replace("ALERTMANAGER_URL", alertmanager.url)
        home.configure(text.replace("PAGER_URL", pager.url))
        yield World(home, checkout, alertmanager, pager, prometheus.url)


def board_row(text: str, service: str) -> str:
    """Return the board's row of a service, without the pages beside it."""
    rows = (line.split("││")[0] for line in text.splitlines() if line.startswith("│"))
    return next((row for row in rows if re.match(rf"│.{service} ", row)), "")


def cells(text: str, service: str) -> list[tuple[str, float]]:
    """Return verdict and value of latency (s), traffic (/s), errors (a share) and saturation, as they are shown."""
    found = re.findall(r"([✓▲✗]) (?:ok|warn|bad)? *([\d.]+)(ms|s|/s|%)?", board_row(text, service))
    return [(SIGNS[sign], float(number) * SCALE.get(unit, 1)) for sign, number, unit in found]


def verdicts(text: str, service: str) -> list[str]:
    return [verdict for verdict, _ in cells(text, service)]


def acknowledgements(world: World) -> list[str]:
    """Return who asked for each write that the pager got."""
    writes = [call for call in world.pager.calls if call.method == "PUT"]
    return [value for call in writes for name, value in call.headers.items() if name.lower() == "from"]


def test_one_incident_on_real_input(world: World) -> None:
    with world.home.console(size=(120, 36)) as term:
        calm(term)
        broken(term, world)
        paged(term, world)
        declared(term, world)
        kept(term)
        healed(term, world)
        leave(term)
    agreed(world.home)
    proven(world)


def calm(term: Terminal) -> None:
    """Both services are well, with the figures of the load they are under."""
    text = term.wait_for(lambda text: all(verdicts(text, s) == ALL_OK for s in ("checkout", "search")), 40)
    for service in ("checkout", "search"):
        latency, traffic, errors, _ = (value for _, value in cells(text, service))
        assert CALM <= latency < 0.2
        assert 5 < traffic < 40
        assert errors == 0


def broken(term: Terminal, world: World) -> None:
    """The fault turns the row, and only that row."""
    world.checkout.broken.set()
    text = term.wait_for(lambda text: verdicts(text, "checkout") == ["bad", "ok", "bad", "ok"], 40)
    latency, _, errors, _ = (value for _, value in cells(text, "checkout"))
    assert latency > 0.2
    assert errors > 0.05
    assert "bad" not in verdicts(text, "search")


def paged(term: Terminal, world: World) -> None:
    """An alert of Alertmanager and a page of the pager appear."""
    labels = {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"}
    world.alertmanager.post({"labels": labels, "annotations": {"summary": "checkout fails [5xx]"}})
    term.wait_for("checkout fails [5xx]")
    page = world.pager.trigger("checkout: p99 above 200 ms", "checkout")
    term.wait_for("checkout: p99 above")
    choose_page(term, "checkout: p99 above")
    term.press("a")
    until(lambda: world.pager.incident(page)["status"] == "acknowledged", meanwhile=term)
    term.wait_for(lambda text: any("◐ ack" in line and "checkout: p99" in line for line in text.splitlines()))
    assert acknowledgements(world) == [EMAIL]


def declared(term: Terminal, world: World) -> None:
    """The incident takes the page's title; a note is kept; the update is due."""
    assert "checkout: p99 above" in term.text()
    term.press("d")
    term.wait_for(lambda text: "Declare an incident" in text and text.count("checkout: p99 above 200 ms") >= 2)
    term.press("enter")
    term.wait_for(lambda text: opened(text, "declared SEV2: checkout: p99 above 200 ms"))
    note(term, "support has 14 tickets about checkout")
    assert "IC kim" in term.text()


def kept(term: Terminal) -> None:
    """The samples of the worst service's latency are kept as evidence."""
    for _ in range(8):
        if re.search(r"^│▌\w+ +[✓▲✗]", term.text(), re.MULTILINE):
            break
        term.press("tab")
        term.settle(0.1)
    term.press("home", "E")
    term.wait_for("evidence: checkout latency")


def proven(world: World) -> None:
    """What was kept is what the server itself says of those instants."""
    (taken,) = world.home.json("evidence")
    assert (taken["service"], taken["query"]) == ("checkout", real_prometheus.LATENCY)
    ((_, points),) = world.home.json("evidence", "show", taken["short"])["series"]
    numbers = [(at, value) for at, value in points if isinstance(value, float)]
    assert len(numbers) > 2
    agree = [value == said(world, taken["query"], at) for at, value in numbers]
    assert agree.count(False) <= 1  # a scrape may have been on its way when the newest was asked


def said(world: World, query: str, at: float) -> float | None:
    """Return what the server says of checkout at the instant `at`."""
    asked = urlencode({"query": query, "time": at})
    with urlopen(f"{world.prometheus}/api/v1/query?{asked}", timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    return next((float(r["value"][1]) for r in result if r["metric"]["service"] == "checkout"), None)


def healed(term: Terminal, world: World) -> None:
    """The fault off: ok again. Then the incident is resolved."""
    world.checkout.broken.clear()
    term.wait_for(lambda text: verdicts(text, "checkout") == ALL_OK, 40)
    term.press("R")
    term.wait_for("Resolve the incident")
    term.type("rolled back")
    term.press("tab")
    term.type("told by phone")
    term.press("enter")
    term.wait_for(lambda text: "Resolve the incident" not in text and "phase resolved: rolled back" in text)
    assert acknowledgements(world) == [EMAIL]


def agreed(home: Home) -> None:
    """The command line and the export say what was done on the screen."""
    (incident,) = home.json("list")
    shown = home.json("show", incident["id"])
    assert (shown["phase"], shown["severity"], shown["notes"]) == ("resolved", "SEV2", 1)
    assert (shown["title"], shown["commander"]) == ("checkout: p99 above 200 ms", "kim")
    assert shown["services"] == ["checkout"]
    lines = home.json("timeline", "--incident", incident["id"])["lines"]
    texts = [line["text"] for line in lines]
    assert "support has 14 tickets about checkout" in texts
    assert "phase resolved: rolled back" in texts
    assert any(text.startswith("page acknowledged") for text in texts)
    exported = home.run("export", incident["id"])
    for words in ("support has 14 tickets about checkout", "rolled back", "checkout: p99 above 200 ms"):
        assert words in exported
    assert home.json("verify")["bad"] is None
